"""Jobs: there is one if and only if its fact is; it runs when it is due, once, and what fails is not forgotten."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from pb_service.platform import jobs
from pb_service.platform.db import Database
from pb_service.platform.jobs import BACKOFF, Counts, Failure, GiveUp, Job, JobLost, JobNotFound, JobRunner
from tests.conftest import FakeClock


@dataclass
class Surroundings:
    """What a runner needs, and what the handlers of these tests did."""

    database: Database
    clock: FakeClock
    did: list[Any] = field(default_factory=list)


async def note(service: Surroundings, payload: Mapping[str, Any]) -> None:
    service.did.append(payload["n"])


async def fail(_: Surroundings, payload: Mapping[str, Any]) -> None:
    raise {"later": Failure("the printer is out of paper"), "never": GiveUp("no such printer")}.get(
        payload["how"], ValueError("matti@example.org is no number")
    )


HANDLERS = {"note": note, "fail": fail}


@pytest.fixture
def service(database: Database, clock: FakeClock) -> Surroundings:
    return Surroundings(database, clock)


@pytest.fixture
def runner(service: Surroundings) -> JobRunner[Surroundings]:
    return JobRunner(service, HANDLERS, poll_seconds=0.02)


async def ask(service: Surroundings, name: str = "note", **options: Any) -> int:
    payload: dict[str, Any] = {key: options.pop(key) for key in ("n", "how") if key in options}
    async with service.database.transaction() as session:
        return await jobs.enqueue(session, name, payload, **options)


async def rows(service: Surroundings) -> list[Job]:
    async with service.database.reading() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def test_a_job_runs_once_and_is_gone(service: Surroundings, runner: JobRunner[Surroundings]) -> None:
    await ask(service, n=1)
    assert [await runner.run_due(), await runner.run_due()] == [1, 0]
    assert (service.did, await rows(service)) == ([1], [])


async def test_a_transaction_that_fails_leaves_no_job(service: Surroundings, runner: JobRunner[Surroundings]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with service.database.transaction() as session:
            await jobs.enqueue(session, "note", {"n": 1})
            raise ZeroDivisionError
    assert await runner.run_due() == 0


async def test_a_job_waits_for_its_moment(service: Surroundings, runner: JobRunner[Surroundings]) -> None:
    await ask(service, n=1, run_at=service.clock() + timedelta(seconds=1))
    service.clock.advance(timedelta(milliseconds=999))
    assert await runner.run_due() == 0
    service.clock.advance(timedelta(milliseconds=1))
    assert await runner.run_due() == 1


async def test_a_moment_that_passed_while_nothing_ran_is_made_up_for(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, n=1, run_at=service.clock() + timedelta(days=1))
    service.clock.advance(timedelta(days=30))
    assert (await runner.run_due(), service.did) == (1, [1])


async def test_jobs_run_in_the_order_of_their_moments(service: Surroundings, runner: JobRunner[Surroundings]) -> None:
    for n in (3, 1, 2):
        await ask(service, n=n, run_at=service.clock() - timedelta(minutes=9 - n))
    await ask(service, n=0)
    await runner.run_due()
    assert service.did == [0, 1, 2, 3]


async def test_of_waiting_jobs_with_one_key_the_newest_counts(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    """So a phase that is extended changes at the new date, and only then."""
    await ask(service, n=1, key="k", run_at=service.clock())
    await ask(service, n=2, key="k", run_at=service.clock() + timedelta(hours=1))
    assert await runner.run_due() == 0
    service.clock.advance(timedelta(hours=1))
    assert (await runner.run_due(), service.did) == (1, [2])


async def test_a_request_during_the_run_is_a_job_of_its_own(service: Surroundings) -> None:
    """The run may not see any more what the request is about."""

    async def ask_again(service: Surroundings, payload: Mapping[str, Any]) -> None:
        service.did.append(payload["n"])
        if payload["n"] == 1:
            await ask(service, "again", n=2, key="k")

    await ask(service, "again", n=1, key="k")
    assert await JobRunner(service, {"again": ask_again}).run_due() == 2
    assert service.did == [1, 2]


async def test_a_withdrawn_job_does_not_run(service: Surroundings, runner: JobRunner[Surroundings]) -> None:
    await ask(service, n=1, key="k")
    async with service.database.transaction() as session:
        assert [await jobs.cancel(session, "k"), await jobs.cancel(session, "k")] == [True, False]
    assert await runner.run_due() == 0


async def test_what_fails_is_tried_again_later_and_later_and_then_becomes_a_dead_letter(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, "fail", how="later")
    for wait in BACKOFF:
        assert await runner.run_due() == 1
        service.clock.advance(wait - timedelta(seconds=1))
        assert await runner.run_due() == 0
        service.clock.advance(timedelta(seconds=1))
    assert await runner.run_due() == 1
    [job] = await rows(service)
    assert (job.attempts, job.dead_at, job.error) == (9, service.clock(), "the printer is out of paper")
    service.clock.advance(timedelta(days=9))
    assert await runner.run_due() == 0


async def test_what_can_never_work_is_a_dead_letter_at_once(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, "fail", how="never")
    await runner.run_due()
    [job] = await rows(service)
    assert (job.attempts, job.dead_at) == (1, service.clock())


async def test_an_error_is_kept_without_what_it_was_about(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, "fail", how="badly")
    await runner.run_due()
    [job] = await rows(service)
    assert job.error is not None
    assert job.error.startswith("ValueError at platform/jobs.py:")
    assert "matti" not in job.error


async def test_staff_see_what_is_stuck_and_run_it_again_or_drop_it(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    first, second = await ask(service, "fail", how="never"), await ask(service, "fail", how="never")
    overdue = await ask(service, "nobody", run_at=service.clock() - timedelta(minutes=6))
    await ask(service, "nobody", run_at=service.clock() - timedelta(minutes=4))
    await runner.run_due()
    async with service.database.transaction() as session:
        assert [job.id for job in await jobs.stuck(session, now=service.clock())] == [first, second, overdue]
        await jobs.retry(session, first)
        assert await jobs.drop(session, second) == "fail"
    assert await runner.run_due() == 1
    assert [(job.id, job.attempts) for job in await rows(service) if job.name == "fail"] == [(first, 1)]


async def test_a_job_that_is_running_or_gone_can_not_be_dropped(service: Surroundings) -> None:
    job_id = await ask(service, n=1)
    async with service.database.transaction() as session:
        await session.execute(update(Job).values(runner=7))
    for act in (jobs.drop, jobs.retry):
        with pytest.raises(JobNotFound):
            async with service.database.transaction() as session:
                await act(session, job_id)


async def test_a_dead_letter_whose_work_waits_already_is_not_made_twice(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    dead = await ask(service, "fail", how="never", key="k")
    await runner.run_due()
    newer = await ask(service, "fail", how="never", key="k")
    async with service.database.transaction() as session:
        await jobs.retry(session, dead)
    assert [job.id for job in await rows(service)] == [newer]


async def test_a_failed_job_gives_way_to_a_newer_request(service: Surroundings) -> None:
    async def ask_and_fail(service: Surroundings, payload: Mapping[str, Any]) -> None:
        await ask(service, "note", n=payload["n"] + 1, key="k")
        raise Failure("not yet")

    await ask(service, "again", n=1, key="k")
    await JobRunner(service, {"again": ask_and_fail}).run_due()
    assert [(job.name, job.attempts) for job in await rows(service)] == [("note", 0)]


async def test_many_runners_share_the_jobs_and_run_each_once(service: Surroundings) -> None:
    for n in range(60):
        await ask(service, n=n)
    runners = [JobRunner(service, HANDLERS) for _ in range(4)]
    ran = await asyncio.gather(*(runner.run_due() for runner in runners))
    assert (sum(ran), sorted(service.did)) == (60, list(range(60)))


async def test_a_runner_leaves_alone_what_it_has_no_handler_for(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    """During an upgrade old and new processes run side by side."""
    await ask(service, "of a newer version", n=1)
    assert await runner.run_due() == 0


async def test_a_repeated_job_runs_at_each_turn_once_however_many_runners_there_are(service: Surroundings) -> None:
    async def tick(service: Surroundings, _: Mapping[str, Any]) -> None:
        service.did.append(service.clock())

    every = [("tick", timedelta(minutes=10))]
    runners = [JobRunner(service, {"tick": tick}, every=every) for _ in range(3)]
    start = service.clock()
    for _ in range(5):
        await asyncio.gather(*(runner.run_due() for runner in runners))
        service.clock.advance(timedelta(minutes=5))
    assert service.did == [start, start + timedelta(minutes=10), start + timedelta(minutes=20)]


async def test_a_repeated_job_that_fails_never_dies(service: Surroundings) -> None:
    runner = JobRunner(service, {"fail": fail_always}, every=[("fail", timedelta(hours=1))])
    for _ in range(20):
        await runner.run_due()
        service.clock.advance(timedelta(hours=1))
    [job] = await rows(service)
    assert (job.dead_at, job.attempts, job.error) == (None, 20, "no")


async def fail_always(_: Surroundings, __: Mapping[str, Any]) -> None:
    raise Failure("no")


async def test_a_repeated_job_that_is_no_more_is_cleared_away(service: Surroundings) -> None:
    await JobRunner(service, {"note": fail_always}, every=[("note", timedelta(hours=1))]).run_due()
    await JobRunner(service, HANDLERS).run_due()
    assert await rows(service) == []


async def test_a_clock_that_is_set_back_silences_no_repeated_job_and_no_retry(service: Surroundings) -> None:
    """A machine was days ahead for a while: what it put off by its own clock must not wait until then."""
    handlers = {"tick": fail_always, "note": note, "fail": fail}
    runner = JobRunner(service, handlers, every=[("tick", timedelta(minutes=10))])
    ahead = timedelta(days=40)
    service.clock.advance(ahead)
    await ask(service, "fail", how="later")
    await runner.run_due()
    service.clock.advance(-ahead)
    assert await runner.run_due() == 1
    service.clock.advance(timedelta(minutes=10))
    assert await runner.run_due() == 2


async def test_a_clock_that_is_set_back_runs_nothing_a_second_time(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, n=1, run_at=service.clock())
    await runner.run_due()
    service.clock.advance(-timedelta(days=1))
    await runner.run_due()
    service.clock.advance(timedelta(days=2))
    await runner.run_due()
    assert service.did == [1]


async def test_a_handler_can_end_its_job_together_with_what_it_does(service: Surroundings) -> None:
    async def all_or_nothing(service: Surroundings, payload: Mapping[str, Any]) -> None:
        async with service.database.transaction() as session:
            await jobs.enqueue(session, "note", {"n": payload["n"]})
            await jobs.complete(session, now=service.clock())

    await ask(service, "whole", n=5)
    assert await JobRunner(service, {"whole": all_or_nothing, "note": note}).run_due() == 2
    assert (service.did, await rows(service)) == ([5], [])


async def test_a_handler_that_lost_its_job_does_nothing(service: Surroundings) -> None:
    """Another process was given the job meanwhile: the effect happens there, and only there."""
    seen: list[str] = []

    async def overtaken(service: Surroundings, _: Mapping[str, Any]) -> None:
        async with service.database.transaction() as session:
            await session.execute(update(Job).values(runner=7))
        try:
            async with service.database.transaction() as session:
                await jobs.enqueue(session, "note", {"n": 1})
                await jobs.complete(session, now=service.clock())
        except JobLost:
            seen.append("lost")
            raise

    await ask(service, "whole", n=5)
    await JobRunner(service, {"whole": overtaken}).run_due()
    assert seen == ["lost"]
    assert [(job.name, job.runner) for job in await rows(service)] == [("whole", 7)]


async def test_jobs_of_a_runner_that_is_gone_are_taken_over(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, n=1)
    async with service.database.transaction() as session:
        await session.execute(update(Job).values(runner=7, attempts=1))
    assert (await runner.run_due(), service.did) == (1, [1])


async def test_a_job_that_ends_its_process_every_time_becomes_a_dead_letter(
    service: Surroundings, runner: JobRunner[Surroundings]
) -> None:
    await ask(service, n=1)
    for attempts in range(1, len(BACKOFF) + 2):
        async with service.database.transaction() as session:
            await session.execute(update(Job).values(runner=7, attempts=attempts))
        async with runner._at_work() as (connection, _):
            await runner._tend(connection)
    [job] = await rows(service)
    assert (job.dead_at, job.error) == (service.clock(), "its process ended every time it ran")


async def test_a_running_service_picks_up_jobs_and_gives_them_back_at_its_end(service: Surroundings) -> None:
    begun = asyncio.Event()

    async def endless(_: Surroundings, __: Mapping[str, Any]) -> None:
        begun.set()
        await asyncio.sleep(3600)

    running = asyncio.create_task(JobRunner(service, {"endless": endless}, poll_seconds=0.01).run_forever())
    await ask(service, "endless")
    await asyncio.wait_for(begun.wait(), 120)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    [job] = await rows(service)
    assert (job.runner, job.attempts) == (None, 0)


async def test_a_runner_outlives_the_loss_of_its_connections(service: Surroundings) -> None:
    """Each job is done: at least once, because an end that could not be stored leaves the job to be run again."""
    running = asyncio.create_task(JobRunner(service, HANDLERS, poll_seconds=0.01).run_forever())
    others = "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = current_database()"
    for n in range(3):
        await ask(service, n=n)
        async with asyncio.timeout(120):
            while n not in service.did:  # noqa: ASYNC110 - the handlers of these tests set no event
                await asyncio.sleep(0.01)
        async with service.database.transaction() as session:
            await session.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert list(dict.fromkeys(service.did)) == [0, 1, 2]


async def test_numbers_tell_what_waits_runs_and_is_dead(service: Surroundings, runner: JobRunner[Surroundings]) -> None:
    await ask(service, "fail", how="never")
    await ask(service, "note", n=1, run_at=service.clock() + timedelta(hours=1))
    await runner.run_due()
    async with service.database.reading() as session:
        found = await jobs.counts(session, now=service.clock())
        assert await session.scalar(select(func.count()).select_from(Job)) == 2
    assert found == [Counts("fail", 0, 0, 1, 1), Counts("note", 1, 0, 0, 0)]
