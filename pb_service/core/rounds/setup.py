"""What staff decide about a round before it begins: one typed document for each step of the set-up.

Every step has defaults, so that a draft exists from the first moment and is saved as one goes. What is wrong in a step
is said by ``validation.problems``, what publishing still lacks by ``validation.missing``; both speak in field, code and
values, never in exceptions, because all of it is people's input.

Money is integer minor units. Dates are wall-clock times of the municipality (``2027-03-01T08:00``), turned into UTC by
``calendar``. Places are integers of a millionth of a degree, longitude first as in GeoJSON, so that nothing here is a
float and a published set-up has one canonical form.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast, get_args

import msgspec
from msgspec import Struct

from pb_service.core.rounds.documents import BallotFormat, RuleDocument, Score, Tie, Utility
from pb_service.core.rounds.texts import cleaned

Language = Literal["fi", "sv", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: original: written in this language; translated: by a person; machine: a draft that nobody has read; missing.
WordingState = Literal["original", "translated", "machine", "missing"]


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something that a person should change: where (``districts.2.population``), what kind, and its values."""

    field: str
    code: str
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a set-up: immutable, refuses unknown fields."""


class Wording(_Document, frozen=True):
    """A text in one language. Without text its state is ``missing``, whatever was stored."""

    text: str = ""
    state: WordingState = "missing"


#: A text by language; a language left out is missing.
Text = dict[Language, Wording]


class Contact(_Document, frozen=True):
    """Whom residents may write to or call, as published."""

    name: str = ""
    email: str = ""
    phone: str = ""


class TextsStep(_Document, frozen=True):
    """``name`` is the round's title, ``summary`` one or two sentences, ``instructions`` say how to take part."""

    name: Text = {}
    summary: Text = {}
    description: Text = {}
    instructions: Text = {}
    contact: Contact = Contact()


PlannedName = Literal["ideas", "moderation", "assessment", "voting", "counting", "results", "implementation"]
PLANNED: tuple[PlannedName, ...] = get_args(PlannedName)


class PlannedPhase(_Document, frozen=True):
    """A phase that the round will have. It lasts until the next planned phase begins.

    ``starts`` is a wall-clock time; empty: not fixed yet, or begun by hand. ``by_clock``: begins by itself then.
    """

    phase: PlannedName
    starts: str = ""
    by_clock: bool = True


class DatesStep(_Document, frozen=True):
    """The timetable, in order. ``ends`` is when the last phase is meant to be over (nothing happens by itself then)."""

    time_zone: str = "Europe/Helsinki"
    phases: tuple[PlannedPhase, ...] = ()
    ends: str = ""


#: A position: [longitude, latitude] in millionths of a degree.
Position = tuple[int, int]
Ring = tuple[Position, ...]
#: Outer ring, then holes; each ring closed (first position = last).
Polygon = tuple[Ring, ...]


class District(_Document, frozen=True):
    """A district. ``key`` stands in addresses and in the record; several polygons when it lies in several parts."""

    key: str
    name: Text = {}
    population: int | None = None
    polygons: tuple[Polygon, ...] = ()


class DistrictsStep(_Document, frozen=True):
    """The districts in their published order, and whether the whole municipality has a vote of its own as well.

    ``choice``: residents vote where they live (``home``) or in one district of their choice (``free``).
    """

    districts: tuple[District, ...] = ()
    city_wide: bool = False
    choice: Literal["home", "free"] = "home"


class MoneyStep(_Document, frozen=True):
    """The money. ``unit`` minor units make one unit of the currency.

    ``typed``: ``amounts`` by district key; ``population``: ``total`` less ``city_wide`` is shared out by population in
    steps of ``quantum`` minor units, what is left over by largest remainder (``money.shared``).
    """

    currency: str = "EUR"
    unit: int = 100
    total: int = 0
    city_wide: int = 0
    mode: Literal["typed", "population"] = "typed"
    amounts: dict[str, int] = {}
    quantum: int = 1


class BallotStep(_Document, frozen=True):
    """What a ballot may hold (bundle.md section 4). ``within_budget``: the projects chosen may cost what there is.

    ``kmin`` and ``k`` projects at least and at most; points: ``total`` in sum, ``each`` for one project; scores:
    ``lowest`` to ``highest``. ``theme_k``: at most so many projects of one theme, the first one that a project has.
    ``revote``: a vote can be changed until closing, the last one counts.
    """

    fmt: BallotFormat = "knapsack"
    kmin: int | None = None
    k: int | None = None
    within_budget: bool = True
    points_total: int | None = None
    points_each: int | None = None
    score_lowest: int | None = None
    score_highest: int | None = None
    theme_k: int | None = None
    blank: bool = True
    revote: bool = True


class RuleStep(_Document, frozen=True):
    """How ballots become winners (docs/rules.md). Parameters that the rule does not have are left alone.

    ``step`` is in minor units; ``per_cost`` a fraction as text; ``ties`` always ends with ``id``.
    """

    name: Literal["greedy", "equal_shares", "phragmen", "max_welfare"] = "greedy"
    ties: tuple[Tie, ...] = ("cost", "id")
    by: Score = "votes"
    skip: bool = True
    density: bool = False
    threshold: int | None = None
    utility: Utility = "cost"
    completion: Literal["none", "add_one", "percent", "phragmen"] = "add_one"
    step: int = 100
    start: Literal["exact", "floor"] = "exact"
    stop: Literal["exhaustive", "exhaustive_all", "overspend"] = "exhaustive"
    percent: int = 1
    then_greedy: bool = False
    compare_greedy: bool = False
    unsupported: bool = False
    per_cost: str = ""


class School(_Document, frozen=True):
    """A school whose pupils may take part, with the grades that may (empty: all)."""

    name: str
    grades: tuple[int, ...] = ()


class EligibilityStep(_Document, frozen=True):
    """Who may vote: the age on a date, and at least one of the grounds.

    ``age_on`` is a date (``2027-12-31`` says "who turns 12 during 2027"). Grounds: ``residence`` in the municipality on
    ``residence_on``, being a pupil of one of ``schools``, or ``anyone``. ``postal_codes`` narrow residence down to some
    codes and ranges of them (``02100-02380, 02600``); empty: all.

    How it is checked: ``roll`` says which ballots have a roll of who may vote (the districts', the city-wide one, all
    or none). Where there is none the vote is open to accounts; with ``declaration`` each voter first declares to meet
    the rule.
    """

    min_age: int | None = None
    max_age: int | None = None
    age_on: str = ""
    grounds: tuple[Literal["residence", "school", "anyone"], ...] = ("residence",)
    residence_on: str = ""
    schools: tuple[School, ...] = ()
    explanation: Text = {}
    postal_codes: str = ""
    roll: Literal["none", "all", "districts", "city"] = "none"
    declaration: bool = False


class Criterion(_Document, frozen=True):
    """A point of the checklist by which proposals are judged, and the reason told when it is not met."""

    key: str
    label: Text = {}
    reason: Text = {}


class CriteriaStep(_Document, frozen=True):
    """The checklist of the city's check, published with the round."""

    criteria: tuple[Criterion, ...] = ()


class CostClass(_Document, frozen=True):
    """A class of costs, both ends included, in minor units."""

    lowest: int
    highest: int


class CostsStep(_Document, frozen=True):
    """How costs are stated: exact, by class, or as a range; a class or range counts with ``counts``.

    ``floor`` and ``ceiling`` bound what a proposal may cost. Upkeep is not asked, shown beside the cost, or added to
    it for ``upkeep_years``.
    """

    kind: Literal["exact", "class", "range"] = "exact"
    classes: tuple[CostClass, ...] = ()
    counts: Literal["highest", "lowest"] = "highest"
    floor: int | None = None
    ceiling: int | None = None
    upkeep: Literal["none", "shown", "added"] = "shown"
    upkeep_years: int = 1


class Trustee(_Document, frozen=True):
    """Who will hold a part of the key that opens the ballots, and for which organisation."""

    name: str
    email: str
    organisation: str = ""


class TrusteesStep(_Document, frozen=True):
    """How the vote is kept secret. ``self``: the keys lie on this server; ``split``: with trustees apart from the city;
    ``split+outside``: and a witness outside it watches the record; ``open``: ballots on paper or imported, in clear.

    ``threshold`` of the trustees are needed to open the ballots.
    """

    mode: Literal["self", "split", "split+outside", "open"] = "self"
    trustees: tuple[Trustee, ...] = ()
    threshold: int = 2


class ClosingStep(_Document, frozen=True):
    """What stays and for how long, and what people are told about appeals and rights to their texts.

    Retention in months: of the roll after the result is final, of unpublished proposals and messages after the round.
    ``appeal`` is shown word for word beside decisions; ``licence`` is that of what residents contribute.
    """

    roll_months: int = 6
    proposals_months: int = 24
    messages_months: int = 24
    appeal: Text = {}
    licence: str = "CC BY 4.0"
    data_licence: str = "CC BY 4.0"
    source: str = ""


class Setup(Struct, frozen=True, forbid_unknown_fields=True):
    """All steps of a round."""

    texts: TextsStep = TextsStep()
    dates: DatesStep = DatesStep()
    districts: DistrictsStep = DistrictsStep()
    money: MoneyStep = MoneyStep()
    ballot: BallotStep = BallotStep()
    rule: RuleStep = RuleStep()
    eligibility: EligibilityStep = EligibilityStep()
    criteria: CriteriaStep = CriteriaStep()
    costs: CostsStep = CostsStep()
    trustees: TrusteesStep = TrusteesStep()
    closing: ClosingStep = ClosingStep()


StepName = Literal[
    "texts",
    "dates",
    "districts",
    "money",
    "ballot",
    "rule",
    "eligibility",
    "criteria",
    "costs",
    "trustees",
    "closing",
]
Step = (
    TextsStep
    | DatesStep
    | DistrictsStep
    | MoneyStep
    | BallotStep
    | RuleStep
    | EligibilityStep
    | CriteriaStep
    | CostsStep
    | TrusteesStep
    | ClosingStep
)
S = TypeVar("S", bound=Step)

#: The steps in the order in which they are shown, with the type of each.
STEPS: dict[StepName, type[Step]] = {
    "texts": TextsStep,
    "dates": DatesStep,
    "districts": DistrictsStep,
    "money": MoneyStep,
    "ballot": BallotStep,
    "rule": RuleStep,
    "eligibility": EligibilityStep,
    "criteria": CriteriaStep,
    "costs": CostsStep,
    "trustees": TrusteesStep,
    "closing": ClosingStep,
}


def to_content(step: Struct) -> dict[str, Any]:
    """Return a step as plain JSON values: what is stored, published and compared. What is not set is left out."""
    return cast(dict[str, Any], _without_none(msgspec.to_builtins(step)))


def to_content_of_text(text: Text) -> dict[str, Any]:
    """Return a text as plain JSON values."""
    return {language: to_content(wording) for language, wording in text.items()}


def public_document(setup: Setup) -> dict[str, Any]:
    """Return a set-up as the public record holds it: canonical (amounts as pairs), without trustees' addresses."""
    document = to_content(setup)
    document["money"]["amounts"] = sorted([key, amount] for key, amount in setup.money.amounts.items())
    for trustee in document["trustees"]["trustees"]:
        del trustee["email"]
    return document


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def read_step(name: StepName, content: object) -> tuple[Step | None, list[Problem]]:
    """Return a step read from plain values, its texts cleaned, or None with what is wrong with its shape."""
    try:
        return msgspec.convert(cleaned(content), STEPS[name]), []
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        return None, [Problem(place.rstrip("`").replace("[", ".").replace("]", ""), "shape", {"reason": reason})]


def stored_step(kind: type[S], content: object) -> S:
    """Return a step as it was stored. Raises msgspec.ValidationError if it never was one."""
    return msgspec.convert(content, kind)


def changed_paths(before: Step, after: Step) -> list[str]:
    """Return where two versions of a step differ, sorted.

    A path is the name of a field; in a list of named things ``districts.population``, or ``districts.key`` when one
    was added, removed or moved.
    """
    paths: set[str] = set()
    for name in before.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if not _is_list_of_named(old) or not _is_list_of_named(new):
            paths.add(name)
            continue
        identity = "phase" if name == "phases" else "key"
        if [getattr(item, identity) for item in old] != [getattr(item, identity) for item in new]:
            paths.add(f"{name}.{identity}")
        others = {getattr(item, identity): item for item in new}
        for item in old:
            if other := others.get(getattr(item, identity)):
                fields = item.__struct_fields__
                paths |= {f"{name}.{field}" for field in fields if getattr(item, field) != getattr(other, field)}
    return sorted(paths)


def _is_list_of_named(value: object) -> bool:
    return isinstance(value, tuple) and all(hasattr(item, "key") or hasattr(item, "phase") for item in value)


def text_in(text: Text, language: str) -> str:
    """Return the text in a language, or an empty string."""
    wording = text.get(cast(Language, language))
    return wording.text if wording else ""


def pairs(text: Text) -> list[tuple[str, str]]:
    """Return the texts that there are as pairs [language, text], the form of published documents."""
    return [(language, text[language].text) for language in LANGUAGES if text_in(text, language)]


def state_in(text: Text, language: Language) -> WordingState:
    """Return the state of a text in a language; without words it is missing."""
    wording = text.get(language)
    return wording.state if wording and wording.text else "missing"


def rule_document(rule: RuleStep) -> RuleDocument:
    """Return the rule as the manifest will hold it: the parameters that this rule has, and no others."""
    document: dict[str, object] = {"name": rule.name, "ties": [*rule.ties]}
    if rule.name == "greedy":
        document |= {"by": rule.by, "skip": rule.skip} | ({"density": True} if rule.density else {})
    if rule.name in {"equal_shares", "max_welfare"}:
        document["utility"] = rule.utility
    if rule.name in {"greedy", "max_welfare"} and rule.threshold is not None:
        document["threshold"] = rule.threshold
    if rule.name == "equal_shares":
        document["completion"] = rule.completion
        if rule.completion == "add_one":
            document |= {"step": rule.step, "start": rule.start, "stop": rule.stop}
        if rule.completion == "percent":
            document["percent"] = rule.percent
        document |= {"then": "greedy"} if rule.then_greedy else {}
        document |= {"compare": "greedy"} if rule.compare_greedy else {}
    if rule.name == "phragmen":
        document["unsupported"] = rule.unsupported
    if rule.per_cost:
        document["per_cost"] = rule.per_cost
    return cast(RuleDocument, document)
