"""What is wrong in a set-up, and what publishing still lacks, as (field, code, values) lists.

``problems`` finds what may not even be saved: it contradicts itself or a rule. ``missing`` finds what a draft may leave
open and a published round may not. The sentences for the codes are catalogue strings of the stage rounds.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import gcd
from typing import cast

from pb_service.core.rounds import calendar, districts, money
from pb_service.core.rounds.documents import BallotFormat
from pb_service.core.rounds.places import postal_ranges
from pb_service.core.rounds.setup import (
    LANGUAGES,
    PLANNED,
    Contact,
    Language,
    Problem,
    Setup,
    StepName,
    Text,
    rule_document,
    state_in,
    text_in,
)
from pb_service.core.rounds.texts import is_printable
from pb_service.core.tally import TallyError, check_rule
from pb_service.core.tally.instance import MAX_INTEGER

SHORT, MEDIUM, LONG = 200, 1_000, 20_000
MAX_LIST = 200
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: Words that a round's own pages have in addresses beside those of its districts.
RESERVED_KEYS = frozenset({"record", "verify", "district", "city", "map", "data"})
_EMAIL = re.compile(r"[^@\s,;<>\"()\[\]\\]{1,64}@[^@\s,;<>\"()\[\]\\]{1,190}\.[^@\s,;<>\"()\[\]\\.]{2,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{2,30}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNITS = frozenset(10**power for power in range(2, 5))

Found = Iterator[Problem]


def problems(name: StepName, setup: Setup) -> list[Problem]:
    """Return everything that is wrong in one step, given the others as they stand; an empty list: it can be saved."""
    return list(_PROBLEMS[name](setup))


def missing(name: StepName, setup: Setup, languages: Collection[Language]) -> list[Problem]:
    """Return what publishing lacks in one step. ``languages`` are those that the municipality requires of texts."""
    return [*problems(name, setup), *_MISSING[name](setup, languages)]


def reason_problems(reason: Text, languages: Collection[Language]) -> list[Problem]:
    """Return what is wrong with the published reason of an act: it must stand in every required language."""
    return [*_text("reason", reason, MEDIUM, lines=True), *_required("reason", reason, languages)]


def texts_of(setup: Setup) -> list[tuple[StepName, str, Text]]:
    """Return every text of a set-up with its step and field: what translators work through."""
    found: list[tuple[StepName, str, Text]] = [
        ("texts", "name", setup.texts.name),
        ("texts", "summary", setup.texts.summary),
        ("texts", "description", setup.texts.description),
        ("texts", "instructions", setup.texts.instructions),
    ]
    found += [("districts", f"districts.{n}.name", item.name) for n, item in enumerate(setup.districts.districts)]
    found.append(("eligibility", "explanation", setup.eligibility.explanation))
    for number, criterion in enumerate(setup.criteria.criteria):
        found.append(("criteria", f"criteria.{number}.label", criterion.label))
        found.append(("criteria", f"criteria.{number}.reason", criterion.reason))
    return [*found, ("closing", "appeal", setup.closing.appeal)]


# Texts and other small things


def _line(field: str, text: str, most: int = SHORT, *, lines: bool = False) -> Found:
    if len(text) > most:
        yield Problem(field, "too_long", {"most": most})
    if not is_printable(text, lines=lines):
        yield Problem(field, "characters")


def _text(field: str, text: Text, most: int = SHORT, *, lines: bool = False) -> Found:
    for language, wording in text.items():
        yield from _line(f"{field}.{language}", wording.text, most, lines=lines)
        if wording.text and wording.state == "missing":
            yield Problem(f"{field}.{language}", "state_missing")
    originals = [language for language in LANGUAGES if state_in(text, language) == "original"]
    if len(originals) > 1:
        yield Problem(f"{field}.{originals[1]}", "two_originals", {"language": originals[0]})


def _required(field: str, text: Text, languages: Collection[Language]) -> Found:
    for language in LANGUAGES:
        if language in languages:
            if not text_in(text, language):
                yield Problem(f"{field}.{language}", "text_missing", {"language": language})
            elif state_in(text, language) == "machine":
                yield Problem(f"{field}.{language}", "text_unread", {"language": language})


def _if_begun(field: str, text: Text, languages: Collection[Language]) -> Found:
    """A text that may be left out altogether, but not in some of the languages."""
    if any(wording.text for wording in text.values()):
        yield from _required(field, text, languages)


def _contact(field: str, contact: Contact) -> Found:
    yield from _line(f"{field}.name", contact.name)
    if contact.email and not is_email(contact.email):
        yield Problem(f"{field}.email", "email")
    if contact.phone and not _PHONE.fullmatch(contact.phone):
        yield Problem(f"{field}.phone", "phone")


def text_problems(field: str, text: Text, most: int = SHORT) -> list[Problem]:
    """Return what is wrong with a text by language, apart from what is missing."""
    return list(_text(field, text, most))


def contact_problems(field: str, contact: Contact) -> list[Problem]:
    """Return what is wrong with a contact."""
    return list(_contact(field, contact))


def is_email(text: str) -> bool:
    """Whether a text has the form of an e-mail address, on one line, without anything that a header could break on."""
    return len(text) <= 254 and is_printable(text) and _EMAIL.fullmatch(text) is not None


def _between(field: str, value: int | None, least: int, most: int) -> Found:
    if value is not None and not least <= value <= most:
        yield Problem(field, "range", {"least": least, "most": most})


def _list(field: str, items: Sequence[object], most: int = MAX_LIST) -> Found:
    if len(items) > most:
        yield Problem(field, "too_many", {"most": most})


def _keys(field: str, keys: Sequence[str], reserved: Collection[str] = ()) -> Found:
    for number, key in enumerate(keys):
        if not KEY.fullmatch(key) or key in reserved:
            yield Problem(f"{field}.{number}.key", "key")
        elif key in keys[:number]:
            yield Problem(f"{field}.{number}.key", "twice", {"key": key})


def day(text: str) -> date | None:
    """Return a typed date (``2027-12-31``), or None if it is none."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None


def _day(field: str, text: str) -> Found:
    if text and day(text) is None:
        yield Problem(field, "date")


# What may not be saved


def _texts(setup: Setup) -> Found:
    step = setup.texts
    yield from _text("name", step.name)
    yield from _text("summary", step.summary, MEDIUM, lines=True)
    yield from _text("description", step.description, LONG, lines=True)
    yield from _text("instructions", step.instructions, LONG, lines=True)
    yield from _contact("contact", step.contact)


def _dates(setup: Setup) -> Found:
    step = setup.dates
    if not calendar.is_zone(step.time_zone):
        yield Problem("time_zone", "time_zone")
        return
    names = [planned.phase for planned in step.phases]
    if names != sorted(set(names), key=PLANNED.index):
        yield Problem("phases", "phase_order")
    fields = [(f"phases.{planned.phase}", planned.starts) for planned in step.phases] + [("ends", step.ends)]
    moments = []
    for field, text in fields:
        found = calendar.moment(text, step.time_zone)
        if text and found is None:
            yield Problem(field, "time")
        if found:
            moments.append((field, found.at))
    for (before, earlier), (after, later) in pairwise(moments):
        if later <= earlier:
            yield Problem(after, "time_order", {"before": before.removeprefix("phases.")})
    if "voting" in names and "counting" not in names:
        yield Problem("phases.counting", "vote_needs_count")
    if "counting" in names and "voting" not in names:
        yield Problem("phases.voting", "count_needs_vote")


def _districts(setup: Setup) -> Found:
    step = setup.districts
    yield from _list("districts", step.districts, districts.MAX_DISTRICTS)
    yield from _keys("districts", [district.key for district in step.districts], RESERVED_KEYS)
    if districts.positions(step.districts) > districts.MAX_POSITIONS:
        yield Problem("districts", "too_detailed", {"most": districts.MAX_POSITIONS})
        return
    sound = True
    for number, district in enumerate(step.districts):
        yield from _text(f"districts.{number}.name", district.name)
        yield from _between(f"districts.{number}.population", district.population, 0, 100_000_000)
        if district.polygons and (found := districts.polygon_problem(district.polygons)):
            sound = False
            values = {"name": districts.label(district.name, number), **found[1]}
            yield Problem(f"districts.{number}.polygons", found[0], values)
    if sound:
        yield from districts.overlaps(step.districts)


def _money(setup: Setup) -> Found:
    step = setup.money
    if not _CURRENCY.fullmatch(step.currency):
        yield Problem("currency", "currency")
    if step.unit not in _UNITS:
        yield Problem("unit", "unit")
    yield from _between("total", step.total, 0, MAX_INTEGER)
    yield from _between("city_wide", step.city_wide, 0, MAX_INTEGER)
    yield from _between("quantum", step.quantum, 1, 10**9)
    for key, amount in step.amounts.items():
        yield from _between(f"amounts.{key}", amount, 0, MAX_INTEGER)
    keys = {district.key for district in setup.districts.districts}
    for key in step.amounts:
        if key not in keys:
            yield Problem(f"amounts.{key}" if KEY.fullmatch(key) else "amounts", "no_district", {"key": key[:64]})
    if step.mode == "population":
        if step.city_wide > step.total:
            yield Problem("city_wide", "beyond_total")
        elif step.quantum >= 1 and (step.total - step.city_wide) % step.quantum:
            yield Problem("quantum", "not_whole_steps")
    if step.city_wide and not setup.districts.city_wide:
        yield Problem("city_wide", "no_city_wide")


def _ballot(setup: Setup) -> Found:
    step = setup.ballot
    own = _LIMITS[step.fmt]
    for name in ("points_total", "points_each", "score_lowest", "score_highest"):
        if getattr(step, name) is not None and name not in own:
            yield Problem(name, "not_of_format", {"format": step.fmt})
    yield from _between("kmin", step.kmin, 0, 1_000)
    yield from _between("k", step.k, 1, 1_000)
    yield from _between("theme_k", step.theme_k, 1, 1_000)
    yield from _between("points_total", step.points_total, 1, 1_000_000)
    yield from _between("points_each", step.points_each, 1, 1_000_000)
    yield from _between("score_lowest", step.score_lowest, -1_000, 1_000)
    yield from _between("score_highest", step.score_highest, -1_000, 1_000)
    for least, most in (
        ("kmin", "k"),
        ("theme_k", "k"),
        ("points_each", "points_total"),
        ("score_lowest", "score_highest"),
    ):
        low, high = getattr(step, least), getattr(step, most)
        if low is not None and high is not None and low > high:
            yield Problem(least, "more_than", {"other": most})
    if step.blank and step.kmin:
        yield Problem("kmin", "blank_and_least")


_LIMITS: Mapping[BallotFormat, frozenset[str]] = {
    "approval": frozenset(),
    "knapsack": frozenset(),
    "ordinal": frozenset(),
    "points": frozenset({"points_total", "points_each"}),
    "scores": frozenset({"score_lowest", "score_highest"}),
}


def _rule(setup: Setup) -> Found:
    named = list(_rule_fields(setup))
    yield from named or _as_counted(setup)


def _rule_fields(setup: Setup) -> Found:
    step, fmt = setup.rule, setup.ballot.fmt
    if len(set(step.ties)) < len(step.ties) or "id" not in step.ties or step.ties[-1] != "id":
        yield Problem("ties", "ties")
    yield from _between("threshold", step.threshold, 0, 100_000_000)
    yield from _between("step", step.step, 1, MAX_INTEGER)
    yield from _between("percent", step.percent, 1, 100)
    measures = {"greedy": step.by, "equal_shares": step.utility, "max_welfare": step.utility}
    measure = measures.get(step.name, "")
    if measure == "points" and fmt not in {"points", "scores"}:
        yield Problem("by" if step.name == "greedy" else "utility", "no_points", {"format": fmt})
    if measure == "borda" and fmt != "ordinal":
        yield Problem("by" if step.name == "greedy" else "utility", "no_ranks", {"format": fmt})
    if step.name == "equal_shares" and step.compare_greedy and (step.then_greedy or step.completion == "phragmen"):
        yield Problem("compare_greedy", "compare_alone")
    if not is_fraction(step.per_cost):
        yield Problem("per_cost", "fraction")


def _as_counted(setup: Setup) -> Found:
    """The tally's own judgement of the rule, for whatever is not named above. ``draw`` waits for its lot."""
    document = dict(rule_document(setup.rule))
    document["ties"] = [tie for tie in setup.rule.ties if tie != "draw"]
    try:
        check_rule(cast(object, document))  # type: ignore[arg-type] # built by rule_document
    except TallyError as error:
        yield Problem("name", "rule", {"reason": str(error)})


def is_fraction(text: str) -> bool:
    """Whether a text is a positive fraction in lowest terms, such as ``1/3`` or ``2``; empty: none."""
    if not text:
        return True
    found = re.fullmatch(r"([1-9][0-9]{0,8})(?:/([1-9][0-9]{0,8}))?", text)
    if not found:
        return False
    over, under = int(found[1]), int(found[2] or 1)
    return found[2] is None or (under > 1 and gcd(over, under) == 1)


def _eligibility(setup: Setup) -> Found:
    step = setup.eligibility
    yield from _between("min_age", step.min_age, 0, 120)
    yield from _between("max_age", step.max_age, 0, 120)
    if step.min_age is not None and step.max_age is not None and step.min_age > step.max_age:
        yield Problem("min_age", "more_than", {"other": "max_age"})
    yield from _day("age_on", step.age_on)
    yield from _day("residence_on", step.residence_on)
    if len(step.postal_codes) > MEDIUM or postal_ranges(step.postal_codes) is None:
        yield Problem("postal_codes", "postal_codes")
    if len(set(step.grounds)) < len(step.grounds):
        yield Problem("grounds", "twice", {"key": ""})
    yield from _list("schools", step.schools)
    for number, school in enumerate(step.schools):
        yield from _line(f"schools.{number}.name", school.name)
        if not school.name:
            yield Problem(f"schools.{number}.name", "required")
        for grade in school.grades[:20]:
            yield from _between(f"schools.{number}.grades", grade, 0, 13)
        yield from _list(f"schools.{number}.grades", school.grades, 14)
    yield from _text("explanation", step.explanation, MEDIUM, lines=True)


def _criteria(setup: Setup) -> Found:
    criteria = setup.criteria.criteria
    yield from _list("criteria", criteria, 50)
    yield from _keys("criteria", [criterion.key for criterion in criteria])
    for number, criterion in enumerate(criteria):
        yield from _text(f"criteria.{number}.label", criterion.label)
        yield from _text(f"criteria.{number}.reason", criterion.reason, MEDIUM, lines=True)


def _costs(setup: Setup) -> Found:
    step = setup.costs
    yield from _between("floor", step.floor, 0, MAX_INTEGER)
    yield from _between("ceiling", step.ceiling, 1, MAX_INTEGER)
    if step.floor is not None and step.ceiling is not None and step.floor > step.ceiling:
        yield Problem("floor", "more_than", {"other": "ceiling"})
    yield from _between("upkeep_years", step.upkeep_years, 1, 50)
    yield from _list("classes", step.classes, 50)
    for number, found in enumerate(step.classes):
        yield from _between(f"classes.{number}.lowest", found.lowest, 0, MAX_INTEGER)
        yield from _between(f"classes.{number}.highest", found.highest, 1, MAX_INTEGER)
        if found.lowest > found.highest:
            yield Problem(f"classes.{number}.lowest", "more_than", {"other": "highest"})
        if number and found.lowest <= step.classes[number - 1].highest:
            yield Problem(f"classes.{number}.lowest", "classes_overlap")


def _trustees(setup: Setup) -> Found:
    step = setup.trustees
    yield from _list("trustees", step.trustees, 32)
    for number, trustee in enumerate(step.trustees):
        yield from _line(f"trustees.{number}.name", trustee.name)
        yield from _line(f"trustees.{number}.organisation", trustee.organisation)
        if not trustee.name:
            yield Problem(f"trustees.{number}.name", "required")
        if not is_email(trustee.email):
            yield Problem(f"trustees.{number}.email", "email")
        elif trustee.email in [other.email for other in step.trustees[:number]]:
            yield Problem(f"trustees.{number}.email", "twice", {"key": trustee.email})
    yield from _between("threshold", step.threshold, 1, 32)


def _closing(setup: Setup) -> Found:
    step = setup.closing
    for name in ("roll_months", "proposals_months", "messages_months"):
        yield from _between(name, getattr(step, name), 0, 600)
    yield from _text("appeal", step.appeal, LONG, lines=True)
    yield from _line("licence", step.licence)
    yield from _line("data_licence", step.data_licence)
    yield from _line("source", step.source)
    for name in ("licence", "data_licence"):
        if "NC" in re.split(r"[^A-Z]+", getattr(step, name).upper()):
            yield Problem(name, "not_commercial")


# What publishing lacks


def _nothing(_setup: Setup, _languages: Collection[Language]) -> Found:
    return iter(())


def _texts_missing(setup: Setup, languages: Collection[Language]) -> Found:
    for name in ("name", "summary"):
        yield from _required(name, getattr(setup.texts, name), languages)
    for name in ("description", "instructions"):
        yield from _if_begun(name, getattr(setup.texts, name), languages)
    if not setup.texts.contact.email and not setup.texts.contact.phone:
        yield Problem("contact.email", "required")


def _dates_missing(setup: Setup, _languages: Collection[Language]) -> Found:
    if not setup.dates.phases:
        yield Problem("phases", "no_phases")
    for planned in setup.dates.phases:
        needed = planned.phase in {"ideas", "voting", "counting"}  # residents must know from when until when
        if needed and not planned.starts:
            yield Problem(f"phases.{planned.phase}", "required")
    names = [planned.phase for planned in setup.dates.phases]
    if names and names[-1] in {"ideas", "voting"}:
        yield Problem("phases", "open_end", {"phase": names[-1]})
    if "ideas" in names and names[-1] != "ideas":
        after = setup.dates.phases[names.index("ideas") + 1]
        if not after.starts:
            yield Problem(f"phases.{after.phase}", "required")


def _districts_missing(setup: Setup, languages: Collection[Language]) -> Found:
    if not setup.districts.districts and not setup.districts.city_wide:
        yield Problem("districts", "no_districts")
    for number, district in enumerate(setup.districts.districts):
        yield from _required(f"districts.{number}.name", district.name, languages)


def _money_missing(setup: Setup, _languages: Collection[Language]) -> Found:
    step, areas = setup.money, setup.districts.districts
    amounts = money.district_money(step, areas)
    if amounts is None and step.mode == "typed":
        for district in areas:
            if district.key not in step.amounts:
                yield Problem(f"amounts.{district.key}", "required")
    elif amounts is None:
        for number, district in enumerate(areas):
            if district.population is None:
                yield Problem(f"districts.{number}.population", "population_needed")
        if all(district.population == 0 for district in areas):
            yield Problem("mode", "nobody_lives")
    elif any(amount == 0 for amount in amounts.values()) or (not amounts and not step.city_wide):
        yield Problem("total", "no_money")
    if setup.districts.city_wide and not step.city_wide:
        yield Problem("city_wide", "required")


def _ballot_missing(setup: Setup, _languages: Collection[Language]) -> Found:
    step = setup.ballot
    wanted: dict[BallotFormat, str] = {"points": "points_total", "scores": "score_highest"}
    name = wanted.get(step.fmt)
    if name and getattr(step, name) is None:
        yield Problem(name, "required")
    if step.fmt == "approval" and step.k is None and not step.within_budget:
        yield Problem("k", "no_limit")


def _eligibility_missing(setup: Setup, languages: Collection[Language]) -> Found:
    step = setup.eligibility
    if not step.grounds:
        yield Problem("grounds", "required")
    if (step.min_age is not None or step.max_age is not None) and not step.age_on:
        yield Problem("age_on", "required")
    if "school" in step.grounds and not step.schools:
        yield Problem("schools", "required")
    yield from _if_begun("explanation", step.explanation, languages)


def _criteria_missing(setup: Setup, languages: Collection[Language]) -> Found:
    names = {planned.phase for planned in setup.dates.phases}
    if not setup.criteria.criteria and names & {"ideas", "moderation", "assessment"}:
        yield Problem("criteria", "no_criteria")
    for number, criterion in enumerate(setup.criteria.criteria):
        yield from _required(f"criteria.{number}.label", criterion.label, languages)
        yield from _required(f"criteria.{number}.reason", criterion.reason, languages)


def _costs_missing(setup: Setup, _languages: Collection[Language]) -> Found:
    if setup.costs.kind == "class" and not setup.costs.classes:
        yield Problem("classes", "required")


def _trustees_missing(setup: Setup, _languages: Collection[Language]) -> Found:
    step = setup.trustees
    if step.mode not in {"split", "split+outside"} or "voting" not in {item.phase for item in setup.dates.phases}:
        return
    if len(step.trustees) < 2:
        yield Problem("trustees", "few_trustees", {"least": 2})
    elif not 2 <= step.threshold <= len(step.trustees):
        yield Problem("threshold", "range", {"least": 2, "most": len(step.trustees)})


def _closing_missing(setup: Setup, languages: Collection[Language]) -> Found:
    if not setup.closing.licence:
        yield Problem("licence", "required")
    if not setup.closing.data_licence:
        yield Problem("data_licence", "required")
    yield from _required("appeal", setup.closing.appeal, languages)


_PROBLEMS: Mapping[StepName, Callable[[Setup], Found]] = {
    "texts": _texts,
    "dates": _dates,
    "districts": _districts,
    "money": _money,
    "ballot": _ballot,
    "rule": _rule,
    "eligibility": _eligibility,
    "criteria": _criteria,
    "costs": _costs,
    "trustees": _trustees,
    "closing": _closing,
}
_MISSING: Mapping[StepName, Callable[[Setup, Collection[Language]], Found]] = {
    "texts": _texts_missing,
    "dates": _dates_missing,
    "districts": _districts_missing,
    "money": _money_missing,
    "ballot": _ballot_missing,
    "rule": _nothing,
    "eligibility": _eligibility_missing,
    "criteria": _criteria_missing,
    "costs": _costs_missing,
    "trustees": _trustees_missing,
    "closing": _closing_missing,
}
