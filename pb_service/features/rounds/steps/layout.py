"""What stands in the form of each step: the fields with their kinds, and what a form leaves to the server."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, cast

from pb_service.core.rounds.districts import slug
from pb_service.core.rounds.setup import (
    LANGUAGES,
    PLANNED,
    DatesStep,
    DistrictsStep,
    PlannedPhase,
    Step,
    StepName,
    to_content,
)
from pb_service.features.rounds.steps.kinds import (
    CONTACT,
    Amounts,
    Box,
    Day,
    Grades,
    LabelOf,
    Line,
    Moment,
    Money,
    Record,
    Rows,
    Several,
    Whole,
    Words,
)
from pb_service.web.forms import Form

_PHASE = Record({"planned": Box(), "starts": Moment(), "by_clock": Box()})

_FIELDS: Mapping[StepName, Record] = {
    "texts": Record(
        {
            "name": Words(),
            "summary": Words(),
            "description": Words(),
            "instructions": Words(),
            "contact": CONTACT,
        }
    ),
    "dates": Record(
        {"time_zone": Line(), "phases": Record(dict.fromkeys(PLANNED, _PHASE)), "ends": Moment()},
    ),
    "districts": Record(
        {
            "districts": Rows(
                Record({"key": Line(), "name": Words(), "population": Whole()}),
            ),
            "city_wide": Box(),
            "choice": Line(),
        }
    ),
    "money": Record(
        {"total": Money(), "city_wide": Money(), "mode": Line(), "amounts": Amounts(), "quantum": Money()},
    ),
    "ballot": Record(
        {
            "fmt": Line(),
            "kmin": Whole(),
            "k": Whole(),
            "within_budget": Box(),
            "points_total": Whole(),
            "points_each": Whole(),
            "score_lowest": Whole(),
            "score_highest": Whole(),
            "theme_k": Whole(),
            "blank": Box(),
            "revote": Box(),
        }
    ),
    "rule": Record(
        {
            "name": Line(),
            "ties": Several(),
            "by": Line(),
            "skip": Box(),
            "density": Box(),
            "threshold": Whole(),
            "utility": Line(),
            "completion": Line(),
            "step": Money(),
            "start": Line(),
            "stop": Line(),
            "percent": Whole(),
            "then_greedy": Box(),
            "compare_greedy": Box(),
            "unsupported": Box(),
            "per_cost": Line(),
        }
    ),
    "eligibility": Record(
        {
            "min_age": Whole(),
            "max_age": Whole(),
            "age_on": Day(),
            "grounds": Several(),
            "residence_on": Day(),
            "schools": Rows(Record({"name": Line(), "grades": Grades()})),
            "explanation": Words(),
            "postal_codes": Line(),
            "roll": Line(),
            "declaration": Box(),
        }
    ),
    "criteria": Record({"criteria": Rows(Record({"key": Line(), "label": Words(), "reason": Words()}))}),
    "costs": Record(
        {
            "kind": Line(),
            "classes": Rows(Record({"lowest": Money(), "highest": Money()})),
            "counts": Line(),
            "floor": Money(),
            "ceiling": Money(),
            "upkeep": Line(),
            "upkeep_years": Whole(),
        }
    ),
    "trustees": Record(
        {
            "mode": Line(),
            "trustees": Rows(Record({"name": Line(), "email": Line(), "organisation": Line()})),
            "threshold": Whole(),
        }
    ),
    "closing": Record(
        {
            "roll_months": Whole(),
            "proposals_months": Whole(),
            "messages_months": Whole(),
            "appeal": Words(),
            "licence": Line(),
            "data_licence": Line(),
            "source": Line(),
        }
    ),
}


def shown(name: StepName, step: Step) -> dict[str, object]:
    """Return the form fields of a step, by name."""
    content = to_content(step)
    if isinstance(step, DatesStep):
        content["phases"] = {
            planned.phase: {"planned": True, "starts": planned.starts, "by_clock": planned.by_clock}
            for planned in step.phases
        }
        content["phases"] |= {
            phase: {"by_clock": True} for phase in PLANNED if phase not in [planned.phase for planned in step.phases]
        }
    return dict(_FIELDS[name].show("", content))


def read(name: StepName, form: Form, label: LabelOf, before: Step) -> dict[str, Any]:
    """Return the plain content that a form asks for; ``before`` keeps what the form does not show.

    Look at ``form.errors`` first. An empty number is left out, so that the step's own default holds.
    """
    content = _FIELDS[name].read(form, "", label)
    complete = _COMPLETE.get(name)
    return complete(content, before) if complete else content


def _dates(content: dict[str, Any], _before: Step) -> dict[str, Any]:
    planned = [
        to_content(PlannedPhase(phase, fields["starts"], fields["by_clock"]))
        for phase, fields in cast(dict[Any, dict[str, Any]], content["phases"]).items()
        if fields["planned"]
    ]
    return {**content, "phases": planned}


def _districts(content: dict[str, Any], before: Step) -> dict[str, Any]:
    """Outlines are changed on pages of their own and stay; a district that has no key yet gets one from its name."""
    outlines = {
        district["key"]: district["polygons"]
        for district in to_content(before)["districts"]
        if isinstance(before, DistrictsStep)
    }
    for district in _with_keys(content["districts"], "name", "district"):
        district["polygons"] = outlines.get(district["key"], [])
    return content


def _criteria(content: dict[str, Any], _before: Step) -> dict[str, Any]:
    _with_keys(content["criteria"], "label", "criterion")
    return content


def _money(content: dict[str, Any], before: Step) -> dict[str, Any]:
    kept = to_content(before)
    return {"currency": kept["currency"], "unit": kept["unit"], **content}


def _with_keys(items: list[dict[str, Any]], named_by: str, else_named: str) -> list[dict[str, Any]]:
    taken = {item["key"] for item in items}
    for number, item in enumerate(items, 1):
        if not item["key"]:
            texts = [item[named_by].get(language, {}).get("text", "") for language in LANGUAGES]
            wanted = slug(next(filter(None, texts), "")) or f"{else_named}-{number}"
            item["key"] = next(key for key in _numbered(wanted) if key not in taken)
            taken.add(item["key"])
    return items


def _numbered(key: str) -> Any:
    yield key
    yield from (f"{key}-{number}" for number in itertools.count(2))


_COMPLETE: Mapping[StepName, Callable[[dict[str, Any], Step], dict[str, Any]]] = {
    "dates": _dates,
    "districts": _districts,
    "criteria": _criteria,
    "money": _money,
}
