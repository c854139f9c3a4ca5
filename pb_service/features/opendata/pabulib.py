"""A counted contest as a Pabulib file: ballots sorted and numbered anew, so that no row can be linked to a person."""

from collections.abc import Mapping, Sequence

from pb_service.core.rounds.documents import Ballot, Limits
from pb_service.core.rounds.money import decimal_text
from pb_service.core.tally.pabulib import compose_pabulib
from pb_service.features.opendata.tabular import day, vote_columns
from pb_service.features.results.documents import ContestDocuments

_VOTE_TYPES = {
    "approval": "approval",
    "knapsack": "approval",
    "points": "cumulative",
    "scores": "scoring",
    "ordinal": "ordinal",
}

#: Limits of a manifest under their Pabulib names; those in money are written in currency units.
_LIMITS = {
    "kmin": "min_length",
    "k": "max_length",
    "summin": "min_sum_points",
    "sum": "max_sum_points",
    "eachmin": "min_points",
    "each": "max_points",
    "smin": "min_points",
    "smax": "max_points",
}
_MONEY_LIMITS = {"costmin": "min_sum_cost", "cost": "max_sum_cost"}


def contest_pabulib(
    documents: ContestDocuments, ballots: Sequence[Ballot], imported_meta: Mapping[str, str] | None
) -> bytes:
    """Return a contest with its outcome in Pabulib's format (``selected`` says what this count funded).

    ``imported_meta``, the META section of the file that the contest came from, is kept where the count does not differ.
    """
    meta = _meta(documents, len(ballots)) | dict(imported_meta or {}) | {"rule": _rule(documents)}
    return compose_pabulib(meta, _projects(documents), _votes(documents, ballots))


def _meta(documents: ContestDocuments, ballots: int) -> dict[str, str]:
    manifest, contest = documents.manifest, documents.contest
    name, title = manifest["names"][0][1], documents.ballot_list["title"][0][1]
    meta = {
        "description": f"{name}, {title}",
        "country": "Finland",
        "unit": name,
        "district": title,
        "instance": documents.slug,
        "num_projects": str(len(contest["pro"])),
        "num_votes": str(ballots),
        "budget": decimal_text(contest["budget"], manifest["unit"]),
        "vote_type": _VOTE_TYPES[contest["fmt"]],
        "rule": _rule(documents),
        "date_begin": day(manifest["opens"]),
        "date_end": day(manifest["closes"]),
        "language": documents.ballot_list["language"],
        "currency": manifest["currency"],
    }
    return meta | _limits(contest["limits"], manifest["unit"]) | _threshold(documents)


def _limits(limits: Limits, unit: int) -> dict[str, str]:
    values = dict(limits)
    written = {key: str(values[name]) for name, key in _LIMITS.items() if name in values}
    money = {key: decimal_text(values[name], unit) for name, key in _MONEY_LIMITS.items() if name in values}  # type: ignore[arg-type] # costs are integers
    return written | money


def _threshold(documents: ContestDocuments) -> dict[str, str]:
    rule = documents.contest["rule"]
    threshold = rule.get("threshold")
    return {} if threshold is None else {"min_project_score_threshold": str(threshold)}


def _rule(documents: ContestDocuments) -> str:
    rule = documents.contest["rule"]
    if rule["name"] == "equal_shares":
        return "equalshares/add1" if rule["completion"] == "add_one" else "equalshares"
    if "threshold" in rule:
        return "greedy-threshold"
    return "greedy-no-skip" if rule["name"] == "greedy" and not rule["skip"] else "greedy"


def _projects(documents: ContestDocuments) -> list[dict[str, str]]:
    rows = []
    for (project_id, cost), listed, result in zip(
        documents.contest["pro"], documents.ballot_list["projects"], documents.outcome["projects"], strict=True
    ):
        latitude, longitude = listed.get("place", ("", ""))
        rows.append(
            {
                "project_id": project_id,
                "cost": decimal_text(cost, documents.manifest["unit"]),
                "votes": str(result["votes"]),
                "name": listed["title"],
                "category": ",".join(listed["categories"]),
                "beneficiaries": ",".join(listed["targets"]),
                "selected": str(int(result["won"])),
                "latitude": latitude,
                "longitude": longitude,
            }
        )
    return rows


def _votes(documents: ContestDocuments, ballots: Sequence[Ballot]) -> list[dict[str, str]]:
    rows = []
    for number, ballot in enumerate(ballots, start=1):
        named, values = vote_columns(documents, ballot)
        rows.append({"voter_id": str(number), "vote": named} | ({"points": values} if values else {}))
    return rows
