"""Taking part in the conversation about a proposal: one page for who is signed in, and one for moderators.

The public page of a proposal is the same for everybody and leads here; what somebody does here shows there within the
half minute for which caches keep it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.proposals import browse, browse_repository, conversation, conversation_repository
from pb_service.features.proposals.browse_presentation import state_chip
from pb_service.features.proposals.conversation import HOWS, MOST_ANSWER, MOST_COMMENT, MOST_QUESTION, MOST_REPORT, How
from pb_service.features.proposals.conversation_errors import CommentNotFound, ConversationClosed, SupportSpent
from pb_service.features.proposals.detail_presentation import CommentView, comment_view, thread_views
from pb_service.features.proposals.errors import AddressNotVerified, OwnProposal, ProposalNotFound
from pb_service.features.proposals.reading import reader_of, round_name, uuid_in
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.public import public_round
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.limits import Limits, Rate
from pb_service.web.formats import Catalogue, Reader
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations
from pb_service.web.render import page

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]

#: Comments, questions and reports that one person may send.
SAID = Rate("proposals-said", most=30, seconds=60 * 60)

_LISTED = 100


@get("/", access="signed-in")
async def show_part(
    *,
    request: PageRequest,
    session: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[str]:
    """Support, follow, comment, ask: with ``answer=`` or ``report=`` and the id of a comment, about that."""
    language = language_of(lang)
    form = Form.filled(
        translations(language),
        once=once(),
        once_question=once(),
        parent=request.query_params.get("answer", ""),
        reported=request.query_params.get("report", ""),
    )
    return await _page(request, session, actor, clock, slug, number, form)


@post("/support", access="signed-in")
async def take_support(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Support the proposal, or take the support back."""
    form = await parse(request)
    found, proposal = await _found(transaction, slug, number)
    act = conversation.unsupport if form.value("act") == "stop" else conversation.support

    async def go() -> None:
        await act(transaction, actor, found, proposal, now=clock())

    said = "unsupported" if form.value("act") == "stop" else "supported"
    return await _done(request, transaction, actor, clock, form, "support", go, said)


@post("/follow", access="signed-in")
async def take_follow(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Say how one wants to hear of the proposal."""
    form = await parse(request)
    _, proposal = await _found(transaction, slug, number)
    how = cast(How, form.choice("how", HOWS))

    async def go() -> None:
        await conversation.follow(transaction, actor, proposal, how, now=clock())

    return await _done(request, transaction, actor, clock, form, "follow", go, "followed")


@post("/comment", access="signed-in")
async def take_comment(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    limits: NamedDependency[Limits],
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Comment on the proposal, or answer a comment."""
    form = await parse(request)
    words = translations(_language(request))
    found, proposal = await _found(transaction, slug, number)
    body = form.text("comment", label=words.gettext("Comment"), most=MOST_COMMENT, lines=True)
    key = uuid_in(form.value("once"))

    async def go() -> None:
        if await _too_often(limits, actor):
            form.refuse("comment", words.gettext("You have written very much within an hour. Try again later."))
            return
        await conversation.comment(
            transaction,
            actor,
            found,
            proposal,
            body,
            language=_language(request),
            once=key or UUID(once()),
            named=form.checked("named"),
            parent=uuid_in(form.value("parent")),
            now=clock(),
        )

    return await _done(request, transaction, actor, clock, form, "comment", go, "commented", anchor="comments")


@post("/question", access="signed-in")
async def take_question(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    limits: NamedDependency[Limits],
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Ask the city about the proposal."""
    form = await parse(request)
    words = translations(_language(request))
    found, proposal = await _found(transaction, slug, number)
    body = form.text("question", label=words.gettext("Question"), most=MOST_QUESTION, lines=True)
    key = uuid_in(form.value("once_question"))

    async def go() -> None:
        if await _too_often(limits, actor):
            form.refuse("question", words.gettext("You have written very much within an hour. Try again later."))
            return
        named = form.checked("named_question")
        await conversation.ask(
            transaction, actor, found, proposal, body, once=key or UUID(once()), named=named, now=clock()
        )

    return await _done(request, transaction, actor, clock, form, "question", go, "asked", anchor="ask")


@post("/report", access="signed-in")
async def take_report(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    limits: NamedDependency[Limits],
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Report a comment to the moderators."""
    form = await parse(request)
    words = translations(_language(request))
    _, proposal = await _found(transaction, slug, number)
    reason = form.text("reason", label=words.gettext("What is wrong with it"), most=MOST_REPORT, lines=True)
    about = uuid_in(form.value("reported"))

    async def go() -> None:
        if about is None:
            raise CommentNotFound("The form names no comment.")
        if await _too_often(limits, actor):
            form.refuse("reason", words.gettext("You have written very much within an hour. Try again later."))
            return
        await conversation.report(transaction, actor, proposal, about, reason, now=clock())

    return await _done(request, transaction, actor, clock, form, "reason", go, "reported")


async def _done(  # noqa: PLR0917 # one call
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    clock: Clock,
    form: Form,
    field: str,
    go: Callable[[], Awaitable[None]],
    said: str,
    *,
    anchor: str = "",
) -> Response[Any]:
    """Do it and lead back with a notice, or show the page again with what was refused at its field."""
    language = _language(request)
    words = translations(language)
    slug, number = request.path_params["slug"], int(request.path_params["number"])
    if not form.errors:
        try:
            async with session.begin_nested():
                await go()
        except (ConversationClosed, SupportSpent, AddressNotVerified, ValueError) as error:
            form.refuse(field, refusal(error, words))
    if form.errors:
        return await _page(request, session, actor, clock, slug, number, form, status=422)
    base = f"/{language}/rounds/{slug}/proposals/{number}/take-part"
    return done(f"{base}#{anchor}" if anchor else base, said)


def refusal(error: Exception, words: Catalogue) -> str:
    """Why something was refused, in a sentence."""
    if isinstance(error, SupportSpent):
        sentence = words.ngettext(
            "In this round you may support %(count)s proposal. Take another support back first.",
            "In this round you may support %(count)s proposals. Take another support back first.",
            error.most,
        )
        return sentence % {"count": error.most}
    if isinstance(error, AddressNotVerified):
        return words.gettext("Verify your e-mail address first: the link is in the mail that we sent you.")
    if isinstance(error, ConversationClosed):
        return {
            "own": words.gettext("You wrote this proposal yourself: it has your support already."),
            "paused": words.gettext("The round is paused just now."),
        }.get(error.code, words.gettext("This is not possible any more in the present phase of the round."))
    return words.gettext("Write a text that is not too long.")


async def _page(  # noqa: PLR0917 # one call
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    clock: Clock,
    slug: str,
    number: int,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    language = _language(request)
    shown = await public_round(session, slug)
    found, proposal = await _found(session, slug, number)
    words = reader_of(shown, language)
    base = f"/{language}/rounds/{slug}/proposals"
    part_number = request.query_params.get("part", "1")
    talk = await browse.conversation(
        session, proposal, page=int(part_number) if part_number.isdecimal() and 0 < len(part_number) < 5 else 1
    )
    counts = await browse.counts(session, [proposal.id])
    named = [each for each in (uuid_in(form.value("parent")), uuid_in(form.value("reported"))) if each]
    rows = await browse_repository.comments_in_talk(session, proposal.id, named) if named else []
    about: dict[UUID | None, CommentView] = {row.id: comment_view(row, words) for row in rows if row.hidden_at is None}
    answer = page(
        request,
        "proposals/take_part.html",
        locale=language,
        status_code=status,
        round=shown,
        slug=slug,
        own=True,
        rehearsal=shown.rehearsal,
        section="proposals",
        base=base,
        here=f"{base}/{number}/take-part",
        round_href=base.removesuffix("/proposals"),
        round_name=round_name(shown, language),
        words=words,
        form=form,
        proposal=proposal,
        number=number,
        chip=state_chip(proposal, words),
        part=await conversation.part_of(session, actor, found, proposal, now=clock()),
        counts=counts[proposal.id],
        conversation=talk,
        threads=thread_views(talk, words),
        answered=about.get(uuid_in(form.value("parent"))),
        reported=about.get(uuid_in(form.value("reported"))),
        questions=await browse.questions(session, proposal),
        most={"comment": MOST_COMMENT, "question": MOST_QUESTION, "report": MOST_REPORT},
        paged=lambda part_: f"{base}/{number}/take-part?part={part_}#comments",
        done=request.query_params.get("done", ""),
    )
    answer.headers["cache-control"] = "no-store"
    return answer


async def _found(session: AsyncSession, slug: str, number: int) -> tuple[Round, Proposal]:
    """The round and the proposal of an address. Raises RoundNotFound, ProposalNotFound."""
    shown = await public_round(session, slug)
    found = await published_round(session, slug, whole=False)
    proposal = await browse.find(session, shown, number)
    if proposal.state == "hidden":
        raise ProposalNotFound(f"The proposal {number} is hidden.")
    return found, proposal


async def _too_often(limits: Limits, actor: Actor) -> bool:
    return not await limits.hit(SAID, str(actor.account_id))


def _language(request: PageRequest) -> Language:
    return language_of(request.path_params["lang"])


@get("/", access="comments.moderate")
async def show_talk(
    *, request: PageRequest, session: Session, actor: Who, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """What moderators of a round look at: reported comments, questions that wait, the newest comments."""
    form = Form.filled(translations(language_of(lang)))
    return await _talk_page(request, session, actor, slug, form)


@post("/{kind:str}/{item:uuid}", access="comments.moderate")
async def take_talk(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    kind: FromPath[str],
    item: FromPath[UUID],
) -> Response[Any]:
    """Hide or keep a comment, answer a question or take it away."""
    language = language_of(lang)
    words = translations(language)
    form = await parse(request)
    act = form.value("act")
    name = f"text-{item}"
    try:
        async with transaction.begin_nested():
            if kind == "comment" and act == "hide":
                text = form.text(name, label=words.gettext("Reason"), most=MOST_REPORT)
                if text:
                    await conversation.hide(transaction, actor, item, text, now=clock())
            elif kind == "comment" and act == "keep":
                await conversation.keep(transaction, actor, item, now=clock())
            elif kind == "question" and act == "answer":
                text = form.text(name, label=words.gettext("Answer"), most=MOST_ANSWER, lines=True)
                if text:
                    await conversation.answer(transaction, actor, item, text, now=clock())
            elif kind == "question" and act == "hide":
                await conversation.hide_question(transaction, actor, item, now=clock())
            else:
                raise CommentNotFound("There is no such act.")
    except OwnProposal:
        form.refuse(name, words.gettext("You wrote this proposal yourself: somebody else must decide about it."))
    except ValueError:
        form.refuse(name, words.gettext("Write a text that is not too long."))
    if form.errors:
        return await _talk_page(request, transaction, actor, slug, form, status=422)
    return done(f"/{language}/staff/rounds/{slug}/comments", act)


async def _talk_page(
    request: PageRequest, session: AsyncSession, actor: Actor, slug: str, form: Form, *, status: int = 200
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    shown = await public_round(session, slug)
    require(actor, "comments.moderate", round_id=shown.id)
    words: Reader = reader_of(shown, language)
    return staff_page(
        request,
        "proposals/staff/talk.html",
        locale=language,
        status_code=status,
        section="rounds",
        words=words,
        form=form,
        round=shown,
        slug=slug,
        rehearsal=shown.rehearsal,
        round_name=round_name(shown, language),
        here=f"/{language}/staff/rounds/{slug}/comments",
        public=f"/{language}/rounds/{slug}/proposals",
        reported=await conversation_repository.reported(session, shown.id, most=_LISTED),
        waiting=await conversation_repository.waiting_questions(session, shown.id, most=_LISTED),
        newest=await conversation_repository.newest_comments(session, shown.id, most=_LISTED),
        most={"report": MOST_REPORT, "answer": MOST_ANSWER},
    )


part_router = Router(
    "/{lang:str}/rounds/{slug:str}/proposals/{number:int}/take-part",
    route_handlers=[show_part, take_support, take_follow, take_comment, take_question, take_report],
    include_in_schema=False,
)
talk_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}/comments", route_handlers=[show_talk, take_talk], include_in_schema=False
)
