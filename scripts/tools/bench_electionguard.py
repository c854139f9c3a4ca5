"""Time one ballot of 30 options in electionguard 1.4: print milliseconds for encrypting and for verifying.

Run by bench_sealing.py with the Python of an environment that has the package, one line of it mended.
"""

import sys
import time
from datetime import UTC, datetime
from statistics import median

from electionguard.ballot import PlaintextBallot, PlaintextBallotContest, PlaintextBallotSelection
from electionguard.elgamal import elgamal_keypair_random
from electionguard.encrypt import encrypt_ballot
from electionguard.group import ONE_MOD_Q
from electionguard.manifest import (
    BallotStyle,
    Candidate,
    ContestDescription,
    ElectionType,
    GeopoliticalUnit,
    Manifest,
    ReportingUnitType,
    SelectionDescription,
    SpecVersion,
    VoteVariationType,
)
from electionguard.utils import get_optional
from electionguard_tools.helpers.election_builder import ElectionBuilder

OPTIONS, PICKS = 30, 5


def main() -> None:
    ballots = int(sys.argv[1])
    names = [f"option-{number}" for number in range(OPTIONS)]
    selections = [SelectionDescription(f"s-{name}", number, name) for number, name in enumerate(names)]
    contest = ContestDescription("contest", 0, "unit", VoteVariationType.n_of_m, PICKS, PICKS, "contest", selections)
    day = datetime(2026, 1, 1, tzinfo=UTC)
    manifest = Manifest(
        "bench",
        SpecVersion.EG0_95,
        ElectionType.other,
        day,
        day,
        [GeopoliticalUnit("unit", "unit", ReportingUnitType.city)],
        [],
        [Candidate(name) for name in names],
        [contest],
        [BallotStyle("style", ["unit"])],
    )
    builder = ElectionBuilder(1, 1, manifest)
    builder.set_public_key(get_optional(elgamal_keypair_random()).public_key)
    builder.set_commitment_hash(ONE_MOD_Q)
    internal, context = get_optional(builder.build())
    sealing, checking = [], []
    for number in range(ballots):
        picked = [PlaintextBallotSelection(f"s-{name}", 1) for name in names[:PICKS]]
        ballot = PlaintextBallot(f"b-{number}", "style", [PlaintextBallotContest("contest", picked)])
        started = time.process_time()
        sealed = get_optional(encrypt_ballot(ballot, internal, context, ONE_MOD_Q))
        between = time.process_time()
        holds = sealed.is_valid_encryption(
            internal.manifest_hash, context.elgamal_public_key, context.crypto_extended_base_hash
        )
        sealing.append(between - started)
        checking.append(time.process_time() - between)
        if not holds:
            raise SystemExit("electionguard refuses its own ballot")
    print(f"{1000 * median(sealing):.3f} {1000 * median(checking):.3f}")


if __name__ == "__main__":
    main()
