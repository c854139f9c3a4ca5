"""Builders of the time after a vote: a round whose result is confirmed, without having held the vote."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from PIL import Image

from pb_service.core.implementation.orders import (
    Assign,
    Close,
    Correct,
    Move,
    Order,
    Plan,
    Postpone,
    Reach,
    Recost,
    Spend,
    Tell,
)
from pb_service.core.record.canonical import b64u, encode
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.staff_tables import Unit, UnitMember
from pb_service.features.implementation import reading, service
from pb_service.features.implementation.reading import Built
from pb_service.features.implementation.tables import ImplementationAct
from pb_service.features.results import states
from pb_service.features.results.states import StateKind
from pb_service.features.results.tables import ResultState
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import enter_phase
from tests.rounds import draft, publish_round, staff
from tests.voting import fix_list, setup_for

NORTH, SOUTH = "pohjoinen", "etela"
BENCHES, LIGHTS, SWINGS = f"{NORTH}-101", f"{NORTH}-102", f"{SOUTH}-104"
#: What the confirmed result funds, minor units: costs of the builder's ballot list.
FUNDED: Mapping[str, Mapping[str, int]] = {
    NORTH: {BENCHES: 4_000_000, LIGHTS: 7_000_000},
    SOUTH: {SWINGS: 13_000_000},
}


def said(text: str = "Teksti") -> dict[str, str]:
    """A text in every language."""
    return {"fi": text, "sv": f"{text} (sv)", "en": f"{text} (en)"}


@dataclass
class Building:
    """A round whose result is confirmed, its manager, and a unit with one person who assesses."""

    service: Service
    clock: FakeClock
    manager: Actor
    worker: Actor
    unit: UUID
    slug: str = "spring"

    async def act(
        self, order: Order, code: str = BENCHES, *, by: Actor | None = None, version: int | None = None, **more: Any
    ) -> ImplementationAct:
        """Do something to a project, over its newest version unless another is given."""
        seen = (await self.built(code)).version if version is None else version
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, for_update=True, whole=False)
            more = {"version": seen, "now": self.clock(), "files": self.service.files, **more}
            return await service.act(session, by or self.manager, found, (contest_of(code), code), order, **more)

    async def built(self, code: str = BENCHES) -> Built:
        async with self.service.database.reading() as session:
            found = await find_round(session, self.slug, whole=False)
            return await reading.built(session, found, contest_of(code), code)

    async def state(self, kind: StateKind, funded: Mapping[str, Mapping[str, int]] = FUNDED, **fields: Any) -> None:
        """Publish a state of the result as if two people had signed it."""
        async with self.service.database.transaction() as session:
            found = await find_round(session, self.slug, for_update=True)
            contests = [
                {"id": contest, "budget": 30_000_000, "funded": [list(pair) for pair in projects.items()]}
                for contest, projects in funded.items()
            ]
            statement = {"v": 1, "k": f"result.{kind}", "e": b64u(bytes(32)), "contests": contests, **fields}
            row = ResultState(round_id=found.id, kind=kind, statement=encode(statement), made_at=self.clock())
            await states._publish(session, found, row, [], by="manager", now=self.clock())


def contest_of(code: str) -> str:
    return code.rpartition("-")[0]


async def building(service: Service, clock: FakeClock, slug: str = "spring") -> Building:
    """A round in its phase of results whose result was confirmed, in which nothing was done yet."""
    manager, other, worker = await staff(service), await staff(service), await staff(service, "assessor")
    await draft(service, manager, slug, setup=setup_for())
    await publish_round(service, manager, slug)
    await enter_phase(service, slug, "assessment")
    await fix_list(service, slug, (manager, other))
    await enter_phase(service, slug, "results")
    clock.now = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
    unit = await unit_of(service, [worker])
    made = Building(service, clock, manager, worker, unit, slug)
    await made.state("preliminary")
    await made.state("confirmed", decision={"reference": "KH 2026-000123", "by": "Board", "on": "2026-10-05"})
    return made


async def furnish(made: Building) -> None:
    """Something of everything that a page shows: benches under way with a delay, swings done, lights not begun."""
    act, today = made.act, made.clock().date()
    await act(Assign(unit=made.unit))
    await act(Move(state="under_way"))
    await act(Plan(title=said("Suunnitelma valmis"), due=date(2026, 9, 15)))
    await act(Plan(title=said("Penkit paikallaan"), due=date(2026, 10, 1)))
    await act(Plan(title=said("Puut istutettu"), due=date(2026, 10, 4)))
    await act(Reach(milestone=3, on=date(2026, 9, 20)))
    await act(Postpone(milestone=4, due=date(2027, 6, 1), reason=said("Tavara viipyy")))
    await act(Spend(on=date(2026, 10, 2), what={"fi": "Puutavara"}, amount=1_234_50, receipt="L-17"))
    await act(Spend(on=today, what={"fi": "Väärä lasku"}, amount=90_000))
    await act(Correct(entry=9, reason=said("Toisen hankkeen lasku")))
    await act(Recost(amount=4_500_000, reason=said("Puu kallistui"), decision="KH 2027-1"))
    await act(Tell(text=said("Perustukset on valettu, ja penkit ovat tilauksessa.")))
    body = io.BytesIO()
    Image.new("RGB", (640, 400), "#9db8a0").save(body, "PNG")
    async with made.service.database.transaction() as session:
        found = await find_round(session, made.slug, for_update=True, whole=False)
        more: dict[str, Any] = {"alt": said("Valettu perustus"), "version": 12, "now": made.clock()}
        key = (NORTH, BENCHES)
        await service.add_picture(
            session, made.manager, made.service.files, found, key, body=body.getvalue(), name="a.png", **more
        )
    await act(Move(state="delayed", reason=said("Tavara viipyy")), SWINGS)
    await act(Spend(on=today, what={"fi": "Keinut"}, amount=13_000_000), SWINGS)
    await act(Close(happened=said("Keinut tulivat."), learned=said("Tilaa ajoissa."), develop=said("Valot.")), SWINGS)


async def unit_of(service: Service, people: Sequence[Actor], name: str = "Puistot") -> UUID:
    """A unit with these people."""
    unit_id, now = uuid4(), service.clock()
    async with service.database.transaction() as session:
        session.add(Unit(id=unit_id, names={"fi": name, "sv": f"{name} (sv)", "en": f"{name} (en)"}, created_at=now))
        await session.flush()
        session.add_all(
            [UnitMember(unit_id=unit_id, account_id=one.account_id, title="Insinööri", added_at=now) for one in people]
        )
    return unit_id
