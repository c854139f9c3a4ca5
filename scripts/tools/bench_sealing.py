"""Print what a sealed ballot costs: sealing, checking, mixing, opening, on this machine, each with its spread.

scripts/bench sealing [--ballots N] [--bundle BALLOTS]

Sealing is also timed in Chromium, by the program that voters get, and side by side with electionguard 1.4, which is
installed in an environment of its own (another protocol: it sums up under encryption, so it feeds no rule that needs
single ballots). One line of that copy is mended, without which it cannot be imported on Python 3.11. `--bundle` times
pb-verify over a simulated vote of three mixes and two openings instead, with the memory of all its processes together.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from pb_service.core.sealing import envelope, payload, shuffle, simulation, threshold
from pb_service.core.sealing.group import generator, random_scalar, times_base
from pb_service.core.sealing.payload import BallotShape
from pb_service.core.tally import rule_by_name
from pb_service.settings import CHECKOUT

PACKAGES = ("electionguard==1.4.0", "hypothesis")
ENVIRONMENT = CHECKOUT / ".venv" / "electionguard"
OPTIONS = 30
ROUNDS = 5
FRONTEND = CHECKOUT / "frontend_static"
CHROMIUM = Path(os.environ.get("PB_CHROMIUM") or "/usr/bin/chromium")
PAGE = "http://localhost/"


def make_environment() -> Path:
    """Return the Python of an environment with electionguard; it is never imported here."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        print("Installing electionguard into an environment of its own (some seconds)", file=sys.stderr)
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PACKAGES], check=True)
    found = next(ENVIRONMENT.glob("lib/python*/site-packages/electionguard/tally.py"))
    mutable = "default=ElGamalCiphertext(ONE_MOD_P, ONE_MOD_P)"
    found.write_text(found.read_text().replace(f" {mutable}", f" default_factory=lambda: {mutable[8:]}"))
    return python


def theirs(python: Path) -> tuple[float, float]:
    """Return milliseconds of one ballot: encrypting, verifying."""
    script = CHECKOUT / "scripts" / "tools" / "bench_electionguard.py"
    done = subprocess.run([python, script, "5"], check=True, capture_output=True, text=True)
    encrypt, verify = done.stdout.split("\n")[-2].split()
    return float(encrypt), float(verify)


def timed(name: str, ballots: int, work: Callable[[], object]) -> float:
    """Print milliseconds of processor time a ballot: median, least and most of a few runs. Return the median."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return show(name, [1000 * each / ballots for each in seconds])


def show(name: str, figures: list[float]) -> float:
    """Print milliseconds a ballot: median, least and most. Return the median."""
    print(f"  {name:44}{median(figures):9.3f} ms   ({min(figures):.3f} to {max(figures):.3f})", flush=True)
    return median(figures)


def in_chromium(ballots: int) -> None:
    """Print how long a voter's device seals, from choices to seal code, in the program as built for pages."""
    if not CHROMIUM.exists():
        print(f"  no Chromium at {CHROMIUM}: set PB_CHROMIUM to one")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
        build: list[str | Path] = [
            "node",
            vite,
            "build",
            "--config",
            "vite.selftest.ts",
            "--outDir",
            folder,
            "--logLevel",
            "error",
        ]
        subprocess.run(build, cwd=FRONTEND, check=True)
        program = (Path(folder) / "selftest.js").read_text(encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.route(f"{PAGE}selftest.js", lambda route: route.fulfill(body=program, content_type="text/javascript"))
        page.route(PAGE, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto(PAGE)
        for options in (OPTIONS, 440):
            timing = "async ([ballots, options]) => (await import('/selftest.js')).timeSealing(ballots, options)"
            first, *others = page.evaluate(timing, [ballots, options])
            print(f"Chromium {browser.version}, {options} options, {ballots} ballots:")
            show("the first ballot of a page", [first])
            show("each further one", others)
        browser.close()


def ours(ballots: int, width: int) -> tuple[float, float]:
    """Print every step for rows of that width; return sealing and checking."""
    key = random_scalar(secrets.token_bytes)
    public = times_base(key)
    projects = OPTIONS if width == 1 else 220 * width
    shape = BallotShape.of("approval", {"blank": True}, [100] * projects)
    data = payload.encode(list(range(5)), shape)
    place = envelope.Place(bytes(32), "bench", bytes(32), 1)
    sealed = [envelope.seal(data, place, public, secrets.token_bytes)[0] for _ in range(ballots)]
    print(f"{projects} options, {shape.width} block{'s' if shape.width > 1 else ''}, {ballots} ballots:")
    seal = timed(
        "seal", ballots, lambda: [envelope.seal(data, place, public, secrets.token_bytes) for _ in range(ballots)]
    )
    check = timed("check the proof of an envelope", ballots, lambda: list(map(envelope.check, sealed)))
    rows = b"".join(sorted(item.row() for item in sealed))
    stage = shuffle.Stage(bytes(32), "bench", 1, 1, public, shape.width)
    share = threshold.Share(bytes(32), "bench", 1, public, shape.width)
    for number in range(ballots + 1):
        generator(number)  # kept for all mixes, as in a count
    timed("mix and prove", ballots, lambda: shuffle.shuffle(rows, stage, secrets.token_bytes))
    after, proof = shuffle.shuffle(rows, stage, secrets.token_bytes)
    timed("check a mix", ballots, lambda: shuffle.verify(rows, after, proof, stage))
    timed("decrypt in part", ballots, lambda: threshold.decrypt(after, share, key, secrets.token_bytes))
    file = threshold.decrypt(after, share, key, secrets.token_bytes)
    timed("check a partial decryption", ballots, lambda: threshold.verify(after, file, share))
    parts = threshold.verify(after, file, share)
    timed("combine two parts", ballots, lambda: threshold.combine(after, {1: parts, 2: parts}))
    return seal, check


def bundle(ballots: int) -> None:
    """Simulate a vote, and time pb-verify over its evidence, with its largest memory."""
    contest = simulation.SimulatedContest(
        id="bench",
        title="Bench",
        fmt="approval",
        limits={"k": 5, "blank": True},
        projects=[(str(number), f"Project {number}", 1000 * (number + 1)) for number in range(OPTIONS)],
        budget=100_000,
        rule=rule_by_name("mes_cost_add1", unit=100),
        ballots=[sorted({number % OPTIONS, number * 7 % OPTIONS, number * 11 % OPTIONS}) for number in range(ballots)],
    )
    scenario = simulation.Scenario("localhost/pb/bench", [("en", "Bench")], "EUR", 100, [contest], 1_700_000_000)
    print(f"A vote of {ballots:,} ballots, three mixes, two openings:")
    started = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        vote = simulation.simulate(scenario, secrets.token_bytes, spread=pool.map, trusting=True)
    data = simulation.bundle(vote)
    del vote
    generator.cache_clear()
    print(f"  {'simulated in':44}{time.monotonic() - started:9.1f} s", flush=True)
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        print(f"  {'evidence bundle':44}{len(data) / 1e6:9.1f} MB", flush=True)
        del data
        started = time.monotonic()
        program = [sys.executable, "-m", "pb_service.verifier", file.name]
        with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as verifier:
            most, processes = 0.0, 0
            while verifier.poll() is None:
                sizes = [resident(each) for each in family(verifier.pid)]
                most, processes = max(most, sum(sizes)), max(processes, len(sizes))
                time.sleep(0.05)
        print(f"  {f'pb-verify (exit {verifier.returncode})':44}{time.monotonic() - started:9.1f} s")
        print(f"  {f'largest memory of its {processes} processes together':44}{most / 1e6:9.0f} MB")


def family(pid: int) -> list[int]:
    """Return a process and all that it started, as Linux tells it; nothing elsewhere."""
    try:
        children = [
            int(each) for file in Path(f"/proc/{pid}/task").glob("*/children") for each in file.read_text().split()
        ]
    except OSError:  # it has ended meanwhile
        return []
    return [pid, *(each for child in children for each in family(child))]


def resident(pid: int) -> float:
    """Return the bytes of memory that a process holds; what it shares with others is counted with each."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="What a sealed ballot costs.")
    parser.add_argument("--ballots", type=int, default=300, help="ballots in each run of the single steps")
    parser.add_argument(
        "--bundle", type=int, default=0, help="verify the evidence of a vote of so many ballots, and nothing else"
    )
    arguments = parser.parse_args()
    if arguments.bundle:
        bundle(arguments.bundle)
        return
    seal, check = ours(arguments.ballots, 1)
    ours(arguments.ballots, 2)
    in_chromium(arguments.ballots)
    encrypt, verify = theirs(make_environment())
    print(f"electionguard 1.4, {OPTIONS} options: encrypt {encrypt:.0f} ms, verify {verify:.0f} ms")
    print(f"  sealing here is {encrypt / seal:,.0f} times as fast, checking {verify / check:,.0f} times")


if __name__ == "__main__":
    main()
