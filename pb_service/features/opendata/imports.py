"""Import of archived rounds: several Pabulib files become the districts of one round of mode ``open``."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, entries
from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits, RuleDocument, Tie
from pb_service.core.rounds.limits import count_ballots
from pb_service.core.tally import rule_by_name
from pb_service.core.tally.instance import MAX_INTEGER
from pb_service.core.tally.pabulib import PabulibFile, RowProblem
from pb_service.features.counting.service import store_ballots
from pb_service.features.opendata.errors import ImportRefused
from pb_service.features.record import service as record
from pb_service.features.rounds.service import ContestSetup, ProjectSetup, RoundSetup, create_round
from pb_service.features.rounds.tables import Round

#: Letters that do not come apart under NFKD, so that Włochy gives wlochy and not w-ochy.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})

_LONGEST_TITLE = 200

#: Names that a round's own pages have beside those of its districts.
_RESERVED = frozenset({"record", "report", "result", "verify"})

#: Rules of Pabulib's META as short names of this service.
_RULES = {
    "greedy": "greedy_score",
    "greedy-no-skip": "greedy_score_no_skip",
    "greedy-threshold": "greedy_score",
    "equalshares": "mes_cost_none",
    "equalshares/add1": "mes_cost_add1",
}

#: What may be chosen for files whose own rule is not offered: short names for approvals; for points and ranks the rule
#: of the same kind that counts those.
FALLBACKS = ("greedy_score", "greedy_score_no_skip", "mes_cost_add1", "mes_cost_none")
_COUNTED_BY: Mapping[BallotFormat, str] = {"points": "points_", "scores": "points_", "ordinal": "borda_"}


@dataclass(frozen=True)
class ImportOptions:
    """What the files do not say. ``rule`` is a short name; None takes each file's own rule.

    ``fallback`` is one of FALLBACKS, for files whose own rule is not offered; ``year`` that of the vote, for files
    without a date of it. ``by`` is the role that the public record names.
    """

    slug: str
    names: Sequence[tuple[str, str]]
    licence: str
    source: str
    ties: Sequence[Tie] = ("cost", "id")
    rule: str | None = None
    fallback: str | None = None
    year: int | None = None
    by: str = "operator"


@dataclass(frozen=True)
class ImportedContest:
    """One file read in: the contest it becomes, its ballots, and everything worth a second look."""

    file: str
    sha256: bytes
    setup: ContestSetup
    ballots: Sequence[Ballot]
    over: int
    problems: Sequence[RowProblem]
    #: Whether the rule is the one that the file names.
    own_rule: bool


@dataclass(frozen=True)
class ImportPlan:
    """A round as it would be imported. Nothing is stored before somebody has seen the report."""

    setup: RoundSetup
    contests: Sequence[ImportedContest]
    by: str = "operator"


def plan_import(files: Sequence[tuple[PabulibFile, bytes]], options: ImportOptions) -> ImportPlan:
    """Plan a round from parsed files, given with their bytes, in the order of the districts.

    Raises ImportRefused when the files do not make one round: two currencies, one district twice, a rule or a
    date that this service does not know; PabulibError at the first row that cannot be counted;
    TallyError when a rule and the ballots do not go together.
    """
    if not files:
        raise ImportRefused("No file was given.", "none")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", options.slug):
        message = f"The name {options.slug!r} must consist of small letters, digits and hyphens."
        raise ImportRefused(message, "slug")
    first = files[0][0]
    for file, _ in files:
        if file.currency != first.currency:
            message = f"{file.name} is in {file.currency}, {first.name} in {first.currency}."
            raise ImportRefused(message, "currency", one=file.currency, other=first.currency, file=first.name)
    if not re.fullmatch(r"[A-Z]{3}", first.currency):
        raise ImportRefused(
            f"{first.name} has the currency {first.currency[:40]!r}; three capital letters (ISO 4217) are needed, "
            "such as EUR.",
            "currency_code",
            currency=first.currency[:40],
        )
    unit = max(file.unit for file, _ in files)
    contests = [plan_contest(file, data, options, unit) for file, data in files]
    keys = [contest.setup.key for contest in contests]
    for key in keys:
        if keys.count(key) > 1:
            raise ImportRefused(f"Two files are about the same district, {key}.", "repeated", district=key)
    opens_at = min(_date(file, "date_begin", options.year) for file, _ in files)
    closes_at = max(_date(file, "date_end", options.year) for file, _ in files) + timedelta(days=1, seconds=-1)
    if closes_at < opens_at:
        raise ImportRefused(
            f"The vote ends on {closes_at:%d.%m.%Y}, before it begins on {opens_at:%d.%m.%Y}.",
            "ends",
            opens=f"{opens_at:%d.%m.%Y}",
            closes=f"{closes_at:%d.%m.%Y}",
        )
    setup = RoundSetup(
        slug=options.slug,
        names=options.names,
        licence=options.licence,
        source=options.source,
        currency=first.currency,
        unit=unit,
        opens_at=opens_at,
        closes_at=closes_at,
        contests=[contest.setup for contest in contests],
    )
    return ImportPlan(setup, contests, options.by)


async def import_round(session: AsyncSession, plan: ImportPlan, *, origin_host: str, now: datetime) -> Round:
    """Store a planned round with its ballots and its first entries in the public record. Raises RoundExists."""
    created = await create_round(session, plan.setup, origin_host=origin_host, now=now)
    about: dict[str, object] = {"source": plan.setup.source, "licence": plan.setup.licence}
    await _log_act(session, created, "round.created", object_id=created.slug, by=plan.by, about=about, now=now)
    for contest, imported in zip(created.contests, plan.contests, strict=True):
        store_ballots(session, contest, imported.ballots)
        about = {
            "file": imported.file,
            "sha256": canonical.b64u(imported.sha256),
            "projects": len(imported.setup.projects),
            "ballots": len(imported.ballots),
            "over": imported.over,
            "problems": [{"line": row.line, "code": row.code} for row in imported.problems],
        }
        object_id = f"{created.slug}/{contest.key}"
        await _log_act(session, created, "contest.imported", object_id=object_id, by=plan.by, about=about, now=now)
    return created


async def _log_act(
    session: AsyncSession, on: Round, kind: str, *, object_id: str, by: str, about: Mapping[str, object], now: datetime
) -> None:
    file_hash = await record.salted_file(session, about, kind=kind, at=now)
    entry = entries.act(kind, at=int(now.timestamp()), object_id=object_id, by=by, file_hash=file_hash)
    await record.append(session, on.log, entry)


def plan_contest(file: PabulibFile, data: bytes, options: ImportOptions, unit: int) -> ImportedContest:
    """Plan the contest of one file in a round whose money is counted in ``unit``. Raises as plan_import."""
    instance = file.instance()  # refuses rows that no count could understand
    rule, own_rule = _rule(file, options, unit)
    if rule["name"] == "greedy":
        instance.scores(rule["by"])  # refuses ballots that the rule could not count, before anything is signed
    scale = unit // file.unit
    caps = [limit["cost"] for limit in file.limits.get("cats", ()) if "cost" in limit]
    amounts = [file.budget, *(project.cost for project in file.projects), *caps]
    amounts += [file.limits.get("cost", 0), file.limits.get("costmin", 0)]
    if max(amounts) * scale > MAX_INTEGER:
        message = f"{file.name} holds amounts too large to be counted exactly in the decimals of this round."
        raise ImportRefused(message, "amount")
    projects = [
        ProjectSetup(
            code=project.id,
            title=project.name or project.id,
            cost=project.cost * scale,
            categories=project.categories,
            targets=project.targets,
            place=(project.latitude, project.longitude) if project.latitude and project.longitude else None,
            official=None if project.selected is None else project.selected > 0,
        )
        for project in file.projects
    ]
    title = file.meta.get("subunit") or file.meta.get("district") or file.meta.get("unit") or file.name
    if len(title) > _LONGEST_TITLE:
        message = f"{file.name} has a district name of {len(title)} characters; {_LONGEST_TITLE} at most."
        raise ImportRefused(message, "title", length=len(title), most=_LONGEST_TITLE)
    language = file.language if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", file.language) else "und"
    limits = _rescaled(file.limits, scale)
    setup = ContestSetup(
        key=_key(title),
        title=[(language, title)],
        language=language,
        fmt=file.fmt,
        budget=file.budget * scale,
        limits=limits,
        rule=rule,
        projects=projects,
        imported_meta=file.meta,
    )
    over = count_ballots(file.ballots, file.fmt, limits, [project.cost for project in projects])["over"]
    return ImportedContest(file.name, sha256(data).digest(), setup, file.ballots, over, file.problems, own_rule)


def _rescaled(limits: Limits, scale: int) -> Limits:
    """Return the limits with all money in finer minor units."""
    scaled = limits.copy()
    if "cost" in scaled:
        scaled["cost"] *= scale
    if "costmin" in scaled:
        scaled["costmin"] *= scale
    if "cats" in scaled:
        scaled["cats"] = [
            {**category, "cost": category["cost"] * scale} if "cost" in category else category
            for category in scaled["cats"]
        ]
    return scaled


def _rule(file: PabulibFile, options: ImportOptions, unit: int) -> tuple[RuleDocument, bool]:
    """Return the rule of a contest and whether it is the file's own: the one asked for, the file's, or the fallback."""
    if options.rule is not None:
        return rule_by_name(options.rule, ties=options.ties, unit=unit), False
    stated = file.meta.get("rule", "")
    name = _RULES.get(stated)
    if name is None or file.fmt == "ordinal":
        if options.fallback is not None:
            short = options.fallback if file.fmt == "approval" else _of_format(options.fallback, file.fmt)
            return rule_by_name(short, ties=options.ties, unit=unit), False
        if name is None:
            message = f"{file.name} was decided by the rule {stated!r}, which is not offered yet. Name one with --rule."
            raise ImportRefused(message, "rule", rule=stated[:80])
        raise ImportRefused(f"{file.name} does not say how ranks become votes. Name a rule with --rule.", "ranks")
    rule = rule_by_name(name, ties=options.ties, unit=unit)
    if rule["name"] == "greedy":
        if file.fmt in {"points", "scores"}:
            rule["by"] = "points"
        if file.threshold is not None:
            rule["threshold"] = file.threshold
    return rule, True


def _of_format(name: str, fmt: BallotFormat) -> str:
    """Return the rule of the same kind that counts points or ranks."""
    return _COUNTED_BY[fmt] + name.replace("mes_cost_", "mes_")


def _key(title: str) -> str:
    """Return a district's name as an id for addresses: small ASCII letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].strip("-")
    if not key:
        raise ImportRefused(f"No address can be made from the district's name {title!r}.", "key", district=title)
    return f"{key}-district" if key in _RESERVED else key


def _date(file: PabulibFile, field: str, year: int | None) -> datetime:
    """Return a date of META at midnight UTC; a year alone begins or ends with it. Without any, ``year`` is taken."""
    text = file.meta.get(field, "").strip() or str(year or "")
    try:
        if re.fullmatch(r"\d{4}", text):
            month, day = (1, 1) if field == "date_begin" else (12, 31)
            return datetime(int(text), month, day, tzinfo=UTC)
        return datetime.combine(datetime.strptime(text, "%d.%m.%Y").date(), time(), UTC)  # noqa: DTZ007 # a date only
    except ValueError:
        message = f"{file.name} has the {field} {text!r}; DD.MM.YYYY or YYYY is needed."
        raise ImportRefused(message, "date", field=field, date=text[:40]) from None
