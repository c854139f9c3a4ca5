"""Time one count by pabutools; run by the bench in an environment that has pabutools and nothing of ours.

Arguments: a plain .pb file, a rule (none, add1, greedy, phragmen) and how many seconds it may count; all seconds are
the processor's, and when they are over the process ends with status 3. Prints seconds of reading, of grouping, and of
counting with grouping, and the ids of the winners, one a line. Counting begins with the profile as it was read; it is
grouped first (a multiprofile), which is how pabutools is fastest.
"""

import signal
import sys
import time

# pabutools is in no environment of ours, so there is nothing to check its types against.
from pabutools import fractions  # type: ignore[import-not-found]
from pabutools.election import (  # type: ignore[import-not-found]
    ApprovalBallot,
    ApprovalProfile,
    Cost_Sat,
    parse_pabulib,
)
from pabutools.rules import (  # type: ignore[import-not-found]
    greedy_utilitarian_welfare,
    method_of_equal_shares,
    sequential_phragmen,
)

fractions.FRACTION = fractions.GMPY_FRAC

started = time.process_time()
instance, profile = parse_pabulib(sys.argv[1])
profile = ApprovalProfile([ApprovalBallot(ballot) for ballot in profile], instance=instance)
read = time.process_time() - started
started = time.process_time()


def stop(*_: object) -> None:
    """End the process if its seconds are over, or look again when they may be."""
    left = started + float(sys.argv[3]) - time.process_time()
    if left <= 0:
        sys.exit(3)
    signal.setitimer(signal.ITIMER_REAL, left)


signal.signal(signal.SIGALRM, stop)
stop()
approvals = profile.as_multiprofile()
grouped = time.process_time() - started
match sys.argv[2]:
    case "none":
        found = method_of_equal_shares(instance, approvals, sat_class=Cost_Sat)
    case "add1":
        found = method_of_equal_shares(instance, approvals, sat_class=Cost_Sat, voter_budget_increment=1)
    case "greedy":
        found = greedy_utilitarian_welfare(instance, approvals, sat_class=Cost_Sat)
    case _:
        found = sequential_phragmen(instance, approvals)
print(read, grouped, time.process_time() - started, *sorted(project.name for project in found), sep="\n")
