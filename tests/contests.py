"""Counted contests as published, made by the real tally from a few numbers or from the demonstration round."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from pb_service.core.rounds.documents import BallotListDocument, ManifestDocument, OutcomeDocument, RuleDocument
from pb_service.core.tally import Instance, Project, rule_by_name, tally
from pb_service.core.tally.explain import explanation
from pb_service.core.tally.pabulib import read_pabulib
from pb_service.features.results.documents import ContestDocuments

#: Recounts of Equal Shares with add-one take seconds in tests; those of greedy stay far below this.
MOST_WORK = 40_000_000
DEMO = Path(__file__).parents[1] / "pb_service" / "demo"


def documents(
    projects: Sequence[tuple[str, int]],
    ballots: Sequence[Any],
    budget: int,
    rule: RuleDocument,
    *,
    other: RuleDocument | None = None,
    titles: Sequence[str] | None = None,
    places: Sequence[tuple[str, str] | None] | None = None,
    fmt: str = "approval",
    official: list[int] | None = None,
    themes: Sequence[Sequence[str]] | None = None,
) -> ContestDocuments:
    """The documents of a contest whose projects are (id, cost in cents), counted and explained."""
    instance = Instance([Project(*project) for project in projects], budget, cast(Any, fmt), ballots)

    def outcome(which: RuleDocument) -> OutcomeDocument:
        counted = tally(instance, which).document()
        counts = {**counted["counts"], "over": 0}
        return cast(OutcomeDocument, {"v": 1, "e": "", "d": "here", **counted, "counts": counts})

    contest: Any = {
        "id": "here",
        "g": "all",
        "fmt": fmt,
        "pro": [list(project) for project in projects],
        "budget": budget,
        "list": "",
        "limits": {},
        "breach": "count",
        "rule": rule,
    }
    listed = []
    for number, (project_id, _) in enumerate(projects):
        entry: dict[str, Any] = {"id": project_id, "title": f"Project {project_id}", "categories": [], "targets": []}
        if themes:
            entry["categories"] = list(themes[number])
        if titles:
            entry["title"] = titles[number]
        if places and places[number]:
            entry["place"] = places[number]
        listed.append(entry)
    result = outcome(rule)
    return ContestDocuments(
        slug="demo",
        manifest=cast(
            ManifestDocument,
            {
                "v": 1,
                "origin": "localhost/pb/demo",
                "mode": "open",
                "names": [["en", "Warsaw 2023"], ["fi", "Varsova 2023"], ["sv", "Warszawa 2023"]],
                "licence": "not stated",
                "source": "Pabulib",
                "currency": "PLN",
                "unit": 100,
                "opens": 1655251200,
                "closes": 1656626399,
                "contests": [contest],
            },
        ),
        contest=contest,
        ballot_list=cast(
            BallotListDocument,
            {"v": 1, "contest": "here", "title": [["pl", "Ursus"]], "language": "pl", "projects": listed},
        ),
        outcome=result,
        explanation=explanation(contest, result, ballots, other, unit=100, themes=themes or (), most_work=MOST_WORK),
        official=official,
        fingerprint="7H2K-9QXM-4T0C-V8AB",
    )


def greedy(*projects: tuple[str, int, int], budget: int, **options: Any) -> ContestDocuments:
    """A greedy contest of projects (id, cost, votes); each vote is a ballot of its own."""
    ballots = sorted([number] for number, (_, _, votes) in enumerate(projects) for _ in range(votes))
    rule = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"], **options}
    return documents([project[:2] for project in projects], ballots, budget, cast(RuleDocument, rule))


def ursus_2023(*, compared: bool = False) -> ContestDocuments:
    """Ursus 2023 of the demonstration round: a real tie, 72 projects, 4,519 ballots.

    ``compared``: with the comparison with Equal Shares, which takes a moment.
    """
    file = read_pabulib((DEMO / "Poland_Warszawa_2023_Ursus.pb").read_bytes(), name="Ursus")
    return documents(
        [(project.id, project.cost) for project in file.projects],
        file.sorted_ballots(),
        file.budget,
        rule_by_name("greedy_score", ties=("cost", "id")),
        other=rule_by_name("mes_cost_add1", ties=("cost", "id")) if compared else None,
        titles=[project.name for project in file.projects],
        places=[
            (project.latitude, project.longitude) if project.latitude and project.longitude else None
            for project in file.projects
        ],
        official=[number for number, project in enumerate(file.projects) if project.selected],
        themes=[project.categories for project in file.projects],
    )
