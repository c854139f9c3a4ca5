"""The form of a round's proposals as staff set it: read, saved, and part of the record once the round is published."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import ProposalForm, form_content, form_problems, read_form
from pb_service.core.rounds.setup import Problem
from pb_service.core.rounds.texts import cleaned
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.proposals import repository
from pb_service.features.proposals.errors import ActRefused, FormChanged, ProposalRefused
from pb_service.features.rounds.acts import act
from pb_service.features.rounds.finding import find_round

#: Phases in which the form may still change: from then on it would ask something else of those who come later.
_OPEN = frozenset({"set_up", "announced", "ideas"})


async def form_of(session: AsyncSession, round_id: UUID) -> tuple[ProposalForm, int]:
    """Return the form of a round and its version, 0 for the form that nobody changed."""
    book = await repository.book_to_read(session, round_id)
    return (read_form(book.form), book.form_version) if book else (ProposalForm(), 0)


async def save_form(
    session: AsyncSession, actor: Actor, slug: str, content: Mapping[str, Any], *, version: int, now: datetime
) -> None:
    """Save a round's form over the version that was looked at.

    Raises FormChanged, ProposalRefused with the problems, ActRefused when the ideas have ended, Forbidden.
    """
    found = await find_round(session, slug, for_update=True, whole=False)
    require(actor, "rounds.edit", round_id=found.id, now=now)
    if found.phase not in _OPEN:
        raise ActRefused("phase", "draft")
    try:
        form = msgspec.convert(cleaned(dict(content)), ProposalForm)
    except msgspec.ValidationError as error:
        raise ProposalRefused([Problem("form", "shape", {"reason": str(error)})]) from error
    if problems := form_problems(form):
        raise ProposalRefused(problems)
    book = await repository.book(session, found.id, for_update=True)
    if book.form_version != version:
        raise FormChanged("Somebody else saved this form in the meantime.")
    book.form, book.form_version = form_content(form), version + 1
    book.edited_by, book.edited_at = actor.account_id, now
    if found.phase != "set_up":
        digest = hashlib.sha256(msgspec.json.encode(form)).hexdigest()
        about = {"version": book.form_version, "form_sha256": digest}
        await act(session, found, "proposal.form", about, by="manager", account_id=actor.account_id, now=now)
