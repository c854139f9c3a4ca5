"""Who hears of what happens to a project that is being built: everybody who has to do with the proposals it came from.

The rules are those of notices about proposals: authors and followers at once, supporters in their digest, and what a
person chose for a proposal goes before. Whoever did something is not told of it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.implementation.history import Act
from pb_service.features.assessment.page_parts import reader
from pb_service.features.implementation import reading, repository
from pb_service.features.implementation.errors import FundedProjectNotFound, NotBuiltYet
from pb_service.features.implementation.reading import act_of
from pb_service.features.implementation.vocabulary import (
    act_titles,
    closing_questions,
    in_reader,
    reason_of,
    state_names,
    what_happened,
)
from pb_service.features.proposals import notice_repository as listening
from pb_service.features.proposals.notices import told
from pb_service.features.rounds.setups import setup_of
from pb_service.platform import outbox
from pb_service.web.formats import Reader, text_in
from pb_service.web.languages import language_of
from pb_service.web.locales import Language

#: What the digest calls any of it; the proposal's page leads on to the project.
IN_DIGEST = "built"


async def tell(session: AsyncSession, row_id: int, *, now: datetime) -> None:
    """Tell everybody concerned of an act: by mails of this transaction, or in their next digest."""
    found = await repository.act_by_id(session, row_id)
    if found is None:
        return
    row, project, shown = found
    if row.is_erased:
        return
    try:
        one = await reading.built(session, shown, project.contest, project.project)
    except (FundedProjectNotFound, NotBuiltYet):
        return
    setup, act = await setup_of(session, shown), act_of(row)
    heard: set[UUID] = set()
    for proposal in await repository.proposals_of(session, shown.id, one.funded.proposals):
        listeners = await listening.listeners(session, proposal)
        later = []
        for each in told(listeners, IN_DIGEST, row.account_id):
            if each.listener.account_id in heard:  # of a project made from several proposals everybody hears once
                continue
            heard.add(each.listener.account_id)
            if each.how == "digest":
                later.append(each.listener.account_id)
                continue
            language = language_of(each.listener.language)
            path = f"/rounds/{shown.slug}/implementation/{project.contest}/{project.project}"
            words = reader(setup, language)
            await outbox.send(
                session,
                to=each.listener.email,
                language=language,
                template="implementation/notice",
                context={
                    "title": text_in(one.funded.titles, language)[1],
                    "what": act_titles(words)[act.kind],
                    "more": what_happened(act, one.progress, words, language),
                    "state": state_names(words)[one.state],
                    "text": _text(act, language, words),
                    "path": path,
                    "number": proposal.number,
                },
                kind="proposal",
                account_id=each.listener.account_id,
                now=now,
            )
        await listening.keep_for_digest(session, proposal.id, IN_DIGEST, later, at=row.at)


def _text(act: Act, language: Language, words: Reader) -> str:
    """The reason or the news, or the three answers of an end."""
    if act.kind == "closed":
        asked = closing_questions(words)
        return "\n\n".join(f"{asked[name]}\n{in_reader(act.content[name], language).text}" for name in asked)
    reason = reason_of(act, language)
    return reason.text if reason else ""
