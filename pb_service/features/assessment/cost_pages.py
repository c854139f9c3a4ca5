"""The cost sheet on staff's desk: its lines, what they come to, the second pair of eyes, and how it changed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import costs
from pb_service.core.proposals.costs import CONTINGENCY_UNIT, QUANTITY_UNIT, CostSheet
from pb_service.core.rounds.setup import CostsStep, Problem, Setup
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may, require_somewhere
from pb_service.features.assessment import costing, notes, repository
from pb_service.features.assessment.costing import Version
from pb_service.features.assessment.errors import Changed, Refused
from pb_service.features.assessment.page_parts import (
    Keys,
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    people_key,
    reason_of,
    refuse_languages,
    round_here,
)
from pb_service.features.assessment.vocabulary import TOLD, problem_sentence, told
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.web.bars import Amount, parts_of
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.locales import translations

#: Empty lines under those that there are.
_MORE = 2


@get("/{object:str}", access="staff.enter")
async def show_sheet(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """The sheet of a proposal (``p17``) or a project (its number)."""
    require_somewhere(actor, "assessment.sign" if not _works(actor) else "assessment.work")
    found = await round_here(session, request)
    of = await costing.costed(session, found, request.path_params["object"])
    context = await frame_context(session, found, lang_of(request))
    rows = await costing.versions(session, of, context["setup"].costs)
    form = Form.of(
        _fields(rows[-1].sheet if rows else CostSheet(), context["words"], context["setup"].money.unit),
        translations(lang_of(request)),
    )
    return await _sheet_page(request, session, actor, form, now=clock())


@post("/{object:str}", access="costs.edit")
async def save_sheet(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Save a version of the sheet, or give the form another line."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    context = await frame_context(transaction, found, language)
    name = request.path_params["object"]
    if form.value("act") == "more":
        return await _sheet_page(request, transaction, actor, form, more=_MORE * 2, now=clock())
    content = _content(form, words, context["setup"])
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await costing.set_cost(
                    transaction,
                    actor,
                    found,
                    name,
                    content,
                    version=form.whole("version", required=False) or 0,
                    reason=reason_of(form, "reason"),
                    key=people_key(keys),
                    now=clock(),
                )
        except Refused as refused:
            for problem in refused.problems:
                _refuse(form, problem, context["words"])
        except ReasonMissing as lacking:
            refuse_languages(form, "reason", lacking.languages, language)
        except Changed as changed:
            form.refuse("lines", told(changed, words))
            fields = {each: form.values(each) for each in form.names()} | {"version": [str(changed.version)]}
            again = form.with_fields(fields)
            again.refuse("lines", told(changed, words))
            return await _sheet_page(request, transaction, actor, again, status=409, now=clock())
        except TOLD as error:
            form.refuse("lines", told(error, words))
        else:
            return done(f"/{language}/staff/rounds/{slug}/costs/{name}", "saved")
    return await _sheet_page(request, transaction, actor, form, status=422, now=clock())


@post("/{object:str}/sign", access="assessment.sign")
async def sign_sheet(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Sign the newest version, as somebody else than who calculated it."""
    language = lang_of(request)
    form = await parse(request)
    found = await round_here(transaction, request)
    name = request.path_params["object"]
    try:
        async with transaction.begin_nested():
            await costing.sign_cost(
                transaction,
                actor,
                found,
                name,
                version=form.whole("version", required=False) or 0,
                key=people_key(keys),
                now=clock(),
            )
    except TOLD as error:
        return await _sheet_page(
            request, transaction, actor, await _shown(transaction, request, error), status=409, now=clock()
        )
    return done(f"/{language}/staff/rounds/{slug}/costs/{name}", "signed")


@post("/{object:str}/questions", access="assessment.sign")
async def ask_about(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Ask about a line, answer, or settle a question."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    name = request.path_params["object"]
    if (settled := _uuid(form.value("settle"))) is not None:
        await notes.settle(transaction, actor, found, name, settled, now=clock())
        return done(f"/{language}/staff/rounds/{slug}/costs/{name}", "settled")
    parent = _uuid(form.value("parent"))
    body = form.text("question", label=words.gettext("Question"), most=notes.MOST_NOTE, lines=True)
    if not form.errors:
        await notes.add(
            transaction,
            actor,
            found,
            name,
            body,
            line=form.value("line"),
            question=parent is None,
            parent=parent,
            once=_uuid(form.value("once")),
            now=clock(),
        )
        return done(f"/{language}/staff/rounds/{slug}/costs/{name}", "asked")
    shown = await _shown(transaction, request)
    for field, sentence in form.errors:
        shown.refuse(field, sentence)
    return await _sheet_page(request, transaction, actor, shown, status=422, now=clock())


async def _shown(session: AsyncSession, request: PageRequest, error: Any = None) -> Form:
    """The stored sheet as a form, with what could not be done."""
    language = lang_of(request)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    of = await costing.costed(session, found, request.path_params["object"])
    rows = await costing.versions(session, of, context["setup"].costs)
    form = Form.of(
        _fields(rows[-1].sheet if rows else CostSheet(), context["words"], context["setup"].money.unit),
        translations(language),
    )
    if error is not None:
        form.refuse("sign", told(error, translations(language)))
    return form


async def _sheet_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    form: Form,
    *,
    now: datetime,
    status: int = 200,
    more: int = _MORE,
) -> Response[str]:
    language = lang_of(request)
    words = translations(language)
    found = await round_here(session, request)
    of = await costing.costed(session, found, request.path_params["object"])
    context = await frame_context(session, found, language)
    reader: Reader = context["words"]
    terms: CostsStep = context["setup"].costs
    rows = await costing.versions(session, of, terms)
    newest = rows[-1] if rows else None
    signed = costing.last_signed(rows)
    said_notes = await repository.notes(session, **of.keys)
    names = await repository.names(
        session,
        {row.row.set_by for row in rows} | {row.row.signed_by for row in rows} | {n.account_id for n in said_notes},
    )
    this_page = f"/{language}/staff/rounds/{found.slug}/costs/{of.object_id}"
    numbers = {kind: _rows(form, kind) for kind in ("lines", "upkeep")}
    edits = may(actor, "costs.edit", round_id=found.id, district=of.district)
    signs = may(actor, "assessment.sign", round_id=found.id, district=of.district)
    questions = [note for note in said_notes if note.question and note.settled_at is None]
    return staff_page(
        request,
        "assessment/cost.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        of=of,
        this_page=this_page,
        case=f"/{language}/staff/rounds/{found.slug}/proposals/{of.proposal.number}" if of.proposal else "",
        version=newest.row.version if newest else 0,
        numbers={
            kind: [*known, *range(len(known), len(known) + (more if edits else 0))] for kind, known in numbers.items()
        },
        newest=newest,
        figures=newest.figures if newest else None,
        bar=_bar(newest, reader) if newest else [],
        bar_told=_bar_told(newest, reader) if newest else "",
        terms=terms,
        edits=edits,
        signs=signs,
        own_sheet=bool(newest and newest.row.set_by == actor.account_id),
        questions=questions,
        answers={note.id: [each for each in said_notes if each.parent == note.id] for note in questions},
        settled=[note for note in said_notes if note.question and note.settled_at],
        changes=[_change(change, reader) for change in costs.changes(rows[-2].sheet, rows[-1].sheet, terms)]
        if len(rows) > 1
        else [],
        was_signed=signed is not None,
        history=[(row, row.figures) for row in reversed(rows)],
        names=names,
        once_key=once(),
        quantity=lambda number: _quantity(number, reader),
        percent=lambda number: reader.percent(Fraction(number, CONTINGENCY_UNIT)),
        mine=actor.account_id,
        now=now,
        told=words,
    )


def _fields(sheet: CostSheet, words: Reader, unit: int) -> dict[str, object]:
    """A sheet as the fields of its form."""
    fields: dict[str, object] = {
        "contingency": _typed(sheet.contingency, 10, words),
        "round_to": _typed(sheet.round_to, unit, words) if sheet.round_to > 1 else "",
        "low": _typed(sheet.low, unit, words) if sheet.low is not None else "",
        "high": _typed(sheet.high, unit, words) if sheet.high is not None else "",
    }
    for kind, lines in (("lines", sheet.lines), ("upkeep", sheet.upkeep)):
        for number, line in enumerate(lines):
            at = f"{kind}.{number}"
            fields |= {
                f"{at}.what": line.what,
                f"{at}.quantity": _typed(line.quantity, QUANTITY_UNIT, words),
                f"{at}.unit": line.unit,
                f"{at}.price": _typed(line.price, unit, words),
                f"{at}.source": line.source,
            }
    return fields


def _typed(value: int, unit: int, words: Reader) -> str:
    """A number as one types it: 9,5 of 950 hundredths, without separators."""
    whole, rest = divmod(value, unit)
    decimals = str(rest).zfill(len(str(unit)) - 1).rstrip("0")
    point = "." if words.language == "en" else ","
    return f"{whole}{point}{decimals}" if decimals else str(whole)


def _content(form: Form, words: Any, setup: Setup) -> dict[str, Any]:
    """What was typed, as a sheet; lines with nothing in them are left out."""
    sheet: dict[str, Any] = {"lines": [], "upkeep": []}
    scale = setup.money.unit // 100  # forms read hundredths
    for kind in ("lines", "upkeep"):
        for number in _rows(form, kind):
            at = f"{kind}.{number}"
            what = form.text(f"{at}.what", required=False, most=200)
            source = form.text(f"{at}.source", required=False, most=200)
            typed = form.value(f"{at}.price") or what or source
            if not typed:
                continue
            quantity = _parsed(form, f"{at}.quantity", QUANTITY_UNIT, words, default=QUANTITY_UNIT)
            sheet[kind].append(
                {
                    "what": what,
                    "quantity": quantity,
                    "unit": form.text(f"{at}.unit", required=False, most=20),
                    "price": form.money(f"{at}.price", label=words.gettext("Price")) * scale,
                    "source": source,
                }
            )
    sheet["contingency"] = _parsed(form, "contingency", 10, words, default=0)
    sheet["round_to"] = (form.money("round_to", label=words.gettext("Round up to"), required=False) or 0) * scale or 1
    if setup.costs.kind == "range":
        sheet["low"] = form.money("low", label=words.gettext("At least")) * scale
        sheet["high"] = form.money("high", label=words.gettext("At most")) * scale
    return sheet


def _parsed(form: Form, name: str, unit: int, words: Any, *, default: int) -> int:
    """A number with decimals as an integer of parts of a unit: ``9,5`` of thousandths is 9500."""
    typed = form.value(name).replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace(",", ".")
    if not typed:
        return default
    whole, _, decimals = typed.partition(".")
    places = len(str(unit)) - 1
    if not (whole.isascii() and whole.isdecimal() and len(whole) < 9) or len(decimals) > places:
        form.refuse(name, words.gettext("Write a number, such as 9,5"))
        return default
    if decimals and not (decimals.isascii() and decimals.isdecimal()):
        form.refuse(name, words.gettext("Write a number, such as 9,5"))
        return default
    return int(whole) * unit + int((decimals or "0").ljust(places, "0"))


def _refuse(form: Form, problem: Problem, words: Reader) -> None:
    sentence = problem_sentence(problem, words)
    form.refuse(problem.field, sentence[:1].upper() + sentence[1:])


def _rows(form: Form, kind: str) -> list[int]:
    found = {name.split(".")[1] for name in form.names() if name.startswith(f"{kind}.") and name.count(".") == 2}
    return sorted(int(each) for each in found if each.isascii() and each.isdecimal() and len(each) < 4)


def _bar(version: Version, words: Reader) -> list[Any]:
    """The parts of the total as a picture."""
    total = version.figures.total
    return parts_of(
        total,
        [
            Amount(part.amount, words.percent(Fraction(part.amount, total)), _part_name(version, part.line, words))
            for part in costs.parts(version.figures)
        ],
        districts=True,
    )


def _bar_told(version: Version, words: Reader) -> str:
    names = [_part_name(version, part.line, words) for part in costs.parts(version.figures)]
    return words.gettext("From the left: %(parts)s.") % {"parts": words.listed(names)}


def _part_name(version: Version, line: int, words: Reader) -> str:
    if line < 0:
        return words.gettext("contingency") if line == -1 else words.gettext("rounding")
    return version.sheet.lines[line].what


def _change(change: costs.Change, words: Reader) -> tuple[str, str, str]:
    """What changed: its name, before, and after."""
    names = {
        "amount": words.gettext("Price on the ballot"),
        "upkeep": words.gettext("Upkeep a year"),
        "contingency": words.gettext("Contingency"),
    }
    shown: Mapping[str, Callable[[int], str]] = {
        "quantity": lambda value: _quantity(value, words),
        "contingency": lambda value: words.percent(Fraction(value, CONTINGENCY_UNIT)),
    }
    told_as = shown.get(change.field, words.money)
    before, after = ("\u2013" if value is None else told_as(value) for value in (change.before, change.after))
    return names.get(change.field, change.what), before, after


def _quantity(thousandths: int, words: Reader) -> str:
    """A quantity with as few decimals as exact."""
    whole, rest = divmod(thousandths, QUANTITY_UNIT)
    if not rest:
        return words.number(whole)
    places = len(str(rest).zfill(3).rstrip("0"))
    return words.decimal(Fraction(thousandths, QUANTITY_UNIT), places)


def _works(actor: Actor) -> bool:
    return any(grant.role in {"assessor", "moderator"} for grant in actor.grants)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


handlers = [show_sheet, save_sheet, sign_sheet, ask_about]
