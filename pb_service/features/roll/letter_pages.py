"""The registrar's page of code letters: printed from a list of addresses, made anew, void, returned by mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.setup import Setup
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.proposals.reading import spoken
from pb_service.features.roll import letters
from pb_service.features.roll.address_lists import MOST_SIGNS, BadList, read_addresses
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.letters import LettersRefused, Recipient
from pb_service.features.roll.printing import Sheet, print_letters
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform.keys import KeyFolder
from pb_service.settings import Settings
from pb_service.web.formats import Catalogue, Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import LANGUAGES, Language, translations

Told = NamedDependency[Settings]
_REASONS = ("returned", "lost", "stolen", "removed")
_MOST_BYTES = 20_000_000
_MOST_LINES = 6
#: Bad lines that a page names.
_SHOWN = 20


@dataclass(frozen=True)
class Press:
    """What printing needs of the service."""

    keys: KeyFolder
    settings: Settings
    now: datetime


@get("/letters", access="letters.print", step_up=True)
async def show_letters(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """How many letters there are, what was printed, and the forms."""
    return await _page(request, session, actor, Form.filled(translations(lang_of(request)), language="fi"))


@post("/letters/print", access="letters.print", request_max_body_size=_MOST_BYTES)
async def print_list(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, settings: Told
) -> Response[Any]:
    """Answer with the PDF. It is kept nowhere, and with it the codes are gone from here."""
    words, form = translations(lang_of(request)), await parse(request)
    upload = form.upload("addresses", label=words.gettext("Address list"), most=_MOST_BYTES)
    language = _language(form, words)
    recipients: list[Recipient] = []
    if upload is not None and not form.errors:
        try:
            recipients = read_addresses(upload.body, language)
        except BadList as error:
            form.refuse("addresses", list_in_words(error, words))
    press = Press(keys, settings, clock())
    return await _printed(request, transaction, actor, press, form=form, recipients=recipients)


@post("/letters/one", access="letters.print")
async def print_one(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, settings: Told
) -> Response[Any]:
    """One letter, also for who has one: then the old code is dead."""
    words, form = translations(lang_of(request)), await parse(request)
    pid = form.text("pid", label=words.gettext("Person id"), most=100)
    typed = form.text("to", label=words.gettext("Name and address"), most=400, lines=True)
    language = _language(form, words)
    address = tuple(line.strip() for line in typed.splitlines() if line.strip())
    if typed and (len(address) > _MOST_LINES or any(len(line) > MOST_SIGNS for line in address)):
        form.refuse("to", words.gettext("At most six lines of 60 signs fit into the window"))
    recipients = [] if form.errors else [Recipient(1, pid, address, language)]
    press = Press(keys, settings, clock())
    return await _printed(request, transaction, actor, press, form=form, recipients=recipients, anew=True)


@post("/letters/void", access="roll.edit")
async def void(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """A code opens nothing any more, or a letter came back."""
    words, form = translations(lang_of(request)), await parse(request)
    number = form.whole("number", label=words.gettext("Number of the letter"), least=1, most=10**9)
    why = form.choice("why", _REASONS, label=words.gettext("What became of the letter"))
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await letters.void(transaction, actor, found, number, why, now=clock())
        except LettersRefused as error:
            form.refuse("number", refusal_in_words(error, words))
        else:
            return done(f"/{lang_of(request)}/staff/rounds/{found.slug}/letters", "void")
    return await _page(request, transaction, actor, form, status=422)


async def _printed(
    request: PageRequest,
    transaction: AsyncSession,
    actor: Actor,
    press: Press,
    *,
    form: Form,
    recipients: list[Recipient],
    anew: bool = False,
) -> Response[Any]:
    """Make letters and answer with their PDF, or with the page that says why not."""
    words = translations(lang_of(request))
    field = "to" if anew else "addresses"
    sender = form.text("return", label=words.gettext("Sender's address"), most=90)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if not form.errors:
        again = anew or form.checked("anew")
        try:
            async with transaction.begin_nested():
                batch, made = await letters.make(
                    transaction, actor, found, recipients, anew=again, keys=press.keys, now=press.now
                )
                sheet = await _sheet(transaction, found, sender, press)
                body = await print_letters(made, sheet)
        except LettersRefused as error:
            form.refuse("pid" if anew and error.rows else field, refusal_in_words(error, words))
        except RollRefused as error:
            form.refuse(field, roll_in_words(error, words))
        else:
            name = f"{found.slug}-letters-{batch.number}.pdf"
            headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
            return Response(body, media_type="application/pdf", headers=headers)
    return await _page(request, transaction, actor, form, status=422)


async def _sheet(session: AsyncSession, found: Round, sender: str, press: Press) -> Sheet:
    setup, own = await setup_of(session, found), await municipality(session)
    contact = setup.texts.contact
    name = spoken(own.name, own.languages[0])
    return Sheet(
        slug=found.slug,
        setup=setup,
        contact=contact if contact.email or contact.phone else own.contact,
        sender=name.text if name else "",
        return_address=sender,
        public_url=press.settings.public_url,
        now=press.now,
    )


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    setup: Setup = context["setup"]
    words: Reader = context["words"]
    return staff_page(
        request,
        "roll/letters.html",
        locale=language,
        status_code=status,
        **{**context, "section": "rounds"},
        form=form,
        counts=await letters.counts(session, found),
        batches=[(batch, words.moment(batch.made_at)) for batch in await letters.batches(session, found)],
        is_fixed=found.manifest_sha256 is not None,
        has_roll=setup.eligibility.roll != "none",
        prints=may(actor, "letters.print", round_id=found.id),
        most=letters.MOST,
        languages=[(code, context["in_words"][code]) for code in LANGUAGES],
        reasons=[(code, reason_in_words(code, words)) for code in _REASONS],
    )


def _language(form: Form, words: Catalogue) -> Language:
    chosen = form.choice("language", LANGUAGES, label=words.gettext("Language"))
    return next((code for code in LANGUAGES if code == chosen), "fi")


def reason_in_words(code: str, words: Catalogue) -> str:
    """What may have happened to a letter."""
    return {
        "returned": words.gettext("It came back by mail"),
        "lost": words.gettext("It is lost"),
        "stolen": words.gettext("Somebody else has it, or has seen the code"),
        "removed": words.gettext("The person is not entitled after all"),
    }[code]


def refusal_in_words(error: LettersRefused, words: Catalogue) -> str:
    """Why letters cannot be made or changed."""
    lines = {why: [str(row.line) for row in error.rows if row.code == why] for why in ("stranger", "twice")}
    told = []
    if lines["stranger"]:
        told.append(words.gettext("Not on the roll: line %(lines)s.") % {"lines": _some(lines["stranger"])})
    if lines["twice"]:
        told.append(words.gettext("The same person once more: line %(lines)s.") % {"lines": _some(lines["twice"])})
    if told:
        return " ".join([*told, words.gettext("No letter was made.")])
    known: dict[str, str] = {
        "too_many": words.gettext("At most 1,000 letters are made anew at once"),
        "nobody": words.gettext("Everybody on this list has a letter in force"),
        "unknown": words.gettext("There is no letter with this number"),
        "void": words.gettext("This letter is void already"),
    }
    other: str = words.gettext("This cannot be done with the letter")
    return known.get(error.code, other)


def roll_in_words(error: RollRefused, words: Catalogue) -> str:
    """Why the roll takes no new codes."""
    if error.code == "fixed":
        return words.gettext("The manifest names the roll: no new codes can be made. Help at a desk or on paper.")
    return words.gettext("There is no roll yet. Import it first.")


def list_in_words(error: BadList, words: Catalogue) -> str:
    """Why an address list cannot be used."""
    if error.code == "columns":
        return words.gettext(
            "The first line must name the columns: person id, name, address, postal code, place, language"
        )
    if error.code == "line":
        told = words.gettext("Line %(line)s lacks something, or a part of it is too long for the window")
        return told % {"line": error.line}
    return words.gettext("This file is no table that can be read. Give a CSV or an XLSX file.")


def _some(lines: list[str]) -> str:
    return ", ".join(lines[:_SHOWN]) + (" …" if len(lines) > _SHOWN else "")


letters_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[show_letters, print_list, print_one, void],
    include_in_schema=False,
)
