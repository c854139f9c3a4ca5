"""Paper given while the network was cut enters the record afterwards, over what was cast online meanwhile."""

import json
from typing import Any
from uuid import uuid4

import httpx

from pb_service.core.record.canonical import b64u, encode
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.features.accounts.tables import Account
from pb_service.features.desk import offline
from pb_service.features.opening.drafting import evidence_key
from tests.desk import PAGE, enter, with_place
from tests.staff import Desk
from tests.voting import Booth, Official, OpenVote, posted


async def slip_of(vote: OpenVote, by: tuple[Official, ...], **person: str) -> dict[str, Any]:
    """What the page of two officers keeps on the device."""
    polling = await vote.polling()
    typed = {"number": "", "email": "", "name": "", "born": "", **person}
    receiver = evidence_key(vote.service.keys).public_key()
    eid = polling.manifest.eid
    entry = {
        "v": 1,
        "k": "slip",
        "e": b64u(eid),
        "d": "pohjoinen",
        "no": "K-1",
        "i": str(uuid4()),
        "t": int(vote.clock().timestamp()),
        "who": b64u(offline.HPKE.encrypt(encode(typed), receiver, info=offline.sealed_for(eid))),
    }
    return {**entry, "sg": signed(entry, by)}


def signed(entry: dict[str, Any], by: tuple[Official, ...]) -> list[list[str]]:
    return [[b64u(public_bytes(one.key)), sign_entry(entry, {"p": one.key})["sg"][0][1]] for one in by]


async def post(desk: Desk, path: str, body: object) -> httpx.Response:
    shown = (await desk.get(f"{PAGE}/offline")).text
    token = shown.partition('data-csrf="')[2].partition('"')[0]
    headers = {"origin": "http://localhost", "x-csrf-token": token, "content-type": "application/json"}
    return await desk.client.post(f"/en/{PAGE}/{path}", content=json.dumps(body), headers=headers)


async def test_queue_enters_the_record_over_an_online_vote(desk: Desk, vote: OpenVote) -> None:
    """The envelope cast meanwhile is replaced, officers and voter are told, and sending twice changes nothing."""
    await with_place(desk, vote)
    await enter(desk, vote.desks[0])
    voter = await Booth.enter(desk.client, vote)
    async with vote.service.database.reading() as session:
        email = (await session.get_one(Account, voter.actor.account_id)).email or ""
    slip = await slip_of(vote, vote.desks, email=email)
    assert (await voter.cast(posted(await vote.sealed(voter.actor, [0])))).status_code == 201
    cookie = desk.client.cookies["pb-session"]
    await enter(desk, vote.desks[0])
    taken = (await post(desk, "slips", slip)).json()
    assert taken["state"] == "waiting"
    assert (await post(desk, "slips", slip)).json()["order"] == taken["order"]
    sent = {"sg": signed(taken["entry"], vote.desks)}
    logged = (await post(desk, f"slips/{taken['order']}/sign", sent)).json()
    assert logged["state"] == "logged"
    assert "is replaced by it" in logged["text"]
    assert (await post(desk, f"slips/{taken['order']}/sign", sent)).json()["state"] == "logged"
    await vote.service.sequencer.settle(0.01)
    desk.client.cookies.clear()
    desk.client.cookies.set("pb-session", cookie)
    shown = (await desk.get("rounds/spring/vote/record")).text
    assert "A paper ballot was handed out" in shown
    assert "replaced by the one of" in shown


async def test_slip_needs_two_officers(desk: Desk, vote: OpenVote) -> None:
    """One officer twice, an auditor, another vote's slip and a changed one are refused, and nothing is kept."""
    await with_place(desk, vote)
    await enter(desk, vote.desks[0])
    person = {"name": "Aino Esimerkki", "born": "1950-01-02"}
    one = vote.desks[0]
    for by in ((one,), (one, one), (one, vote.auditor)):
        assert (await post(desk, "slips", await slip_of(vote, by, **person))).json()["state"] == "refused"
    whole = await slip_of(vote, vote.desks, **person)
    wrong = ({"d": "etela"}, {"t": whole["t"] - 1}, {"e": b64u(bytes(32))}, {"more": 1}, {"who": whole["who"][:-4]})
    for changed in wrong:
        assert (await post(desk, "slips", {**whole, **changed})).json()["state"] == "refused"
    assert (await post(desk, "slips", [])).json()["state"] == "refused"
    assert (await post(desk, "slips", whole)).json()["state"] == "waiting"


async def test_second_paper_for_the_same_person_is_refused_afterwards(desk: Desk, vote: OpenVote) -> None:
    """Two desks without network can serve one person twice; the record takes one of them, and the other is told."""
    await with_place(desk, vote)
    await enter(desk, vote.desks[0])
    person = {"name": "Aino Esimerkki", "born": "1950-01-02"}
    slips = [await slip_of(vote, vote.desks, **person) for _ in range(2)]
    taken = (await post(desk, "slips", slips[0])).json()
    await post(desk, f"slips/{taken['order']}/sign", {"sg": signed(taken["entry"], vote.desks)})
    await vote.service.sequencer.settle(0.01)
    again = (await post(desk, "slips", slips[1])).json()
    assert (again["state"], "already" in again["text"]) == ("refused", True)
