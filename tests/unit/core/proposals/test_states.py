"""The table of states: nothing moves but through it, and its parts agree with each other."""

import itertools

import pytest

from pb_service.core.proposals.states import (
    ACTS,
    OPEN,
    PUBLIC,
    RULES,
    SETTLED,
    STATES,
    StateError,
    after,
    is_public,
    may_edit,
    possible,
)
from pb_service.core.rounds.phases import PHASES


def test_every_act_has_its_row_and_every_state_a_way_in() -> None:
    assert set(RULES) == set(ACTS)
    reached = {rule.target for rule in RULES.values() if rule.target} | {"draft"}
    assert reached == set(STATES)


def test_only_the_rows_of_the_table_lead_on() -> None:
    for state, act, phase in itertools.product(STATES, ACTS, PHASES):
        rule = RULES[act]
        for hand in rule.hands:
            allowed = state in rule.sources and phase in rule.phases
            if allowed:
                assert after(state, act, hand=hand, phase=phase) == (rule.target or state)
            else:
                with pytest.raises(StateError):
                    after(state, act, hand=hand, phase=phase)


def test_nothing_happens_after_the_list_is_fixed_but_hiding() -> None:
    late = {act for act in ACTS if RULES[act].late}
    assert late == {"hide"}
    assert possible("published", hand="author", phase="assessment", fixed=True) == []


def test_what_was_withdrawn_unpublished_stays_private() -> None:
    assert not is_public("withdrawn", was_published=False)
    assert is_public("rejected", was_published=False)
    assert not is_public("received", was_published=False)
    assert not is_public("hidden", was_published=True)


def test_authors_edit_in_the_phase_of_ideas_and_later_only_when_asked() -> None:
    assert may_edit("draft", "ideas")
    assert may_edit("published", "ideas")
    assert may_edit("returned", "moderation")
    assert not may_edit("received", "moderation")
    assert not may_edit("draft", "moderation")


def test_a_proposal_is_open_or_settled_but_not_both() -> None:
    assert not OPEN & SETTLED
    assert "hidden" not in PUBLIC
