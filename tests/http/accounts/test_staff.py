"""The pages of staff over HTTP: what each role reaches, and the attacks that must fail."""

import json
import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from pb_service.features.accounts.invitations import invite_administrator
from pb_service.features.accounts.policy import Grant, Role
from pb_service.features.accounts.sessions import grants_of
from pb_service.features.accounts.staff_tables import PasskeyChallenge, Unit
from pb_service.features.accounts.tables import AccessLog, Account, AccountSession, RoleGrant
from pb_service.platform.jobs import Job
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.staff import PASSWORD, Desk, Member, code_of, hire, open_spring


@pytest.fixture
def desk(client: httpx.AsyncClient, service: Service) -> Desk:
    return Desk(client, service)


PAGES = [
    "staff",
    "staff/people",
    "staff/people?q=aino&role=administrator",
    "staff/people/invite",
    "staff/people/resident",
    "staff/units",
    "staff/units/new",
    "staff/units/contacts/new",
    "staff/log",
    "staff/factors",
    "staff/factors/passkey",
    "staff/sessions",
    "staff/step-up",
]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_an_administrator_opens_every_page(desk: Desk, service: Service, language: str) -> None:
    await desk.enter(await hire(service, "administrator"))
    for path in PAGES:
        answer = await desk.get(path, language)
        assert (path, answer.status_code) == (path, 200), answer.text
        assert answer.headers["cache-control"] == "no-store"


# Coming in


async def invitation(service: Service) -> str:
    """The path of an administrator's invitation, without the language."""
    async with service.database.transaction() as session:
        path = await invite_administrator(session, "aino@example.org", language="en", now=service.clock())
    return path.removeprefix("/en/")


async def accept(desk: Desk, path: str, **fields: str) -> httpx.Response:
    given = {"name": "Aino Lehto", "password": PASSWORD} | fields
    return await desk.post(path, on=path, **given)


async def test_who_accepts_is_led_to_the_second_factor_and_to_nothing_else(desk: Desk, service: Service) -> None:
    answer = await accept(desk, await invitation(service))
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/staff/factors")
    for path in ("staff", "staff/people", "staff/log", "staff/sessions", "me"):
        refused = await desk.get(path)
        assert (path, refused.status_code) == (path, 303)
        assert refused.headers["location"].startswith("/en/staff/second-factor")
    assert (await desk.get("staff/second-factor")).headers["location"] == "/en/staff/factors"


async def test_an_app_is_set_up_and_recovery_codes_are_shown_once(desk: Desk, service: Service) -> None:
    await accept(desk, await invitation(service))
    assert (await desk.post("staff/factors/app", on="staff/factors")).headers["location"] == "/en/staff/factors/app"
    shown = (await desk.get("staff/factors/app")).text
    secret = re.sub(r"\s", "", re.findall(r'class="secret"[^>]*>([^<]+)<', shown)[0])
    codes = await desk.post("staff/factors/app/code", on="staff/factors/app", code=code_of(secret, service))
    assert len(re.findall(r"<li><code>[a-z2-9-]{19}</code>", codes.text)) == 10
    assert (await desk.get("staff")).status_code == 200
    assert (await desk.get("staff/factors/app")).headers["location"] == "/en/staff/factors"
    assert "<li><code>" not in (await desk.get("staff/factors")).text


async def test_the_picture_of_the_secret_is_part_of_the_page_and_keeps_the_strict_policy(
    desk: Desk, service: Service
) -> None:
    await accept(desk, await invitation(service))
    await desk.post("staff/factors/app", on="staff/factors")
    answer = await desk.get("staff/factors/app")
    picture = re.findall(r"<svg[^>]*class=\"qr\".*?</svg>", answer.text, re.DOTALL)
    assert len(picture) == 1
    assert "style" not in picture[0]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_opening_an_invitation_does_not_use_it_up(desk: Desk, service: Service) -> None:
    path = await invitation(service)
    for _ in range(3):
        assert (await desk.get(path)).status_code == 200
    assert (await accept(desk, path)).status_code == 303


@pytest.mark.parametrize("password", ["", "short", "Password1!", "aino@example.org"])
async def test_a_password_that_is_too_easy_is_refused_and_the_invitation_stays(
    desk: Desk, service: Service, password: str
) -> None:
    path = await invitation(service)
    assert (await accept(desk, path, password=password)).status_code == 422
    assert (await accept(desk, path)).status_code == 303


async def test_an_invitation_brings_what_it_says_whatever_the_form_adds(desk: Desk, service: Service) -> None:
    """Mass assignment: role, scope and address are not read from the form."""
    async with service.database.transaction() as session:
        session.add(account := await _resident(service))
        await session.flush()
    boss = await hire(service, "administrator", name="Cia Berg")
    await desk.enter(boss)
    sent = await desk.post(
        "staff/people/invite",
        on="staff/people/invite",
        email="bo@example.org",
        language="en",
        role="observer",
        reason="A new colleague",
    )
    assert sent.headers["location"] == "/en/staff/people?done=invited", sent.text
    async with service.database.reading() as session:
        mails = (await session.scalars(select(Job).where(Job.name == "mail.deliver").order_by(Job.id))).all()
    path = mails[-1].payload["context"]["path"].removeprefix("/en/")
    desk.client.cookies.clear()
    await accept(desk, path, role="administrator", email=str(account.email), is_staff="yes", account_id=str(account.id))
    async with service.database.reading() as session:
        made = (await session.scalars(select(Account).where(Account.email == "bo@example.org"))).one()
        assert await grants_of(session, made.id) == (Grant("observer"),)


async def _resident(service: Service) -> Account:
    return Account(
        email="resident@example.org",
        email_key="resident@example.org",
        language="en",
        created_at=service.clock(),
        last_seen_at=service.clock(),
    )


# The second factor


async def sign_in(desk: Desk, member: Member) -> httpx.Response:
    return await desk.post("sign-in", on="sign-in", email=member.email, password=PASSWORD)


async def test_the_password_alone_opens_nothing_and_the_code_opens_the_desk(desk: Desk, service: Service) -> None:
    member = await hire(service, "administrator")
    await sign_in(desk, member)
    assert (await desk.get("staff")).headers["location"].startswith("/en/staff/second-factor")
    before = desk.client.cookies["pb-session"]
    answer = await desk.post(
        "staff/second-factor", on="staff/second-factor", means="code", code=member.code(service), next="/en/staff/log"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/staff/log")
    assert desk.client.cookies["pb-session"] != before
    assert (await desk.get("staff/log")).status_code == 200


async def test_a_session_that_was_there_before_the_factor_gains_nothing(desk: Desk, service: Service) -> None:
    """Session fixation: the cookie from before is nobody's afterwards."""
    member = await hire(service, "administrator")
    await sign_in(desk, member)
    planted = desk.client.cookies["pb-session"]
    await desk.post("staff/second-factor", on="staff/second-factor", means="code", code=member.code(service))
    desk.client.cookies.clear()
    desk.client.cookies.set("pb-session", planted)
    assert "/en/sign-in" in (await desk.get("staff")).headers["location"]


async def test_with_the_password_alone_nobody_enrols_a_factor_of_his_own(desk: Desk, service: Service) -> None:
    member = await hire(service, "administrator")
    await sign_in(desk, member)
    for path in ("staff/factors/app", "staff/factors/passkey", "staff/factors/app/code", "staff/factors/recovery"):
        answer = await desk.post(path, on="staff/second-factor", code="123456", name="Mine", answer="{}")
        assert (path, answer.status_code) == (path, 303)
        assert answer.headers["location"].startswith("/en/staff/second-factor")
    assert (await desk.get("staff/factors")).headers["location"].startswith("/en/staff/second-factor")


@pytest.mark.parametrize("means", ["code", "passkey", "recovery", "password", "nothing", ""])
async def test_a_wrong_proof_is_refused_and_logged(desk: Desk, service: Service, means: str) -> None:
    """The password, which was given already, is no second factor."""
    await desk.enter(await hire(service, "administrator"), factor=False)
    given = {"code": "000000", "answer": "{}", "recovery": "2222-3333-4444-5555", "password": PASSWORD}
    answer = await desk.post("staff/second-factor", on="staff/second-factor", means=means, **given)
    assert answer.status_code == 422
    async with service.database.reading() as session:
        lines = (await session.scalars(select(AccessLog.outcome).where(AccessLog.act == "second-factor"))).all()
    assert list(lines) == (["refused"] if means in ("code", "passkey", "recovery", "password") else [])
    assert (await desk.get("staff")).status_code == 303


async def test_codes_cannot_be_tried_until_one_fits(desk: Desk, service: Service) -> None:
    member = await hire(service, "administrator")
    await desk.enter(member, factor=False)
    statuses = [
        (await desk.post("staff/second-factor", on="staff/second-factor", means="code", code=f"{n:06}")).status_code
        for n in range(11)
    ]
    right = await desk.post("staff/second-factor", on="staff/second-factor", means="code", code=member.code(service))
    assert (set(statuses[:10]), statuses[10], right.status_code) == ({422}, 429, 429)


async def test_a_recovery_code_lets_in_once(desk: Desk, service: Service) -> None:
    member = await hire(service, "administrator")
    await desk.enter(member)
    shown = await desk.post("staff/factors/recovery", on="staff/factors")
    code = re.findall(r"<li><code>([^<]+)</code>", shown.text)[0]
    await desk.enter(member, factor=False)
    statuses = [
        (await desk.post("staff/second-factor", on="staff/second-factor", means="recovery", recovery=code)).status_code
    ]
    await desk.enter(member, factor=False)
    statuses.append(
        (await desk.post("staff/second-factor", on="staff/second-factor", means="recovery", recovery=code)).status_code
    )
    assert statuses == [303, 422]


@pytest.mark.parametrize(
    "onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%2f/evil", "x"]
)
async def test_after_the_proof_nobody_is_led_elsewhere(desk: Desk, service: Service, onward: str) -> None:
    member = await hire(service, "administrator")
    await desk.enter(member, factor=False)
    answer = await desk.post(
        "staff/second-factor", on="staff/second-factor", means="code", code=member.code(service), next=onward
    )
    assert answer.status_code == 303
    assert httpx.URL("http://localhost").join(answer.headers["location"]).host == "localhost"


MALFORMED = [
    "",
    "{}",
    "[]",
    "null",
    '"x"',
    "[" * 19_000,
    json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}),
    json.dumps(
        {
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "response": {"clientDataJSON": "e30", "attestationObject": "o2NmbXRkbm9uZQ"},
        }
    ),
    json.dumps(
        {
            "id": "å",
            "rawId": "=",
            "type": "public-key",
            "response": {"clientDataJSON": "!", "attestationObject": "!", "authenticatorData": "!", "signature": "!"},
        }
    ),
]


@pytest.mark.parametrize("answer", MALFORMED)
async def test_what_is_no_answer_of_an_authenticator_is_refused(desk: Desk, service: Service, answer: str) -> None:
    member = await hire(service, "administrator")
    await desk.enter(member)
    enrolled = await desk.post("staff/factors/passkey", on="staff/factors/passkey", name="Mine", answer=answer)
    proved = await desk.post("staff/step-up", on="staff/step-up", means="passkey", answer=answer)
    assert (enrolled.status_code, proved.status_code) == (422, 422)


async def test_a_challenge_is_answered_once_right_or_wrong(desk: Desk, service: Service) -> None:
    await desk.enter(await hire(service, "administrator"))
    await desk.post("staff/factors/passkey", on="staff/factors/passkey", name="Mine", answer="{}")
    async with service.database.reading() as session:
        kept = (await session.scalars(select(PasskeyChallenge.challenge))).all()
    shown = (await desk.get("staff/factors/passkey")).text
    assert len(kept) == 1  # the page is shown again with a new one
    assert len(re.findall("data-options", shown)) == 1


async def test_the_only_factor_is_not_removed(desk: Desk, service: Service) -> None:
    await desk.enter(await hire(service, "administrator"))
    assert (await desk.post("staff/factors/app/remove", on="staff/factors")).status_code == 409
    other = await hire(service, "moderator", name="Bo Ek")
    path = f"staff/factors/passkeys/{other.id}/remove"
    assert (await desk.post(path, on="staff/factors")).status_code == 409


# Dangerous acts


async def test_a_dangerous_page_asks_for_the_step_up_and_leads_back(
    desk: Desk, service: Service, clock: FakeClock
) -> None:
    member = await hire(service, "administrator")
    await desk.enter(member)
    assert (await desk.get("staff/people/invite")).status_code == 200
    clock.advance(timedelta(minutes=10))
    asked = await desk.get("staff/people/invite")
    assert asked.headers["location"] == "/en/staff/step-up?next=/en/staff/people/invite"
    answer = await desk.post(
        "staff/step-up", on="staff/step-up", means="password", password=PASSWORD, next="/en/staff/people/invite"
    )
    assert answer.headers["location"] == "/en/staff/people/invite"
    assert (await desk.get("staff/people/invite")).status_code == 200


async def test_a_dangerous_act_is_not_done_without_the_step_up(desk: Desk, service: Service, clock: FakeClock) -> None:
    bo = await hire(service, "observer", name="Bo Ek")
    await desk.enter(await hire(service, "administrator"))
    clock.advance(timedelta(minutes=10))
    for path in (f"people/{bo.id}/give", f"people/{bo.id}/block", f"people/{bo.id}/reset", "people/invite"):
        answer = await desk.post(f"staff/{path}", on="staff/people", role="desk", scope="", reason="A good reason")
        assert (path, answer.status_code, "/en/staff/step-up?next=" in answer.text) == (path, 403, True)
    assert await roles(service, bo) == {Grant("observer")}


async def roles(service: Service, member: Member) -> set[Grant]:
    async with service.database.reading() as session:
        return set(await grants_of(session, member.id))


async def give(desk: Desk, member: Member, role: str, scope: str = "", **more: str) -> httpx.Response:
    path = f"staff/people/{member.id}/give"
    return await desk.post(path, on="staff", role=role, scope=scope, reason="A good reason", **more)


async def test_a_role_is_given_on_the_persons_page(desk: Desk, service: Service) -> None:
    bo = await hire(service, "observer", name="Bo Ek")
    await desk.enter(await hire(service, "administrator"))
    round_id = await open_spring(service)
    answer = await give(desk, bo, "desk", f"{round_id} north")
    assert answer.status_code == 303
    assert await roles(service, bo) == {Grant("observer"), Grant("desk", round_id, "north")}


async def test_a_refused_role_keeps_what_was_typed_and_says_why_in_the_readers_language(
    desk: Desk, service: Service
) -> None:
    bo = await hire(service, "assessor", name="Bo Ek")
    await desk.enter(await hire(service, "administrator"))
    path = f"staff/people/{bo.id}/give"
    answer = await desk.post(path, on=path, reading="sv", role="manager", scope="", reason="Behövs i våras")
    assert answer.status_code == 422
    assert "bedömare och omgångsansvarig i samma omgång" in answer.text
    assert "Behövs i våras" in answer.text


async def test_nobody_raises_himself_by_an_id_in_the_address(desk: Desk, service: Service) -> None:
    """Role escalation by id: one's own id, a stranger's, and more fields than the form has."""
    round_id = await open_spring(service)
    manager = await hire(service, Grant("manager", round_id), name="Bo Ek")
    await desk.enter(manager)
    for role in ("administrator", "moderator", "auditor"):
        answer = await give(desk, manager, role, str(round_id), granted_by=str(manager.id), is_staff="1")
        assert (role, answer.status_code) == (role, 422)
    assert await roles(service, manager) == {Grant("manager", round_id)}


async def test_fields_that_the_form_does_not_have_change_nothing(desk: Desk, service: Service) -> None:
    """Mass assignment: the person stands in the address, who gives it is who is signed in."""
    bo = await hire(service, "observer", name="Bo Ek")
    cia = await hire(service, "observer", name="Cia Berg")
    boss = await hire(service, "administrator")
    await desk.enter(boss)
    await give(desk, bo, "desk", account_id=str(cia.id), granted_by=str(cia.id), id=str(UUID(int=1)), revoked_at="x")
    async with service.database.reading() as session:
        row = (await session.scalars(select(RoleGrant).where(RoleGrant.role == "desk"))).one()
    assert (row.account_id, row.granted_by, row.revoked_at) == (bo.id, boss.id, None)
    assert await roles(service, cia) == {Grant("observer")}


@pytest.mark.parametrize(
    "scope", ["x", "' OR 1=1", "00000000-0000-0000-0000-000000000007", "{} west", "{} ' --", "\x00"]
)
async def test_a_scope_that_is_not_offered_is_refused(desk: Desk, service: Service, scope: str) -> None:
    bo = await hire(service, "observer", name="Bo Ek")
    await desk.enter(await hire(service, "administrator"))
    round_id = await open_spring(service)
    answer = await give(desk, bo, "desk", scope.format(round_id))
    assert answer.status_code == 422 if scope != "\x00" else answer.status_code == 303


@pytest.mark.parametrize("role", ["moderator", "assessor", "editor", "desk", "registrar", "trustee", "observer"])
async def test_other_roles_reach_no_page_about_people(desk: Desk, service: Service, role: Role) -> None:
    boss = await hire(service, "administrator", name="Cia Berg")
    await desk.enter(await hire(service, role))
    for path in ("people", "people/invite", f"people/{boss.id}", f"people/{boss.id}/give", "log"):
        assert (path, (await desk.get(f"staff/{path}")).status_code) == (path, 403)
    answer = await give(desk, boss, "observer")
    assert answer.status_code == 403


async def test_a_forged_form_gives_no_role(desk: Desk, service: Service) -> None:
    bo = await hire(service, "observer", name="Bo Ek")
    await desk.enter(await hire(service, "administrator"))
    data = {"role": "administrator", "scope": "", "reason": "A good reason"}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
        answer = await desk.client.post(f"/en/staff/people/{bo.id}/give", data=data, headers=headers)
        assert answer.status_code == 403
    assert await roles(service, bo) == {Grant("observer")}


async def test_an_abusive_account_is_found_by_its_whole_address_and_blocked(desk: Desk, service: Service) -> None:
    resident = await hire(service, staff=False, name="Resident")
    await desk.enter(await hire(service, "moderator"))
    assert (await desk.post("staff/people/resident", on="staff/people/resident", email="resid")).status_code == 422
    found = await desk.post("staff/people/resident", on="staff/people/resident", email="RESIDENT@example.org")
    assert found.headers["location"] == f"/en/staff/people/{resident.id}"
    path = f"staff/people/{resident.id}/block"
    answer = await desk.post(path, on=path, reason="Threatens others")
    assert answer.headers["location"] == f"/en/staff/people/{resident.id}?done=blocked"
    assert "Threatens others" in (await desk.get(f"staff/people/{resident.id}")).text
    desk.client.cookies.clear()
    assert (await sign_in(desk, resident)).status_code == 403


async def test_one_sees_and_ends_ones_own_sessions_alone(desk: Desk, service: Service) -> None:
    bo = await hire(service, "moderator", name="Bo Ek")
    await desk.enter(bo)
    await desk.enter(await hire(service, "moderator"))
    async with service.database.reading() as session:
        theirs = (await session.scalars(select(AccountSession).where(AccountSession.account_id == bo.id))).one()
    assert str(theirs.id) not in (await desk.get("staff/sessions")).text
    assert (await desk.post(f"staff/sessions/{theirs.id}/end", on="staff/sessions")).status_code == 404
    async with service.database.reading() as session:
        assert await session.get(AccountSession, theirs.id) is not None


HOSTILE = [
    "' OR 1=1 --",
    "%",
    "\\",
    "\x00",
    "%00",
    "a;DROP TABLE account",
    "x" * 9000,
    "🦉",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_filters_are_values_in_every_field(desk: Desk, service: Service, text: str) -> None:
    await desk.enter(await hire(service, "administrator"))
    for path in ("people", "log"):
        for name in ("q", "role", "page", "person", "act", "outcome", "since", "until", "before"):
            answer = await desk.client.get(f"/en/staff/{path}", params={name: text})
            assert (path, name, answer.status_code in (200, 422)) == (path, name, True)
            assert "<script>alert" not in answer.text


async def test_the_log_shows_what_was_filtered(desk: Desk, service: Service) -> None:
    await desk.enter(await hire(service, "auditor"))
    await desk.post("staff/step-up", on="staff/step-up", means="password", password="wrong password")  # noqa: S106
    text = (await desk.client.get("/en/staff/log", params={"act": "step", "outcome": "not-done"})).text
    assert "<code>step-up</code>" in text


async def test_a_unit_is_added_once_though_the_form_is_sent_twice(desk: Desk, service: Service) -> None:
    await desk.enter(await hire(service, "administrator"))
    key = re.findall(r'name="once" value="([^"]+)"', (await desk.get("staff/units/new")).text)[0]
    for _ in range(2):
        answer = await desk.post("staff/units/new", on="staff/units/new", once=key, name_fi="Puistot", phone="123 456")
        assert answer.headers["location"] == f"/en/staff/units/{key}"
    async with service.database.reading() as session:
        assert [unit.names for unit in await session.scalars(select(Unit))] == [{"fi": "Puistot"}]


async def test_a_contact_person_is_named_for_a_district(desk: Desk, service: Service) -> None:
    bo = await hire(service, "moderator", name="Bo Ek")
    await desk.enter(await hire(service, "administrator"))
    round_id = await open_spring(service)
    given = {"scope": f"{round_id} north", "person": str(bo.id), "email": "north@example.org"}
    page = "staff/units/contacts/new"
    assert (await desk.post(page, on=page, **given | {"email": ""})).status_code == 422
    assert (await desk.post(page, on=page, **given | {"scope": f"{round_id} west"})).status_code == 422
    assert (await desk.post(page, on=page, **given)).status_code == 303
    assert "north@example.org" in (await desk.get("staff/units")).text


async def test_enrolling_is_for_staff(desk: Desk, service: Service) -> None:
    resident = await hire(service, staff=False, name="Resident")
    await desk.enter(resident, factor=False)
    assert (await desk.get("staff/factors")).status_code == 403
    assert (await desk.get("staff")).status_code == 403
