"""What tests of sealed ballots share: randomness that can be repeated, and small votes."""

import hashlib
from collections.abc import Callable, Sequence

from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits
from pb_service.core.sealing.simulation import Scenario, SimulatedContest
from pb_service.core.tally import rule_by_name

PROJECTS = [("a", "Bench", 100_00), ("b", "Bridge", 250_00), ("c", "Trees", 40_00), ("d", "Swing", 60_00)]


def repeatable(seed: str) -> Callable[[int], bytes]:
    """Return a source of bytes that gives the same ones each time: SHAKE-256 of the seed and a counter."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{seed}/{count}".encode()).digest(size)

    return draw


def small_contest(
    name: str = "north",
    ballots: Sequence[Ballot] = ([0, 1], [1], [], [0, 2, 3], [2]),
    paper: Sequence[Ballot] = (),
    fmt: BallotFormat = "approval",
    limits: Limits | None = None,
) -> SimulatedContest:
    return SimulatedContest(
        id=name,
        title=name.capitalize(),
        fmt=fmt,
        limits={"k": 3, "blank": True} if limits is None else limits,
        projects=PROJECTS,
        budget=300_00,
        rule=rule_by_name("mes_cost_add1", unit=100),
        ballots=ballots,
        paper=paper,
    )


def small_scenario(*contests: SimulatedContest, trustees: int = 3, quorum: int = 2) -> Scenario:
    return Scenario(
        origin="localhost/pb/test",
        names=[("en", "Test")],
        currency="EUR",
        unit=100,
        contests=contests or [small_contest()],
        opens=1_700_000_000,
        trustees=trustees,
        quorum=quorum,
    )
