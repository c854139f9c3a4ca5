"""What the set-up pages hand to their templates: steps, problems as sentences, pictures and counted examples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any, cast
from zoneinfo import ZoneInfo

from pb_service.core.rounds.money import district_money, population_shares
from pb_service.core.rounds.outlines import drawn_map
from pb_service.core.rounds.phases import MAY_CHANGE, Phase, keeps_date, may_change
from pb_service.core.rounds.setup import (
    LANGUAGES,
    PLANNED,
    STEPS,
    DatesStep,
    District,
    MoneyStep,
    PlannedName,
    Problem,
    RuleStep,
    Setup,
    Step,
    StepName,
    Text,
    pairs,
    to_content,
)
from pb_service.features.rounds import example
from pb_service.features.rounds.drafts import Checklist
from pb_service.features.rounds.public import TimelineStep
from pb_service.features.rounds.saved import StepState
from pb_service.features.rounds.sentences import sentence
from pb_service.features.rounds.steps.kinds import numbers_of
from pb_service.features.rounds.steps.labels import label_of, phase_names, step_titles
from pb_service.features.rounds.tables import Round
from pb_service.web.bars import Amount, MoneyPart, parts_of
from pb_service.web.formats import Reader
from pb_service.web.formats import text_in as picked
from pb_service.web.forms import Form
from pb_service.web.locales import Language, translations

#: Time zones on offer; the one that a round has already is added.
_ZONES = ("Europe/Helsinki", "Europe/Mariehamn", "Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen", "UTC")

#: Steps of rounding on offer, in euros.
_QUANTA = (1, 100, 1_000, 5_000, 10_000)

#: Width of maps on pages, in their own units: about that of a phone, so that numbers on them stay readable.
MAP_WIDTH = 400

#: Ways to decide between equals, in the order in which they are offered.
_TIES = ("cost", "cost_desc", "votes", "draw", "id")


#: Lists of which the fields of each item are named in the table of what may change.
_NAMED = frozenset({"districts", "criteria"})


@dataclass(frozen=True)
class StepLine:
    """A step in the step bar; ``state`` is done, missing or new."""

    name: StepName
    title: str
    href: str
    number: int
    state: str
    is_here: bool


@dataclass(frozen=True)
class Difference:
    """A field in which two versions of a step differ, as people read it."""

    label: str
    theirs: str
    yours: str


@dataclass(frozen=True)
class RuleCard:
    """A rule on offer with what it makes of the example."""

    value: str
    title: str
    about: str
    count: example.Counted | None
    parts: Sequence[MoneyPart]
    told: str
    is_saved: bool


@dataclass(frozen=True)
class ShareRow:
    """The money of a district, and how it came about when it was shared out."""

    name: str
    population: int | None
    amount: int
    floor: int
    extra: bool
    remainder: int
    of: int

    @property
    def per_resident(self) -> Fraction | None:
        """Money for each resident, in minor units."""
        return Fraction(self.amount, self.population) if self.population else None


def words_of(language: Language, *, zone: str = "UTC") -> Reader:
    """The reader's words, with times in the round's zone."""
    return Reader(language, translations(language), zone=zone)


def name_of(names: Sequence[Sequence[str]], language: Language) -> tuple[str, str]:
    """A round's name in the reader's language, or else the first that there is: (language, text)."""
    if not names:
        return language, translations(language).gettext("Round without a name")
    return picked(names, language)


def round_context(found: Round, language: Language) -> dict[str, Any]:
    """What every staff page about one round needs for its frame."""
    return {
        "section": "rounds",
        "rehearsal": found.rehearsal,
        "round": found,
        "name": name_of(found.names, language),
        "base": f"/{language}/staff/rounds/{found.slug}",
    }


@dataclass(frozen=True)
class PhaseLine:
    """A phase of a round for the step line; ``state`` is done, now or next."""

    name: str
    when: str
    note: str
    state: str


def phase_list(timeline: Sequence[TimelineStep], words: Reader) -> list[PhaseLine]:
    """The phases with their dates, in the reader's words and the round's time zone."""
    names = phase_names(words)
    return [PhaseLine(names[step.phase], _when(step, words), "", step.state) for step in timeline]


def _when(step: TimelineStep, words: Reader) -> str:
    """From when until when, as far as it is fixed; a phase that ends at midnight has its last day the day before."""
    if step.starts_at is None:
        return words.gettext("date to be fixed")
    if step.ends_at is None:
        return words.gettext("from %(day)s") % {"day": words.date(step.starts_at)}
    last = step.ends_at - timedelta(seconds=1)
    return words.dates(step.starts_at, max(last, step.starts_at))


def step_bar(checklist: Checklist, slug: str, here: StepName | None, language: Language) -> list[StepLine]:
    """The steps with the state of each."""
    titles = step_titles(translations(language))
    return [
        StepLine(
            name=line.name,
            title=titles[line.name],
            href=f"/{language}/staff/rounds/{slug}/setup/{line.name}",
            number=number,
            state="missing" if line.missing and line.version else "done" if line.version else "new",
            is_here=line.name == here,
        )
        for number, line in enumerate(checklist.steps, 1)
    ]


def put_problems(form: Form, problems: Sequence[Problem], step: StepName, language: Language) -> None:
    """Note each problem at the field that it is about, or at the nearest thing that the page shows."""
    for problem in problems:
        form.refuse(problem.field, sentence(problem, step, language))


def problem_links(checklist: Checklist, slug: str, language: Language) -> list[tuple[str, str]]:
    """What publishing lacks: (address of the field, sentence)."""
    return [
        (f"/{language}/staff/rounds/{slug}/setup/{line.name}#f-{problem.field}", sentence(problem, line.name, language))
        for line in checklist.steps
        for problem in line.missing
    ]


def changes_table(language: Language) -> list[tuple[str, list[str]]]:
    """What may still change in which phase: one row a step, one cell a phase."""
    titles = step_titles(translations(language))
    return [(titles[step], [_changeable(phase, step, language) for phase in _SHOWN_PHASES]) for step in STEPS]


_SHOWN_PHASES: tuple[Phase, ...] = ("set_up", "announced", "ideas", "assessment", "voting", "results", "archived")


def shown_phases(language: Language) -> list[str]:
    """The phases that are the columns of that table."""
    names = phase_names(translations(language))
    return [names[phase] for phase in _SHOWN_PHASES]


def _changeable(phase: Phase, step: StepName, language: Language) -> str:
    words = translations(language)
    fields = MAY_CHANGE[phase][step]
    if "*" in fields:
        return words.gettext("everything")
    if not fields:
        return words.gettext("nothing any more")
    labels = dict.fromkeys(label_of(step, field, language) for field in sorted(fields))
    return ", ".join(labels)


def changeable_fields(state: StepState, language: Language) -> list[str] | None:
    """The fields of a step that may still change, by name; None when all of them may."""
    if "*" in state.changeable:
        return None
    return list(dict.fromkeys(label_of(state.name, field, language) for field in sorted(state.changeable)))


def locked_fields(found: Round, form: Form, step: StepName, *, edits: bool) -> Callable[[str], bool]:
    """Tell by name which fields of a step's form cannot change now: the phase is past that, or the reader may only
    translate (not ``edits``). The name of a list is locked when nothing may be added to it, taken out or moved.
    """

    def locked(name: str) -> bool:
        if name.startswith("reason."):
            return False
        if not edits and (name.rpartition(".")[2] not in LANGUAGES or form.value(f"{name}.state") == "original"):
            return True
        return not may_change(found.bound_phase, step, _changed_path(name)) or _has_begun(found.bound_phase, name)

    return locked


def _changed_path(name: str) -> str:
    """Return the path that a change of a form field has, as core/rounds/setup.py's changed_paths writes it."""
    first, *rest = (part for part in name.split(".") if not part.isdigit())
    if first == "phases":
        return f"phases.{rest[1]}" if rest[1:] and rest[1] != "planned" else "phases.phase"
    if first in _NAMED:
        return f"{first}.{rest[0]}" if rest else f"{first}.key"
    return first


def _has_begun(phase: Phase, name: str) -> bool:
    """Whether a field of the timetable is about a phase whose date stays, as core/rounds/phases.py refuses it."""
    first, *rest = name.split(".")
    return first == "phases" and bool(rest) and phase != "set_up" and keeps_date(phase, cast(PlannedName, rest[0]))


def differences(step: StepName, theirs: Step, yours: Mapping[str, Any], language: Language) -> list[Difference]:
    """Where two versions of a step differ, field by field, in the order of the page."""
    words = translations(language)
    before, after = _flat(to_content(theirs)), _flat(yours)
    paths = [path for path in dict.fromkeys([*before, *after]) if before.get(path, "") != after.get(path, "")]
    empty = words.gettext("empty")
    return [
        Difference(label_of(step, path, language), before.get(path) or empty, after.get(path) or empty)
        for path in paths
        if not path.endswith((".state", ".key"))
    ]


def _flat(value: object, path: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        return {name: text for key, item in value.items() for name, text in _flat(item, f"{path}.{key}").items()}
    if isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
        return {name: text for n, item in enumerate(value) for name, text in _flat(item, f"{path}.{n}").items()}
    if isinstance(value, list | tuple):
        text = ", ".join(map(str, value)) if all(isinstance(item, str | int) for item in value) else f"{len(value)}"
        return {path.removeprefix("."): text}
    if isinstance(value, bool):
        return {path.removeprefix("."): "✓" if value else ""}
    return {path.removeprefix("."): str(value)}


def step_context(setup: Setup, state: StepState, form: Form, language: Language) -> dict[str, Any]:
    """What the template of one step needs beside its form."""
    more = _CONTEXTS.get(state.name)
    rows = {name: numbers_of(form, name) for name in ("districts", "schools", "criteria", "classes", "trustees")}
    return {"rows": rows, **(more(setup, form, language) if more else {})}


def _dates(setup: Setup, _form: Form, language: Language) -> dict[str, Any]:
    words = translations(language)
    about = {
        "ideas": words.gettext("Residents write ideas and proposals."),
        "moderation": words.gettext("Ideas are read and published."),
        "assessment": words.gettext("The city checks proposals and calculates their costs."),
        "voting": words.gettext("Residents vote. The ballot list is locked before."),
        "counting": words.gettext("Voting has ended; ballots are opened and counted."),
        "results": words.gettext("The result is published and confirmed."),
        "implementation": words.gettext("What was chosen is built, and residents can follow it."),
    }
    return {
        "phases_about": [(phase, about[phase]) for phase in PLANNED],
        "zones": time_zones(setup.dates.time_zone),
        "zone_name": zone_name(setup.dates),
    }


def time_zones(chosen: str) -> list[tuple[str, str]]:
    """The time zones on offer, the chosen one among them: (name, town)."""
    zones = dict.fromkeys([*_ZONES, chosen])
    return [(zone, zone.partition("/")[2].replace("_", " ") or zone) for zone in zones]


def zone_name(dates: DatesStep) -> str:
    """A time zone as its town, with its hours beside UTC now and in summer left to the reader's clock."""
    return ZoneInfo(dates.time_zone).key.partition("/")[2].replace("_", " ") or dates.time_zone


def _districts(setup: Setup, _form: Form, language: Language) -> dict[str, Any]:
    step = setup.districts
    return {
        "map": drawn_map(step.districts, MAP_WIDTH),
        "map_names": district_names(step.districts, language),
        "outlined": {district.key for district in step.districts if district.polygons},
        "stored_keys": {district.key for district in step.districts},
    }


def _name_in(text: Text, language: Language) -> str:
    return picked(pairs(text), language)[1] if pairs(text) else ""


def district_names(districts: Sequence[District], language: Language) -> dict[str, str]:
    """The name of each district by its key, in the reader's language if there is one."""
    return {district.key: _name_in(district.name, language) or district.key for district in districts}


def _money(setup: Setup, _form: Form, language: Language) -> dict[str, Any]:
    step, districts = setup.money, setup.districts.districts
    words = words_of(language)
    rows = share_rows(step, districts, language)
    shared = sum(row.amount for row in rows)
    quanta = dict.fromkeys([*(euros * step.unit for euros in _QUANTA), step.quantum])
    return {
        "district_names": list(district_names(districts, language).items()),
        "quanta": [(_typed(quantum), words.money(quantum)) for quantum in quanta],
        "shares": rows,
        "by_population": step.mode == "population",
        "share_parts": money_parts(rows, step, language),
        "shared_total": shared,
        "typed_left": max(0, step.total - step.city_wide - shared) if step.mode == "typed" else 0,
    }


def _typed(cents: int) -> str:
    """An amount as its field shows it, so that the chosen step is found again."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", " ") + (f",{rest:02}" if rest else "")


def share_rows(step: MoneyStep, districts: Sequence[District], language: Language) -> list[ShareRow]:
    """The money of each district with how it came about; empty as long as it cannot be told."""
    amounts = district_money(step, districts)
    if not amounts:
        return []
    shares = population_shares(step, districts) if step.mode == "population" else None
    names = district_names(districts, language)
    return [
        ShareRow(
            name=names[district.key],
            population=district.population,
            amount=amounts[district.key],
            floor=shares[place].floor if shares else 0,
            extra=shares[place].extra if shares else False,
            remainder=shares[place].remainder if shares else 0,
            of=shares[place].of if shares else 0,
        )
        for place, district in enumerate(districts)
    ]


def money_parts(rows: Sequence[ShareRow], step: MoneyStep, language: Language) -> list[MoneyPart]:
    """The bar of a round's money: a part for each district, the city-wide pot after them."""
    words = words_of(language)
    thousand = 1000 * step.unit
    items = [(row.name, row.amount) for row in rows]
    if step.city_wide:
        items.append((words.gettext("City-wide"), step.city_wide))
    total = max(sum(amount for _, amount in items), step.total)
    labels = [words.number(round(amount / thousand)) if amount >= thousand else "" for _, amount in items]
    return parts_of(
        total,
        [
            Amount(amount, label=label, name=f"{name}: {words.money(amount)}")
            for (name, amount), label in zip(items, labels, strict=True)
        ],
        districts=True,
    )


def _rule(setup: Setup, _form: Form, language: Language) -> dict[str, Any]:
    words = words_of(language)
    names = {
        "A": words.gettext("Playground"),
        "B": words.gettext("Stage"),
        "C": words.gettext("Lighting"),
        "D": words.gettext("Trees"),
    }
    return {
        "example_items": [(item, names[item.letter]) for item in example.items()],
        "example_budget": example.BUDGET,
        "rules": [_card(value, setup.rule, words) for value in _RULES],
        "voters": example.VOTERS,
        "tie_names": {tie: tie_name(tie, words) for tie in _TIES},
    }


_RULES = ("greedy", "equal_shares", "phragmen", "max_welfare")


def rule_titles(words: Reader) -> dict[str, tuple[str, str]]:
    """Each rule by its name: title, and what it does in plain words."""
    return {
        "greedy": (
            words.gettext("Most votes first"),
            words.gettext(
                "Projects are taken in the order of their votes. If one does not fit into the money left, the turn "
                "goes on to the next that fits. The most common in Finnish cities, and the easiest to explain."
            ),
        ),
        "equal_shares": (
            words.gettext("Equal shares"),
            words.gettext(
                "Every voter disposes of an equal part of the money. A project is chosen when those who voted for it "
                "can pay for it together. Smaller groups get something too."
            ),
        ),
        "phragmen": (
            words.gettext("Phragmén's rule"),
            words.gettext(
                "Every chosen project is a burden that its voters carry together. What burdens its voters least comes "
                "next, so who has got much waits for who has got little."
            ),
        ),
        "max_welfare": (
            words.gettext("Maximum support"),
            words.gettext(
                "Of all sets of projects that the money is enough for, the one with most support in all. It cannot be "
                "counted by hand."
            ),
        ),
    }


def _card(value: str, saved: RuleStep, words: Reader) -> RuleCard:
    is_saved = saved.name == value
    rule = saved if is_saved else RuleStep(name=cast(Any, value), ties=saved.ties)
    count = example.count(rule)
    title, about = rule_titles(words)[value]
    parts: list[MoneyPart] = []
    told = ""
    if count:
        costs = [Amount(example.COSTS[letter], label=letter) for letter in count.winners]
        parts = parts_of(example.BUDGET, costs)
        told = words.gettext("Chosen: %(winners)s. Left over: %(left)s. %(heard)s of %(all)s voters get something.") % {
            "winners": words.listed(list(count.winners)) if count.winners else words.gettext("no project"),
            "left": words.money(count.left),
            "heard": words.number(count.heard),
            "all": words.number(example.VOTERS),
        }
    return RuleCard(value, title, about, count, parts, told, is_saved)


def tie_name(tie: str, words: Reader) -> str:
    """A way to decide between equals, as one line of a list."""
    names = {
        "cost": words.gettext("The cheaper one comes first"),
        "cost_desc": words.gettext("The dearer one comes first"),
        "votes": words.gettext("The one with more votes comes first"),
        "draw": words.gettext("A public lot decides"),
        "id": words.gettext("The number of the project decides"),
    }
    return names[tie]


_CONTEXTS: Mapping[StepName, Callable[[Setup, Form, Language], dict[str, Any]]] = {
    "dates": _dates,
    "districts": _districts,
    "money": _money,
    "rule": _rule,
}
