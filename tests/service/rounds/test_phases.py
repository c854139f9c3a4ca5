"""Phases: begun by people with a reason or by the clock at its second, once, and never before they may."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text as sql

from pb_service.core.record import entries
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import DistrictsStep, MoneyStep, Problem, Step, StepName, to_content
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds import service as rounds
from pb_service.features.rounds.errors import ChangeRefused, PhaseRefused, SetupRefused
from pb_service.features.rounds.jobs import EVERY, HANDLERS
from pb_service.features.rounds.schedule import PHASE_JOB, advance, phase_effects, phase_guards
from pb_service.features.rounds.tables import Round
from pb_service.platform.jobs import JobRunner
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.rounds import REASON, dates, district, draft, publish_round, staff, text, whole_setup

IDEAS = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)  # 09:00 in Helsinki, before summer time
MODERATION = datetime(2026, 4, 6, 6, 0, tzinfo=UTC)  # 09:00 in Helsinki, in summer time


@pytest.fixture
async def manager(service: Service) -> Actor:
    return await staff(service)


@pytest.fixture
async def slug(service: Service, manager: Actor) -> str:
    """A published round whose first phase is still to come."""
    made = await draft(service, manager)
    await publish_round(service, manager, made)
    return made


def runner(service: Service) -> JobRunner[Service]:
    return JobRunner(service, HANDLERS, every=EVERY, poll_seconds=0.02)


async def current(service: Service, slug: str) -> Round:
    async with service.database.reading() as session:
        return await rounds.find_round(session, slug)


async def kinds(service: Service, slug: str) -> list[str]:
    async with service.database.reading() as session:
        shown = await rounds.public_round(session, slug)
    return [act.kind + (f" {act.target}" if act.target else "") for act in shown.acts]


async def entry_times(service: Service, slug: str) -> list[int]:
    log = (await current(service, slug)).log
    async with service.database.reading() as session:
        rows = await session.execute(sql("SELECT body FROM record_entry WHERE log_id = :log ORDER BY id"), {"log": log})
        return [entries.parse(body).time or 0 for (body,) in rows]


async def push(service: Service, manager: Actor, slug: str, target: Phase, **options: Any) -> None:
    async with service.database.transaction() as session:
        await rounds.push_phase(session, manager, slug, target, **{"reason": REASON, "now": service.clock(), **options})


async def test_a_phase_begins_at_its_second_and_not_before(service: Service, slug: str, clock: FakeClock) -> None:
    assert (await current(service, slug)).next_phase_at == IDEAS
    clock.now = IDEAS - timedelta(seconds=1)
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "announced"
    clock.now = IDEAS
    await runner(service).run_due()
    found = await current(service, slug)
    assert (found.phase, found.next_phase, found.next_phase_at) == ("ideas", "moderation", MODERATION)


async def test_no_phase_begins_while_a_district_has_no_money(
    service: Service, manager: Actor, clock: FakeClock
) -> None:
    """A district that was added after publication gets its money in a second step; until then the round waits."""
    typed = MoneyStep(total=300, mode="typed", amounts={"pohjoinen": 100, "etela": 200})
    slug = await draft(service, manager, setup=whole_setup(money=typed))
    await publish_round(service, manager, slug)
    areas = DistrictsStep(districts=(district("pohjoinen", 24), district("etela", 25), district("ita", 26)))
    await save(service, manager, slug, "districts", areas)
    clock.now = IDEAS
    await runner(service).run_due()
    assert (await current(service, slug)).held == {"code": "no_money", "values": {}}
    await save(service, manager, slug, "money", replace(typed, amounts={**typed.amounts, "ita": 300}))
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "ideas"


async def save(service: Service, manager: Actor, slug: str, name: StepName, step: Step) -> None:
    async with service.database.transaction() as session:
        version = (await rounds.step_state(session, manager, slug, name)).version
        await rounds.save_step(
            session, manager, slug, name, to_content(step), version=version, reason=REASON, now=service.clock()
        )


async def test_the_job_waits_until_the_moment_and_runs_by_itself(service: Service, slug: str, clock: FakeClock) -> None:
    clock.now = IDEAS - timedelta(milliseconds=50)
    running = asyncio.create_task(runner(service).run_forever())
    clock.now = IDEAS
    async with asyncio.timeout(120):
        while (await current(service, slug)).phase != "ideas":  # noqa: ASYNC110 # the row is what tells
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)  # or its connections would outlive their pool
    assert (await kinds(service, slug))[-1] == "phase.changed ideas"


async def test_a_phase_begins_once_however_many_processes_there_are(
    service: Service, slug: str, clock: FakeClock
) -> None:
    clock.now = IDEAS
    found = await current(service, slug)

    async def one() -> int:
        async with service.database.transaction() as session:
            return await advance(session, found.id, clock())

    begun = await asyncio.gather(*(one() for _ in range(4)), runner(service).run_due(), runner(service).run_due())
    assert sum(begun[:4]) <= 1
    assert await kinds(service, slug) == ["round.published announced", "phase.changed ideas"]


async def test_after_downtime_every_phase_that_fell_due_begins_in_its_order(
    service: Service, slug: str, clock: FakeClock
) -> None:
    clock.now = MODERATION + timedelta(days=1)
    await runner(service).run_due()
    assert (await kinds(service, slug))[1:] == ["phase.changed ideas", "phase.changed moderation"]


async def test_a_change_whose_job_was_lost_is_found_by_the_sweep(service: Service, slug: str, clock: FakeClock) -> None:
    async with service.database.transaction() as session:
        await session.execute(sql("DELETE FROM job WHERE name = :name"), {"name": PHASE_JOB})
    clock.now = IDEAS
    await runner(service).run_due()  # plans the sweep
    clock.advance(timedelta(minutes=1))
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "ideas"


async def test_a_clock_that_goes_back_repeats_nothing_and_keeps_the_record_in_order(
    service: Service, manager: Actor, slug: str, clock: FakeClock
) -> None:
    clock.now = IDEAS
    await runner(service).run_due()
    clock.now = IDEAS - timedelta(hours=2)
    await runner(service).run_due()
    await push(service, manager, slug, "moderation")
    assert (await kinds(service, slug))[1:] == ["phase.changed ideas", "phase.changed moderation"]
    times = await entry_times(service, slug)
    assert times == sorted(times)


async def test_a_change_that_is_cut_off_happens_at_the_next_run(service: Service, slug: str, clock: FakeClock) -> None:
    clock.now = IDEAS
    found = await current(service, slug)
    with pytest.raises(ConnectionResetError):
        async with service.database.transaction() as session:
            await advance(session, found.id, clock())
            raise ConnectionResetError
    assert await kinds(service, slug) == ["round.published announced"]
    await runner(service).run_due()
    assert await kinds(service, slug) == ["round.published announced", "phase.changed ideas"]


async def test_the_vote_does_not_begin_without_a_manifest_and_staff_see_why(
    service: Service, manager: Actor, slug: str, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "assessment"
    async with service.database.reading() as session:
        (line,) = await rounds.staff_rounds(session, manager)
    assert line.held == Problem("phase", "no_manifest", {"target": "voting"})
    with pytest.raises(PhaseRefused):
        await push(service, manager, slug, "voting")


async def test_phases_are_pushed_in_their_order_alone(service: Service, manager: Actor, slug: str) -> None:
    for target in ("moderation", "announced", "set_up", "results", "archived"):
        with pytest.raises(PhaseRefused):
            await push(service, manager, slug, target)
    await push(service, manager, slug, "ideas")
    assert (await current(service, slug)).phase == "ideas"


async def test_a_push_needs_a_reason_in_every_required_language(service: Service, manager: Actor, slug: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        await push(service, manager, slug, "ideas", reason={"fi": REASON["fi"]})
    assert [problem.field for problem in refused.value.problems] == ["reason.sv"]


async def test_moves_are_shown_with_why_not_before_anybody_tries(service: Service, manager: Actor, slug: str) -> None:
    async with service.database.reading() as session:
        moves = await rounds.phase_moves(session, manager, slug, now=service.clock())
    said = {move.act: move.why_not and move.why_not.code for move in moves}
    assert said == {"push": None, "extend": None, "pause": None, "resume": "not_paused"}


async def test_an_extension_moves_the_end_and_tells_why(
    service: Service, manager: Actor, slug: str, clock: FakeClock
) -> None:
    clock.now = IDEAS
    await runner(service).run_due()
    async with service.database.transaction() as session:
        await rounds.extend(session, manager, slug, "2026-04-13T09:00", reason=REASON, now=clock())
    clock.now = MODERATION
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "ideas"
    clock.advance(timedelta(days=7))
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "moderation"
    assert (await kinds(service, slug))[2] == "phase.extended"


@pytest.mark.parametrize(
    ("until", "refused"),
    [
        ("2026-03-01T09:00", PhaseRefused),  # sooner
        ("2026-04-06T09:00", PhaseRefused),  # the same
        ("2026-06-01T09:00", SetupRefused),  # behind the next phase but one
        ("tomorrow", SetupRefused),
    ],
)
async def test_an_extension_is_later_and_before_what_comes_after(  # noqa: PLR0917 # fixtures
    service: Service, manager: Actor, slug: str, clock: FakeClock, until: str, refused: type[Exception]
) -> None:
    clock.now = IDEAS
    await runner(service).run_due()
    async with service.database.transaction() as session:
        with pytest.raises(refused):
            await rounds.extend(session, manager, slug, until, reason=REASON, now=clock())


async def test_a_paused_round_stands_still_until_it_goes_on(
    service: Service, manager: Actor, slug: str, clock: FakeClock
) -> None:
    async with service.database.transaction() as session:
        await rounds.pause(session, manager, slug, reason=REASON, now=clock())
    clock.now = IDEAS
    await runner(service).run_due()
    assert (await current(service, slug)).phase == "announced"
    with pytest.raises(PhaseRefused):
        await push(service, manager, slug, "ideas")
    async with service.database.reading() as session:
        assert (await rounds.public_round(session, slug)).paused_reason == REASON
    async with service.database.transaction() as session:
        await rounds.resume(session, manager, slug, reason=REASON, now=clock())
    await runner(service).run_due()
    assert (await kinds(service, slug))[1:] == ["phase.paused", "phase.resumed", "phase.changed ideas"]


async def test_a_pause_can_move_what_was_to_come_by_its_days(
    service: Service, manager: Actor, slug: str, clock: FakeClock
) -> None:
    async with service.database.transaction() as session:
        await rounds.pause(session, manager, slug, reason=REASON, now=clock())
    clock.advance(timedelta(days=20, hours=1))
    async with service.database.transaction() as session:
        await rounds.resume(session, manager, slug, reason=REASON, move_dates=True, now=clock())
    found = await current(service, slug)
    assert found.next_phase_at == datetime(2026, 3, 30, 6, 0, tzinfo=UTC)  # 21 days on, still 09:00, now summer time


async def test_nothing_is_accepted_after_the_end_of_a_phase_even_before_the_job_ran(
    service: Service, slug: str, clock: FakeClock
) -> None:
    clock.now = IDEAS
    await runner(service).run_due()
    found = await current(service, slug)
    rounds.require_open(found, "ideas", MODERATION - timedelta(microseconds=1))
    for phase, at in (("ideas", MODERATION), ("voting", IDEAS)):
        with pytest.raises(PhaseRefused):
            rounds.require_open(found, phase, at)  # type: ignore[arg-type] # each is a phase


async def test_a_date_that_has_passed_cannot_be_set(
    service: Service, manager: Actor, slug: str, clock: FakeClock
) -> None:
    clock.now = IDEAS
    await runner(service).run_due()
    from pb_service.core.rounds.setup import to_content

    step = to_content(dates({"ideas": "2026-03-10T09:00", "moderation": "2026-03-09T08:00"}))
    async with service.database.transaction() as session:
        version = (await rounds.step_state(session, manager, slug, "dates")).version
        with pytest.raises(ChangeRefused) as refused:
            await rounds.save_step(session, manager, slug, "dates", step, version=version, reason=REASON, now=clock())
    codes = {(problem.field, problem.code) for problem in refused.value.problems}
    assert {("phases.ideas", "phase_begun"), ("phases.moderation", "not_future")} <= codes


async def test_later_stages_can_hold_a_phase_and_act_when_it_begins(
    service: Service, manager: Actor, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Phase, Phase]] = []

    async def no_ideas(_session: Any, _round: Round, target: Phase, _now: datetime) -> Problem | None:
        return Problem("phase", "no_moderators") if target == "ideas" and not seen else None

    async def effect(_session: Any, _round: Round, source: Phase, target: Phase, _now: datetime) -> None:
        seen.append((source, target))

    monkeypatch.setattr("pb_service.features.rounds.schedule.phase_guards", [*phase_guards, no_ideas])
    monkeypatch.setattr("pb_service.features.rounds.schedule.phase_effects", [*phase_effects, effect])
    with pytest.raises(PhaseRefused):
        await push(service, manager, slug, "ideas")
    seen.append(("set_up", "announced"))
    await push(service, manager, slug, "ideas")
    assert seen[1:] == [("announced", "ideas")]


async def test_a_round_without_a_vote_goes_to_its_end_and_into_the_archive(
    service: Service, manager: Actor, clock: FakeClock
) -> None:
    planned: Mapping[Any, str] = {"ideas": "2026-03-09T09:00", "results": "2026-04-06T09:00"}
    slug = await draft(service, manager, setup=whole_setup(dates=dates(planned)))
    await publish_round(service, manager, slug)
    clock.now = MODERATION
    await runner(service).run_due()
    async with service.database.transaction() as session:
        await rounds.archive(session, manager, slug, reason=REASON, now=clock())
        with pytest.raises(PhaseRefused):
            await rounds.pause(session, manager, slug, reason=REASON, now=clock())
        content = {"name": {"fi": {"text": "x", "state": "original"}}}
        with pytest.raises(ChangeRefused):
            await rounds.save_step(session, manager, slug, "texts", content, version=2, reason=REASON, now=clock())
    assert (await current(service, slug)).phase == "archived"


async def test_what_the_record_says_of_phases_is_checked_as_every_record(
    service: Service, slug: str, clock: FakeClock
) -> None:
    clock.now = MODERATION
    await runner(service).run_due()
    await service.sequencer.settle()
    async with service.database.reading() as session:
        from pb_service.features.record import service as record

        bodies = await record.entries(session, (await rounds.find_round(session, slug)).log)
    assert entries.check_sequence([entries.parse(body) for body in bodies], set()).size == 3


async def test_the_reason_is_words_that_can_be_shown(service: Service, manager: Actor, slug: str) -> None:
    with pytest.raises(SetupRefused):
        await push(service, manager, slug, "ideas", reason=text("\x00", "\u202e"))
