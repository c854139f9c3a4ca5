"""What the pages of assessment share: the round, words, people to choose among, reasons by language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.ballot_list import CITY_WIDE
from pb_service.core.rounds.setup import LANGUAGES, Problem, Setup
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import repository
from pb_service.features.assessment.assigning import Receiver
from pb_service.features.assessment.jobs import PEOPLE_KEY
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import Spoken, spoken, spoken_of
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import round_context
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder
from pb_service.web.formats import Reader
from pb_service.web.forms import Form
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
Keys = NamedDependency[KeyFolder]
PageRequest = Request[Any, Any, Any]


def people_key(keys: KeyFolder) -> bytes:
    """The secret behind the names that the record gives to staff."""
    return keys.secret(PEOPLE_KEY)


def lang_of(request: PageRequest) -> Language:
    return language_of(request.path_params["lang"])


async def round_here(session: AsyncSession, request: PageRequest, *, for_update: bool = False) -> Round:
    """The round of the address. Raises RoundNotFound."""
    return await find_round(session, request.path_params["slug"], for_update=for_update, whole=False)


def reader(setup: Setup, language: Language) -> Reader:
    """The reader's words, with the round's money and time zone."""
    words = translations(language)
    return Reader(language, words, currency=setup.money.currency, unit=setup.money.unit, zone=setup.dates.time_zone)


class Places:
    """What the districts and themes of a round are called in a reader's language."""

    def __init__(self, setup: Setup, themes: Sequence[Any], language: Language) -> None:
        self._language = language
        self._districts = {district.key: district.name for district in setup.districts.districts}
        self._themes = {theme.key: theme.name for theme in themes}
        self._name = setup.texts.name

    def district(self, key: str | None) -> str:
        """A district's name; without one that of the whole municipality."""
        if key is None or key == CITY_WIDE:
            return translations(self._language).gettext("Whole municipality")
        found = spoken(self._districts.get(key, {}), self._language)
        return found.text if found else key

    def theme(self, key: str | None) -> str:
        found = spoken(self._themes.get(key, {}), self._language) if key else None
        return found.text if found else (key or "")

    @property
    def districts(self) -> list[tuple[str, str]]:
        return [(key, self.district(key)) for key in self._districts]

    @property
    def themes(self) -> list[tuple[str, str]]:
        return [(key, self.theme(key)) for key in self._themes]


async def places_of(session: AsyncSession, found: Round, setup: Setup, language: Language) -> Places:
    """The names of a round's districts and themes."""
    form, _ = await form_of(session, found.id)
    return Places(setup, form.themes, language)


async def frame_context(session: AsyncSession, found: Round, language: Language) -> dict[str, Any]:
    """What every page about one round needs."""
    setup = await setup_of(session, found)
    words = reader(setup, language)
    return {
        **round_context(found, language),
        "section": "inbox",
        "setup": setup,
        "words": words,
        "places": await places_of(session, found, setup, language),
        "required_languages": (await municipality(session)).languages,
        "in_words": language_names(language),
        "said": lambda texts: said(texts, language),
    }


def said(texts: Mapping[str, str], language: Language) -> Spoken:
    """A text by language in the reader's, else in the first that there is."""
    return spoken_of(texts, language) or Spoken(language, "")


def language_names(language: Language) -> dict[str, str]:
    """What the languages are called."""
    words = translations(language)
    return {"fi": words.gettext("Finnish"), "sv": words.gettext("Swedish"), "en": words.gettext("English")}


def reason_fields(name: str, reason: Mapping[str, str]) -> dict[str, str]:
    """A reason by language as the fields of a form."""
    return {f"{name}_{code}": text for code, text in reason.items()}


def reason_of(form: Form, name: str) -> dict[str, str]:
    """The reason that was typed, by language; languages without words are left out."""
    typed = {code: form.text(f"{name}_{code}", required=False, most=2_000, lines=True) for code in LANGUAGES}
    return {code: text for code, text in typed.items() if text}


def refuse_languages(form: Form, name: str, languages: Sequence[str], language: Language) -> None:
    """Note at each language that its reason is missing."""
    words, names = translations(language), language_names(language)
    for code in languages:
        form.refuse(
            f"{name}_{code}", words.gettext("Reason, %(language)s: fill this in") % {"language": names[code].lower()}
        )


def refuse_problems(
    form: Form, problems: Sequence[Problem], sentence: Callable[[Problem], str], field: Callable[[str], str] = str
) -> None:
    """Note each problem at its field."""
    for problem in problems:
        form.refuse(field(problem.field), sentence(problem))


async def receivers(session: AsyncSession, found: Round | None, language: Language) -> list[tuple[str, str]]:
    """Whom work of a round can be given to: (value, name), units before people.

    The people are those of the units, and who moderates or assesses in the round.
    """
    words = translations(language)
    units = await staff.units(session)
    members = await staff.members(session, [unit.id for unit in units])
    listed = [(f"unit:{unit.id}", said(unit.names, language).text) for unit in units]
    holders = await repository.holders(session, ("moderator", "assessor", "manager"))
    ids = {grant.account_id for grant in holders if found and grant.round_id in (None, found.id)}
    people = await repository.names(session, ids | {account.id for _, account in members})
    listed += [(f"person:{each}", name) for each, name in sorted(people.items(), key=lambda pair: pair[1].casefold())]
    return [("", words.gettext("Choose")), *listed]


def receiver_of(value: str) -> Receiver | None:
    """The unit or person that a form names, or None."""
    kind, _, key = value.partition(":")
    try:
        found = UUID(key)
    except ValueError:
        return None
    return Receiver(unit_id=found) if kind == "unit" else Receiver(account_id=found) if kind == "person" else None


def deadline_of(form: Form, name: str, setup: Setup, label: str) -> datetime | None:
    """The end of a typed day in the round's time zone, or None."""
    day = form.date(name, label=label, required=False)
    if day is None or form.errors.get(name):
        return None
    return datetime.combine(day, time(23, 59), ZoneInfo(setup.dates.time_zone)).astimezone(UTC)
