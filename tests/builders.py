"""Builders of test data: small elections in Pabulib's format and the options to import them with."""

from collections.abc import Mapping, Sequence

from pb_service.core.rounds.documents import Tie
from pb_service.core.tally.pabulib import PabulibFile, read_pabulib
from pb_service.features.opendata.imports import ImportOptions


def pabulib_bytes(
    district: str = "North",
    *,
    budget: str = "100",
    projects: Mapping[str, str] = {"a": "60", "b": "50", "c": "30"},
    votes: Sequence[str] = ("a,b", "a", "a,c", "b"),
    points: Sequence[str] = (),
    selected: Sequence[str] | None = ("a", "c"),
    **meta: str,
) -> bytes:
    """Return a small election; by default a (3 votes) and c (1 vote) win, and b (2 votes) is too dear after a."""
    head = {
        "description": "a small election",
        "country": "Finland",
        "unit": "Hamnstad",
        "district": district,
        "instance": "2025",
        "num_projects": str(len(projects)),
        "num_votes": str(len(votes)),
        "budget": budget,
        "vote_type": "approval",
        "rule": "greedy",
        "date_begin": "01.03.2025",
        "date_end": "31.03.2025",
        "language": "en",
        "currency": "EUR",
    } | meta
    lines = ["META", "key;value", *(f"{key};{value}" for key, value in head.items() if value)]
    lines += ["PROJECTS", "project_id;cost;name" + (";selected" if selected is not None else "")]
    for code, cost in projects.items():
        lines.append(f"{code};{cost};Project {code}" + (f";{int(code in selected)}" if selected is not None else ""))
    lines += ["VOTES", "voter_id;vote" + (";points" if points else "")]
    lines += [";".join([str(number), vote, *points[number : number + 1]]) for number, vote in enumerate(votes)]
    return "\n".join(lines).encode()


def pabulib_file(district: str = "North", **options: object) -> tuple[PabulibFile, bytes]:
    """Return the same election as the import takes it: parsed, and as bytes."""
    data = pabulib_bytes(district, **options)  # type: ignore[arg-type] # passed on as they are
    return read_pabulib(data, name=f"{district}.pb"), data


def import_options(
    slug: str = "spring", ties: Sequence[Tie] = ("cost", "id"), rule: str | None = None
) -> ImportOptions:
    """Return options that leave everything else to the files."""
    return ImportOptions(
        slug=slug, names=[("en", "Spring round")], licence="CC BY 4.0", source="A test", ties=ties, rule=rule
    )
