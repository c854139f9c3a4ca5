"""Writing and sending: one form makes one proposal, and the record says what was received."""

from uuid import uuid4

import pytest

from pb_service.core.proposals.form import Draft
from pb_service.core.proposals.texts import text_sha256
from pb_service.features.accounts.policy import ANONYMOUS, SignInNeeded
from pb_service.features.proposals import repository
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.errors import (
    ActRefused,
    AddressNotVerified,
    ProposalChanged,
    ProposalNotFound,
    ProposalRefused,
)
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import (
    NORTH,
    REASON,
    SOUTH,
    enter_phase,
    now_of,
    open_round,
    published,
    record_kinds,
    resident,
    round_called,
    sent,
    words,
    written,
)
from tests.rounds import staff


async def test_a_proposal_gets_its_number_and_its_entry_when_it_is_sent(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    first = await sent(service, await resident(service))
    second = await sent(service, await resident(service, "Bo Ek"))
    assert [(row.number, row.state, row.version) for row in (first, second)] == [(1, "received", 1), (2, "received", 1)]
    assert (await record_kinds(service))[-2:] == ["proposal.received p1", "proposal.received p2"]


async def test_the_same_form_sent_twice_is_one_proposal(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author, found, once = await resident(service), await round_called(service), uuid4()
    for _ in range(2):
        async with service.database.transaction() as session:
            kept = await proposals.save_draft(session, author, found, words(), once=once, now=clock())
            await proposals.send(session, author, kept.id, now=clock())
    assert (await record_kinds(service)).count("proposal.received p1") == 1
    assert "proposal.received p2" not in await record_kinds(service)


async def test_the_district_is_that_of_the_place(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    assert (await sent(service, author, wanted=words(place=SOUTH, district="pohjoinen"))).district == "etela"
    assert (await sent(service, author, wanted=words(place=None, district="pohjoinen"))).district == "pohjoinen"


async def test_what_the_record_says_is_the_hash_of_the_published_text(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    made = await sent(service, await resident(service))
    async with service.database.reading() as session:
        [version] = await repository.versions(session, made.id)
        [act] = await repository.acts_of(session, made.id)
    assert act.about["text_sha256"] == version.text_sha256.hex() == text_sha256(version.content).hex()
    assert (act.about["number"], act.about["district"]) == (1, "pohjoinen")


async def test_a_draft_with_something_missing_is_not_sent(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    made = await written(service, author, wanted=words(title="", idea="en kran"))
    with pytest.raises(ProposalRefused) as refused:
        async with service.database.transaction() as session:
            await proposals.send(session, author, made, now=clock())
    assert [(item.field, item.code) for item in refused.value.problems] == [
        ("title", "required"),
        ("idea", "too_short"),
    ]
    assert (await now_of(service, made)).state == "draft"


async def test_nobody_writes_without_an_account_or_a_verified_address(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    with pytest.raises(SignInNeeded):
        await written(service, ANONYMOUS)
    with pytest.raises(AddressNotVerified):
        await written(service, await resident(service, verified=False))


async def test_a_draft_is_claimed_once_by_who_holds_its_secret(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    found, author = await round_called(service), await resident(service)
    async with service.database.transaction() as session:
        secret = await proposals.keep_for_claim(session, found, words(), once=uuid4(), now=clock())
    assert secret
    async with service.database.transaction() as session:
        claimed = await proposals.claim_draft(session, author, secret, now=clock())
    assert (claimed.title, claimed.authors[0].account_id) == ("Penkkejä rantaan", author.account_id)
    with pytest.raises(ProposalNotFound):
        async with service.database.transaction() as session:
            await proposals.claim_draft(session, await resident(service, "Bo Ek"), secret, now=clock())


async def test_a_draft_is_its_authors_alone(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    made = await written(service, await resident(service))
    with pytest.raises(ProposalNotFound):
        async with service.database.transaction() as session:
            await proposals.send(session, await resident(service, "Bo Ek"), made, now=clock())


async def test_a_change_is_a_version_with_its_own_entry(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    made = await sent(service, author)
    async with service.database.transaction() as session:
        await proposals.save_version(session, author, made.id, words("Viisi penkkiä"), version=1, now=clock())
        await proposals.save_version(session, author, made.id, words("Viisi penkkiä"), version=2, now=clock())
    assert (await now_of(service, made.id)).version == 2
    assert (await record_kinds(service))[-1] == "proposal.changed p1"


async def test_of_two_who_save_at_once_the_second_is_told(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    made = await sent(service, author)
    async with service.database.transaction() as session:
        await proposals.save_version(session, author, made.id, words("Ensimmäinen"), version=1, now=clock())
    with pytest.raises(ProposalChanged):
        async with service.database.transaction() as session:
            await proposals.save_version(session, author, made.id, words("Toinen sana"), version=1, now=clock())


async def test_after_the_ideas_authors_change_only_what_was_returned(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author, moderator = await resident(service), await staff(service, "moderator")
    left, asked = await sent(service, author), await sent(service, author)
    async with service.database.transaction() as session:
        await proposals.return_to_author(session, moderator, asked.id, REASON, now=clock())
    await enter_phase(service, "spring", "moderation")
    async with service.database.transaction() as session:
        answered = await proposals.save_version(session, author, asked.id, words("Lisää"), version=1, now=clock())
    assert answered.state == "received"
    with pytest.raises(ActRefused, match="phase"):
        async with service.database.transaction() as session:
            await proposals.save_version(session, author, left.id, words("Liian myöhään"), version=1, now=clock())


async def test_a_deadline_that_passes_while_somebody_writes_holds(service: Service, clock: FakeClock) -> None:
    """The timetable's moment counts, also when the job that begins the next phase has not come yet."""
    await open_round(service, clock)
    author = await resident(service)
    made = await written(service, author)
    async with service.database.transaction() as session:
        found = await repository.round_of(session, (await round_called(service)).id)
        found.next_phase, found.next_phase_at = "moderation", clock()
    with pytest.raises(ActRefused, match="phase"):
        async with service.database.transaction() as session:
            await proposals.send(session, author, made, now=clock())
    assert (await now_of(service, made)).title == "Penkkejä rantaan"


async def test_withdrawn_is_not_thrown_away_but_a_draft_is(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    draft, made = await written(service, author), await published(service, author, await staff(service, "moderator"))
    async with service.database.transaction() as session:
        await proposals.withdraw(session, author, draft, now=clock())
        await proposals.withdraw(session, author, made.id, now=clock())
    async with service.database.reading() as session:
        assert await repository.by_id(session, draft) is None
    assert (await now_of(service, made.id)).state == "withdrawn"
    assert (await record_kinds(service))[-1] == "proposal.withdrawn p1"


async def test_the_name_of_somebody_under_age_is_hidden(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    made = await sent(service, await resident(service), wanted=words(minor=True, show_author="name"))
    assert made.show_author == "hidden"


async def test_tricks_with_invisible_marks_leave_only_what_shows(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    made = await sent(service, await resident(service), wanted=words("Pen\u200bkki\u202e <script>alert(1)</script>"))
    assert made.title == "Penkki <script>alert(1)</script>"
    with pytest.raises(ProposalRefused):
        await sent(service, await resident(service, "Bo Ek"), wanted=words("\u200b\u2060\u3164"))


async def test_a_text_of_ten_megabytes_is_refused_by_its_length(service: Service, clock: FakeClock) -> None:
    await open_round(service, clock)
    author = await resident(service)
    with pytest.raises(ProposalRefused) as refused:
        await sent(service, author, wanted=words(idea="a" * 10_000_000))
    assert [item.code for item in refused.value.problems] == ["too_long"]


def test_a_draft_without_a_place_has_no_district() -> None:
    assert (Draft().district, words(place=NORTH).place) == (None, NORTH)
