"""Counting paper after the close: accounts that balance, two readings, a third hand, the auditor's sample, the list.

The ballots of a box are numbered when it is opened. Two people key each of them in without seeing the other's reading;
where they differ a third person reads the paper again. When nothing differs any more, an auditor reads a sample drawn
by lot. The signed list of a contest (docs/protocol.md section 10) holds what was read, without numbers and in no order.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u
from pb_service.core.rounds.documents import Ballot
from pb_service.core.sealing import payload
from pb_service.core.sealing.election import Election
from pb_service.core.sealing.opening import paper_list
from pb_service.core.sealing.payload import BallotShape, PayloadError
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Act, Actor, require
from pb_service.features.desk import repository
from pb_service.features.desk.errors import DeskRefused, NotThere
from pb_service.features.desk.repository import Given
from pb_service.features.desk.tables import BoxAccount, BoxReading, KeyedBallot
from pb_service.features.opening.state import state_of
from pb_service.features.record import service as record
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import orders
from pb_service.features.voting.tables import VoteOrder

Step = Literal["account", "read", "settle", "draw", "sample", "again", "ready"]

FIRST, SECOND, THIRD, AUDITOR = 1, 2, 3, 4
HANDS = (FIRST, SECOND, THIRD, AUDITOR)
#: An auditor reads every twentieth ballot of a box again, and five at least.
_SHARE, _LEAST = 20, 5


@dataclass(frozen=True)
class Box:
    """The ballots of a contest in one box, and how far they are counted. ``readings``: payload (None: void) by hand and
    number; ``differ``: numbers that a third person reads; ``wrong``: numbers that the auditor read otherwise.
    """

    contest: str
    no: str
    given: Given
    account: BoxAccount | None
    hands: Mapping[int, UUID | None]
    readings: Mapping[int, Mapping[int, bytes | None]]

    @property
    def size(self) -> int:
        """How many ballots are in the box."""
        return self.account.in_box if self.account else 0

    @property
    def numbers(self) -> range:
        return range(1, self.size + 1)

    def read(self, hand: int) -> int:
        """How many ballots a hand has read."""
        return len(self.readings.get(hand, {}))

    @property
    def is_read_twice(self) -> bool:
        return self.account is not None and self.read(FIRST) == self.read(SECOND) == self.size

    @property
    def differ(self) -> list[int]:
        """Numbers whose two readings are not the same."""
        first, second = self.readings.get(FIRST, {}), self.readings.get(SECOND, {})
        return [number for number in self.numbers if number in first and number in second
                and first[number] != second[number]]  # fmt: skip

    @property
    def unsettled(self) -> list[int]:
        third = self.readings.get(THIRD, {})
        return [number for number in self.differ if number not in third]

    def final(self, number: int) -> bytes | None:
        """What a ballot says after all: the third reading where the first two differ."""
        third = self.readings.get(THIRD, {})
        return third[number] if number in third else self.readings[FIRST][number]

    @property
    def wrong(self) -> list[int]:
        """Numbers of the sample that the auditor read otherwise."""
        sample = self.readings.get(AUDITOR, {})
        return [number for number, said in sample.items() if said != self.final(number)]

    @property
    def step(self) -> Step:
        """What comes next."""
        if self.account is None:
            return "account"
        if not self.is_read_twice:
            return "read"
        if self.unsettled:
            return "settle"
        if self.wrong:
            return "again"
        if self.size and self.account.sample is None:
            return "draw"
        return "sample" if self.read(AUDITOR) < len(self.account.sample or []) else "ready"

    def next_number(self, hand: int) -> int | None:
        """The ballot that a hand reads next, None when it has read all of its own."""
        wanted: Sequence[int] = self.numbers
        if hand == THIRD:
            wanted = self.differ if self.is_read_twice else []
        elif hand == AUDITOR:
            wanted = (self.account.sample or []) if self.account else []
        read = self.readings.get(hand, {})
        return next((number for number in wanted if number not in read), None)

    def hand_of(self, account_id: UUID | None) -> int | None:
        """The hand that a person is in this box."""
        return next((hand for hand, account in self.hands.items() if account == account_id and account), None)


async def boxes_of(session: AsyncSession, found: Round) -> list[Box]:
    """Return every box of a round in which paper was given, contest by contest."""
    given = await repository.given_out(session, found.log)
    accounts = await repository.accounts_of(session, found.id)
    hands: dict[tuple[str, str], dict[int, UUID | None]] = {}
    for one in await repository.readings_of(session, found.id):
        hands.setdefault((one.contest, one.no), {})[one.hand] = one.account_id
    readings: dict[tuple[str, str], dict[int, dict[int, bytes | None]]] = {}
    for row in await repository.keyed_of(session, found.id):
        readings.setdefault((row.contest, row.no), {}).setdefault(row.hand, {})[row.number] = row.payload
    return [
        Box(*key, given.get(key, Given(0, 0)), accounts.get(key), hands.get(key, {}), readings.get(key, {}))
        for key in sorted({*given, *accounts})
    ]


async def box_called(session: AsyncSession, found: Round, contest: str, no: str) -> Box:
    """Return a box. Raises DeskRefused."""
    for box in await boxes_of(session, found):
        if (box.contest, box.no) == (contest, no):
            return box
    raise NotThere("No paper was given for this contest at this box.")


async def enter_account(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    contest: str,
    no: str,
    *,
    given: int,
    in_box: int,
    spoilt: int,
    returned: int,
    now: datetime,
) -> BoxAccount:
    """Enter what became of the sheets of a box. Raises DeskRefused, Forbidden.

    Sheets given out = in the box + spoilt at the desk and replaced + returned; at least one was given for each entry of
    the record, and no more lie in the box than entries stand.
    """
    require(actor, "desk.serve", round_id=found.id)
    await _closed(session, found)
    box = await box_called(session, found, contest, no)
    await _not_listed(session, found, contest)
    if given != in_box + spoilt + returned:
        raise DeskRefused("unbalanced", "The sheets given out are not those in the box, spoilt and returned.")
    if in_box > box.given.standing:
        raise DeskRefused("too_many", "More ballots lie in the box than people were given paper.")
    if given < box.given.all:
        raise DeskRefused("few", "Fewer sheets were given out than the record has entries.")
    if box.account is not None and box.hands and box.size != in_box:
        raise DeskRefused("begun", "The ballots are being read already. Begin the reading anew first.")
    row = box.account or BoxAccount(round_id=found.id, contest=contest, no=no)
    row.given, row.in_box, row.spoilt, row.returned = given, in_box, spoilt, returned
    row.entered_by, row.entered_at = actor.account_id, now
    session.add(row)
    await session.flush()
    await access_log.note(session, actor.account_id, "desk.account", f"{found.slug} {contest} {no}", now=now)
    return row


async def read_ballot(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    contest: str,
    no: str,
    *,
    hand: int,
    number: int,
    said: Ballot | None,
    shape: BallotShape,
    now: datetime,
) -> None:
    """Key in one ballot by its number; ``said`` is None for a void one. The first ballot makes a person that hand.

    Raises DeskRefused, Forbidden.
    """
    require(actor, act_of(hand), round_id=found.id)
    box = await box_called(session, found, contest, no)
    await _not_listed(session, found, contest)
    if box.account is None:
        raise DeskRefused("account", "The account of the box comes first.")
    holder = box.hands.get(hand)
    if hand in box.hands and holder != actor.account_id:
        raise DeskRefused("taken", "Somebody else reads this box as that hand.")
    if hand not in box.hands and box.hand_of(actor.account_id) is not None:
        raise DeskRefused("same_hand", "Each reading of a box is another person's.")
    if number != box.next_number(hand):
        raise DeskRefused("order", "This ballot is read already, or another one comes first.")
    try:
        body = None if said is None else payload.encode(said, shape)
    except PayloadError as error:
        raise DeskRefused("ballot", str(error)) from error
    if hand not in box.hands:
        session.add(
            BoxReading(round_id=found.id, contest=contest, no=no, hand=hand, account_id=actor.account_id, begun_at=now)
        )
    session.add(KeyedBallot(round_id=found.id, contest=contest, no=no, number=number, hand=hand, payload=body, at=now))
    await session.flush()


def act_of(hand: int) -> Act:
    """Whose act a reading is: officers', or with the sample the auditor's."""
    return "evidence.read" if hand == AUDITOR else "desk.serve"


async def draw_sample(session: AsyncSession, actor: Actor, found: Round, contest: str, no: str) -> list[int]:
    """Draw by lot which ballots the auditor reads again. Raises DeskRefused, Forbidden."""
    require(actor, act_of(AUDITOR), round_id=found.id)
    box = await box_called(session, found, contest, no)
    if box.step != "draw" or box.account is None:
        raise DeskRefused("not_ready", "The two readings must be whole and agree first.")
    count = min(box.size, max(_LEAST, -(-box.size // _SHARE)))
    box.account.sample = sorted(secrets.SystemRandom().sample(box.numbers, count))
    await session.flush()
    return box.account.sample


async def begin_anew(
    session: AsyncSession, actor: Actor, found: Round, contest: str, no: str, *, now: datetime
) -> None:
    """Forget all readings of a box. Raises DeskRefused, Forbidden."""
    require(actor, "desk.serve", round_id=found.id)
    box = await box_called(session, found, contest, no)
    await _not_listed(session, found, contest)
    if box.account is not None:
        box.account.sample = None
    await repository.drop_readings(session, found.id, contest, no)
    await access_log.note(session, actor.account_id, "desk.anew", f"{found.slug} {contest} {no}", now=now)


async def make_list(session: AsyncSession, actor: Actor, found: Round, contest: str, *, now: datetime) -> VoteOrder:
    """Make the paper list of a contest, for two officers and an auditor to sign. Raises DeskRefused, Forbidden."""
    require(actor, "desk.serve", round_id=found.id)
    election = await _closed(session, found)
    progress = election.progress.get(contest)
    if progress is None or not election.handed_out(contest):
        raise NotThere("No paper was given in this contest.")
    if progress.rows is None:
        raise DeskRefused("early", "The envelopes of this contest are not listed yet.")
    await _not_listed(session, found, contest)
    boxes = [box for box in await boxes_of(session, found) if box.contest == contest]
    if any(box.step != "ready" for box in boxes):
        raise DeskRefused("not_ready", "A box of this contest is not counted yet.")
    if any(box.size > box.given.standing for box in boxes):  # struck since the account was entered
        raise DeskRefused("too_many", "More ballots lie in a box than entries stand.")
    said = [box.final(number) for box in boxes for number in box.numbers]
    payloads = [one for one in said if one is not None]
    assert election.manifest is not None  # noqa: S101 - it is closed
    body = paper_list(election.manifest.eid, contest, payloads, len(said) - len(payloads))
    sha256 = await record.put_file(session, body, kind="paperlist", at=now)
    fields = {"d": contest, "n": len(said), "f": b64u(sha256)}
    return await orders.place_order(session, actor, found, "paperlist", fields, now=now)


async def lists_of(session: AsyncSession, found: Round) -> dict[str, orders.Waiting]:
    """Return the paper list of each contest that has one which was not let go."""
    listed = await orders.orders(session, found, ["paperlist"])
    return {one.entry["d"]: one for one in reversed(listed) if one.order.dropped_at is None}


async def _closed(session: AsyncSession, found: Round) -> Election:
    election = (await state_of(session, found.log)).election
    if election.closed_at is None:
        raise DeskRefused("early", "Boxes are opened when the vote is closed.")
    return election


async def _not_listed(session: AsyncSession, found: Round, contest: str) -> None:
    if contest in await lists_of(session, found):
        raise DeskRefused("listed", "The list of this contest is made: let it go first, if it is not signed.")
