"""The municipality's own settings: names, required languages, word for a district, contact and time zone."""

import msgspec
from msgspec import Struct

from pb_service.core.rounds import calendar
from pb_service.core.rounds.setup import Contact, Language, Problem, Text, Wording
from pb_service.core.rounds.texts import cleaned
from pb_service.core.rounds.validation import contact_problems, text_problems


def _one() -> Text:
    return {
        "fi": Wording("alue", "original"),
        "sv": Wording("område", "translated"),
        "en": Wording("district", "translated"),
    }


def _many() -> Text:
    return {
        "fi": Wording("alueet", "original"),
        "sv": Wording("områden", "translated"),
        "en": Wording("districts", "translated"),
    }


class Municipality(Struct, frozen=True, forbid_unknown_fields=True):
    """``languages`` are those that texts must have before they are published. The word for a district is shown in
    place of "district": singular and plural, as in "major area".
    """

    name: Text = {}
    languages: tuple[Language, ...] = ("fi", "sv")
    district: Text = msgspec.field(default_factory=_one)
    districts: Text = msgspec.field(default_factory=_many)
    contact: Contact = Contact()
    time_zone: str = "Europe/Helsinki"


def read_municipality(content: object) -> tuple[Municipality | None, list[Problem]]:
    """Return the settings read from plain values, or None with what is wrong with their shape."""
    try:
        return msgspec.convert(cleaned(content), Municipality), []
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        return None, [Problem(place.rstrip("`"), "shape", {"reason": reason})]


def municipality_problems(found: Municipality) -> list[Problem]:
    """Return what is wrong with the settings."""
    problems = [*text_problems("name", found.name), *contact_problems("contact", found.contact)]
    for field, text in (("district", found.district), ("districts", found.districts)):
        problems += text_problems(field, text)
        problems += [
            Problem(f"{field}.{language}", "text_missing", {"language": language})
            for language in found.languages
            if not text.get(language, Wording()).text
        ]
    if not found.languages or len(set(found.languages)) < len(found.languages):
        problems.append(Problem("languages", "required"))
    if not calendar.is_zone(found.time_zone):
        problems.append(Problem("time_zone", "time_zone"))
    return problems
