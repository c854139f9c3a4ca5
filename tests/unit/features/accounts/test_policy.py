"""Who may do what: scopes, duties kept apart, second factor and step-up."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from pb_service.features.accounts.policy import (
    ACTS,
    ANONYMOUS,
    PERMISSIONS,
    STEP_UP,
    Actor,
    Forbidden,
    Grant,
    Role,
    SecondFactorNeeded,
    SignInNeeded,
    StepUpNeeded,
    kept_apart,
    may,
    may_somewhere,
    require,
)

SPRING, AUTUMN = uuid4(), uuid4()
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def staff(*grants: Grant, second_factor: bool = True) -> Actor:
    return Actor(account_id=uuid4(), grants=grants, second_factor=second_factor, is_staff=True)


def test_every_act_belongs_to_somebody() -> None:
    assert set(PERMISSIONS) == set(ACTS)
    assert all(PERMISSIONS.values())


def test_a_role_in_one_round_ends_at_its_border() -> None:
    manager = staff(Grant("manager", SPRING))
    assert may(manager, "rounds.edit", round_id=SPRING)
    assert not may(manager, "rounds.edit", round_id=AUTUMN)


def test_asking_without_a_round_asks_for_all_of_them() -> None:
    """A scope that was forgotten refuses; it never opens."""
    assert not may(staff(Grant("manager", SPRING)), "rounds.edit")
    assert may(staff(Grant("manager")), "rounds.edit")
    assert may_somewhere(staff(Grant("manager", SPRING)), "rounds.edit")


def test_a_role_in_one_district_does_not_reach_the_round() -> None:
    moderator = staff(Grant("moderator", SPRING, "North"))
    assert may(moderator, "proposals.moderate", round_id=SPRING, district="North")
    assert not may(moderator, "proposals.moderate", round_id=SPRING, district="South")
    assert not may(moderator, "proposals.moderate", round_id=SPRING)


def test_without_the_second_factor_a_role_is_nothing() -> None:
    with pytest.raises(SecondFactorNeeded):
        require(staff(Grant("administrator"), second_factor=False), "people.read")


def test_nobody_and_residents_are_refused_differently() -> None:
    with pytest.raises(SignInNeeded):
        require(ANONYMOUS, "rounds.edit")
    with pytest.raises(Forbidden):
        require(staff(), "rounds.edit")


@pytest.mark.parametrize("minutes", [0, 9])
def test_a_dangerous_act_after_the_step_up(minutes: int) -> None:
    until = NOW + timedelta(minutes=10)
    actor = Actor(uuid4(), (Grant("manager"),), second_factor=True, stepped_up_until=until)
    require(actor, "rounds.publish", now=NOW + timedelta(minutes=minutes))


def test_a_dangerous_act_without_a_fresh_step_up_is_refused() -> None:
    actor = Actor(uuid4(), (Grant("manager"),), second_factor=True, stepped_up_until=NOW)
    assert "rounds.publish" in STEP_UP
    with pytest.raises(StepUpNeeded):
        require(actor, "rounds.publish", now=NOW)


def test_an_administrator_cannot_read_evidence() -> None:
    assert not may(staff(Grant("administrator")), "evidence.read")
    assert kept_apart([Grant("administrator")], Grant("auditor", SPRING)) == Grant("administrator")


def test_nobody_both_edits_costs_and_closes_a_count() -> None:
    assert not PERMISSIONS["costs.edit"] & PERMISSIONS["counts.close"]
    assert kept_apart([Grant("assessor", SPRING, "North")], Grant("manager", SPRING))


def test_duties_are_kept_apart_within_a_round_alone() -> None:
    assert kept_apart([Grant("assessor", SPRING)], Grant("manager", AUTUMN)) is None
    assert kept_apart([Grant("assessor", SPRING)], Grant("manager"))


@pytest.mark.parametrize("role", ["moderator", "editor", "desk", "observer"])
def test_one_person_may_hold_roles_that_do_not_touch(role: Role) -> None:
    assert kept_apart([Grant("manager", SPRING)], Grant(role, SPRING)) is None
