"""Co-authors, files, and what stays of somebody who deletes the account."""

import re

import pytest

from pb_service.core.proposals.form import form_content
from pb_service.features.accounts import service as accounts
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.proposals import attachments, coauthors, forms, repository
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.errors import (
    ActRefused,
    InvitationEnded,
    ProposalNotFound,
    ProposalRefused,
    TooManyFiles,
)
from pb_service.platform.files import FileRefused
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.mailbox import delivered
from tests.mailbox import words as words_of
from tests.proposals import LATER, now_of, open_round, published, resident, round_called, sent, words, written
from tests.rounds import staff

PDF = b"%PDF-1.4\n%%EOF\n"


async def invited(service: Service, author: Actor, proposal_id: object) -> str:
    async with service.database.transaction() as session:
        await coauthors.invite(session, author, proposal_id, "bo@example.org", now=service.clock())  # type: ignore[arg-type] # an id
    mails = "\n".join(words_of(mail) for mail in await delivered(service))
    return str(re.findall(r"/me/proposals/invitations/(\S+)", mails)[-1])


async def test_an_invitation_makes_a_co_author_once(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author, other = await resident(service), await resident(service, "Bo Ek")
    made = await sent(service, author)
    secret = await invited(service, author, made.id)
    async with service.database.reading() as session:
        assert (await coauthors.invitation(session, secret, now=clock())).id == made.id
    async with service.database.transaction() as session:
        await coauthors.accept(session, other, secret, now=clock())
    async with service.database.transaction() as session:
        changed = words("Yhdessä kirjoitettu")
        await proposals.save_version(session, other, made.id, changed, version=1, now=clock())
    with pytest.raises(InvitationEnded):
        async with service.database.transaction() as session:
            await coauthors.accept(session, await resident(service, "Cy"), secret, now=clock())


async def test_each_author_alone_says_whether_their_name_is_shown(service: Service, clock: FakeClock) -> None:
    """A co-author who lets names be shown names nobody but herself; so does staff who put a text right."""
    await open_round(service, clock)
    author, other = await resident(service), await resident(service, "Bo Ek")
    made = await published(service, author, await staff(service, "moderator"))
    secret = await invited(service, author, made.id)
    async with service.database.transaction() as session:
        await coauthors.accept(session, other, secret, named=True, now=clock())
        edited = words("Yhdessä", show_author="name")
        await proposals.save_version(session, other, made.id, edited, version=1, now=clock())

    async def named() -> list[str | None]:
        async with service.database.reading() as session:
            kept = await repository.by_id(session, made.id)
        assert kept
        assert kept.show_author == "name"
        return [each.shown_name for each in kept.authors]

    assert await named() == [None, "Bo Ek"]
    async with service.database.transaction() as session:
        await coauthors.show_name(session, author, made.id, named=True)
        await coauthors.show_name(session, other, made.id, named=False)
    assert await named() == ["Aino Lehto", None]
    async with service.database.transaction() as session:
        moderator, fixed = await staff(service, "moderator"), words("Korjattu", show_author="group", group_name="Muu")
        await proposals.save_version(session, moderator, made.id, fixed, version=2, reason="Kirjoitus", now=clock())
    assert await named() == ["Aino Lehto", None]


async def test_an_invitation_ends_after_two_weeks(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    secret = await invited(service, author, (await sent(service, author)).id)
    clock.advance(15 * LATER)
    with pytest.raises(InvitationEnded):
        async with service.database.transaction() as session:
            await coauthors.accept(session, await resident(service, "Bo Ek"), secret, now=clock())


async def test_the_last_author_cannot_leave(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    made = await sent(service, author)
    async with service.database.reading() as session:
        own = await proposals.own_proposal(session, author, made.id)
    with pytest.raises(ActRefused):
        async with service.database.transaction() as session:
            await coauthors.take_back(session, author, made.id, own.authors[0].id)


async def test_files_are_counted_and_pictures_described(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    made = await written(service, author)

    async def add(body: bytes) -> None:
        async with service.database.transaction() as session:
            await attachments.add_file(
                session, author, service.files, made, body, name="suunnitelma.pdf", alt={}, now=clock()
            )

    with pytest.raises(FileRefused, match="text for those"):
        await add(b"\x89PNG\r\n\x1a\n")
    for _ in range(5):
        await add(PDF)
    with pytest.raises(TooManyFiles):
        await add(PDF)
    async with service.database.reading() as session:
        own = await proposals.own_proposal(session, author, made)
        row, body = await attachments.file_of(session, author, service.files, made, own.files[0].file_id)
    assert (row.kind, body) == ("pdf", PDF)
    with pytest.raises(ProposalNotFound):
        async with service.database.reading() as session:
            await attachments.file_of(
                session, await resident(service, "Bo Ek"), service.files, made, own.files[0].file_id
            )


async def test_who_deletes_the_account_leaves_the_proposal_and_no_name(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    draft = await written(service, author)
    made = await published(service, author, await staff(service, "moderator"), wanted=words(show_author="name"))
    async with service.database.transaction() as session:
        known = await accounts.export(session, service.personal_data, author, visitor=Visitor(), now=clock())
        assert {item["number"] for item in known["proposals"]["proposals"]} == {1, None}
        await accounts.delete_account(session, service.personal_data, author, visitor=Visitor(), now=clock())
    kept = await now_of(service, made.id)
    async with service.database.reading() as session:
        whole = await repository.by_id(session, made.id)
        assert await repository.by_id(session, draft) is None
    assert whole
    assert (kept.state, kept.show_author) == ("published", "hidden")
    assert [(item.account_id, item.shown_name) for item in whole.authors] == [(None, None)]


async def test_the_form_of_the_round_decides_what_is_asked(service: Service, clock: FakeClock) -> None:
    manager = await open_round(service, clock)
    async with service.database.reading() as session:
        form, version = await forms.form_of(session, (await round_called(service)).id)
    content = form_content(form) | {
        "questions": [{"key": "school", "label": {"fi": {"text": "Koulu", "state": "original"}}, "required": True}]
    }
    async with service.database.transaction() as session:
        await forms.save_form(session, manager, "spring", content, version=version, now=clock())
    author = await resident(service)
    with pytest.raises(ProposalRefused) as refused:
        await sent(service, author)
    assert [item.field for item in refused.value.problems] == ["answers.school"]
    made = await sent(service, author, wanted=words(answers={"school": "Rantakoulu"}))
    async with service.database.reading() as session:
        [row] = await repository.versions(session, made.id)
    assert row.content["answers"] == [["school", "Rantakoulu"]]
