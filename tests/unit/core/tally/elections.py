"""Small elections written by hand, and the real ones of tests/data/pabulib."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pb_service.core.rounds.documents import Ballot, BallotFormat
from pb_service.core.tally import Instance, Outcome, Project
from pb_service.core.tally.pabulib import PabulibFile, read_pabulib

REAL = Path(__file__).parents[3] / "data" / "pabulib"
FILES = sorted(path.name.removesuffix(".gz").removesuffix(".pb") for path in REAL.glob("*.pb*"))


def election(
    costs: Mapping[str, int], budget: int, ballots: Sequence[str], fmt: BallotFormat = "approval", unit: int = 1
) -> Instance:
    """Return an election whose projects and ballots are named by letters: "ab" names a and b (in order if ranked)."""
    names = list(costs)
    ranked = [[names.index(letter) for letter in ballot] for ballot in ballots]
    numbers: Sequence[Ballot] = ranked if fmt == "ordinal" else [sorted(ballot) for ballot in ranked]
    return Instance([Project(name, cost) for name, cost in costs.items()], budget, fmt, numbers, unit)


def won(instance: Instance, outcome: Outcome) -> str:
    """Return the ids of the winners, joined."""
    return "".join(instance.projects[number].id for number in outcome.winners)


def path_of(name: str) -> Path:
    plain = REAL / f"{name}.pb"
    return plain if plain.exists() else REAL / f"{name}.pb.gz"


@cache
def real(name: str) -> tuple[PabulibFile, Instance]:
    file = read_pabulib(path_of(name).read_bytes(), name=path_of(name).name)
    return file, file.instance()


@cache
def expected(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((REAL / "expected" / f"{name}.json").read_text())
    return document
