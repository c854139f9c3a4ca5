"""What people call the steps of a set-up and their fields: one wording for forms, errors, differences and tables."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from pb_service.core.rounds.phases import PHASES, Phase
from pb_service.core.rounds.setup import STEPS, StepName
from pb_service.web.formats import Catalogue
from pb_service.web.locales import LANGUAGES, Language, translations

#: Where a field stands: in a step of a round, or among the municipality's settings.
Place = StepName | Literal["municipality"]

_NUMBER = re.compile(r"\.([0-9]+)(?=\.|$)")


def step_titles(words: Catalogue) -> Mapping[StepName, str]:
    """The name of each step, in their order."""
    titles = {
        "texts": words.gettext("Names and texts"),
        "dates": words.gettext("Timetable"),
        "districts": words.gettext("Districts"),
        "money": words.gettext("Money"),
        "ballot": words.gettext("Ballot"),
        "rule": words.gettext("How it is decided"),
        "eligibility": words.gettext("Who may vote"),
        "criteria": words.gettext("Criteria"),
        "costs": words.gettext("Costs"),
        "trustees": words.gettext("Secrecy and keys"),
        "closing": words.gettext("Afterwards"),
    }
    return {name: titles[name] for name in STEPS}


def phase_names(words: Catalogue) -> Mapping[Phase, str]:
    """The name of each phase, in their order."""
    names = {
        "set_up": words.gettext("Draft"),
        "announced": words.gettext("Announced"),
        "ideas": words.gettext("Ideas"),
        "moderation": words.gettext("Moderation"),
        "assessment": words.gettext("Assessment"),
        "voting": words.gettext("Vote"),
        "counting": words.gettext("Counting"),
        "results": words.gettext("Results"),
        "implementation": words.gettext("Implementation"),
        "archived": words.gettext("Archived"),
    }
    return {phase: names[phase] for phase in PHASES}


def language_names(words: Catalogue) -> Mapping[str, str]:
    """The name of each language, as it stands after a label."""
    return {"fi": words.gettext("in Finnish"), "sv": words.gettext("in Swedish"), "en": words.gettext("in English")}


def label_of(step: Place, path: str, language: Language) -> str:
    """What people call a field: ``districts.2.name.sv`` is "Name of the district 3, in Swedish".

    Paths may hold numbers of rows (from 0), languages, keys of districts and names of phases. A field that has no name
    of its own is called after what it belongs to, in the end after the step.
    """
    words = translations(language)
    known = _labels(language)
    plain = path.removesuffix(".text").removesuffix(".state").removesuffix(".date").removesuffix(".time")
    plain, _, spoken = plain.rpartition(".") if plain.rpartition(".")[2] in LANGUAGES else (plain, "", "")
    numbers = [int(number) + 1 for number in _NUMBER.findall(f".{plain}")]
    plain = _NUMBER.sub("", f".{plain}").removeprefix(".")
    plain_key = plain.removeprefix("amounts.") if plain.startswith("amounts.") else ""
    found = words.gettext("Reason") if plain == "reason" else known.get(f"{step}.{plain}")
    while found is None and plain:
        plain = plain.rpartition(".")[0]
        found = known.get(f"{step}.{plain}")
    label = found or (words.gettext("Municipality") if step == "municipality" else step_titles(words)[step])
    if numbers:
        label = f"{label} {numbers[0]}"
    elif plain_key:
        label = f"{label} ({plain_key})"
    return f"{label}, {language_names(words)[spoken]}" if spoken else label


@cache
def _labels(language: Language) -> Mapping[str, str]:
    words = translations(language)
    phases = {f"dates.phases.{phase}": name for phase, name in phase_names(words).items()}
    return {
        **phases,
        "texts.name": words.gettext("Name of the round"),
        "texts.summary": words.gettext("In one or two sentences"),
        "texts.description": words.gettext("What the round is about"),
        "texts.instructions": words.gettext("How to take part"),
        "texts.contact": words.gettext("Contact"),
        "texts.contact.name": words.gettext("Name of the contact"),
        "texts.contact.email": words.gettext("E-mail of the contact"),
        "texts.contact.phone": words.gettext("Phone number of the contact"),
        "municipality.name": words.gettext("Name of the municipality"),
        "municipality.languages": words.gettext("Languages that texts must have"),
        "municipality.district": words.gettext("Word for a district"),
        "municipality.districts": words.gettext("Word for districts"),
        "municipality.contact": words.gettext("Contact"),
        "municipality.contact.name": words.gettext("Name of the contact"),
        "municipality.contact.email": words.gettext("E-mail of the contact"),
        "municipality.contact.phone": words.gettext("Phone number of the contact"),
        "municipality.time_zone": words.gettext("Time zone"),
        "dates.time_zone": words.gettext("Time zone"),
        "dates.phases": words.gettext("Phases"),
        "dates.ends": words.gettext("The round ends"),
        "districts.districts": words.gettext("District"),
        "districts.districts.key": words.gettext("Address of the district"),
        "districts.districts.name": words.gettext("Name of the district"),
        "districts.districts.population": words.gettext("Residents of the district"),
        "districts.districts.polygons": words.gettext("Borders of the district"),
        "districts.city_wide": words.gettext("City-wide vote"),
        "districts.choice": words.gettext("Where residents vote"),
        "districts.places": words.gettext("Postal codes and addresses"),
        "money.currency": words.gettext("Currency"),
        "money.unit": words.gettext("Cents in one unit of money"),
        "money.total": words.gettext("Money in all"),
        "money.city_wide": words.gettext("City-wide pot"),
        "money.mode": words.gettext("How the money is shared"),
        "money.amounts": words.gettext("Money of the district"),
        "money.quantum": words.gettext("Rounded to"),
        "money.districts.population": words.gettext("Residents of the district"),
        "ballot.fmt": words.gettext("What people do on the ballot"),
        "ballot.kmin": words.gettext("Fewest projects"),
        "ballot.k": words.gettext("Most projects"),
        "ballot.within_budget": words.gettext("Limit by money"),
        "ballot.points_total": words.gettext("Points in all"),
        "ballot.points_each": words.gettext("Most points for one project"),
        "ballot.score_lowest": words.gettext("Lowest score"),
        "ballot.score_highest": words.gettext("Highest score"),
        "ballot.theme_k": words.gettext("Most projects of one theme"),
        "ballot.blank": words.gettext("Blank ballots"),
        "ballot.revote": words.gettext("Changing the vote"),
        "rule.name": words.gettext("Rule"),
        "rule.ties": words.gettext("Between equals"),
        "rule.by": words.gettext("What is counted"),
        "rule.skip": words.gettext("What does not fit"),
        "rule.density": words.gettext("Most support for the money"),
        "rule.threshold": words.gettext("Least support"),
        "rule.utility": words.gettext("What a project is worth"),
        "rule.completion": words.gettext("What happens to money left over"),
        "rule.step": words.gettext("Step of the raise"),
        "rule.start": words.gettext("First part"),
        "rule.stop": words.gettext("When raising ends"),
        "rule.percent": words.gettext("Step in per cent"),
        "rule.then_greedy": words.gettext("Leftover by most votes"),
        "rule.compare_greedy": words.gettext("Comparison with most votes first"),
        "rule.unsupported": words.gettext("Projects without votes"),
        "rule.per_cost": words.gettext("Support for the cost"),
        "eligibility.min_age": words.gettext("Lowest age"),
        "eligibility.max_age": words.gettext("Highest age"),
        "eligibility.age_on": words.gettext("Day on which the age counts"),
        "eligibility.grounds": words.gettext("Who may vote"),
        "eligibility.residence_on": words.gettext("Day on which residence counts"),
        "eligibility.schools": words.gettext("School"),
        "eligibility.schools.name": words.gettext("Name of the school"),
        "eligibility.schools.grades": words.gettext("Grades of the school"),
        "eligibility.postal_codes": words.gettext("Postal codes"),
        "eligibility.roll": words.gettext("How it is checked"),
        "eligibility.declaration": words.gettext("Each voter first declares to meet the rule"),
        "eligibility.explanation": words.gettext("The same in plain words"),
        "criteria.criteria": words.gettext("Criterion"),
        "criteria.criteria.label": words.gettext("Criterion"),
        "criteria.criteria.reason": words.gettext("Reason when criterion is not met"),
        "costs.kind": words.gettext("How costs are told"),
        "costs.classes": words.gettext("Class of costs"),
        "costs.classes.lowest": words.gettext("Lowest sum of class"),
        "costs.classes.highest": words.gettext("Highest sum of class"),
        "costs.counts": words.gettext("Which end counts"),
        "costs.floor": words.gettext("A proposal costs at least"),
        "costs.ceiling": words.gettext("A proposal costs at most"),
        "costs.upkeep": words.gettext("Upkeep"),
        "costs.upkeep_years": words.gettext("Years of upkeep"),
        "trustees.mode": words.gettext("Who holds the keys"),
        "trustees.trustees": words.gettext("Trustee"),
        "trustees.trustees.name": words.gettext("Name of trustee"),
        "trustees.trustees.email": words.gettext("E-mail of trustee"),
        "trustees.trustees.organisation": words.gettext("Organisation of trustee"),
        "trustees.threshold": words.gettext("Trustees needed to open the ballots"),
        "closing.roll_months": words.gettext("Months to keep the electoral roll"),
        "closing.proposals_months": words.gettext("Months to keep unpublished proposals"),
        "closing.messages_months": words.gettext("Months to keep messages"),
        "closing.appeal": words.gettext("Guidance on appeal"),
        "closing.licence": words.gettext("Licence of contributions"),
        "closing.data_licence": words.gettext("Licence of open data"),
        "closing.source": words.gettext("Source named in open data"),
    }
