"""From the count to what holds: states of a result, void contests, turnout, and the checker that runs by itself."""

import asyncio
import hashlib
import secrets
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pb_service.cli.election import election
from pb_service.cli.export import bundle_of
from pb_service.core.record.canonical import decode, unb64u
from pb_service.core.record.signatures import public_bytes, verify_entry
from pb_service.core.sealing.evidence_export import ExportError, open_export
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.voting.turnout import turnout_of
from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.accounts.two_people import Signer
from pb_service.features.counting.jobs import HANDLERS as COUNTING
from pb_service.features.counting.marks import mark
from pb_service.features.opendata import evidence
from pb_service.features.opendata import jobs as opendata
from pb_service.features.opendata.errors import EvidenceRefused
from pb_service.features.opendata.service import latest_verification
from pb_service.features.opening.drafting import evidence_key
from pb_service.features.record import service as record
from pb_service.features.results import repository, states
from pb_service.features.results.errors import StateRefused
from pb_service.features.results.service import contest_documents
from pb_service.features.results.states import Change
from pb_service.features.results.turnout import ages_as_csv, ages_body, publish_turnout, turnout_body
from pb_service.features.rounds.finding import find_round, void_contests
from tests.voting import Official, OpenVote, close, counted, verified
from tests.voting import cast as cast_ballot

NORTH = "pohjoinen"
REASON = {"fi": "Syy.", "sv": "Skäl.", "en": "A reason."}


@pytest.fixture
async def result(vote: OpenVote) -> OpenVote:
    """A vote in which two projects of the north are chosen, counted and published."""
    for choice in ([0], [0], [1], [0, 1]):
        await cast_ballot(vote, await vote.voter(), choice)
    await close(vote)
    await counted(vote)
    return vote


async def sign(vote: OpenVote, person: Official, role: Signer) -> bool:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        draft = await states.waiting(session, found)
        signed = person.sign(decode(draft.statement))
        return await states.sign(session, person.actor, found, role, **signed, now=vote.clock())


async def confirm(vote: OpenVote, reference: str = "KH 2027-000123") -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        fields = {"reference": reference, "decider": "Board", "decided_on": date(2027, 6, 1)}
        await states.draft_confirmation(session, vote.manager, found, **cast(Any, fields), now=vote.clock())
    assert not await sign(vote, vote.registrar, "registrar")
    assert await sign(vote, vote.auditor, "auditor")


async def amend(vote: OpenVote, *changes: Change) -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        await states.draft_amendment(
            session, vote.manager, found, changes, REASON, reference="KH 2027-000200", now=vote.clock()
        )


async def published(vote: OpenVote) -> list[states.Published]:
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug)
        return await states.published_states(session, found.id)


async def test_states_follow_each_other_and_none_overwrites_another(result: OpenVote) -> None:
    """Preliminary with the count; confirmed and amended by two signatures; each in the record by its own hash."""
    vote = result
    await confirm(vote)
    await amend(vote, Change(NORTH, f"{NORTH}-101", False, 0))
    await sign(vote, vote.auditor, "auditor")
    await sign(vote, vote.registrar, "registrar")
    await vote.service.sequencer.settle(0.01)
    found = await published(vote)
    assert [state.kind for state in found] == ["preliminary", "confirmed", "amended"]
    assert f"{NORTH}-101" in (found[1].funded(NORTH) or {})
    assert f"{NORTH}-101" not in (found[2].funded(NORTH) or {})
    async with vote.service.database.reading() as session:
        shown = await find_round(session, vote.slug)
        entries = [decode(body) for body in await record.entries(session, shown.log)]
        bodies = [await states.document(session, shown, state.place) for state in found]
        documents = await contest_documents(session, vote.slug, NORTH)
    named = [unb64u(entry["h"]) for entry in entries if entry["k"].startswith("result.")]
    assert named == [hashlib.sha256(body).digest() for body in bodies]
    assert documents.state == "amended"
    assert [(change.project, change.cost) for change in documents.changes] == [(f"{NORTH}-101", None)]
    report = await verified(vote)
    assert {"R1", "R2", "R3", "R4"} <= {check["id"] for check in report["checks"] if check["status"] == "pass"}
    assert (report["verdict"], report["result"]["state"], report["result"]["documents"]) == ("pass", "amended", 3)
    north = next(contest for contest in report["result"]["contests"] if contest["id"] == NORTH)
    assert sorted(found[2].funded(NORTH) or {}) == north["winners"]


async def test_anybody_can_check_the_signatures_of_a_state(result: OpenVote) -> None:
    """The document has the statement and both signatures, by keys that the manifest names."""
    await confirm(result)
    async with result.service.database.reading() as session:
        found = await find_round(session, result.slug)
        content = decode(await states.document(session, found, 2))["content"]
        manifest = Manifest.read(await record.get_file(session, found.manifest_sha256 or b""))
    content.pop("t")
    keys = {name: manifest.keys[name][1] for name, _ in content["sg"]}
    verify_entry(content, keys)
    assert set(keys.values()) == {public_bytes(result.registrar.key), public_bytes(result.auditor.key)}
    assert content["decision"]["reference"] == "KH 2027-000123"


async def test_amendment_fits_the_budget_and_lowers_costs_only(result: OpenVote) -> None:
    """A cost above the ballot's, an unknown project, or more than the budget is refused."""
    for change in (
        Change(NORTH, f"{NORTH}-101", True, 10**12),
        Change(NORTH, "nothing", False, 0),
        Change("nowhere", f"{NORTH}-101", False, 0),
    ):
        with pytest.raises(StateRefused, match="no such project"):
            await amend(result, change)
    with pytest.raises(StateRefused, match="changes nothing"):
        await amend(result, Change(NORTH, f"{NORTH}-103", False, 0), Change(NORTH, f"{NORTH}-103", False, 0))


async def test_one_person_does_not_sign_for_two(result: OpenVote) -> None:
    """Nothing is published by one signature, and a second draft waits until the first is gone."""
    async with result.service.database.transaction() as session:
        found = await find_round(session, result.slug, for_update=True)
        await states.draft_voiding(session, result.manager, found, NORTH, REASON, is_repeated=True, now=result.clock())
    with pytest.raises(StateRefused, match="Another draft"):
        await amend(result, Change(NORTH, f"{NORTH}-101", False, 0))
    assert not await sign(result, result.registrar, "registrar")
    assert not await sign(result, result.registrar, "registrar")
    assert [state.kind for state in await published(result)] == ["preliminary"]


async def test_void_contest_is_said_for_a_published_reason(vote: OpenVote) -> None:
    """While the vote is open a contest is declared void; its count decides nothing, and the record is still whole."""
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        await states.draft_voiding(session, vote.manager, found, NORTH, REASON, is_repeated=True, now=vote.clock())
    await sign(vote, vote.registrar, "registrar")
    assert await sign(vote, vote.auditor, "auditor")
    await cast_ballot(vote, await vote.voter(), [0])
    await close(vote)
    await counted(vote)
    await confirm(vote)
    found_states = await published(vote)
    assert [state.kind for state in found_states] == ["voided", "preliminary", "confirmed"]
    assert found_states[0].statement["repeated"] is True
    assert found_states[1].funded(NORTH) is found_states[2].funded(NORTH) is None
    async with vote.service.database.reading() as session:
        assert (await contest_documents(session, vote.slug, NORTH)).state == "voided"
        assert list(await void_contests(session, (await find_round(session, vote.slug)).id)) == [NORTH]
    report = await verified(vote)
    assert (report["verdict"], report["result"]["void"]) == ("pass", [NORTH])


async def test_turnout_is_made_of_the_record_after_the_close(vote: OpenVote, tmp_path: Path) -> None:
    """By district, channel and hour of the record's marks, the same for anybody; before the close there is none."""
    for choice in ([0], [1]):
        await cast_ballot(vote, await vote.voter(), choice)
    vote.clock.now += timedelta(hours=2)
    async with vote.service.database.transaction() as session:
        await mark(session, await find_round(session, vote.slug, whole=False), vote.clock())
    await cast_ballot(vote, await vote.voter(), [0])
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug)
        bodies = await record.entries(session, found.log)
        manifest = Manifest.read(await record.get_file(session, found.manifest_sha256 or b""))
    with pytest.raises(ValueError, match="not closed"):
        turnout_of(bodies, manifest)
    await close(vote)
    await counted(vote)
    async with vote.service.database.transaction() as session:
        await publish_turnout(session, vote.slug, keys=vote.service.keys, now=vote.clock())
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug)
        exact = turnout_of(await record.entries(session, found.log), manifest)
        body = await turnout_body(session, found)
    path = tmp_path / "evidence.zip"
    path.write_bytes(await bundle_of(vote.service, vote.slug))
    assert CliRunner().invoke(election, ["turnout", str(path)]).stdout_bytes == body
    assert (exact.total, exact.channels, sorted(exact.hours.values())) == (3, {"acct": 3}, [1, 2])
    assert body
    read = decode(body)
    assert (read["total"], read["channels"]) == (3, [{"channel": "acct"}])
    assert all("n" not in hour for hour in read["hours"])


async def test_ages_are_counted_apart_and_small_numbers_left_out(vote: OpenVote, tmp_path: Path) -> None:
    """Of 40 people 37 have a year that a provider has proven; the turnout that anybody can make knows nothing of it."""
    voters = [await vote.voter() for _ in range(40)]
    years = [1990] * 12 + [1975] * 25
    async with vote.service.database.transaction() as session:
        for voter, year in [*zip(voters, years, strict=False), (await vote.voter(), 1990)]:
            session.add(
                ProvenIdentity(
                    pseudonym=secrets.token_bytes(32), account_id=voter.account_id, driver="suomi", assurance="high",
                    birth_year=year, proven_at=vote.clock(),
                )
            )  # fmt: skip
    await asyncio.gather(*(cast_ballot(vote, voter, [0]) for voter in voters))
    await close(vote)
    await counted(vote)
    async with vote.service.database.transaction() as session:
        await publish_turnout(session, vote.slug, keys=vote.service.keys, now=vote.clock())
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug)
        body, ages = await turnout_body(session, found), await ages_body(session, found)
    assert found.closes_at
    assert ages
    assert body
    read = decode(ages)
    assert (read["source"], read["total"], read["year"]) == ("service", 40, found.closes_at.year)
    assert [each for each in read["ages"] if "n" in each] == [{"group": "30-44", "n": 12}]
    assert "service,30-44,12\r\n" in ages_as_csv(ages)
    path = tmp_path / "evidence.zip"
    path.write_bytes(await bundle_of(vote.service, vote.slug))
    assert CliRunner().invoke(election, ["turnout", str(path)]).stdout_bytes == body
    assert not any("ages" in name for name in zipfile.ZipFile(path).namelist())


async def test_counted_round_is_checked_by_itself(result: OpenVote) -> None:
    """The job gives the evidence to pb-verify, a process of its own, and keeps what it says."""
    assert "counting.hour" in COUNTING
    await opendata.verify(result.service, {"slug": result.slug})
    async with result.service.database.reading() as session:
        found = await find_round(session, result.slug)
        said = await latest_verification(session, found)
        assert await repository.turnout_of(session, found.id) is None
    assert said
    assert said.report["verdict"] == "pass"


async def test_evidence_is_given_by_two_people_and_sealed(result: OpenVote, tmp_path: Path) -> None:
    """An auditor asks, a registrar allows, the record says so; what is in the file satisfies the auditors' checks."""
    vote, now = result, result.clock()
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True, whole=False)
        asked = await evidence.ask(session, vote.auditor.actor, found, "dice: 3 1 4", 2, now=now)
        with pytest.raises(EvidenceRefused, match="not allowed"):
            await evidence.export_file(session, vote.auditor.actor, found, asked.id, keys=vote.service.keys, now=now)
        with pytest.raises(Forbidden):
            await evidence.allow(session, vote.auditor.actor, found, asked.id, now=now)
        await evidence.allow(session, vote.registrar.actor, found, asked.id, now=now)
        sealed = await evidence.export_file(
            session, vote.auditor.actor, found, asked.id, keys=vote.service.keys, now=now
        )
        with pytest.raises(EvidenceRefused, match="not any more"):
            later = now + evidence.LASTS
            await evidence.export_file(session, vote.auditor.actor, found, asked.id, keys=vote.service.keys, now=later)
    with pytest.raises(ExportError):
        open_export(sealed, X25519PrivateKey.generate())
    for name, body in open_export(sealed, evidence_key(vote.service.keys)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(body)
    await vote.service.sequencer.settle(0.01)
    report = await verified(vote, "--audit", str(tmp_path))
    assert report["verdict"] == "pass"
    assert {"A1", "A2", "A3", "A4"} <= {check["id"] for check in report["checks"]}
