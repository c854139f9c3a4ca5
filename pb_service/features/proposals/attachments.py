"""Pictures and PDFs of a proposal: a few of them, each picture with a text for those who cannot see it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import may_edit
from pb_service.core.proposals.texts import cleaned
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import repository
from pb_service.features.proposals.acts import phase_for
from pb_service.features.proposals.drafts import own_proposal
from pb_service.features.proposals.errors import ActRefused, ProposalNotFound, TooManyFiles
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.moderation import staff_proposal
from pb_service.features.proposals.policy import is_author, require_resident
from pb_service.features.proposals.tables import Proposal, ProposalFile
from pb_service.platform.files import FileRefused, FileStore, StoredFile

MOST_ALT = 300


async def add_file(
    session: AsyncSession,
    actor: Actor,
    files: FileStore,
    proposal_id: UUID,
    body: bytes,
    *,
    name: str,
    alt: Mapping[str, str],
    now: datetime,
) -> ProposalFile:
    """Keep a picture or PDF with one's own proposal while its text may change.

    Raises TooManyFiles, FileRefused, PictureRefused, ActRefused, ProposalNotFound.
    """
    proposal = await _editable(session, actor, proposal_id, now=now)
    form, _ = await form_of(session, proposal.round_id)
    if len(proposal.files) >= form.pictures:
        raise TooManyFiles(form.pictures)
    texts = _texts(alt)
    stored = await files.store(session, body, name=name, alt=texts, now=now)
    position = max((file.position for file in proposal.files), default=0) + 1
    kept = ProposalFile(proposal_id=proposal.id, file_id=stored.id, position=position, alt=texts)
    session.add(kept)
    await session.flush()
    return kept


async def remove_file(
    session: AsyncSession, actor: Actor, files: FileStore, proposal_id: UUID, file_id: UUID, *, now: datetime
) -> None:
    """Take a file away from one's own proposal. Raises ActRefused, ProposalNotFound."""
    proposal = await _editable(session, actor, proposal_id, now=now)
    kept = _file(proposal, file_id)
    await session.delete(kept)
    await session.flush()
    await files.erase(session, file_id)


async def describe_file(
    session: AsyncSession, actor: Actor, proposal_id: UUID, file_id: UUID, alt: Mapping[str, str], *, now: datetime
) -> None:
    """Put the text of a picture right: authors while they may edit, moderators at any time.

    Raises FileRefused without any text, ActRefused, ProposalNotFound, Forbidden.
    """
    proposal = await repository.by_id(session, proposal_id, for_update=True)
    if proposal is not None and is_author(proposal, actor.account_id):
        proposal = await _editable(session, actor, proposal_id, now=now)
    else:
        proposal, _ = await staff_proposal(session, actor, proposal_id)
    kept, texts = _file(proposal, file_id), _texts(alt)
    if kept.file.kind == "picture" and not texts:
        raise FileRefused("alt-missing", "A picture needs a text for those who cannot see it.")
    kept.alt = texts
    await session.flush()


async def file_of(
    session: AsyncSession, actor: Actor, files: FileStore, proposal_id: UUID, file_id: UUID
) -> tuple[StoredFile, bytes]:
    """Return a file of one's own proposal, whatever its state. Raises FileMissing, ProposalNotFound."""
    proposal = await own_proposal(session, actor, proposal_id)
    return await files.open(session, _file(proposal, file_id).file_id)


async def _editable(session: AsyncSession, actor: Actor, proposal_id: UUID, *, now: datetime) -> Proposal:
    await require_resident(session, actor)
    proposal = await own_proposal(session, actor, proposal_id, for_update=True)
    found = await repository.round_of(session, proposal.round_id)
    if not may_edit(proposal.state, phase_for(found, "author", now)):
        raise ActRefused("phase", proposal.state)
    return proposal


def _file(proposal: Proposal, file_id: UUID) -> ProposalFile:
    for file in proposal.files:
        if file.file_id == file_id:
            return file
    raise ProposalNotFound("There is no such file with this proposal.")


def _texts(alt: Mapping[str, str]) -> dict[str, str]:
    return {code: text for code, given in alt.items() if (text := cleaned(given, lines=False)[:MOST_ALT])}
