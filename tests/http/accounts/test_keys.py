"""The pages of signing keys: enrolment by a file, grants in a round, revocation; each behind its step-up."""

import re

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record.canonical import b64u, decode, encode
from pb_service.core.record.signatures import fingerprint, public_bytes, sign_entry
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.service import Service
from tests.builders import import_options, pabulib_file
from tests.staff import Desk, Member, hire

ORIGIN = {"origin": "http://localhost"}


@pytest.fixture
def desk(client: httpx.AsyncClient, service: Service) -> Desk:
    return Desk(client, service)


@pytest.fixture
async def auditor(service: Service) -> Member:
    return await hire(service, "auditor", name="Gunnar Gran")


async def csrf_of(desk: Desk) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await desk.get("staff/keys")).text)
    assert found
    return found[1]


async def enrol(desk: Desk, key: Ed25519PrivateKey) -> httpx.Response:
    """As the offline tool does it: fetch the statement, sign it, bring it back."""
    statement = decode((await desk.get("staff/keys/statement")).content)
    signed = encode(sign_entry({**statement, "pk": b64u(public_bytes(key))}, {"p": key}))
    fields = {"csrf": await csrf_of(desk), "file_label": "Safe"}
    return await desk.client.post(
        "/en/staff/keys/file", data=fields, files={"file": ("s.json", signed)}, headers=ORIGIN
    )


async def publish(service: Service) -> None:
    async with service.database.transaction() as session:
        planned = plan_import([pabulib_file("North")], import_options())
        await import_round(session, planned, origin_host="example.org", now=service.clock())


async def test_a_key_in_a_file_is_enrolled_granted_and_revoked(desk: Desk, service: Service, auditor: Member) -> None:
    await publish(service)
    key = Ed25519PrivateKey.generate()
    await desk.enter(auditor)
    assert (await enrol(desk, key)).headers["location"] == "/en/staff/keys?done=enrolled"
    assert fingerprint(public_bytes(key)) in (await desk.get("staff/keys")).text
    await desk.enter(await hire(service, "manager", name="Katri Kierros"))
    grants = re.findall(r"/en/(staff/keys/rounds/[0-9a-f-]+)", (await desk.get("staff/keys")).text)[0]
    page = (await desk.get(grants)).text
    assert fingerprint(public_bytes(key)) in page
    chosen = re.findall(r'value="([0-9a-f-]+ auditor)"', page)[0]
    answer = await desk.post(grants, on=grants, key=chosen, district="-")
    assert answer.headers["location"] == f"/en/{grants}?done=granted"
    assert "End the grant" in (await desk.get(grants)).text
    await desk.enter(auditor)
    revoke = re.findall(r"/en/(staff/keys/[0-9a-f-]+/revoke)", (await desk.get("staff/keys")).text)[0]
    assert (await desk.post(revoke, on=revoke, why="lost")).headers["location"] == "/en/staff/keys?done=revoked"
    await desk.enter(await hire(service, "manager", name="Kalle Kierros"))
    assert "No key may sign in this round yet." in (await desk.get(grants)).text


async def test_a_grant_of_what_the_page_does_not_offer_is_refused(
    desk: Desk, service: Service, auditor: Member
) -> None:
    """Neither a role that the holder has not, nor a key or district that there is not."""
    await publish(service)
    await desk.enter(auditor)
    await enrol(desk, Ed25519PrivateKey.generate())
    await desk.enter(await hire(service, "manager", name="Katri Kierros"))
    grants = re.findall(r"/en/(staff/keys/rounds/[0-9a-f-]+)", (await desk.get("staff/keys")).text)[0]
    chosen = re.findall(r'value="([0-9a-f-]+ auditor)"', (await desk.get(grants)).text)[0]
    for key, district in (
        (chosen.replace("auditor", "registrar"), "-"),
        (f"{auditor.id} auditor", "-"),
        (chosen, "atlantis"),
        ("", "-"),
    ):
        assert (await desk.post(grants, on=grants, key=key, district=district)).status_code == 422


@pytest.mark.parametrize("document", [b"", b"{}", b"not json", b"x" * 5000, b'{"k":"key.enrolment"}', b"\xff\xfe"])
async def test_a_file_that_is_no_signed_statement_is_refused(desk: Desk, auditor: Member, document: bytes) -> None:
    await desk.enter(auditor)
    answer = await desk.client.post(
        "/en/staff/keys/file",
        data={"csrf": await csrf_of(desk), "file_label": "Safe"},
        files={"file": ("s.json", document)},
        headers=ORIGIN,
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["staff/keys/new", "staff/tokens/new"])
async def test_pages_of_dangerous_acts_ask_for_the_step_up(desk: Desk, service: Service, path: str) -> None:
    await desk.enter(await hire(service, "manager"), stepped_up=False)
    assert (await desk.get(path)).headers["location"].startswith("/en/staff/step-up?next=")


async def test_without_the_step_up_nothing_is_enrolled_or_revoked(desk: Desk, auditor: Member) -> None:
    await desk.enter(auditor)
    await enrol(desk, Ed25519PrivateKey.generate())
    revoke = re.findall(r"/en/(staff/keys/[0-9a-f-]+/revoke)", (await desk.get("staff/keys")).text)[0]
    await desk.enter(auditor, stepped_up=False)
    for path in (revoke, "staff/keys/new"):
        answer = await desk.post(path, on="staff/keys/try", why="lost", label="x", proof="x")
        assert (answer.status_code, "/en/staff/step-up?next=" in answer.text) == (403, True)
    assert "Revoke" in (await desk.get("staff/keys")).text


async def test_nobody_sees_or_revokes_the_key_of_another_by_its_id(
    desk: Desk, service: Service, auditor: Member
) -> None:
    await desk.enter(auditor)
    await enrol(desk, Ed25519PrivateKey.generate())
    revoke = re.findall(r"/en/(staff/keys/[0-9a-f-]+/revoke)", (await desk.get("staff/keys")).text)[0]
    await desk.enter(await hire(service, "observer", name="Olli Oja"))
    assert (await desk.get(revoke)).status_code == 422
    assert (await desk.post(revoke, on="staff/keys/try", why="lost")).status_code == 403


async def test_a_trial_that_is_not_signed_is_refused(desk: Desk, auditor: Member) -> None:
    await desk.enter(auditor)
    answer = await desk.post("staff/keys/try", on="staff/keys/try", entry="{}", key="x", signature="y")
    assert (answer.status_code, "This is no key of yours" in answer.text) == (422, False)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_pages_exist_in_each_language(desk: Desk, service: Service, auditor: Member, language: str) -> None:
    await publish(service)
    await desk.enter(auditor)
    await enrol(desk, Ed25519PrivateKey.generate())
    for path in ("staff/keys", "staff/keys/new", "staff/keys/try"):
        answer = await desk.get(path, language)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    await desk.enter(await hire(service, "manager", name="Katri Kierros"))
    grants = re.findall(r"/en/(staff/keys/rounds/[0-9a-f-]+)", (await desk.get("staff/keys")).text)[0]
    assert (await desk.get(grants, language)).status_code == 200
