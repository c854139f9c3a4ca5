"""Who hears of what happens to a proposal, and how: authors and followers at once, supporters in a digest.

What a person chose for a proposal (`ProposalFollow`) goes before these rules. Of a proposal that became part of
another, everybody hears what happens to the other. Whoever did something is not told of it by mail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.proposals import notice_repository as repository
from pb_service.features.proposals.detail_presentation import reason_of
from pb_service.features.proposals.notice_repository import Listener
from pb_service.features.proposals.reading import spoken
from pb_service.features.proposals.tables import Proposal
from pb_service.features.proposals.vocabulary import act_sentences, state_names
from pb_service.features.rounds.setups import setup_of
from pb_service.platform import outbox
from pb_service.web.formats import Reader
from pb_service.web.languages import language_of
from pb_service.web.locales import translations

How = Literal["at_once", "digest"]

#: Acts that change nothing for those who follow, or that nobody but the authors should hear of.
_FOR_AUTHORS_ALONE: frozenset[str] = frozenset(
    {"send", "enter", "change", "answer", "edit", "return", "request_review"}
)
#: Acts beside whose reason the municipality's guidance about appeals stands.
_REFUSALS: frozenset[str] = frozenset({"reject", "find_infeasible", "uphold"})
#: What an author is told although it was the author who did it: that it has arrived.
_RECEIPTS: frozenset[str] = frozenset({"send"})

_MOST_IN_DIGEST = 60


@dataclass(frozen=True)
class Told:
    """An account that is to hear of an act."""

    listener: Listener
    how: How


def told(listeners: Sequence[Listener], act: str, by: UUID | None) -> list[Told]:
    """Return who hears of an act, and how; each account once, in the order given."""
    found = []
    for listener in listeners:
        if act in _FOR_AUTHORS_ALONE and not listener.is_author:
            continue
        if listener.account_id == by and act not in _RECEIPTS:
            continue
        wish = listener.wish or ("at_once" if listener.is_author or not listener.supports else "digest")
        if wish != "never":
            found.append(Told(listener, "at_once" if wish == "at_once" else "digest"))
    return found


async def tell(session: AsyncSession, proposal_id: UUID, row_id: int, *, now: datetime) -> None:
    """Tell everybody concerned of an act: by mails of this transaction, or in their next digest."""
    act = await repository.act(session, row_id)
    proposal = await repository.proposal(session, proposal_id)
    if act is None or proposal is None or proposal.number is None:
        return
    found = await repository.round_of(session, proposal)
    appeal = (await setup_of(session, found)).closing.appeal if act.act in _REFUSALS else {}
    listeners = await repository.listeners(session, proposal)
    later = []
    for each in told(listeners, act.act, act.account_id):
        if each.how == "digest":
            later.append(each.listener.account_id)
            continue
        language = language_of(each.listener.language)
        words = Reader(language, translations(language))
        reason = reason_of(act, words)
        guidance = spoken(appeal, language) if each.listener.is_author else None
        await outbox.send(
            session,
            to=each.listener.email,
            language=language,
            template="proposals/notice",
            context={
                "title": proposal.title,
                "number": proposal.number,
                "what": act_sentences(words).get(act.act, act.act),
                "state": state_names(words)[act.state],
                "reason": reason.text if reason else "",
                "appeal": guidance.text if guidance else "",
                "path": _path(proposal, found.slug, each.listener),
                "is_author": each.listener.is_author,
            },
            kind="proposal",
            account_id=each.listener.account_id,
            now=now,
        )
    await repository.keep_for_digest(session, proposal.id, act.act, later, at=act.at)


async def tell_answered(session: AsyncSession, question_id: UUID, *, now: datetime) -> None:
    """Tell who asked that the question was answered."""
    question = await repository.question(session, question_id)
    if question is None or question.asked_by is None or question.answer is None:
        return
    asker = await repository.account(session, question.asked_by)
    proposal = await repository.proposal(session, question.proposal_id)
    if asker is None or asker.email is None or proposal is None:
        return
    found = await repository.round_of(session, proposal)
    await outbox.send(
        session,
        to=asker.email,
        language=language_of(asker.language),
        template="proposals/answered",
        context={
            "title": proposal.title,
            "number": proposal.number,
            "question": question.body,
            "answer": question.answer,
            "path": f"/rounds/{found.slug}/proposals/{proposal.number}#questions",
        },
        kind="proposal",
        account_id=asker.id,
        now=now,
    )


async def send_digests(session: AsyncSession, *, now: datetime, most: int = 200) -> int:
    """Send what has gathered to up to ``most`` accounts, one mail each; return how many accounts that were."""
    waiting = await repository.waiting(session, most=most)
    for account_id in waiting:
        news = await repository.take_news(session, account_id, now)
        account = await repository.account(session, account_id)
        if account is None or account.email is None or not news:
            continue
        language = language_of(account.language)
        sentences = act_sentences(Reader(language, translations(language)))
        await outbox.send(
            session,
            to=account.email,
            language=language,
            template="proposals/digest",
            context={"items": _items(news, sentences)[:_MOST_IN_DIGEST], "more": len(news) > _MOST_IN_DIGEST},
            kind="digest",
            account_id=account.id,
            now=now,
        )
    return len(waiting)


def _items(news: Sequence[tuple[Proposal, str, str, datetime]], sentences: Mapping[str, str]) -> list[dict[str, Any]]:
    """One item a proposal, with what happened to it in the order in which it did."""
    items: dict[UUID, dict[str, Any]] = {}
    for proposal, slug, act, _ in news:
        path = f"/rounds/{slug}/proposals/{proposal.number}"
        item = items.setdefault(
            proposal.id, {"title": proposal.title, "number": proposal.number, "path": path, "what": []}
        )
        sentence = sentences.get(act, act)
        if sentence not in item["what"]:
            item["what"].append(sentence)
    return list(items.values())


def _path(proposal: Proposal, slug: str, listener: Listener) -> str:
    """Where a mail leads: authors to their own page of it, others to the public one."""
    if listener.is_author and listener.own_proposal is not None:
        return f"/me/proposals/{listener.own_proposal}"
    return f"/rounds/{slug}/proposals/{proposal.number}"
