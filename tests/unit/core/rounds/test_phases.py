"""The machine of phases and the table of what may still change."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import get_args

import pytest

from pb_service.core.rounds import phases
from pb_service.core.rounds.phases import IMPORTED, MAY_CHANGE, PHASES, Phase, Pusher
from pb_service.core.rounds.setup import (
    STEPS,
    CriteriaStep,
    Criterion,
    District,
    DistrictsStep,
    StepName,
    changed_paths,
)
from tests.rounds import STARTS, dates, district, text

OWN: tuple[Phase, ...] = ("announced", "ideas", "moderation", "assessment", "voting", "counting", "results")


def code(phase: Phase, target: Phase, by: Pusher, **more: bool) -> str | None:
    refused = phases.refusal(phase, target, OWN, by, **more)
    return refused.code if refused else None


def test_every_phase_says_of_every_step_what_may_change() -> None:
    assert {(phase, step) for phase in PHASES for step in MAY_CHANGE[phase]} == {
        (phase, step) for phase in PHASES for step in STEPS
    }
    assert set(phases.PUSHED_BY) == set(PHASES) - {"set_up"}
    assert {by for some in phases.PUSHED_BY.values() for by in some} == set(get_args(Pusher))


def test_nothing_that_may_change_later_was_fixed_before() -> None:
    """Apart from the words for the vote, freedom only shrinks as a round goes on."""
    for earlier, later in pairwise(PHASES[2:]):
        for step in STEPS:
            allowed = MAY_CHANGE[later][step]
            assert all(phases.may_change(earlier, step, path) for path in allowed), (earlier, later, step)


@pytest.mark.parametrize("step", ["ballot", "rule", "money", "eligibility", "criteria", "costs", "trustees"])
@pytest.mark.parametrize("phase", ["voting", "counting", "results", "implementation", "archived"])
def test_what_the_manifest_holds_is_fixed_from_the_vote_on(phase: Phase, step: StepName) -> None:
    assert MAY_CHANGE[phase][step] == frozenset()


def test_what_is_in_the_archive_stays_as_it_is() -> None:
    assert not any(MAY_CHANGE["archived"].values())


def test_nobody_ends_a_vote_by_hand() -> None:
    assert code("voting", "counting", "manager", has_manifest=True) == "not_by"
    assert code("voting", "counting", "clock", has_manifest=True) is None


def test_after_a_vote_the_count_alone_makes_results() -> None:
    for by in ("manager", "clock"):
        assert code("counting", "results", by, has_manifest=True) == "not_by"
    assert code("counting", "results", "count", has_manifest=True) is None
    assert phases.refusal("ideas", "results", ("announced", "ideas", "results"), "manager") is None


def test_there_is_no_vote_without_a_manifest() -> None:
    assert code("assessment", "voting", "clock") == "no_manifest"
    assert code("assessment", "voting", "clock", has_manifest=True) is None
    assert phases.refusal("set_up", "voting", IMPORTED, "freeze") is None  # it signs the manifest itself


def test_a_paused_round_goes_nowhere() -> None:
    assert code("announced", "ideas", "clock", paused=True) == "paused"


def test_a_change_is_named_by_what_changed_in_it() -> None:
    before = DistrictsStep(districts=(district("a"), district("b", 25)))
    renamed = District(**{name: getattr(before.districts[0], name) for name in before.districts[0].__struct_fields__}
                       | {"name": text("Toinen")})  # fmt: skip
    assert changed_paths(before, DistrictsStep(districts=(renamed, before.districts[1]))) == ["districts.name"]
    assert changed_paths(before, DistrictsStep(districts=before.districts[::-1])) == ["districts.key"]
    assert changed_paths(before, DistrictsStep(districts=before.districts, city_wide=True)) == ["city_wide"]


def test_wording_of_criteria_may_be_mended_while_the_list_is_fixed() -> None:
    before = CriteriaStep((Criterion("a", text("Yksi")),))
    mended, longer = CriteriaStep((Criterion("a", text("Eka")),)), CriteriaStep((*before.criteria, Criterion("b")))
    assert phases.refused_changes("ideas", "criteria", before, mended) == []
    assert phases.refused_changes("ideas", "criteria", before, longer) == ["criteria.key"]


def test_dates_behind_and_the_end_of_a_running_vote_stay() -> None:
    now = datetime(2026, 9, 10, tzinfo=UTC)
    for name, starts, expected in (
        ("ideas", "2026-03-10T09:00", "phase_begun"),
        ("counting", "2026-09-28T20:00", "phase_begun"),
        ("results", "2026-09-01T12:00", "not_future"),
        ("results", "2026-11-01T12:00", None),
    ):
        found = phases.refused_dates("voting", dates(), dates({**STARTS, name: starts}), now)  # type: ignore[dict-item] # a planned phase
        assert [problem.code for problem in found] == ([expected] if expected else []), name
