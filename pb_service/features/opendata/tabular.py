"""Results as tables for spreadsheets, and contests in Pabulib's format."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pb_service.core.rounds.documents import Ballot
from pb_service.core.rounds.money import decimal_text
from pb_service.features.results.documents import ContestDocuments


def projects_csv(documents: ContestDocuments) -> str:
    """One row a project: what it is, what it got, and the reason code with its numbers. Money in currency units."""
    unit = documents.manifest["unit"]
    rows = []
    for (project_id, cost), listed, result in zip(
        documents.contest["pro"], documents.ballot_list["projects"], documents.outcome["projects"], strict=True
    ):
        why = result["why"]
        latitude, longitude = listed.get("place", ("", ""))
        rows.append(
            [
                cell(project_id),
                cell(listed["title"]),
                decimal_text(cost, unit),
                result["votes"],
                result["score"],
                int(result["won"]),
                why["c"],
                why.get("rank", why.get("round", "")),
                decimal_text(why["left"], unit) if "left" in why else "",
                cell(",".join(listed["categories"])),
                cell(",".join(listed["targets"])),
                latitude,
                longitude,
            ]
        )
    header = "project_id name cost votes score selected reason turn money_left category target latitude longitude"
    return _csv(header.split(), rows)


def turns_csv(documents: ContestDocuments) -> str:
    """One row a turn or round of the count, in its order. Money in currency units, prices in minor ones."""
    unit = documents.manifest["unit"]
    rows: list[Sequence[object]] = []
    outcome = documents.outcome
    steps = [*outcome["steps"], *outcome.get("after", []), *outcome.get("then", [])]
    for place, step in enumerate(steps, start=1):
        project_id, cost = documents.contest["pro"][step["i"]]
        title = documents.ballot_list["projects"][step["i"]]["title"]
        rows.append(
            [
                place,
                cell(project_id),
                cell(title),
                decimal_text(cost, unit),
                decimal_text(step["left"], unit),
                int(step.get("ok", True)),
                step.get("price", ""),
                step.get("supporters", ""),
            ]
        )
    header = ["turn", "project_id", "name", "cost", "money_left", "funded", "price", "supporters"]
    return _csv(header, rows)


def ballots_csv(documents: ContestDocuments, ballots: Sequence[Ballot]) -> str:
    """One row a ballot, sorted, so that a row says nothing about who cast it or when."""
    rows = []
    for place, ballot in enumerate(ballots, start=1):
        named, values = vote_columns(documents, ballot)
        rows.append([place, cell(named), values])
    return _csv(["ballot", "projects", "values"], rows)


def vote_columns(documents: ContestDocuments, ballot: Ballot) -> tuple[str, str]:
    """Return a ballot as Pabulib writes it: project ids and, where the format has them, points, joined by commas."""
    pairs = [choice if isinstance(choice, list) else [choice] for choice in ballot]
    named = ",".join(documents.contest["pro"][pair[0]][0] for pair in pairs)
    return named, ",".join(str(pair[1]) for pair in pairs if len(pair) > 1)


def for_spreadsheets(text: str) -> bytes:
    """Return a table as UTF-8 with a byte order mark, without which spreadsheet programs spoil letters beyond ASCII."""
    return text.encode("utf-8-sig")


def cell(text: str) -> str:
    """Return foreign text for a table: spreadsheet programs run what begins like a formula, so it gets a quote."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def day(seconds: int) -> str:
    """Return a time as Pabulib writes dates."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%d.%m.%Y")


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
