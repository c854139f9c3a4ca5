"""The history of a project that is being built, and what follows from it: state, money, milestones, pictures.

A history is only ever added to; everything that pages show is worked out from it. Every act is a document that holds
the hash of the one before it, so whoever keeps the newest hash can tell whether an earlier line was changed.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from pb_service.core.record import canonical
from pb_service.core.record.canonical import b64u

State = Literal["not_begun", "planning", "under_way", "delayed", "done", "given_up"]
STATES: tuple[State, ...] = ("not_begun", "planning", "under_way", "delayed", "done", "given_up")
ENDED: frozenset[State] = frozenset({"done", "given_up"})

ActKind = Literal[
    "assigned",
    "moved",
    "planned",
    "postponed",
    "reached",
    "dropped",
    "spent",
    "corrected",
    "recosted",
    "told",
    "pictured",
    "unpictured",
    "erased",
    "gaveup",
    "closed",
    "reopened",
]
LANGUAGES = ("fi", "sv", "en")
#: Acts that change what was promised: they stand in the round's public record too.
PROMISES: frozenset[ActKind] = frozenset({"recosted", "gaveup", "closed", "reopened"})


@dataclass(frozen=True)
class Act:
    """A line of a history: its number from 1 on, what kind, when (UTC), and what it says: no texts if erased."""

    number: int
    kind: ActKind
    at: datetime
    content: Mapping[str, Any]
    is_erased: bool = False

    @property
    def holds_texts(self) -> bool:
        """Whether it says something in somebody's words, which can be erased."""
        return self.kind != "assigned" and without_texts(self.content) != self.content


@dataclass(frozen=True)
class Milestone:
    """Something promised until a day; ``promised`` is the first day named, ``due`` the one that holds now."""

    number: int
    title: Mapping[str, str]
    promised: date
    due: date
    reached: date | None = None
    dropped: bool = False
    reasons: tuple[Mapping[str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        return self.reached is None and not self.dropped

    def is_late(self, today: date) -> bool:
        """Whether its day has passed and nothing was heard."""
        return self.is_open and self.due < today


@dataclass(frozen=True)
class Spending:
    """Money used, in minor units; ``why_not`` is there if it was entered wrongly and does not count."""

    number: int
    on: date
    what: Mapping[str, str]
    amount: int
    receipt: str
    why_not: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Picture:
    """A picture by the id of its file, with the texts that stand in its place."""

    number: int
    file: str
    alt: Mapping[str, str]
    at: datetime


@dataclass(frozen=True)
class Progress:
    """How a project stands. ``promised`` is its cost in the result, ``changed`` what decisions added to it since.

    ``texts``: the lines that say something in somebody's words.
    """

    promised: int
    changed: int = 0
    number: int = 0
    state: State = "not_begun"
    unit: Mapping[str, str] | None = None
    milestones: tuple[Milestone, ...] = ()
    spendings: tuple[Spending, ...] = ()
    pictures: tuple[Picture, ...] = ()
    news: tuple[Act, ...] = ()
    ending: Act | None = None
    reason: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    texts: frozenset[int] = frozenset()

    @property
    def budget(self) -> int:
        """The money that there is for the project now."""
        return self.promised + self.changed

    @property
    def spent(self) -> int:
        return sum(one.amount for one in self.spendings if one.why_not is None)

    @property
    def left(self) -> int:
        """Below zero only where the result was amended after the money was used."""
        return self.budget - self.spent

    @property
    def erasable(self) -> frozenset[int]:
        """The lines whose texts can be erased; a picture's stays as long as the picture, in whose place it stands."""
        return self.texts - {one.number for one in self.pictures}

    @property
    def following(self) -> Milestone | None:
        """The next milestone that is still to come."""
        waiting = [one for one in self.milestones if one.is_open]
        return min(waiting, key=lambda one: (one.due, one.number), default=None)

    def milestone(self, number: int) -> Milestone | None:
        return next((one for one in self.milestones if one.number == number), None)

    def spending(self, number: int) -> Spending | None:
        return next((one for one in self.spendings if one.number == number), None)

    def picture(self, number: int) -> Picture | None:
        return next((one for one in self.pictures if one.number == number), None)


def progress_of(promised: int, acts: Iterable[Act]) -> Progress:
    """Return what a history comes to; ``promised`` is the cost in the result, minor units."""
    found = Progress(promised)
    for act in acts:
        texts = found.texts | {act.number} if act.holds_texts else found.texts
        found = replace(_after(found, act), number=act.number, at=act.at, texts=texts)
    return found


def _after(found: Progress, act: Act) -> Progress:  # noqa: PLR0911, PLR0912 - one an act
    said = act.content
    match act.kind:
        case "assigned":
            return replace(found, unit=said["names"])
        case "moved":
            return replace(found, state=said["state"], reason=said.get("reason", {}))
        case "planned":
            due = date.fromisoformat(said["due"])
            made = Milestone(act.number, said["title"], promised=due, due=due)
            return replace(found, milestones=(*found.milestones, made))
        case "postponed" | "reached" | "dropped":
            return replace(found, milestones=tuple(_milestone(one, act.kind, said) for one in found.milestones))
        case "spent":
            on = date.fromisoformat(said["on"])
            spent = Spending(act.number, on, said["what"], said["amount"], said.get("receipt", ""))
            return replace(found, spendings=(*found.spendings, spent))
        case "corrected":
            spendings = tuple(
                replace(one, why_not=said["reason"]) if one.number == said["entry"] else one for one in found.spendings
            )
            return replace(found, spendings=spendings)
        case "recosted":
            return replace(found, changed=found.changed + said["amount"] - said["was"])
        case "told":
            return replace(found, news=(*found.news, act))
        case "pictured":
            made_picture = Picture(act.number, said["file"], said["alt"], act.at)
            return replace(found, pictures=(*found.pictures, made_picture))
        case "unpictured":
            kept = tuple(one for one in found.pictures if one.number != said["picture"])
            return replace(found, pictures=kept)
        case "gaveup":
            return replace(found, state="given_up", ending=act, reason=said["reason"])
        case "closed":
            return replace(found, state="done", ending=act, reason={})
        case "reopened":
            return replace(found, state="under_way", ending=None, reason=said["reason"])
        case "erased":
            return found


def _milestone(one: Milestone, kind: str, said: Mapping[str, Any]) -> Milestone:
    if one.number != said["milestone"]:
        return one
    if kind == "reached":
        return replace(one, reached=date.fromisoformat(said["on"]))
    reasons = (*one.reasons, said["reason"])
    if kind == "dropped":
        return replace(one, dropped=True, reasons=reasons)
    return replace(one, due=date.fromisoformat(said["due"]), reasons=reasons)


@dataclass(frozen=True)
class Place:
    """Which project a document is about."""

    round: str
    contest: str
    project: str


def document(place: Place, act: Act, before: bytes | None, *, by: str, salt: bytes) -> bytes:
    """Return an act as it is published and hashed: a salted file of kind ``implementation.<kind>`` that names the
    SHA-256 of the act before it (docs/schemas/implementation.md).
    """
    content = {
        "round": place.round,
        "contest": place.contest,
        "project": place.project,
        "number": act.number,
        "t": int(act.at.timestamp()),
        "by": by,
        "said": act.content,
        **({"before": b64u(before)} if before else {}),
    }
    kind = f"implementation.{act.kind}"
    return canonical.encode({"v": 1, "k": kind, "salt": b64u(salt), "content": content})


def without_texts(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an act says without what somebody wrote: texts by language are empty, a receipt's number is gone."""
    return {
        name: {} if isinstance(value, Mapping) and value.keys() <= {*LANGUAGES} else value
        for name, value in said.items()
        if name != "receipt"
    }


def erased(body: bytes) -> bytes:
    """Return the document of an act as it is published once its texts are erased: marked so, and without the salt,
    so that nobody can tell from the hash what they were.
    """
    read = canonical.decode(body)
    content = {**read["content"], "said": without_texts(read["content"]["said"])}
    return canonical.encode({"v": read["v"], "k": read["k"], "erased": True, "content": content})


def broken_at(documents: Sequence[bytes]) -> int | None:
    """Return the number of the first document of a history that does not follow from the one before, None if all do.

    Of a document whose texts were erased only the hash is left, which the next one names.
    """
    before: str | None = None
    is_known = True
    for number, body in enumerate(documents, start=1):
        read = canonical.decode(body)
        content = read["content"]
        if content["number"] != number or (is_known and content.get("before") != before):
            return number
        is_known = "erased" not in read
        before = b64u(hashlib.sha256(body).digest())
    return None
