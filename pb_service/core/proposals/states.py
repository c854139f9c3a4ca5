"""The states of a proposal and the only acts between them: one table for pages, services and the record.

Every row of the table says: what happens (`Act`), from which states, to which, by whom, in which phases of the round,
and as which kind of entry the record tells it. Whoever reads the record can follow each proposal through this table
alone (docs/schemas/bundle.md): the state after an entry never depends on anything but the entries before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pb_service.core.rounds.phases import Phase

State = Literal[
    "draft",  # only its authors see it; the record does not know it
    "received",  # sent; its authors and staff see it
    "returned",  # staff asked its authors for more
    "published",
    "rejected",  # refused in moderation, by a criterion and with a reason
    "assessed",  # feasible, and costed
    "infeasible",  # not feasible, with reasons
    "on_ballot",  # part of a project of the ballot list
    "merged",  # goes on as part of another
    "split",  # goes on as several others
    "withdrawn",  # by its authors
    "hidden",  # illegal content
]
STATES: tuple[State, ...] = get_args(State)

Act = Literal[
    "send",
    "enter",
    "change",
    "answer",
    "edit",
    "publish",
    "return",
    "reject",
    "withdraw",
    "hide",
    "merge",
    "absorb",
    "unmerge",
    "split",
    "unsplit",
    "rejoin",
    "assess",
    "find_infeasible",
    "request_review",
    "reinstate",
    "uphold",
    "put_on_ballot",
    "leave_ballot",
]
ACTS: tuple[Act, ...] = get_args(Act)

#: Who acts: an author, staff who moderate, who assess, who decide reviews, or who make the list.
Hand = Literal["author", "moderator", "assessor", "reviewer", "manager"]

_IDEAS: frozenset[Phase] = frozenset({"ideas"})
_HANDLING: frozenset[Phase] = frozenset({"ideas", "moderation", "assessment"})
_CHECKING: frozenset[Phase] = frozenset({"ideas", "moderation"})
_ASSESSING: frozenset[Phase] = frozenset({"moderation", "assessment"})
_LATER: frozenset[Phase] = _HANDLING | {"voting", "counting", "results", "implementation"}

#: States that everybody may read, if the proposal was ever published or was rejected (`is_public`).
PUBLIC: frozenset[State] = frozenset(
    {"published", "rejected", "assessed", "infeasible", "on_ballot", "merged", "split", "withdrawn"}
)
#: States in which a proposal is still worked on, so that it counts as open in an inbox.
OPEN: frozenset[State] = frozenset({"received", "returned", "published"})
#: States after which nothing more happens unless an act is undone or reviewed.
SETTLED: frozenset[State] = frozenset({"rejected", "infeasible", "merged", "split", "withdrawn", "hidden"})


@dataclass(frozen=True)
class Rule:
    """One act: ``target`` None keeps the state. ``late``: also after the ballot list is fixed."""

    act: Act
    sources: frozenset[State]
    target: State | None
    hands: frozenset[Hand]
    phases: frozenset[Phase]
    kind: str
    late: bool = False


def _rule(
    act: Act, sources: str, target: State | None, hands: str, phases: frozenset[Phase], *, kind: str, late: bool = False
) -> Rule:
    states = frozenset(state for state in STATES if state in sources.split())
    whose: frozenset[Hand] = frozenset(hand for hand in get_args(Hand) if hand in hands.split())
    return Rule(act, states, target, whose, phases, kind, late)


#: The table. `absorb` is what a merge does to the proposal that goes on, `rejoin` what the undoing of a split does to
#: its parts: the record tells them in the same entry as `merge` and `unsplit`. The parts of a split begin as
#: `published`; their first entry is that of the split. An author's `answer` makes `returned` `received` again.
RULES: Mapping[Act, Rule] = {
    rule.act: rule
    for rule in (
        _rule("send", "draft", "received", "author", _IDEAS, kind="proposal.received"),
        # What came on paper or by phone in time may be typed in after the ideas have ended.
        _rule("enter", "draft", "received", "moderator", _CHECKING, kind="proposal.received"),
        # An answer brings the proposal back to those who asked for more.
        _rule("change", "received published", None, "author", _IDEAS, kind="proposal.changed"),
        _rule("answer", "returned", "received", "author", _HANDLING, kind="proposal.changed"),
        _rule("edit", "received published assessed", None, "moderator", _HANDLING, kind="proposal.changed"),
        _rule("publish", "received", "published", "moderator", _HANDLING, kind="proposal.published"),
        _rule("return", "received published", "returned", "moderator", _HANDLING, kind="proposal.returned"),
        _rule("reject", "received returned published", "rejected", "moderator", _HANDLING, kind="proposal.rejected"),
        _rule(
            "withdraw",
            "received returned published assessed",
            "withdrawn",
            "author",
            _HANDLING,
            kind="proposal.withdrawn",
        ),
        _rule(
            "hide",
            "received returned published rejected assessed infeasible merged split withdrawn on_ballot",
            "hidden",
            "moderator",
            _LATER,
            kind="proposal.hidden",
            late=True,
        ),
        _rule("merge", "published assessed", "merged", "moderator", _HANDLING, kind="proposal.merged"),
        _rule("absorb", "published assessed", None, "moderator", _HANDLING, kind="proposal.merged"),
        _rule("unmerge", "merged", "published", "moderator", _HANDLING, kind="proposal.unmerged"),
        _rule("split", "published assessed", "split", "moderator", _HANDLING, kind="proposal.split"),
        _rule("unsplit", "split", "published", "moderator", _HANDLING, kind="proposal.unsplit"),
        _rule("rejoin", "published assessed", "merged", "moderator", _HANDLING, kind="proposal.unsplit"),
        _rule("assess", "published assessed", "assessed", "assessor", _ASSESSING, kind="assessment.decided"),
        _rule("find_infeasible", "published assessed", "infeasible", "assessor", _ASSESSING, kind="assessment.decided"),
        _rule("request_review", "rejected infeasible", None, "author", _HANDLING, kind="review.requested"),
        _rule("reinstate", "rejected infeasible", "published", "reviewer", _HANDLING, kind="review.decided"),
        _rule("uphold", "rejected infeasible", None, "reviewer", _HANDLING, kind="review.decided"),
        _rule("put_on_ballot", "assessed", "on_ballot", "manager assessor", _ASSESSING, kind="project.made"),
        _rule("leave_ballot", "on_ballot", "assessed", "manager assessor", _ASSESSING, kind="project.changed"),
    )
}

Code = Literal["state", "hand", "phase", "fixed"]


class StateError(Exception):
    """An act that the table does not allow. ``code`` says which column refused it."""

    def __init__(self, act: Act, state: State, code: Code) -> None:
        super().__init__(f"{act} of a proposal that is {state}: refused by {code}")
        self.act, self.state, self.code = act, state, code


def after(state: State, act: Act, *, hand: Hand, phase: Phase, fixed: bool = False) -> State:
    """Return the state after an act by that hand in that phase. ``fixed``: the ballot list is fixed.

    Raises StateError.
    """
    rule = RULES[act]
    if state not in rule.sources:
        raise StateError(act, state, "state")
    if hand not in rule.hands:
        raise StateError(act, state, "hand")
    if fixed and not rule.late:
        raise StateError(act, state, "fixed")
    if phase not in rule.phases:
        raise StateError(act, state, "phase")
    return rule.target or state


def may_edit(state: State, phase: Phase) -> bool:
    """Whether authors may change their text: in the phase of ideas, and later when staff asked them to."""
    if state == "draft":
        return phase in _IDEAS
    return any(state in RULES[act].sources and phase in RULES[act].phases for act in _BY_AUTHOR)


_BY_AUTHOR: tuple[Act, ...] = ("change", "answer")


def is_public(state: State, was_published: bool) -> bool:
    """Whether everybody may read it. What was withdrawn before it was published stays between authors and staff."""
    return state in PUBLIC and (was_published or state == "rejected")


def possible(state: State, *, hand: Hand, phase: Phase, fixed: bool = False) -> list[Act]:
    """Return the acts open to that hand, in the order of the table."""
    found: list[Act] = []
    for act in ACTS:
        try:
            after(state, act, hand=hand, phase=phase, fixed=fixed)
        except StateError:
            continue
        found.append(act)
    return found
