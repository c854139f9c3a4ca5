"""A roll on its way into the manifest: fixed, signed by two people, named, checked by whoever may see its people."""

from pathlib import Path
from typing import Any

import pytest

from pb_service.core.record import canonical
from pb_service.core.record.canonical import b64u
from pb_service.core.sealing.documents import check_manifest
from pb_service.features.accounts.identity_errors import SignatureRefused
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.accounts.two_people import Signer
from pb_service.features.opening import service as opening
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.opening.state import state_of
from pb_service.features.roll import corrections, fixing, repository
from pb_service.features.roll.corrections import Addition
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.evidence import people_of
from pb_service.features.roll.standing import roll_key
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from pb_service.verifier.audit.evidence import Evidence
from tests.conftest import FakeClock
from tests.rolls import ROLLED, code, listed, opened, signed, taken
from tests.voting import Official, OpenVote, begin_opening, close, counted, prepared_vote, verified


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    """A round with thirty people on its roll, twenty in the north."""
    vote = await prepared_vote(service, clock, eligibility=ROLLED)
    body = listed(range(20)) + listed(range(20, 30), district="etela").split(b"\r\n", 1)[1]
    await taken(service, vote.registrar.actor, body)
    return vote


async def test_the_manifest_names_roots_and_counts(vote: OpenVote) -> None:
    """A rolled round's manifest has a root and a count for each group, and is one that everybody accepts."""
    await signed(vote)
    await opened(vote)
    manifest = (await vote.polling()).manifest
    check_manifest(manifest.document)
    assert {group["id"]: group["count"] for group in manifest.document["groups"]} == {"pohjoinen": 20, "etela": 10}
    assert all(group["cls"] == ["desk", "code"] for group in manifest.document["groups"])
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        assert (await state_of(session, found.log)).election.opened


async def test_no_manifest_without_two_signatures(vote: OpenVote) -> None:
    """Neither a roll that nobody fixed nor one that changed after it was signed gets into a manifest."""
    with pytest.raises(OpeningRefused, match="fixed"):
        await begin_opening(vote)  # the ceremony is held, the manifest is not made
    await signed(vote)
    async with vote.service.database.transaction() as session:
        found, keys, now = await find_round(session, "spring"), vote.service.keys, vote.clock()
        wanted = Addition(code(77), "pohjoinen")
        await corrections.add(session, vote.registrar.actor, found, wanted, keys=keys, now=now)
        assert not await repository.signatures_of(session, found.id)
    around = Surroundings(vote.service.keys, vote.service.witnesses)
    with pytest.raises(OpeningRefused, match="fixed"):
        async with vote.service.database.transaction() as session:
            found = await find_round(session, "spring", for_update=True)
            await opening.prepare(session, vote.manager, found, around=around, now=vote.clock())


async def test_a_roll_that_changes_while_it_is_fixed_is_not_fixed(vote: OpenVote) -> None:
    """Whoever changes it has seen no roots, and nobody signs any that are not of the roll as it is."""
    service, by, now = vote.service, vote.registrar.actor, vote.clock()
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        await fixing.begin_fixing(session, by, found, now=now)
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        await corrections.add(session, by, found, Addition(code(99), "pohjoinen"), keys=service.keys, now=now)
    await fixing.fix(service, found.id)
    async with service.database.reading() as session:
        roll = await repository.roll_of(session, found.id)
        assert roll
        assert (roll.fixed_at, roll.fixing_since, await repository.roots_of(session, found.id)) == (None, None, [])
    await signed(vote)


async def test_one_person_does_not_sign_for_two(vote: OpenVote) -> None:
    """Nor does a key sign in a role that it was not granted."""
    service = vote.service
    async with service.database.transaction() as session:
        found = await find_round(session, "spring")
        await fixing.begin_fixing(session, vote.registrar.actor, found, now=vote.clock())
    await fixing.fix(service, found.id)
    async with service.database.reading() as session:
        entry = fixing.to_sign("spring", await repository.roots_of(session, found.id))
    wrong: list[tuple[Official, Signer, type[Exception]]] = [
        (vote.registrar, "auditor", SignatureRefused),
        (vote.desks[0], "registrar", Forbidden),
    ]
    for person, role, refusal in wrong:
        with pytest.raises(refusal):
            async with service.database.transaction() as session:
                found = await find_round(session, "spring")
                await fixing.sign(session, person.actor, found, role, **person.sign(entry), now=vote.clock())


async def test_single_corrections(vote: OpenVote) -> None:
    """A person is added once and taken off once; a district that is none, and a number that is none, are refused."""
    service, registrar = vote.service, vote.registrar.actor

    async def change(act: Any, wanted: Any) -> str:
        try:
            async with service.database.transaction() as session:
                found = await find_round(session, "spring")
                await act(session, registrar, found, wanted, keys=service.keys, now=vote.clock())
        except RollRefused as error:
            return error.code if code(50) not in str(error) else "told"
        return "done"

    assert await change(corrections.add, Addition(code(50), "etela", "sv")) == "done"
    assert await change(corrections.add, Addition(code(50).lower(), "etela")) == "known"
    assert await change(corrections.add, Addition(code(51), "kuu")) == "district"
    assert await change(corrections.add, Addition(code(51)[:-1] + "*", "etela")) == "identifier"
    assert await change(corrections.remove, code(50)) == "done"
    assert await change(corrections.remove, code(50)) == "absent"


async def test_auditors_find_the_roll_by_its_people(vote: OpenVote, folder: Path) -> None:
    """A2: the evidence gives, record for record, the roll of the manifest (docs/protocol.md section 16)."""
    service = vote.service
    async with service.database.transaction() as session:
        found, keys = await find_round(session, "spring"), service.keys
        wanted = Addition(code(77), "pohjoinen")
        await corrections.add(session, vote.registrar.actor, found, wanted, keys=keys, now=vote.clock())
        await corrections.remove(session, vote.registrar.actor, found, code(3), keys=keys, now=vote.clock())
    await signed(vote)
    await opened(vote)
    manifest = (await vote.polling()).manifest
    (folder / "rolls").mkdir()
    async with service.database.reading() as session:
        found = await find_round(session, "spring")
        for group in manifest.groups:
            lines = [line async for line in people_of(session, found, group, keys=keys)]
            (folder / "rolls" / f"{group}.jsonl").write_bytes(b"".join(lines))
        files = {group.id: await fixing.roll_file(session, group.roll or b"") for group in manifest.groups.values()}
        audit = {"v": 1, "e": b64u(manifest.eid), "key": b64u(roll_key(keys, found.id)), "seed": "lot", "m": 3}
    (folder / "audit.json").write_bytes(canonical.encode(audit))
    evidence = Evidence(str(folder))
    for group, file in files.items():
        people = evidence.people(group)
        assert b"".join(sorted(one.alias + one.code_key for one in people)) == file
    assert {one.pid for one in evidence.people("pohjoinen")} == {code(k) for k in (*range(20), 77) if k != 3}


async def test_a_rolled_vote_is_counted_and_verified(vote: OpenVote) -> None:
    """The bundle holds the rolls, and the checker rebuilds their trees."""
    await signed(vote)
    await opened(vote)
    await close(vote)
    await counted(vote)
    report = await verified(vote)
    assert report["verdict"] == "pass", [check for check in report["checks"] if check["status"] == "fail"]
