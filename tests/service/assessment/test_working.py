"""How staff work through proposals: given out by rule and by hand, decided together, agreed on, reviewed in time."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pb_service.background import job_runner
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import (
    assigning,
    feasibility,
    inbox,
    moderation,
    notes,
    projects,
    repository,
    reviews,
)
from pb_service.features.assessment.assigning import Receiver, RuleDetails
from pb_service.features.assessment.errors import Changed, NotAgreed, Refused, ReviewRefused, SameHand
from pb_service.features.assessment.feasibility import Answers
from pb_service.features.assessment.moderation import Wanted
from pb_service.features.assessment.projects import Details
from pb_service.features.assessment.tables import Assignment
from pb_service.features.proposals.errors import ActRefused, OwnProposal, ReasonMissing
from pb_service.features.proposals.tables import ProposalBook
from pb_service.features.rounds.finding import find_round
from tests.assessment import KEY, NO, YES, Office
from tests.mailbox import delivered, words
from tests.proposals import NORTH, REASON, SOUTH, now_of, record_kinds, round_called, sent
from tests.rounds import text
from tests.staff import hire

DAY = timedelta(days=1)


async def held_by(town: Office) -> dict[int, list[Assignment]]:
    """Who has which proposal, by number."""
    found = await round_called(town.service)
    async with town.service.database.reading() as session:
        rows = await repository.proposals_in(session, found.id, ("received", "published", "rejected"))
        held = await repository.assignments(session, [row.id for row in rows])
    return {row.number or 0: [each for each in held if each.proposal_id == row.id] for row in rows}


async def give(town: Office, number: int, account_id: UUID, *, days: int = 7, lead: bool = False) -> None:
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        due = town.clock() + days * DAY
        to = Receiver(account_id=account_id)
        await assigning.assign(session, town.moderator, found, [number], to, due_at=due, lead=lead, now=town.clock())


async def opinion(town: Office, number: int, answers: Answers, actor: Actor, version: int = 0) -> None:
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        await feasibility.answer(session, actor, found, number, answers, version=version, key=KEY, now=town.clock())


async def decide(town: Office, number: int, answers: Answers | None, actor: Actor) -> bool:
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        made = await feasibility.decide(session, actor, found, number, answers, key=KEY, now=town.clock())
    return made.feasible


async def test_a_new_proposal_goes_to_whom_the_first_rule_that_fits_names(town: Office) -> None:
    north, anybody = await hire(town.service, "assessor", name="Pohjoinen"), await hire(town.service, "assessor")
    rules = [
        RuleDetails("pohjoinen", "sport", Receiver(account_id=anybody.id), 3),
        RuleDetails("pohjoinen", None, Receiver(account_id=north.id), 5),
        RuleDetails(None, None, Receiver(account_id=anybody.id), 10),
    ]
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        await assigning.save_rules(session, town.moderator, found, rules, now=town.clock())
    await town.sent("Penkki rantaan")
    await town.sent("Valo polulle", place=SOUTH)
    held = await held_by(town)
    assert [[(row.account_id, row.by_rule, row.due_at) for row in held[number]] for number in (1, 2)] == [
        [(north.id, True, town.clock() + 5 * DAY)],
        [(anybody.id, True, town.clock() + 10 * DAY)],
    ]


async def test_work_goes_only_to_units_and_people_of_the_staff(town: Office) -> None:
    await town.sent()
    assert town.author.account_id
    for nobody in (Receiver(), Receiver(unit_id=uuid4()), Receiver(account_id=town.author.account_id)):
        with pytest.raises(Refused):
            async with town.service.database.transaction() as session:
                found = await find_round(session, town.slug, whole=False)
                await assigning.assign(session, town.moderator, found, [1], nobody, now=town.clock())


async def test_what_is_nearly_due_or_late_is_told_in_one_mail_and_not_every_time(town: Office) -> None:
    worker = await hire(town.service, "assessor", name="Mikael Sjö")
    for title in ("Penkki rantaan", "Valo polulle"):
        await town.sent(title)
    await delivered(town.service)
    await give(town, 1, worker.id, days=1)
    await give(town, 2, worker.id, days=9)
    for later, mails in ((0, 1), (1, 1), (4, 2), (8, 3)):
        town.clock.now += later * DAY
        async with town.service.database.transaction() as session:
            await assigning.remind(session, town.clock())
        told = [mail for mail in await delivered(town.service) if mail["to"] == worker.email]
        assert len(told) == mails, later
    assert {"Penkki", "Valo"} <= set(words(told[-1]).split())


async def test_reviewers_are_reminded_but_not_who_refused(town: Office) -> None:
    refuser = await hire(town.service, "moderator", name="Maija Virta")
    other = await hire(town.service, "manager", name="Oskar Nyman")
    made = await town.sent()
    actor = Actor(**{**vars(town.moderator), "account_id": refuser.id})
    await town.decide(1, Wanted("reject", "lawful", REASON), actor)
    async with town.service.database.transaction() as session:
        await reviews.ask(session, town.author, made.id, "Katsokaa uudelleen.", now=town.clock())
    await delivered(town.service)
    town.clock.now += timedelta(days=13)
    async with town.service.database.transaction() as session:
        await assigning.remind(session, town.clock())
    told = {mail["to"] for mail in await delivered(town.service)}
    assert (other.email in told, refuser.email in told) == (True, False)
    async with town.service.database.reading() as session:
        cases = (await inbox.inbox(session, town.manager, now=town.clock())).of("review", town.clock())
    assert [(case.number, case.due_at) for case in cases] == [(1, town.clock() + DAY)]


async def test_assessors_who_agree_decide_together(town: Office) -> None:
    number = await town.published()
    with pytest.raises(NotAgreed, match="nobody"):
        await decide(town, number, None, town.assessor)
    await opinion(town, number, YES, town.assessor)
    await opinion(town, number, YES, town.other_assessor)
    assert await decide(town, number, None, town.assessor)


async def test_assessors_who_differ_wait_for_their_lead(town: Office) -> None:
    lead = await hire(town.service, "assessor", name="Liisa Johtaja")
    number = await town.published()
    await opinion(town, number, YES, town.assessor)
    await opinion(town, number, NO, town.other_assessor)
    for answers in (None, YES):  # nobody overrules a colleague
        with pytest.raises(NotAgreed, match="differ"):
            await decide(town, number, answers, town.assessor)
    await give(town, number, lead.id, lead=True)
    with pytest.raises(NotAgreed, match="lead"):
        await decide(town, number, YES, town.assessor)
    assert not await decide(town, number, NO, Actor(**{**vars(town.assessor), "account_id": lead.id}))
    assert (await record_kinds(town.service))[-1] == f"assessment.decided p{number}"


async def test_each_no_needs_its_reason_in_each_required_language(town: Office) -> None:
    number = await town.published()
    lacking = {"lawful": feasibility.Answer(ok=False, reason={"fi": "Ei"})}
    with pytest.raises(Refused) as refused:
        await decide(town, number, lacking, town.assessor)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("lawful.sv", "no_reason")]


async def test_two_answers_of_one_person_in_two_windows_do_not_pass_unseen(town: Office) -> None:
    number = await town.published()
    await opinion(town, number, YES, town.assessor)
    with pytest.raises(Changed):
        await opinion(town, number, NO, town.assessor, version=0)


async def test_prepared_decisions_are_published_at_their_moment_and_authors_told_then(town: Office) -> None:
    for title in ("Penkki rantaan", "Valo polulle", "Keinu puistoon"):
        await town.sent(title)
    await delivered(town.service)
    moments = (town.clock() + 2 * DAY, town.clock() + DAY)
    for number, at in zip((1, 2), moments, strict=True):
        async with town.service.database.transaction() as session:
            found = await find_round(session, town.slug, whole=False)
            await moderation.prepare(
                session, town.moderator, found, [number], Wanted("publish"), publish_at=at,
                key=town.service.keys.secret("record-people"), now=town.clock(),
            )  # fmt: skip
    before = len(await delivered(town.service))
    states = []
    for _ in range(3):
        async with town.service.database.reading() as session:
            found = await find_round(session, town.slug, whole=False)
            states.append(
                [row.state for row in await repository.proposals_in(session, found.id, ("received", "published"))]
            )
        town.clock.now += DAY
        await job_runner(town.service).run_due()
    assert states == [["received"] * 3, ["received", "published", "received"], ["published", "published", "received"]]
    assert len(await delivered(town.service)) > before


async def test_what_stands_against_one_leaves_the_others_of_a_bulk_alone(town: Office) -> None:
    for title in ("Penkki rantaan", "Valo polulle"):
        await town.sent(title)
    await town.decide(2, Wanted("publish"))
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        lines = await moderation.prepare(
            session, town.moderator, found, [1, 2, 99], Wanted("publish"), key=KEY, now=town.clock()
        )
        await moderation.publish_prepared(session, town.moderator, found, key=KEY, now=town.clock())
    assert [(line.number, line.refused) for line in lines] == [(1, ""), (2, "state")]


async def test_a_moderator_decides_nothing_about_her_own_proposal(town: Office) -> None:
    await town.sent()
    herself = Actor(**{**vars(town.moderator), "account_id": town.author.account_id})
    with pytest.raises(OwnProposal):
        await town.decide(1, Wanted("publish"), herself)
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        lines = await moderation.prepare(session, herself, found, [1], Wanted("publish"), key=KEY, now=town.clock())
    assert [line.refused for line in lines] == ["own"]
    await town.decide(1, Wanted("publish"))
    assessor = Actor(**{**vars(town.assessor), "account_id": town.author.account_id})
    for act in (opinion(town, 1, YES, assessor), town.set_cost("p1", actor=assessor), decide(town, 1, YES, assessor)):
        with pytest.raises(OwnProposal):
            await act


async def test_a_mention_is_told_by_mail_without_the_words_of_the_note(town: Office) -> None:
    colleague = await hire(town.service, "assessor", name="Mikael Sjö")
    await town.sent()
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        await notes.add(
            session, town.moderator, found, "p1", "Onko maa meidän?", mentions=[colleague.id], now=town.clock()
        )
    (mail,) = [mail for mail in await delivered(town.service) if mail["to"] == colleague.email]
    assert "maa meidän" not in words(mail)
    assert "/staff/rounds/spring/proposals/1" in words(mail)


async def test_a_review_is_asked_for_within_the_days_that_the_round_says(town: Office) -> None:
    made = await town.sent()
    await town.decide(1, Wanted("reject", "lawful", REASON))
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        book = await session.get_one(ProposalBook, found.id)
        book.form = {**book.form, "review_days": 3}
    town.clock.now += 3 * DAY
    async with town.service.database.transaction() as session:
        asked = await reviews.ask(session, town.author, made.id, "Miksi?", now=town.clock())
        assert (await reviews.ask(session, town.author, made.id, "Miksi?", now=town.clock())).id == asked.id
    with pytest.raises(SameHand):
        await review(town, town.moderator)
    await review(town, town.other_moderator)
    with pytest.raises(ReviewRefused, match="again"):
        async with town.service.database.transaction() as session:
            await reviews.ask(session, town.author, made.id, "Entä nyt?", now=town.clock())
    assert (await now_of(town.service, made.id)).state == "rejected"


async def review(town: Office, actor: Actor) -> None:
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        await reviews.decide(session, actor, found, 1, outcome="upheld", reason=REASON, key=KEY, now=town.clock())


async def test_a_review_asked_for_after_the_last_day_is_refused(town: Office) -> None:
    made = await town.sent()
    await town.decide(1, Wanted("reject", "lawful", REASON))
    town.clock.now += timedelta(days=14, seconds=1)
    with pytest.raises(ReviewRefused, match="late"):
        async with town.service.database.transaction() as session:
            await reviews.ask(session, town.author, made.id, "Miksi?", now=town.clock())


async def test_the_deadline_of_an_author_counts_while_saving_though_the_phase_job_is_late(town: Office) -> None:
    """The ideas end at a moment; what is sent at that moment is late even if nothing has begun the next phase yet."""
    await town.phase("ideas")
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        found.next_phase, found.next_phase_at = "moderation", town.clock()
    with pytest.raises(ActRefused, match="phase"):
        await sent(town.service, town.author)


async def test_a_rejection_without_one_required_language_changes_nothing(town: Office) -> None:
    made = await town.sent()
    with pytest.raises(ReasonMissing) as lacking:
        await town.decide(1, Wanted("reject", "lawful", {"fi": "Ei", "sv": " \u200b "}))
    assert lacking.value.languages == ["sv"]
    assert (await now_of(town.service, made.id)).state == "received"


async def test_words_of_staff_are_cleaned_of_marks_that_show_nothing(town: Office) -> None:
    number = await town.published()
    hidden = "Penk\u200bki \u202egnitset\u202c"
    line = {"what": hidden, "quantity": 1_000, "unit": "k\u2066pl", "price": 100_000, "source": f"{hidden}\n<b>x</b>"}
    await town.set_cost(f"p{number}", content={"lines": [line]})
    found = await round_called(town.service)
    async with town.service.database.reading() as session:
        (proposal,) = await repository.proposals_numbered(session, found.id, [number])
        (sheet,) = await repository.sheets(session, proposals=[proposal.id])
    assert sheet.content["lines"][0] == {
        "what": "Penkki gnitset", "quantity": 1_000, "unit": "kpl", "price": 100_000,
        "source": "Penkki gnitset <b>x</b>",
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        await town.set_cost(f"p{number}", version=1, content={"lines": [line | {"what": "x" * 201}]})
    assert [problem.code for problem in refused.value.problems] == ["too_long"]


async def test_two_who_change_a_project_at_once_lose_nothing(town: Office) -> None:
    number = await town.costed()
    made = await town.make([number])
    details = Details("pohjoinen", text("Hanke", "Projekt"), text("Lyhyesti", "Kort sagt"))
    async with town.service.database.transaction() as session:
        found = await find_round(session, town.slug, whole=False)
        with pytest.raises(Changed):
            await projects.change(
                session, town.assessor, found, made.code, details, version=7, reason={}, key=KEY, now=town.clock()
            )
        kept = await projects.change(
            session, town.assessor, found, made.code, details, version=1, reason={}, key=KEY, now=town.clock()
        )
    assert (kept.version, kept.texts["sv"]["text"]) == (2, "Kort sagt")


async def test_of_two_who_save_a_cost_at_the_same_moment_one_is_told(town: Office) -> None:
    number = await town.published()
    both = (town.set_cost(f"p{number}", 100_000), town.set_cost(f"p{number}", 200_000, actor=town.other_assessor))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Changed", "NoneType"]
    assert (await record_kinds(town.service)).count(f"cost.set p{number}") == 1


async def test_of_two_who_confirm_the_list_at_the_same_moment_one_is_first_and_one_fixes_it(town: Office) -> None:
    for title, place, contest in (("Penkki rantaan", NORTH, "pohjoinen"), ("Valo polulle", SOUTH, "etela")):
        await town.make([await town.costed(title, place=place)], contest)
    await town.phase("assessment")
    rows = await asyncio.gather(town.confirm(town.manager), town.confirm(town.other_manager))
    assert rows[0].id == rows[1].id
    assert (await record_kinds(town.service)).count("list.fixed list") == 1


async def test_a_picture_that_none_of_its_proposals_has_is_refused(town: Office) -> None:
    made = await town.make([await town.costed()])
    details = Details("pohjoinen", text("Hanke", "Projekt"), text("Lyhyesti", "Kort"), picture_id=uuid4())
    with pytest.raises(Refused) as refused:
        async with town.service.database.transaction() as session:
            found = await find_round(session, town.slug, whole=False)
            await projects.change(
                session, town.assessor, found, made.code, details, version=1, reason={}, key=KEY, now=town.clock()
            )
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("picture", "unknown")]


async def test_the_cost_of_a_project_of_several_waits_in_the_inbox_once(town: Office) -> None:
    numbers = [await town.costed("Yksi penkki"), await town.costed("Kaksi penkkiä")]
    made = await town.make(numbers)
    await town.phase("assessment")

    async def todo() -> list[tuple[int, str]]:
        async with town.service.database.reading() as session:
            found = await inbox.inbox(session, town.assessor, now=town.clock())
        return [(case.number, case.todo) for case in found.cases]

    assert await todo() == [(1, "cost")]
    await town.set_cost(made.code)
    assert await todo() == [(1, "sign")]
    await town.sign(made.code)
    assert await todo() == []
