"""Print counting times side by side with pabutools (exact fractions), which is installed in an environment of its own.

scripts/bench tally [FILE.pb …]     without files: the approval elections of tests/data/pabulib from 5,000 ballots up

Both are timed in one process each: reading, from the file to what the rules of the program take, and counting, from
there to the winners by the quickest way that the program has. Ours groups equal ballots while it reads; pabutools reads
a profile of single ballots and is quickest when it groups them before it counts, so its grouping is counting, and is
told apart. So is starting.
Seconds are those that the processor spent on the process, so that other work on the machine falls on neither side.
pabutools has 60 of them a count; a longer one is shown as > 60 s, and its ratio as a lower bound.
"""

import gzip
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from pb_service.core.tally import rule_by_name, tally
from pb_service.core.tally.pabulib import PabulibFile, read_pabulib
from pb_service.settings import CHECKOUT

CAP_SECONDS = 60
#: How the other process ends when its seconds are over.
OVER = 3
RULES = {"greedy": "greedy_score", "phragmen": "phragmen", "none": "mes_cost_none", "add1": "mes_cost_add1"}
PACKAGES = ("pabutools==1.2.3", "gmpy2==2.3.2")
ENVIRONMENT = CHECKOUT / ".venv" / "pabutools"


def make_environment() -> Path:
    """Return the Python of an environment with pabutools; it is never imported here."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        print("Installing pabutools into an environment of its own (a few seconds)", file=sys.stderr)
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PACKAGES], check=True)
    return python


def ours(election: PabulibFile, rule: str) -> tuple[float, list[str]]:
    """Return the median of up to five counts, each of an election that nothing was derived from yet."""
    seconds: list[float] = []
    winners: list[str] = []
    while len(seconds) < 5 and sum(seconds) < 10:
        instance = election.instance()
        document = rule_by_name(rule, unit=election.unit)
        started = time.process_time()
        outcome = tally(instance, document)
        seconds.append(time.process_time() - started)
        winners = sorted(election.projects[number].id for number in outcome.winners)
    return median(seconds), winners


def theirs(python: Path, plain: Path, rule: str) -> tuple[float, float, float, list[str]] | None:
    """Return seconds of reading, of grouping, and of counting with grouping, and the winners; None beyond the cap."""
    command: list[str | Path] = [python, CHECKOUT / "scripts" / "tools" / "bench_pabutools.py", plain, rule]
    done = subprocess.run([*command, str(CAP_SECONDS)], capture_output=True, text=True, check=False)
    if done.returncode == OVER:
        return None
    done.check_returncode()
    read, grouped, counted, *winners = done.stdout.split("\n")[:-1]
    return float(read), float(grouped), float(counted), winners


def large_approval_elections() -> list[Path]:
    found = []
    for path in sorted((CHECKOUT / "tests" / "data" / "pabulib").glob("*.pb*")):
        election = read_pabulib(path.read_bytes(), name=path.name)
        if election.fmt == "approval" and len(election.ballots) >= 5000:
            found.append(path)
    return found


def main() -> None:
    python = make_environment()
    files = [Path(name) for name in sys.argv[1:]] or large_approval_elections()
    ratios: dict[str, list[float]] = {rule: [] for rule in RULES}
    started = time.perf_counter()
    subprocess.run([Path(sys.executable).parent / "pb", "tally", "--help"], check=True, stdout=subprocess.DEVNULL)
    print(f"pb tally starts in {time.perf_counter() - started:.2f} s")
    print(f"\n{'':12}{'ours':>22}{'pabutools':>38}")
    print(f"{'rule':12}{'reading':>11}{'counting':>11}{'reading':>14}{'grouping':>11}{'counting':>13}{'ratio':>9}")
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            data = path.read_bytes()
            started = time.process_time()
            election = read_pabulib(data, name=path.name)
            election.instance()
            reading = time.process_time() - started
            plain = Path(scratch) / "plain.pb"
            plain.write_bytes(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
            print(f"{path.name[:43]}: {len(election.ballots):,} ballots, {len(election.projects)} projects")
            for rule, name in RULES.items():
                seconds, winners = ours(election, name)
                other = theirs(python, plain, rule)
                ratio = (CAP_SECONDS if other is None else other[2]) / seconds
                ratios[rule].append(ratio)
                differs = "" if other is None or other[3] == winners else "  other winners (ties)"
                told = f"{'':25}{f'> {CAP_SECONDS} s':>13}>"
                if other:
                    told = f"{other[0]:12.2f} s{other[1]:9.3f} s{other[2]:11.3f} s "
                print(f"{rule:12}{reading:9.2f} s{seconds:9.4f} s{told}{ratio:8.0f}{differs}", flush=True)
    print()
    for rule, found in ratios.items():
        mean = math.exp(sum(map(math.log, found)) / len(found))
        print(f"{rule}: {mean:.0f} times as fast (geometric mean of {len(found)}), least {min(found):.0f}")


if __name__ == "__main__":
    main()
