"""A round's set-up: saved as one goes, shown to the second of two editors, published whole or not at all."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text as sql

from pb_service.cli.counting import count_round
from pb_service.core.record import canonical, entries
from pb_service.core.rounds.phases import PhaseError
from pb_service.core.rounds.setup import Contact, Setup, TextsStep, Wording, to_content
from pb_service.features.accounts.policy import ANONYMOUS, Actor, Forbidden, Grant, SignInNeeded, StepUpNeeded
from pb_service.features.record import service as record
from pb_service.features.rounds import service as rounds
from pb_service.features.rounds.errors import (
    ChangeRefused,
    MunicipalityChanged,
    NotErasable,
    NotReady,
    PhaseRefused,
    RoundExists,
    RoundNotFound,
    SetupRefused,
    StepChanged,
)
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.rounds import REASON, STARTS, dates, draft, publish_round, staff, text, whole_setup


@pytest.fixture
async def manager(service: Service) -> Actor:
    return await staff(service)


async def acts(service: Service, slug: str) -> list[entries.Entry]:
    async with service.database.reading() as session:
        found = await rounds.find_round(session, slug)
        rows = await session.execute(
            sql("SELECT body FROM record_entry WHERE log_id = :log ORDER BY id"), {"log": found.log_id}
        )
        return [entries.parse(body) for (body,) in rows]


async def test_a_draft_has_every_step_from_the_first_moment(service: Service, manager: Actor) -> None:
    async with service.database.transaction() as session:
        await rounds.create_draft(session, manager, slug="spring", name=text("Kevät"), now=service.clock())
        state = await rounds.step_state(session, manager, "spring", "money")
    assert (state.version, state.step, state.changeable) == (0, Setup().money, frozenset({"*"}))


async def test_a_draft_is_hidden_and_has_no_record(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    async with service.database.reading() as session:
        assert (await rounds.find_round(session, slug)).log_id is None
        with pytest.raises(RoundNotFound):
            await rounds.public_round(session, slug)


async def test_an_address_is_given_once(service: Service, manager: Actor) -> None:
    await draft(service, manager)
    with pytest.raises(RoundExists):
        await draft(service, manager)


async def test_of_many_who_take_an_address_at_one_moment_one_gets_it(service: Service, manager: Actor) -> None:
    async def begin() -> None:
        async with service.database.transaction() as session:
            await rounds.create_draft(session, manager, slug="spring", name=text("Kevät"), now=service.clock())

    done = await asyncio.gather(*(begin() for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["NoneType", *["RoundExists"] * 3]


async def test_of_many_who_save_the_municipality_first_at_one_moment_one_has_saved(
    service: Service, manager: Actor
) -> None:
    """The others are shown what was saved, as at any later time."""
    content = to_content((await saved_municipality(service)).content)

    async def save(name: str) -> str:
        async with service.database.transaction() as session:
            wanted = {**content, "name": to_text(name)}
            await rounds.save_municipality(session, manager, wanted, version=0, now=service.clock())
        return name

    done = await asyncio.gather(*(save(name) for name in ("Ylöjärvi", "Nokia", "Salo")), return_exceptions=True)
    (winner,) = (each for each in done if isinstance(each, str))
    lost = [each for each in done if isinstance(each, MunicipalityChanged)]
    assert [(each.state.version, each.state.content.name["fi"].text) for each in lost] == [(1, f"{winner} fi")] * 2
    assert (await saved_municipality(service)).version == 1


async def saved_municipality(service: Service) -> rounds.MunicipalityState:
    async with service.database.reading() as session:
        return await rounds.municipality_state(session)


@pytest.mark.parametrize("slug", ["Spring", "", "a" * 65, "spring/2027", "rehearsal-x", "x'; DROP TABLE round"])
async def test_an_address_is_small_letters_digits_and_hyphens(service: Service, manager: Actor, slug: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        await draft(service, manager, slug)
    assert [problem.code for problem in refused.value.problems] == ["slug"]


async def test_of_two_editors_the_second_is_shown_what_the_first_saved(service: Service, manager: Actor) -> None:
    slug, other = await draft(service, manager), await staff(service)
    mine = {**to_content(whole_setup().texts), "summary": to_text("mine")}
    theirs = {**to_content(whole_setup().texts), "summary": to_text("theirs")}
    async with service.database.transaction() as session:
        version = (await rounds.step_state(session, manager, slug, "texts")).version
        await rounds.save_step(session, other, slug, "texts", theirs, version=version, now=service.clock())
    async with service.database.transaction() as session:
        with pytest.raises(StepChanged) as changed:
            await rounds.save_step(session, manager, slug, "texts", mine, version=version, now=service.clock())
    assert (changed.value.fields, changed.value.state.edited_by) == (["summary"], other.account_id)
    async with service.database.transaction() as session:
        state = await rounds.save_step(
            session, manager, slug, "texts", mine, version=changed.value.state.version, now=service.clock()
        )
    assert state.version == version + 2


def to_text(words: str) -> dict[str, object]:
    return {
        "fi": {"text": f"{words} fi", "state": "original"},
        "sv": {"text": f"{words} sv", "state": "translated"},
    }


async def test_saving_the_same_again_makes_no_new_version(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    async with service.database.transaction() as session:
        before = await rounds.step_state(session, manager, slug, "money")
        content = to_content(before.step)
        after = await rounds.save_step(
            session, manager, slug, "money", content, version=before.version, now=service.clock()
        )
    assert after.version == before.version


async def test_what_is_no_step_at_all_is_refused(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    async with service.database.transaction() as session:
        strange: list[Any] = [{"admin": True}, {"total": "all"}, {"total": 1.5}, [], None]
        for content in strange:
            with pytest.raises(SetupRefused):
                await rounds.save_step(session, manager, slug, "money", content, version=1, now=service.clock())


@pytest.mark.parametrize("words", ["\x00", "a\u202eb", "\ud800", "x" * 201, "a\x1b[31m"])
async def test_text_that_cannot_be_shown_or_stored_is_refused(service: Service, manager: Actor, words: str) -> None:
    slug = await draft(service, manager)
    content = {**to_content(whole_setup().texts), "name": {"fi": {"text": words + "x", "state": "original"}}}
    async with service.database.transaction() as session:
        with pytest.raises(SetupRefused) as refused:
            await rounds.save_step(session, manager, slug, "texts", content, version=2, now=service.clock())
    assert {problem.field for problem in refused.value.problems} == {"name.fi"}


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE round; --", "%s %(x)s {0} {{ x }}", "<script>alert(1)</script>", "Å\u0308ä🏡﷽", "\\u0000"]
)
async def test_any_other_text_comes_back_as_it_was(service: Service, manager: Actor, words: str) -> None:
    slug = await draft(service, manager)
    step = TextsStep(name={"fi": Wording(words, "original")}, contact=Contact(name=words))
    async with service.database.transaction() as session:
        await rounds.save_step(session, manager, slug, "texts", to_content(step), version=2, now=service.clock())
        stored = (await rounds.step_state(session, manager, slug, "texts")).step
    assert isinstance(stored, TextsStep)
    assert (stored.name["fi"].text, stored.contact.name) == (words, words)


async def test_the_checklist_names_step_field_and_language(service: Service, manager: Actor) -> None:
    setup = whole_setup(texts=TextsStep(name={"fi": Wording("Kevät", "original"), "sv": Wording("Vår", "machine")}))
    slug = await draft(service, manager, setup=setup)
    async with service.database.reading() as session:
        found = await rounds.checklist(session, manager, slug)
    lacking = {(line.name, problem.field, problem.code) for line in found.steps for problem in line.missing}
    assert ("texts", "name.sv", "text_unread") in lacking
    assert ("texts", "summary.fi", "text_missing") in lacking
    assert "texts.name" in found.languages["sv"]
    assert not found.ready


async def test_what_lacks_something_is_not_published(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager, setup=whole_setup(closing=Setup().closing))
    with pytest.raises(NotReady) as refused:
        await publish_round(service, manager, slug)
    assert {problem.field for problem in refused.value.problems} == {"closing.appeal.fi", "closing.appeal.sv"}


async def test_what_the_municipality_requires_is_asked_for(service: Service, manager: Actor) -> None:
    async with service.database.transaction() as session:
        content = {"languages": ["fi", "sv", "en"], "name": to_text("Kaupunki")}
        await rounds.save_municipality(session, manager, content, version=0, now=service.clock())
    with pytest.raises(NotReady) as refused:
        await publish_round(service, manager, await draft(service, manager))
    assert {problem.values.get("language") for problem in refused.value.problems} == {"en"}


async def test_dates_that_have_passed_are_not_published(service: Service, manager: Actor, clock: FakeClock) -> None:
    slug = await draft(service, manager)
    clock.now = clock.now.replace(month=3, day=10)
    with pytest.raises(NotReady) as refused:
        await publish_round(service, manager, slug)
    assert [problem.field for problem in refused.value.problems] == ["dates.phases.ideas"]


async def test_publishing_begins_the_record_with_the_whole_set_up(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)
    (published,) = await acts(service, slug)
    assert (published.kind, published.fields["by"], published.fields["o"]) == ("round.published", "manager", slug)
    async with service.database.reading() as session:
        file = canonical.decode(await record.get_file(session, canonical.unb64u(published.fields["h"])))
        assert await record.origin_of(session, (await rounds.find_round(session, slug)).log) == "example.org/pb/spring"
    assert file["content"]["setup"]["money"]["total"] == 100_000_000
    assert file["content"]["setup"]["districts"]["districts"][0]["polygons"][0][0][0] == [24_000_000, 60_000_000]


async def test_a_round_is_published_once(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)
    with pytest.raises(PhaseRefused):
        await publish_round(service, manager, slug)


async def test_publishing_needs_a_step_up(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    tired = Actor(**{**vars(manager), "stepped_up_until": None})
    with pytest.raises(StepUpNeeded):
        await publish_round(service, tired, slug)


async def test_a_publication_that_is_cut_off_has_not_happened(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    with pytest.raises(ConnectionResetError):
        async with service.database.transaction() as session:
            await rounds.publish(session, manager, slug, origin_host="example.org", now=service.clock())
            raise ConnectionResetError
    async with service.database.reading() as session:
        assert (await rounds.find_round(session, slug)).phase == "set_up"
        assert await session.scalar(sql("SELECT count(*) FROM record_log")) == 0
        assert await session.scalar(sql("SELECT count(*) FROM record_entry")) == 0
    await publish_round(service, manager, slug)


async def test_a_change_after_publication_is_an_act_with_a_reason(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)
    content = {**to_content(whole_setup().texts), "summary": to_text("new")}
    async with service.database.transaction() as session:
        with pytest.raises(SetupRefused) as refused:
            await rounds.save_step(session, manager, slug, "texts", content, version=2, now=service.clock())
    assert [problem.field for problem in refused.value.problems] == ["reason.fi", "reason.sv"]
    async with service.database.transaction() as session:
        await rounds.save_step(session, manager, slug, "texts", content, version=2, reason=REASON, now=service.clock())
    assert [entry.kind for entry in await acts(service, slug)] == ["round.published", "round.changed"]
    async with service.database.reading() as session:
        shown = await rounds.public_round(session, slug)
    assert shown.acts[-1].reason == REASON


async def test_what_the_phase_does_not_allow_is_refused_by_field(
    service: Service, manager: Actor, clock: FakeClock
) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)
    async with service.database.transaction() as session:
        await rounds.push_phase(session, manager, slug, "ideas", reason=REASON, now=clock())
        content = {**to_content(whole_setup().costs), "ceiling": 5}
        with pytest.raises(ChangeRefused) as refused:
            await rounds.save_step(session, manager, slug, "costs", content, version=1, reason=REASON, now=clock())
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("ceiling", "fixed")]


async def test_an_editor_translates_and_changes_nothing_else(service: Service, manager: Actor) -> None:
    slug, editor = await draft(service, manager), await staff(service, "editor")
    content = to_content(whole_setup().texts)
    content["name"]["sv"] = {"text": "Vårrundan", "state": "translated"}
    async with service.database.transaction() as session:
        await rounds.save_step(session, editor, slug, "texts", content, version=2, now=service.clock())
        content["contact"]["email"] = "me@example.org"
        with pytest.raises(Forbidden):
            await rounds.save_step(session, editor, slug, "texts", content, version=3, now=service.clock())
        content = to_content(whole_setup().texts)
        content["name"]["fi"] = {"text": "Toinen", "state": "original"}
        with pytest.raises(Forbidden):
            await rounds.save_step(session, editor, slug, "texts", content, version=3, now=service.clock())


async def test_a_district_may_be_called_like_a_language(service: Service, manager: Actor) -> None:
    slug, editor = await draft(service, manager), await staff(service, "editor")
    content = {**to_content(whole_setup().money), "amounts": {"fi": 5}}
    async with service.database.transaction() as session:
        with pytest.raises(Forbidden):
            await rounds.save_step(session, editor, slug, "money", content, version=1, now=service.clock())


async def test_the_ballots_of_a_round_being_set_up_cannot_be_frozen(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    with pytest.raises(PhaseError):
        await count_round(service, slug, say=lambda _: None)


async def test_a_manager_of_another_round_cannot_touch_this_one(service: Service, manager: Actor) -> None:
    slug, other = await draft(service, manager), await draft(service, manager, "autumn")
    async with service.database.reading() as session:
        other_id = (await rounds.find_round(session, other)).id
    stranger = await staff(service, grants=[Grant("manager", other_id)])
    async with service.database.transaction() as session:
        for refused in (
            rounds.save_step(session, stranger, slug, "money", {}, version=1, now=service.clock()),
            rounds.publish(session, stranger, slug, origin_host="example.org", now=service.clock()),
            rounds.erase_draft(session, stranger, slug, now=service.clock()),
            rounds.preview(session, stranger, slug),
            rounds.checklist(session, stranger, slug),
            rounds.import_preview(session, stranger, slug, "postal", b"", filename="x", now=service.clock()),
        ):
            with pytest.raises(Forbidden):
                await refused
        with pytest.raises(SignInNeeded):
            await rounds.preview(session, ANONYMOUS, slug)
        assert [line.slug for line in await rounds.staff_rounds(session, stranger)] == [other]


async def test_a_clone_is_a_draft_a_year_later_at_the_same_weekdays(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)
    async with service.database.transaction() as session:
        await rounds.clone(session, manager, slug, new_slug="spring-27", now=service.clock())
        shown = await rounds.preview(session, manager, "spring-27")
    assert shown.setup.dates.phases[0].starts == "2027-03-08T09:00"  # a Monday, as before
    assert shown.setup.eligibility.age_on == "2027-12-31"
    assert shown.setup.districts == whole_setup().districts
    assert (shown.phase, shown.published_at, shown.acts) == ("set_up", None, ())


async def test_a_rehearsal_says_so_in_address_and_origin_and_leaves_nothing(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager, rehearsal=True)
    await publish_round(service, manager, slug)
    await service.sequencer.settle()
    async with service.database.transaction() as session:
        found = await rounds.find_round(session, slug)
        assert (await record.origin_of(session, found.log)).startswith("example.org/pb/rehearsal-spring-")
        assert await rounds.public_rounds(session) == []
        await rounds.erase_rehearsal(session, manager, slug, now=service.clock())
    await service.sequencer.settle()
    async with service.database.reading() as session:
        for table in ("round", "round_step", "round_act", "record_log", "record_entry", "record_file"):
            assert await session.scalar(sql(f"SELECT count(*) FROM {table}")) == 0, table  # noqa: S608 # our own names


async def test_a_real_round_cannot_be_erased(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    await publish_round(service, manager, slug)
    async with service.database.transaction() as session:
        with pytest.raises(NotErasable):
            await rounds.erase_draft(session, manager, slug, now=service.clock())
        with pytest.raises(NotErasable):
            await rounds.erase_rehearsal(session, manager, slug, now=service.clock())


async def test_a_draft_can_be_dropped(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    async with service.database.transaction() as session:
        await rounds.erase_draft(session, manager, slug, now=service.clock())
    assert await draft(service, manager) == slug


async def test_a_preview_is_what_residents_will_see(service: Service, manager: Actor) -> None:
    slug = await draft(service, manager)
    async with service.database.reading() as session:
        before = await rounds.preview(session, manager, slug)
    await publish_round(service, manager, slug)
    async with service.database.reading() as session:
        after = await rounds.public_round(session, slug)
    assert (before.setup, before.money, before.timeline) == (after.setup, after.money, after.timeline)
    assert after.money == {"pohjoinen": 33_333_333, "etela": 66_666_667}


async def test_a_timetable_out_of_order_is_not_saved(service: Service, manager: Actor) -> None:
    with pytest.raises(SetupRefused) as refused:
        await draft(service, manager, setup=whole_setup(dates=dates({**STARTS, "voting": "2026-03-01T09:00"})))
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("phases.voting", "time_order")]
