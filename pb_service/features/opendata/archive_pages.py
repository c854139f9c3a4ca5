"""Staff bring in the rounds of earlier years: files are looked at first, then imported and counted by jobs."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.districts import slug as slug_of
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor
from pb_service.features.opendata import archive
from pb_service.features.opendata.archive import Fault, FileLook, Look
from pb_service.features.opendata.errors import ImportRefused
from pb_service.features.opendata.imports import FALLBACKS, ImportOptions
from pb_service.features.opendata.vocabulary import problem_in_words, refusal_in_words
from pb_service.features.results.rules import rule_name
from pb_service.features.rounds.errors import RoundExists
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import name_of
from pb_service.platform.clock import Clock
from pb_service.platform.files import FileRefused, FileStore
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import LANGUAGES, Language, translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
Files = NamedDependency[FileStore]
PageRequest = Request[Any, Any, Any]

#: Problems that are listed of one file; there may be more.
_LISTED = 100
_EARLIEST = 1980


@get("/", access="rounds.create")
async def show_archive(request: PageRequest, session: Session, clock: Now, lang: FromPath[str]) -> Response[str]:
    """The form: files, what they do not say, and nothing looked at yet."""
    form = Form.filled(translations(language_of(lang)))
    return await _page(request, session, form, [], None, now=clock())


@post("/", access="rounds.create", request_max_body_size=archive.MOST_BYTES + 200_000)
async def look_at_files(
    *, request: PageRequest, session: Session, clock: Now, files: Files, lang: FromPath[str]
) -> Response[str]:
    """Show what the files hold, what is wrong with them, and whether our count says what the city said."""
    words, form = translations(language_of(lang)), await parse(request)
    options = await _options(session, form, words, now=clock())
    label = words.gettext("Pabulib files")
    kept = _kept(form)
    for upload in form.uploads("files", label=label, most_files=archive.MOST_FILES, most=archive.MOST_BYTES):
        try:
            kept.append((await files.set_aside(upload.body), _plain_name(upload.filename)))
        except FileRefused:
            form.refuse("files", words.gettext("A file was refused by the check for harmful content, or not checked."))
    kept = list({sha256: (sha256, name) for sha256, name in kept}.values())[: archive.MOST_FILES]
    if not kept:
        form.refuse("files", words.gettext("Choose at least one file"))
    return await _page(request, session, form, kept, options, files=files, now=clock())


@post("/take", access="rounds.create")
async def take_files(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, files: Files, lang: FromPath[str]
) -> Response[Any]:
    """Have the files imported and counted; sent twice, it is done once."""
    words, form = translations(language_of(lang)), await parse(request)
    kept = _kept(form)
    options = await _options(transaction, form, words, now=clock(), free=False)
    for sha256, name in kept:
        body = await files.aside(sha256)
        if body is None:
            sentence = words.gettext("%(name)s is not kept any more. Choose it again.")
            form.refuse("files", sentence % {"name": name})
        else:
            await files.set_aside(body)  # for another day: the job may have to wait
    if not kept:
        form.refuse("files", words.gettext("Choose at least one file"))
    if options is not None and not form.errors:
        try:
            await archive.accept(transaction, actor, options, kept, now=clock())
        except (RoundExists, ImportRefused):
            form.refuse("slug", words.gettext("There is a round with this address already. Choose another."))
        else:
            return done(f"/{lang}/staff/rounds/new/archive/{options.slug}", "taken")
    return await _page(request, transaction, form, kept, options, files=files, now=clock())


@get("/{slug:str}", access="rounds.create")
async def show_progress(
    *, request: PageRequest, session: Session, actor: Who, clock: Now, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """How far an import is."""
    language = language_of(lang)
    words = translations(language)
    found = await archive.progress_of(session, actor, slug, now=clock())
    titles = [
        words.gettext("Projects and ballots are read in"),
        words.gettext("The set-up is signed and published"),
        words.gettext("The vote is closed in the public record"),
        words.gettext("Every district is counted and published"),
        words.gettext("The reasons of the result are worked out"),
    ]
    return staff_page(
        request,
        "opendata/archive_progress.html",
        locale=language,
        section="rounds",
        slug=slug,
        name=name_of(found.names, language),
        progress=found,
        percent=100 * found.done // archive.STEPS,
        goes_on=found.done < archive.STEPS and not found.given_up,
        steps=[
            {
                "name": title,
                "when": "",
                "note": "",
                "state": "done" if at < found.done else "now" if at == found.done else "next",
            }
            for at, title in enumerate(titles)
        ],
    )


@post("/{slug:str}/again", access="rounds.create")
async def try_again(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: FromPath[str], slug: FromPath[str]
) -> Response[None]:
    """Try an import anew that was given up."""
    await parse(request)
    await archive.try_again(transaction, actor, slug, now=clock())
    return done(f"/{language_of(lang)}/staff/rounds/new/archive/{slug}", "again")


def _kept(form: Form) -> list[tuple[str, str]]:
    """The files that were looked at before and are still wanted: SHA-256 and name."""
    pairs = [value.partition("/") for value in form.values("kept")[: archive.MOST_FILES]]
    return [(sha256, _plain_name(name)) for sha256, _, name in pairs]


def _plain_name(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")[:200] or "file.pb"


async def _options(
    session: AsyncSession, form: Form, words: Any, *, now: datetime, free: bool = True
) -> ImportOptions | None:
    """What was typed, or None when some of it cannot be used; with ``free`` an address that a round has is told."""
    required = (await municipality(session)).languages
    labels = _name_labels(words)
    names = [
        (language, form.text(f"name_{language}", label=labels[language], required=language in required, most=200))
        for language in LANGUAGES
    ]
    names = [(language, text) for language, text in names if text]
    year = form.whole("year", label=words.gettext("Year of the vote"), least=_EARLIEST, most=now.year)
    licence = form.text("licence", label=words.gettext("Licence"), most=200)
    source = form.text("source", label=words.gettext("Source"), most=500)
    fallback = form.choice("fallback", FALLBACKS, label=words.gettext("Rule"), required=False)
    if form.errors:
        return None
    first = names[0][1]
    made = slug_of(first if str(year) in first else f"{first[:50]} {year}")
    address = form.text("slug", label=words.gettext("Address"), required=False, most=64) or made
    try:
        if free and not await archive.is_free(session, address):
            form.refuse("slug", words.gettext("There is a round with this address already. Choose another."))
    except ImportRefused:
        form.refuse("slug", words.gettext("Address: small letters, digits and hyphens only, at most 64."))
    if form.errors:
        return None
    return ImportOptions(address, names, licence, source, fallback=fallback or None, year=year)


def _name_labels(words: Any) -> Mapping[Language, str]:
    return {
        "fi": words.gettext("Name in Finnish"),
        "sv": words.gettext("Name in Swedish"),
        "en": words.gettext("Name in English"),
    }


async def _page(
    request: PageRequest,
    session: AsyncSession,
    form: Form,
    kept: Sequence[tuple[str, str]],
    options: ImportOptions | None,
    *,
    files: FileStore | None = None,
    now: datetime,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    words = translations(language)
    looked, problem = None, ""
    if kept and files is not None:
        bodies = [(name, await files.aside(sha256)) for sha256, name in kept]
        there = [(name, body) for name, body in bodies if body is not None]
        kept = [pair for pair, (_, body) in zip(kept, bodies, strict=True) if body is not None]
        chosen = options or ImportOptions("look", [], "", "", year=now.year - 1)
        looked = await asyncio.to_thread(archive.look, there, chosen, now=now)
        problem = _told(looked.fault, Reader(language, words)) if looked.fault else ""
    ready = options is not None and looked is not None and looked.ready and not form.errors
    return staff_page(
        request,
        "opendata/archive.html",
        locale=language,
        status_code=422 if form.errors or (looked is not None and not looked.ready) else 200,
        section="rounds",
        form=form,
        labels=_name_labels(words),
        required=(await municipality(session)).languages,
        rules=[("", words.gettext("none: then I look at it again")), *_rules(words)],
        looks=[_shown(file, pair, looked, language) for file, pair in zip(looked.files, kept, strict=True)]
        if looked
        else [],
        problem=problem,
        ready=ready,
        options=options,
        words=Reader(language, words),
    )


def _rules(words: Any) -> list[tuple[str, str]]:
    titles = {
        "greedy_score": words.gettext("Most votes first; what no longer fits is skipped"),
        "greedy_score_no_skip": words.gettext("Most votes first, until one no longer fits"),
        "mes_cost_add1": words.gettext("Equal Shares (add-one)"),
        "mes_cost_none": words.gettext("Equal Shares, what is left over stays"),
    }
    return [(name, titles[name]) for name in FALLBACKS]


def _shown(file: FileLook, pair: tuple[str, str], looked: Look, language: Language) -> dict[str, Any]:
    """One file as the page shows it."""
    words = Reader(language, translations(language))
    shown: dict[str, Any] = {
        "kept": "/".join(pair),
        "name": file.name,
        "fault": _told(file.fault, words) if file.fault else "",
        "original": file.fault.text if file.fault and file.fault.code in {"unreadable", "tally"} else "",
        "problems": [(row.line, problem_in_words(row.code, words), row.text) for row in file.problems[:_LISTED]],
        "more": max(0, len(file.problems) - _LISTED),
        "contest": None,
    }
    if file.contest and file.rule and file.compared:
        setup = file.contest.setup
        money = Reader(
            language, translations(language), currency=file.file.currency if file.file else "", unit=looked.unit
        )
        shown |= {
            "contest": setup,
            "title": setup.title[0],
            "budget": money.money(setup.budget),
            "ballots": len(file.contest.ballots),
            "over": file.contest.over,
            "rule": rule_name(file.rule, words),
            "own_rule": file.contest.own_rule,
            "compared": file.compared,
        }
    return shown


def _told(fault: Fault, words: Reader) -> str:
    return refusal_in_words(fault.code, fault.line, fault.values or {}, words)


archive_router = Router(
    "/{lang:str}/staff/rounds/new/archive",
    route_handlers=[show_archive, look_at_files, take_files, show_progress, try_again],
    include_in_schema=False,
)
