"""A counted contest as a Pabulib file, fit for the collection's own checker.

Every ballot is in it, whatever its road: sealed, paper or imported. Nothing links a row to a person or to the time of a
cast: the ballots come sorted from the count, are put into an order drawn from the round's fingerprint, and numbered
anew. Projects stand in the order of the count, which is how the format tells how ties were broken.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from pb_service.core.rounds.documents import Ballot, Limits
from pb_service.core.rounds.money import decimal_text
from pb_service.core.tally.pabulib import compose_pabulib
from pb_service.features.opendata.pabulib_rule import rule_comment, rule_name
from pb_service.features.opendata.tabular import day
from pb_service.features.results.documents import ContestDocuments

_VOTE_TYPES = {
    "approval": "approval",
    "knapsack": "approval",
    "points": "cumulative",
    "scores": "scoring",
    "ordinal": "ordinal",
}

#: Fields of META in the order of the format; what an imported file had beside them is left out.
_META = [
    "description", "country", "unit", "district", "subunit", "instance", "num_projects", "num_votes", "budget",
    "vote_type", "rule", "date_begin", "date_end", "min_length", "max_length", "min_sum_cost", "max_sum_cost",
    "min_points", "max_points", "min_sum_points", "max_sum_points", "min_project_cost", "max_project_cost",
    "min_project_score_threshold", "neighborhoods", "subdistricts", "categories", "edition", "language", "currency",
    "fully_funded", "experimental", "comment", "acknowledgments", "leftover_budget", "budget_per_category",
    "budget_per_neighborhood", "min_length_per_category", "max_length_per_category", "min_sum_cost_per_category",
    "max_sum_cost_per_category",
]  # fmt: skip
_LISTS = {"neighborhoods", "subdistricts", "categories"} | {name for name in _META if name.endswith("_per_category")}

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
    Blank ballots have no form there: they are left out, and a comment says how many there were. So are limits that some
    ballots broke, as ballots of imported files do.
    """
    listed = [ballot for ballot in _drawn(documents, ballots) if ballot]
    rows = [_vote(documents, ballot) for ballot in listed]
    imported = {key: value for key, value in (imported_meta or {}).items() if value and key in _META}
    meta = _meta(documents, rows) | imported | _decided(documents, listed, rows)
    comments = [imported["comment"]] if "comment" in imported else []
    told = len(re.findall(r"#\d+:", imported.get("comment", "")))
    broken = _broken(meta, rows)
    notes = [f"A few ballots go beyond {name} {meta[name]}; they count as they stand." for name in broken]
    blank = len(ballots) - len(listed)
    notes += [f"{blank} blank ballots were counted too."] if blank else []
    notes += [rule_comment(documents)] if meta["rule"] in {"greedy-custom", "unknown"} else []
    comments += [f"#{number}: {note}" for number, note in enumerate(notes, start=told + 1)]
    meta |= {"comment": " ".join(comments)} if comments else {}
    said = [name for name in _META if meta.get(name) and name not in broken]
    return compose_pabulib(
        {name: _plain_list(meta[name]) if name in _LISTS else meta[name] for name in said},
        _projects(documents, rows),
        [{"voter_id": str(number), **row} for number, row in enumerate(rows, start=1)],
    )


def _drawn(documents: ContestDocuments, ballots: Sequence[Ballot]) -> list[Ballot]:
    """Return the ballots in an order that anybody can draw again, and that says nothing: ballots come in sorted."""
    seed = f"{documents.fingerprint}/{documents.contest['id']}/"
    places = sorted(range(len(ballots)), key=lambda place: sha256(f"{seed}{place}".encode()).digest())
    return [ballots[place] for place in places]


def _vote(documents: ContestDocuments, ballot: Ballot) -> dict[str, str]:
    """Return a ballot's columns; who gives points names first what got most, as the format asks for."""
    pairs = [entry if isinstance(entry, list) else [entry] for entry in ballot]
    if pairs and len(pairs[0]) > 1:
        pairs.sort(key=lambda pair: (-pair[1], pair[0]))
        points = {"points": ",".join(str(pair[1]) for pair in pairs)}
    else:
        points = {}
    return {"vote": ",".join(documents.contest["pro"][pair[0]][0] for pair in pairs)} | points


def _meta(documents: ContestDocuments, rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What a file from elsewhere may say otherwise."""
    manifest, contest = documents.manifest, documents.contest
    name, title = manifest["names"][0][1], documents.ballot_list["title"][0][1]
    language = documents.ballot_list["language"]
    meta = {
        "description": f"{name}, {title}",
        "country": "Finland",
        "unit": name,
        "district": title,
        "instance": documents.slug,
        "vote_type": _VOTE_TYPES[contest["fmt"]],
        "date_begin": day(manifest["opens"]),
        "date_end": day(manifest["closes"]),
        "currency": manifest["currency"],
    }
    meta |= {"language": language} if len(language) == 2 else {}
    meta |= _limits(contest["limits"], manifest["unit"], len(contest["pro"]))
    if contest["fmt"] == "points" and "max_sum_points" not in meta:
        meta["max_sum_points"] = str(max((sum(_points(row)) for row in rows), default=0) or 1)
    return meta


def _decided(
    documents: ContestDocuments, listed: Sequence[Ballot], rows: Sequence[Mapping[str, str]]
) -> dict[str, str]:
    """What this count says, whatever a file from elsewhere had there."""
    manifest, contest = documents.manifest, documents.contest
    budget = contest["budget"]
    said = {
        "num_projects": str(len(contest["pro"])),
        "num_votes": str(len(rows)),
        "budget": decimal_text(budget, manifest["unit"]),
        "rule": rule_name(documents, listed),
    }
    threshold = contest["rule"].get("threshold")
    said |= {"min_project_score_threshold": str(threshold)} if threshold else {"min_project_score_threshold": ""}
    everything = budget >= sum(cost // manifest["unit"] * manifest["unit"] for _, cost in contest["pro"])
    return said | {"fully_funded": "1" if everything else ""}


def _limits(limits: Limits, unit: int, projects: int) -> dict[str, str]:
    values = dict(limits)
    written = {key: str(values[name]) for name, key in _LIMITS.items() if name in values}
    if "max_length" in written:
        written["max_length"] = str(min(int(written["max_length"]), projects))
    money = {key: decimal_text(values[name], unit) for name, key in _MONEY_LIMITS.items() if name in values}  # type: ignore[arg-type] # costs are integers
    return written | money


def _broken(meta: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the limits of META that a listed ballot breaks."""
    lengths = {row["vote"].count(",") + 1 for row in rows}
    points = {value for row in rows for value in _points(row)}
    held = {
        "min_length": (lengths, 1),
        "max_length": (lengths, -1),
        "min_points": (points, 1),
        "max_points": (points, -1),
    }
    return [
        name
        for name, (values, sign) in held.items()
        if meta.get(name) and any(sign * value < sign * int(meta[name]) for value in values)
    ]


def _points(row: Mapping[str, str]) -> list[int]:
    return [int(value) for value in row["points"].split(",")] if "points" in row else []


def _projects(documents: ContestDocuments, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the rows of PROJECTS, in the order in which the count came to them."""
    rule, outcome = documents.contest["rule"], documents.outcome
    by_points = rule["name"] != "greedy" or rule["by"] == "points"
    scored = by_points and documents.contest["fmt"] in {"points", "scores"}
    votes, scores = dict.fromkeys(range(len(outcome["projects"])), 0), dict.fromkeys(range(len(outcome["projects"])), 0)
    number_of = {code: number for number, (code, _) in enumerate(documents.contest["pro"])}
    for row in rows:
        named = [number_of[code] for code in row["vote"].split(",")]
        for place, number in enumerate(named):
            votes[number] += 1
            scores[number] += _points(row)[place] if scored else 0
    turns = {step["i"]: place for place, step in enumerate([*outcome["steps"], *outcome.get("then", [])])}
    order = sorted(number_of.values(), key=lambda number: (turns.get(number, len(turns)), number))
    return [_project(documents, number, votes[number], scores[number] if scored else None) for number in order]


def _project(documents: ContestDocuments, number: int, votes: int, score: int | None) -> dict[str, str]:
    (code, cost), listed = documents.contest["pro"][number], documents.ballot_list["projects"][number]
    latitude, longitude = listed.get("place", ("", ""))
    return (
        {"project_id": code, "cost": decimal_text(cost, documents.manifest["unit"]), "votes": str(votes)}
        | ({} if score is None else {"score": str(score)})
        | {
            "name": " ".join(listed["title"].split()) or code,
            "category": _plain_list(",".join(listed["categories"])),
            "beneficiaries": _plain_list(",".join(listed["targets"])),
            "selected": str(int(documents.outcome["projects"][number]["won"])),
            "latitude": latitude,
            "longitude": longitude,
        }
    )


def _plain_list(text: str) -> str:
    """Return a list in the format's form: commas without room around them."""
    return ",".join(" ".join(item.split()) for item in text.split(","))
