"""What an act on a funded project needs to be taken: the state it starts from, its texts, its days and its money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pb_service.core.implementation.history import ENDED, LANGUAGES, Progress
from pb_service.core.implementation.orders import (
    Assign,
    Close,
    Correct,
    Drop,
    Erase,
    GiveUp,
    Move,
    Order,
    Plan,
    Postpone,
    Reach,
    Recost,
    Reopen,
    Spend,
    Tell,
    Texts,
    Unpicture,
)
from pb_service.core.proposals.texts import cleaned
from pb_service.core.rounds.setup import Problem

MOST_TITLE, MOST_TEXT, MOST_ANSWER, MOST_WORDS, MOST_ALT = 120, 2_000, 4_000, 200, 300
#: Most of each in one project, so that its page stays a page.
MOST_MILESTONES, MOST_PICTURES, MOST_ACTS = 40, 30, 2_000
MOST_MONEY = 10**13
#: Years within which a milestone must lie.
FIRST_YEAR, LAST_YEAR = 2000, 2100
CLOSING = ("happened", "learned", "develop")


@dataclass(frozen=True)
class Rules:
    """What the municipality requires: texts in these languages; and which day it is."""

    languages: Sequence[str]
    today: date


class OrderRefused(Exception):
    """An act cannot be taken; the problems say which field, and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in problems))
        self.problems = list(problems)


def content_of(order: Order, now: Progress, rules: Rules, *, unit: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what an act says, as its document holds it. ``unit``: the names of the unit of an `Assign`, if it exists.

    Raises OrderRefused with all problems.
    """
    reading = _Reading(now, rules)
    said = reading.read(order, unit)
    if reading.problems:
        raise OrderRefused(reading.problems)
    return said


def picture_of(alt: Texts, file: str, sha256: str, now: Progress, rules: Rules) -> dict[str, Any]:
    """Return what the act of adding a picture says. Raises OrderRefused."""
    reading = _Reading(now, rules)
    reading.require_open()
    if len(now.pictures) >= MOST_PICTURES:
        reading.refuse("file", "too_many", most=MOST_PICTURES)
    said = {"alt": reading.texts("alt", alt, MOST_ALT, lines=False), "file": file, "sha256": sha256}
    if reading.problems:
        raise OrderRefused(reading.problems)
    return said


class _Reading:
    """Reads an order against a project's progress and notes what is wrong."""

    def __init__(self, now: Progress, rules: Rules) -> None:
        self.now = now
        self.rules = rules
        self.problems: list[Problem] = []

    def refuse(self, name: str, code: str, **values: str | int) -> None:
        self.problems.append(Problem(name, code, values))

    def require_open(self) -> None:
        if self.now.state in ENDED:
            self.refuse("act", "ended")

    def read(self, order: Order, unit: Mapping[str, str] | None) -> dict[str, Any]:  # noqa: PLR0911, PLR0912 - one an act
        if not isinstance(order, Assign | Unpicture | Erase | Reopen):
            self.require_open()
        match order:
            case Assign():
                if unit is None:
                    self.refuse("unit", "unknown")
                return {"unit": str(order.unit), "names": dict(unit or {})}
            case Move():
                return self._moved(order)
            case Plan():
                if len(self.now.milestones) >= MOST_MILESTONES:
                    self.refuse("title", "too_many", most=MOST_MILESTONES)
                return {"title": self.texts("title", order.title, MOST_TITLE, lines=False), "due": self._due(order.due)}
            case Postpone() | Reach() | Drop():
                return self._milestone(order)
            case Spend():
                return self._spent(order)
            case Correct():
                found = self.now.spending(order.entry)
                if found is None or found.why_not is not None:
                    self.refuse("entry", "unknown")
                return {"entry": order.entry, "reason": self.reason(order.reason)}
            case Recost():
                return self._recosted(order)
            case Tell():
                return {"text": self.texts("text", order.text, MOST_TEXT)}
            case Unpicture():
                if self.now.picture(order.picture) is None:
                    self.refuse("picture", "unknown")
                return {"picture": order.picture, "reason": self.reason(order.reason)}
            case Erase():
                if order.line not in self.now.erasable:
                    self.refuse("line", "unknown")
                return {"line": order.line, "reason": self.reason(order.reason)}
            case GiveUp():
                return {"reason": self.reason(order.reason), "decision": self.line("decision", order.decision)}
            case Close():
                return self._closed(order)
            case Reopen():
                if self.now.state not in ENDED:
                    self.refuse("act", "not_ended")
                return {"reason": self.reason(order.reason)}

    def _moved(self, order: Move) -> dict[str, Any]:
        if order.state == self.now.state:
            self.refuse("state", "same")
        if order.state != "delayed" and not any(order.reason.values()):
            return {"state": order.state}
        return {"state": order.state, "reason": self.reason(order.reason)}

    def _milestone(self, order: Postpone | Reach | Drop) -> dict[str, Any]:
        found = self.now.milestone(order.milestone)
        if found is None or not found.is_open:
            self.refuse("milestone", "unknown")
        if isinstance(order, Reach):
            return {"milestone": order.milestone, "on": self._past("on", order.on)}
        said: dict[str, Any] = {"milestone": order.milestone, "reason": self.reason(order.reason)}
        if isinstance(order, Postpone):
            if found and order.due <= found.due:
                self.refuse("due", "not_later")
            said["due"] = self._due(order.due)
        return said

    def _spent(self, order: Spend) -> dict[str, Any]:
        if not 0 < order.amount <= MOST_MONEY:
            self.refuse("amount", "money")
        elif order.amount > self.now.left:
            self.refuse("amount", "beyond_budget", left=max(self.now.left, 0))
        what = self.texts("what", order.what, MOST_WORDS, lines=False, any_language=True)
        said = {"on": self._past("on", order.on), "what": what, "amount": order.amount}
        receipt = cleaned(order.receipt, lines=False)
        if len(receipt) > MOST_WORDS:
            self.refuse("receipt", "too_long", most=MOST_WORDS)
        return said | ({"receipt": receipt} if receipt else {})

    def _recosted(self, order: Recost) -> dict[str, Any]:
        if not 0 < order.amount <= MOST_MONEY:
            self.refuse("amount", "money")
        elif order.amount == self.now.budget:
            self.refuse("amount", "same")
        elif order.amount < self.now.spent:
            self.refuse("amount", "below_spent", spent=self.now.spent)
        return {
            "was": self.now.budget,
            "amount": order.amount,
            "reason": self.reason(order.reason),
            "decision": self.line("decision", order.decision),
        }

    def _closed(self, order: Close) -> dict[str, Any]:
        if self.now.state == "not_begun":
            self.refuse("act", "not_begun")
        if waiting := sum(one.is_open for one in self.now.milestones):
            self.refuse("act", "open_milestones", count=waiting)
        return {name: self.texts(name, getattr(order, name), MOST_ANSWER) for name in CLOSING}

    def reason(self, given: Texts) -> dict[str, str]:
        return self.texts("reason", given, MOST_TEXT)

    def texts(
        self, name: str, given: Texts, most: int, *, lines: bool = True, any_language: bool = False
    ) -> dict[str, str]:
        """A text cleaned, in every language that is required; in any one where that is enough."""
        if unknown := [code for code in given if code not in LANGUAGES]:
            self.refuse(name, "language", language=unknown[0])
        kept = {code: text for code in LANGUAGES if (text := cleaned(given.get(code, ""), lines=lines))}
        required = () if any_language and kept else (*self.rules.languages,)
        for code in required:
            if code not in kept:
                self.refuse(f"{name}_{code}", "required")
        for code, text in kept.items():
            if len(text) > most:
                self.refuse(f"{name}_{code}", "too_long", most=most)
        return kept

    def line(self, name: str, given: str) -> str:
        text = cleaned(given, lines=False)
        if not text:
            self.refuse(name, "required")
        elif len(text) > MOST_WORDS:
            self.refuse(name, "too_long", most=MOST_WORDS)
        return text

    def _due(self, day: date) -> str:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.refuse("due", "day")
        return day.isoformat()

    def _past(self, name: str, day: date) -> str:
        if day.year < FIRST_YEAR:
            self.refuse(name, "day")
        elif day > self.rules.today:
            self.refuse(name, "future")
        return day.isoformat()
