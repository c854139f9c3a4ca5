"""Print how long counting and verifying take: median, and fastest and slowest of several runs.

scripts/bench [FILE.pb …]       without files: the six districts of the demonstration round
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from pb_service.core.tally import RULE_NAMES, TallyError, rule_by_name, tally
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.settings import CHECKOUT

RUNS = 5
PATIENCE_SECONDS = 3
PROGRAMS = Path(sys.executable).parent


def timed(work: Callable[[], object]) -> str:
    """Run `work` five times, what is slow three times; return median (fastest to slowest) in milliseconds."""
    seconds: list[float] = []
    while len(seconds) < RUNS and not (len(seconds) >= 3 and sum(seconds) > PATIENCE_SECONDS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return f"{median(seconds) * 1000:9.1f} ms  ({min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f})"


def bench_tally(files: list[Path]) -> None:
    print("Counting, exactly, from the parsed file to the winners: median (fastest to slowest)")
    for file in files:
        data = file.read_bytes()
        election = read_pabulib(data, name=str(file))
        instance = election.instance()
        print(f"\n{file.name}: {len(election.projects)} projects, {len(election.ballots)} ballots")
        print(f"  {'reading the file':28}{timed(partial(read_pabulib, data, name=str(file)))}")
        for name in RULE_NAMES:
            try:
                rule = rule_by_name(name, unit=election.unit)
                tally(instance, rule)
            except TallyError as error:
                print(f"  {name:28}{'':9} does not apply: {error}")
            else:
                print(f"  {name:28}{timed(partial(tally, instance, rule))}")


def bench_verify() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "demo.zip"
        if subprocess.run([PROGRAMS / "pb", "export", "demo", "--out", bundle], check=False).returncode:
            sys.exit("There is no round `demo` here yet: scripts/run --once makes it.")
        command = [PROGRAMS / "pb-verify", bundle]
        took = timed(partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL))
        print(
            f"\npb-verify on the demonstration round ({bundle.stat().st_size:,} bytes), as a program\n  {'':28}{took}"
        )


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]] or sorted((CHECKOUT / "pb_service" / "demo").glob("*.pb"))
    bench_tally(files)
    bench_verify()


if __name__ == "__main__":
    main()
