"""What can be done to a funded project while it is being built: one form for the pages and for programs.

Texts are by language; money is in minor units; days are those of the round's time zone. ``entry``, ``milestone`` and
``picture`` are numbers of acts in the project's history.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

Texts = dict[str, str]
#: States into which a project is moved by hand; it begins as ``not_begun`` and ends as ``done`` or ``given_up``.
Stage = Literal["planning", "under_way", "delayed"]


class _Order(Struct, forbid_unknown_fields=True, kw_only=True, tag_field="act"):
    """What somebody wants to do; ``act`` says what."""


class Assign(_Order, tag="assigned"):
    """Name the unit that answers for the project."""

    unit: UUID


class Move(_Order, tag="moved"):
    """Say how far it has come. A delay needs its reason."""

    state: Stage
    reason: Texts = {}


class Plan(_Order, tag="planned"):
    """Promise a milestone until a day."""

    title: Texts
    due: date


class Postpone(_Order, tag="postponed"):
    """A milestone comes later, for a reason."""

    milestone: int
    due: date
    reason: Texts


class Reach(_Order, tag="reached"):
    """A milestone was reached on a day."""

    milestone: int
    on: date


class Drop(_Order, tag="dropped"):
    """A milestone will not come, for a reason."""

    milestone: int
    reason: Texts


class Spend(_Order, tag="spent"):
    """Money was used: when, for what, how much, and the number of the receipt if it has one."""

    on: date
    what: Texts
    amount: int
    receipt: str = ""


class Correct(_Order, tag="corrected"):
    """A spending was entered wrongly: it counts no more, and stays in the history with the reason."""

    entry: int
    reason: Texts


class Recost(_Order, tag="recosted"):
    """The money for the project changes by a decision, which has a reference, for a reason."""

    amount: int
    reason: Texts
    decision: str


class Tell(_Order, tag="told"):
    """Tell residents how it goes."""

    text: Texts


class Unpicture(_Order, tag="unpictured"):
    """Take a picture away for a reason, such as that somebody in it asked for it."""

    picture: int
    reason: Texts


class Erase(_Order, tag="erased"):
    """Take the texts of an earlier line away for a reason, such as that they name somebody; its hash stays."""

    line: int
    reason: Texts


class GiveUp(_Order, tag="gaveup"):
    """The project will not be built, by a decision, for a reason."""

    reason: Texts
    decision: str


class Close(_Order, tag="closed"):
    """The project is done: what happened, what was learned, what is still to be developed. None may be missing."""

    happened: Texts = {}
    learned: Texts = {}
    develop: Texts = {}


class Reopen(_Order, tag="reopened"):
    """A project that was done or given up goes on, for a reason."""

    reason: Texts


Order = (
    Assign
    | Move
    | Plan
    | Postpone
    | Reach
    | Drop
    | Spend
    | Correct
    | Recost
    | Tell
    | Unpicture
    | Erase
    | GiveUp
    | Close
    | Reopen
)
