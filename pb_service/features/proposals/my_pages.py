"""My proposals: what becomes of them, changing and completing them, pictures, co-authors, and taking them back."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.difference import differences
from pb_service.core.proposals.states import may_edit, possible
from pb_service.features.accounts.guards import see_other
from pb_service.features.accounts.page_parts import IdleWatch, email_in
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import attachments, coauthors, drafts, merging, repository
from pb_service.features.proposals.acts import phase_for
from pb_service.features.proposals.browse_presentation import is_picture, state_chip
from pb_service.features.proposals.detail_presentation import field_names, history
from pb_service.features.proposals.errors import (
    ActRefused,
    ProposalChanged,
    ProposalNotFound,
    ProposalRefused,
    TooManyFiles,
)
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import reader_of, round_name, spoken_of
from pb_service.features.proposals.sentences import file_refusal, refusal
from pb_service.features.proposals.tables import Proposal
from pb_service.features.proposals.write_form import Step, check, put_problems, read, shown
from pb_service.features.proposals.write_pages import LANGUAGE_NAMES, field_context, place_notes
from pb_service.features.rounds.public import PublicRound, public_round
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.files import FileRefused, FileStore, download_headers
from pb_service.platform.pictures import PictureRefused
from pb_service.web.cookies import drop_cookie, read_cookie
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations
from pb_service.web.render import page

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
Files = NamedDependency[FileStore]
Lang = FromPath[str]
Id = FromPath[UUID]
PageRequest = Request[Any, Any, Any]

_MOST_BYTES = 22_000_000
#: Steps whose fields stand on the page for changing a proposal.
_EDITED: tuple[Step, ...] = ("need", "idea", "place", "people", "cost")


@dataclass(frozen=True)
class Line:
    """A proposal in the list of one's own."""

    proposal: Proposal
    chip: Any
    round_name: Any
    href: str


@dataclass(frozen=True)
class Listened:
    """Somebody else's proposal that one supports, or hears of: ``how`` as chosen, None where nothing was."""

    proposal: Proposal
    chip: Any
    round_name: Any
    href: str
    supports: bool
    how: str | None


@get("/", access="signed-in")
async def show_mine(request: PageRequest, session: Session, actor: Who, lang: Lang) -> Response[str]:
    """Everything that the reader wrote or helps to write."""
    language = language_of(lang)
    assert actor.account_id is not None  # noqa: S101 - the door lets nobody else in
    found = await repository.of_account(session, actor.account_id)
    rounds = await repository.rounds_of(session, {proposal.round_id for proposal in found})
    words = Reader(language, translations(language))
    lines = [
        Line(
            proposal,
            state_chip(proposal, words),
            spoken_of(dict(rounds[proposal.round_id].names), language),
            _address(language, proposal.id),
        )
        for proposal in found
    ]
    listened = [
        Listened(
            heard.proposal,
            state_chip(heard.proposal, words),
            spoken_of(dict(heard.names), language),
            f"/{language}/rounds/{heard.slug}/proposals/{heard.proposal.number}",
            heard.supports,
            heard.how,
        )
        for heard in await repository.listened_by(session, actor.account_id)
    ]
    waiting = bool(read_cookie(request, "pb-draft"))
    return _show(request, actor, "mine", language, lines=lines, listened=listened, waiting=waiting)


@get("/claim", access="signed-in")
async def show_claim(request: PageRequest, actor: Who, lang: Lang) -> Response[Any]:
    """Offer to send what was written on this device before the sign-in."""
    language = language_of(lang)
    if not read_cookie(request, "pb-draft"):
        return see_other(f"/{language}/me/proposals")
    return _show(request, actor, "claim", language)


@post("/claim", access="signed-in")
async def claim(request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang) -> Response[Any]:
    """Take the draft as one's own, and send it unless the reader wants to go on writing."""
    language = language_of(lang)
    form = await parse(request)
    try:
        async with transaction.begin_nested():
            proposal = await drafts.claim_draft(transaction, actor, read_cookie(request, "pb-draft"), now=clock())
    except ProposalNotFound:
        answer: Response[Any] = done(f"/{language}/me/proposals", "gone")
        drop_cookie(answer, request, "pb-draft")
        return answer
    flag = "saved"
    if form.value("go") == "send":
        try:
            async with transaction.begin_nested():
                await drafts.send(transaction, actor, proposal.id, now=clock())
            flag = "sent"
        except (ProposalRefused, ActRefused):
            flag = "kept"
    answer = done(_address(language, proposal.id), flag)
    drop_cookie(answer, request, "pb-draft")
    return answer


@get("/{proposal_id:uuid}", access="signed-in")
async def show_own(
    *, request: PageRequest, session: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id
) -> Response[str]:
    """One's own proposal: its state with the reasons, its files and people, its versions."""
    language = language_of(lang)
    return await _own_page(
        request, session, actor, clock=clock, proposal_id=proposal_id, form=Form.filled(translations(language))
    )


@post("/{proposal_id:uuid}/send", access="signed-in")
async def send_own(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id
) -> Response[Any]:
    """Send a draft."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    try:
        async with transaction.begin_nested():
            await drafts.send(transaction, actor, proposal_id, now=clock())
    except ProposalRefused as refused:
        asked, public = await _asked(transaction, proposal_id)
        put_problems(form, refused.problems, asked, reader_of(public, language))
    except ActRefused as error:
        form.refuse("send", refusal(error, words))
    if form.errors:
        return await _own_page(request, transaction, actor, clock=clock, proposal_id=proposal_id, form=form, status=422)
    return done(_address(language, proposal_id), "sent")


@get("/{proposal_id:uuid}/edit", access="signed-in")
async def show_edit(
    *, request: PageRequest, session: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id
) -> Response[Any]:
    """The text of one's own proposal, to change it."""
    language = language_of(lang)
    proposal = await drafts.own_proposal(session, actor, proposal_id)
    found = (await repository.rounds_of(session, [proposal.round_id]))[proposal.round_id]
    if not may_edit(proposal.state, phase_for(found, "author", clock())):
        return done(_address(language, proposal_id), "late")
    if proposal.state == "draft":
        return see_other(f"/{language}/rounds/{found.slug}/propose/need?draft={proposal_id}")
    values = {**shown(drafts.draft_of(proposal), unit=found.unit), "version": proposal.version}
    form = Form.of(values, translations(language))
    return await _edit_page(request, session, actor, proposal=proposal, form=form)


@post("/{proposal_id:uuid}/edit", access="signed-in", request_max_body_size=_MOST_BYTES)
async def save_edit(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id
) -> Response[Any]:
    """Save another version of one's own proposal."""
    language = language_of(lang)
    form = await parse(request)
    proposal = await drafts.own_proposal(transaction, actor, proposal_id)
    asked, public = await _asked(transaction, proposal_id)
    words = reader_of(public, language)
    draft = read(form, asked, words, language=language)
    check(form, asked, draft, [district.key for district in public.setup.districts.districts], words)
    version = form.whole("version", most=10**6)
    if form.errors:
        return await _edit_page(request, transaction, actor, proposal=proposal, form=form, status=422)
    try:
        async with transaction.begin_nested():
            await drafts.save_version(transaction, actor, proposal_id, draft, version=version, now=clock())
    except ProposalRefused as refused:
        put_problems(form, refused.problems, asked, words)
    except ProposalChanged as theirs:
        form = _again(form, version=theirs.version)
        sentence = words.gettext(
            "One of your co-authors saved the proposal meanwhile. Look at the proposal, and save again if yours shall "
            "stand."
        )
        form.refuse("need", sentence)
    except ActRefused as error:
        form.refuse("need", refusal(error, words))
    if form.errors:
        return await _edit_page(request, transaction, actor, proposal=proposal, form=form, status=409)
    return done(_address(language, proposal_id), "saved")


@get("/{proposal_id:uuid}/withdraw", access="signed-in")
async def show_withdraw(
    request: PageRequest, session: Session, actor: Who, lang: Lang, proposal_id: Id
) -> Response[str]:
    """Say what withdrawing means, and ask once."""
    proposal = await drafts.own_proposal(session, actor, proposal_id)
    return _show(request, actor, "withdraw", language_of(lang), proposal=proposal)


@post("/{proposal_id:uuid}/withdraw", access="signed-in")
async def withdraw_own(transaction: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id) -> Response[Any]:
    """Withdraw a proposal, or throw a draft away."""
    language = language_of(lang)
    try:
        async with transaction.begin_nested():
            gone = await drafts.withdraw(transaction, actor, proposal_id, now=clock())
    except ActRefused:
        return done(_address(language, proposal_id), "late")
    return done(f"/{language}/me/proposals", "thrown" if gone.state == "draft" else "withdrawn")


@post("/{proposal_id:uuid}/files", access="signed-in", request_max_body_size=_MOST_BYTES)
async def add_own_file(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, files: Files, lang: Lang, proposal_id: Id
) -> Response[Any]:
    """Add a picture or a PDF."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    upload = form.upload("file", label=words.gettext("Picture or PDF"), most=20_000_000)
    alt = {code: form.text(f"alt.{code}", required=False, most=attachments.MOST_ALT) for code, _ in LANGUAGE_NAMES}
    if upload and not form.errors:
        try:
            async with transaction.begin_nested():
                await attachments.add_file(
                    transaction, actor, files, proposal_id, upload.body, name=upload.filename, alt=alt, now=clock()
                )
        except (FileRefused, PictureRefused) as error:
            form.refuse("alt." + language if error.code == "alt-missing" else "file", file_refusal(error, words))
        except TooManyFiles as error:
            form.refuse("file", words.gettext("At most %(most)s files") % {"most": error.most})
        except ActRefused as error:
            form.refuse("file", refusal(error, words))
    if form.errors:
        return await _own_page(request, transaction, actor, clock=clock, proposal_id=proposal_id, form=form, status=422)
    return done(_address(language, proposal_id) + "#files", "file")


@post("/{proposal_id:uuid}/files/{file_id:uuid}/remove", access="signed-in")
async def remove_own_file(
    *, transaction: Session, actor: Who, clock: Now, files: Files, lang: Lang, proposal_id: Id, file_id: Id
) -> Response[Any]:
    """Take a file away."""
    await attachments.remove_file(transaction, actor, files, proposal_id, file_id, now=clock())
    return done(_address(language_of(lang), proposal_id) + "#files", "removed")


@post("/{proposal_id:uuid}/files/{file_id:uuid}/describe", access="signed-in")
async def describe_own_file(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id, file_id: Id
) -> Response[Any]:
    """Put the text of a picture right."""
    language = language_of(lang)
    form = await parse(request)
    alt = {code: form.text(f"alt.{code}", required=False, most=attachments.MOST_ALT) for code, _ in LANGUAGE_NAMES}
    try:
        async with transaction.begin_nested():
            await attachments.describe_file(transaction, actor, proposal_id, file_id, alt, now=clock())
    except FileRefused as error:
        form.refuse("file", file_refusal(error, translations(language)))
        return await _own_page(request, transaction, actor, clock=clock, proposal_id=proposal_id, form=form, status=422)
    return done(_address(language, proposal_id) + "#files", "saved")


@get("/{proposal_id:uuid}/files/{file_id:uuid}", access="signed-in")
async def show_own_file(
    *, session: Session, actor: Who, files: Files, lang: Lang, proposal_id: Id, file_id: Id
) -> Response[bytes]:
    """A file of one's own, also before the proposal is published."""
    language_of(lang)
    row, body = await attachments.file_of(session, actor, files, proposal_id, file_id)
    return Response(body, media_type=row.media_type, headers=download_headers(row))


@post("/{proposal_id:uuid}/authors", access="signed-in")
async def invite_author(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id
) -> Response[Any]:
    """Invite a co-author by mail."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    email = email_in(form, words)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await coauthors.invite(transaction, actor, proposal_id, email, now=clock())
        except ActRefused as error:
            full = words.gettext("There are ten authors and invitations already")
            form.refuse("email", full if error.code == "full" else refusal(error, words))
    if form.errors:
        return await _own_page(request, transaction, actor, clock=clock, proposal_id=proposal_id, form=form, status=422)
    return done(_address(language, proposal_id) + "#authors", "invited")


@post("/{proposal_id:uuid}/authors/{author_id:uuid}/remove", access="signed-in")
async def remove_author(transaction: Session, actor: Who, lang: Lang, proposal_id: Id, author_id: Id) -> Response[Any]:
    """Take an invitation back, or leave."""
    language = language_of(lang)
    try:
        async with transaction.begin_nested():
            await coauthors.take_back(transaction, actor, proposal_id, author_id)
    except ActRefused:
        return done(_address(language, proposal_id) + "#authors", "last")
    return done(f"/{language}/me/proposals", "saved")


@post("/{proposal_id:uuid}/name", access="signed-in")
async def name_myself(
    request: PageRequest, transaction: Session, actor: Who, lang: Lang, proposal_id: Id
) -> Response[Any]:
    """Show or hide one's own name among the authors."""
    form = await parse(request)
    await coauthors.show_name(transaction, actor, proposal_id, named=form.value("go") == "show")
    return done(_address(language_of(lang), proposal_id) + "#authors", "saved")


@get("/invitations/{secret:str}", access="signed-in")
async def show_invitation(
    *, request: PageRequest, session: Session, actor: Who, clock: Now, lang: Lang, secret: FromPath[str]
) -> Response[str]:
    """What one is invited to write together."""
    proposal = await coauthors.invitation(session, secret, now=clock())
    form = Form.filled(translations(language_of(lang)))
    return _show(request, actor, "invitation", language_of(lang), proposal=proposal, secret=secret, form=form)


@post("/invitations/{secret:str}", access="signed-in")
async def accept_invitation(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, secret: FromPath[str]
) -> Response[Any]:
    """Become a co-author."""
    form = await parse(request)
    proposal = await coauthors.accept(transaction, actor, secret, named=form.checked("named"), now=clock())
    return done(_address(language_of(lang), proposal.id), "joined")


@post("/{proposal_id:uuid}/joints/{merge_id:uuid}", access="signed-in")
async def answer_joint(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang, proposal_id: Id, merge_id: Id
) -> Response[Any]:
    """Agree to a merge or a split, or object to it."""
    form = await parse(request)
    agrees = form.value("go") == "agree"
    note = form.text("note", required=False, most=500, lines=True)
    await merging.consent(transaction, actor, merge_id, agrees=agrees, note=note, now=clock())
    return done(_address(language_of(lang), proposal_id), "saved")


async def _own_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    *,
    clock: Clock,
    proposal_id: UUID,
    form: Form,
    status: int = 200,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    proposal = await drafts.own_proposal(session, actor, proposal_id)
    asked, public = await _asked(session, proposal_id)
    found: Round = (await repository.rounds_of(session, [proposal.round_id]))[proposal.round_id]
    book = await repository.book_to_read(session, found.id)
    words = reader_of(public, language)
    phase = phase_for(found, "author", clock())
    versions = await repository.versions(session, proposal.id)
    joints = await repository.merges_about(session, proposal.id)
    said = await repository.consents(session, [joint.id for joint in joints])
    fixed = book is not None and book.list_fixed_at is not None
    numbers = await repository.numbers_of(session, {each for row in joints for each in (*row.from_ids, *row.into_ids)})
    return _show(
        request,
        actor,
        "own",
        language,
        status=status,
        proposal=proposal,
        round=public,
        round_name=round_name(public, language),
        words=words,
        form=form,
        chip_=state_chip(proposal, words),
        history=history(await repository.acts_of(session, proposal.id), words),
        can_edit=may_edit(proposal.state, phase),
        can_withdraw=proposal.state == "draft"
        or "withdraw" in possible(proposal.state, hand="author", phase=phase, fixed=fixed),
        changes=[(newer, differences(older.content, newer.content)) for older, newer in pairwise(versions)][::-1],
        field_names=field_names(asked, words),
        files=proposal.files,
        is_picture=is_picture,
        most_files=asked.pictures,
        notes=await place_notes(session, public, drafts.draft_of(proposal), words),
        joints=[(joint, [row for row in said[joint.id] if row.account_id == actor.account_id]) for joint in joints],
        number_texts=lambda ids: [str(numbers[each]) for each in ids if each in numbers],
        reason_in=lambda texts: spoken_of(texts, language),
        me=actor.account_id,
        language_names=LANGUAGE_NAMES,
    )


async def _edit_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    *,
    proposal: Proposal,
    form: Form,
    status: int = 200,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    asked, public = await _asked(session, proposal.id)
    return _show(
        request,
        actor,
        "edit",
        language,
        status=status,
        proposal=proposal,
        words=reader_of(public, language),
        **field_context(public, asked, form, language, here=_EDITED),
    )


async def _asked(session: AsyncSession, proposal_id: UUID) -> tuple[Any, PublicRound]:
    """The form of a proposal's round, and the round."""
    proposal = await repository.by_id(session, proposal_id)
    if proposal is None:
        raise ProposalNotFound("There is no such proposal.")
    found = (await repository.rounds_of(session, [proposal.round_id]))[proposal.round_id]
    asked, _ = await form_of(session, found.id)
    return asked, await public_round(session, found.slug)


def _again(form: Form, **values: object) -> Form:
    """The same fields with other values in some."""
    fields = {name: form.values(name) for name in form.names()}
    return form.with_fields({**fields, **{name: [str(value)] for name, value in values.items()}})


def _address(language: Language, proposal_id: UUID) -> str:
    return f"/{language}/me/proposals/{proposal_id}"


def _show(
    request: PageRequest, actor: Actor, template: str, language: Language, *, status: int = 200, **context: Any
) -> Response[str]:
    """Answer with a page in the frame of my page. No cache keeps it."""
    answer = page(
        request,
        f"proposals/my/{template}.html",
        locale=language,
        status_code=status,
        done=request.query_params.get("done", ""),
        idle=IdleWatch() if actor.kiosk else None,
        **context,
    )
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "same-origin"
    return answer


my_router = Router(
    "/{lang:str}/me/proposals",
    include_in_schema=False,
    route_handlers=[
        show_mine,
        show_claim,
        claim,
        show_invitation,
        accept_invitation,
        show_own,
        send_own,
        show_edit,
        save_edit,
        show_withdraw,
        withdraw_own,
        add_own_file,
        remove_own_file,
        describe_own_file,
        show_own_file,
        invite_author,
        remove_author,
        name_myself,
        answer_joint,
    ],
)
