"""What may not be saved in a step, and what publishing lacks: one line a rule."""

from datetime import date
from typing import Any

import pytest

from pb_service.core.rounds.eligibility import age_facts, age_on, refusals
from pb_service.core.rounds.municipality import municipality_problems, read_municipality
from pb_service.core.rounds.setup import (
    STEPS,
    EligibilityStep,
    Language,
    RuleStep,
    Setup,
    StepName,
    read_step,
    rule_document,
)
from pb_service.core.rounds.validation import is_email, is_fraction, missing, problems
from tests.rounds import whole_setup

BOTH: tuple[Language, ...] = ("fi", "sv")
POINTS = {"fmt": "points", "points_total": 10}


def found(name: StepName, content: dict[str, Any], **others: dict[str, Any]) -> set[tuple[str, str]]:
    """The problems of a step in a set-up that is otherwise whole, as (field, code)."""
    steps = {}
    for step_name, given in {name: content, **others}.items():
        step, shape = read_step(step_name, given)  # type: ignore[arg-type] # a step's name
        assert step is not None, shape
        steps[step_name] = step
    setup = whole_setup(**steps)
    return {(problem.field, problem.code) for problem in problems(name, setup)}


def test_a_whole_set_up_lacks_nothing() -> None:
    assert [missing(name, whole_setup(), BOTH) for name in STEPS] == [[]] * len(STEPS)


def test_an_empty_set_up_can_be_saved() -> None:
    assert [problems(name, Setup()) for name in STEPS] == [[]] * len(STEPS)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("texts", {"name": {"fi": {"text": "x" * 201, "state": "original"}}}, ("name.fi", "too_long")),
        ("texts", {"name": {"fi": {"text": "x", "state": "missing"}}}, ("name.fi", "state_missing")),
        (
            "texts",
            {"name": {code: {"text": "x", "state": "original"} for code in BOTH}},
            ("name.sv", "two_originals"),
        ),
        ("texts", {"contact": {"email": "a@b.fi\nBcc: x@y.fi"}}, ("contact.email", "email")),
        ("texts", {"contact": {"phone": "call me"}}, ("contact.phone", "phone")),
        ("dates", {"time_zone": "Mars/Base"}, ("time_zone", "time_zone")),
        ("dates", {"phases": [{"phase": "ideas", "starts": "soon"}]}, ("phases.ideas", "time")),
        ("dates", {"phases": [{"phase": "results"}, {"phase": "ideas"}]}, ("phases", "phase_order")),
        ("dates", {"phases": [{"phase": "ideas"}, {"phase": "ideas"}]}, ("phases", "phase_order")),
        ("dates", {"phases": [{"phase": "voting"}]}, ("phases.counting", "vote_needs_count")),
        ("dates", {"phases": [{"phase": "counting"}]}, ("phases.voting", "count_needs_vote")),
        (
            "dates",
            {"phases": [{"phase": "ideas", "starts": "2026-05-01T08:00"}], "ends": "2026-05-01T08:00"},
            ("ends", "time_order"),
        ),
        ("districts", {"districts": [{"key": "Etelä"}]}, ("districts.0.key", "key")),
        ("districts", {"districts": [{"key": "record"}]}, ("districts.0.key", "key")),
        ("districts", {"districts": [{"key": "a"}, {"key": "a"}]}, ("districts.1.key", "twice")),
        ("districts", {"districts": [{"key": "a", "population": -1}]}, ("districts.0.population", "range")),
        (
            "districts",
            {"districts": [{"key": "a", "polygons": [[[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]]}]},
            ("districts.0.polygons", "self_crossing"),
        ),
        (
            "districts",
            {"districts": [{"key": "a", "polygons": [[[[10**10, 0], [9, 9], [9, 0], [10**10, 0]]]]}]},
            ("districts.0.polygons", "position"),
        ),
        ("money", {"currency": "euro"}, ("currency", "currency")),
        ("money", {"unit": 7}, ("unit", "unit")),
        ("money", {"total": -1}, ("total", "range")),
        ("money", {"total": 10**30}, ("total", "range")),
        ("money", {"amounts": {"nowhere": 5}}, ("amounts.nowhere", "no_district")),
        ("money", {"city_wide": 5}, ("city_wide", "no_city_wide")),
        ("money", {"mode": "population", "total": 5, "city_wide": 9}, ("city_wide", "beyond_total")),
        ("money", {"mode": "population", "total": 150, "quantum": 100}, ("quantum", "not_whole_steps")),
        ("ballot", {"fmt": "approval", "points_total": 5}, ("points_total", "not_of_format")),
        ("ballot", {"kmin": 5, "k": 3, "blank": False}, ("kmin", "more_than")),
        ("ballot", {"kmin": 1, "blank": True}, ("kmin", "blank_and_least")),
        ("ballot", {"k": 0}, ("k", "range")),
        ("rule", {"ties": ["cost"]}, ("ties", "ties")),
        ("rule", {"ties": ["id", "cost"]}, ("ties", "ties")),
        ("rule", {"by": "points"}, ("by", "no_points")),
        ("rule", {"name": "equal_shares", "utility": "borda"}, ("utility", "no_ranks")),
        (
            "rule",
            {"name": "equal_shares", "compare_greedy": True, "then_greedy": True},
            ("compare_greedy", "compare_alone"),
        ),
        ("rule", {"per_cost": "2/4"}, ("per_cost", "fraction")),
        ("rule", {"per_cost": "0"}, ("per_cost", "fraction")),
        ("rule", {"percent": 0}, ("percent", "range")),
        ("eligibility", {"min_age": 20, "max_age": 10}, ("min_age", "more_than")),
        ("eligibility", {"age_on": "31.12.2026"}, ("age_on", "date")),
        ("eligibility", {"age_on": "2026-02-30"}, ("age_on", "date")),
        ("eligibility", {"schools": [{"name": ""}]}, ("schools.0.name", "required")),
        ("eligibility", {"grounds": ["school", "school"]}, ("grounds", "twice")),
        ("criteria", {"criteria": [{"key": "a"}, {"key": "a"}]}, ("criteria.1.key", "twice")),
        ("costs", {"floor": 10, "ceiling": 5}, ("floor", "more_than")),
        (
            "costs",
            {"classes": [{"lowest": 0, "highest": 10}, {"lowest": 10, "highest": 20}]},
            ("classes.1.lowest", "classes_overlap"),
        ),
        ("trustees", {"trustees": [{"name": "", "email": "a@b.fi"}]}, ("trustees.0.name", "required")),
        (
            "trustees",
            {"trustees": [{"name": "A", "email": "a@b.fi"}, {"name": "B", "email": "a@b.fi"}]},
            ("trustees.1.email", "twice"),
        ),
        ("closing", {"licence": "CC BY-NC-SA 4.0"}, ("licence", "not_commercial")),
        ("closing", {"roll_months": 10**6}, ("roll_months", "range")),
    ],
)
def test_what_contradicts_a_rule_is_not_saved(
    name: StepName, content: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert problem in found(name, content)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("texts", {}, ("summary.sv", "text_missing")),
        ("texts", {"instructions": {"fi": {"text": "x", "state": "original"}}}, ("instructions.sv", "text_missing")),
        ("dates", {}, ("phases", "no_phases")),
        ("dates", {"phases": [{"phase": "ideas", "starts": "2027-01-01T08:00"}]}, ("phases", "open_end")),
        ("dates", {"phases": [{"phase": "ideas"}, {"phase": "results"}]}, ("phases.ideas", "required")),
        ("districts", {}, ("districts", "no_districts")),
        ("money", {"mode": "typed"}, ("amounts.etela", "required")),
        ("money", {"mode": "population"}, ("total", "no_money")),
        ("ballot", {"fmt": "points"}, ("points_total", "required")),
        ("ballot", {"fmt": "approval", "within_budget": False}, ("k", "no_limit")),
        ("eligibility", {"min_age": 12}, ("age_on", "required")),
        ("eligibility", {"grounds": []}, ("grounds", "required")),
        ("eligibility", {"grounds": ["school"]}, ("schools", "required")),
        ("criteria", {}, ("criteria", "no_criteria")),
        ("costs", {"kind": "class"}, ("classes", "required")),
        ("trustees", {"mode": "split"}, ("trustees", "few_trustees")),
        ("closing", {"licence": ""}, ("licence", "required")),
    ],
)
def test_what_a_draft_may_leave_open_and_a_published_round_not(
    name: StepName, content: dict[str, Any], problem: tuple[str, str]
) -> None:
    step, _ = read_step(name, content)
    setup = whole_setup(**{name: step})
    assert problems(name, setup) == []
    assert problem in {(item.field, item.code) for item in missing(name, setup, BOTH)}


@pytest.mark.parametrize("name", ["greedy", "equal_shares", "phragmen", "max_welfare"])
def test_every_rule_can_be_saved_and_is_what_the_tally_takes(name: Any) -> None:
    assert problems("rule", whole_setup(rule=RuleStep(name=name))) == []
    assert rule_document(RuleStep(name=name))["name"] == name


def test_a_rule_by_points_goes_with_ballots_of_points() -> None:
    assert found("rule", {"by": "points"}, ballot=POINTS) == set()


@pytest.mark.parametrize("address", ["a@b.fi", "etu.suku+pb@kaupunki.example.org"])
def test_an_address_of_mail(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize(
    "address", ["", "a", "a@b", "a@@b.fi", "a b@c.fi", "<a@b.fi>", "a@b.fi\r\nX: y", "a@b.fi,c@d.fi"]
)
def test_what_is_no_address_of_mail(address: str) -> None:
    assert not is_email(address)


@pytest.mark.parametrize(("text", "is_one"), [("", True), ("1/3", True), ("2", True), ("3/6", False), ("1/0", False),
                                              ("-1", False), ("01", False), ("1/1", False), ("½", False)])  # fmt: skip
def test_a_fraction_is_in_lowest_terms(text: str, is_one: bool) -> None:
    assert is_fraction(text) is is_one


def test_who_turns_twelve_during_the_year_is_old_enough_on_its_last_day() -> None:
    rule = EligibilityStep(min_age=12, max_age=17, age_on="2026-12-31")
    ages = [age_facts(rule, born) for born in (date(2014, 12, 31), date(2015, 1, 1), date(2008, 12, 31))]
    assert [(facts.old_enough, facts.young_enough) for facts in ages] == [
        (True, True), (False, True), (True, False)
    ]  # fmt: skip


def test_who_is_born_on_a_leap_day_turns_older_on_the_first_of_march() -> None:
    born = date(2012, 2, 29)
    assert (age_on(born, date(2026, 2, 28)), age_on(born, date(2026, 3, 1))) == (13, 14)


def test_one_ground_is_enough_and_an_unknown_age_is_not() -> None:
    rule = EligibilityStep(min_age=12, age_on="2026-12-31", grounds=("residence", "school"))
    facts = age_facts(rule, date(2000, 1, 1))
    assert refusals(rule, facts, ["school"]) == []
    assert [item.code for item in refusals(rule, None, [])] == ["age_unknown", "no_ground"]
    assert refusals(EligibilityStep(grounds=("anyone",)), None, []) == []


def test_the_municipality_s_settings_are_checked() -> None:
    settings, shape = read_municipality({"languages": ["fi", "en"], "district": {}, "time_zone": "x"})
    assert settings is not None, shape
    assert {(item.field, item.code) for item in municipality_problems(settings)} == {
        ("district.fi", "text_missing"), ("district.en", "text_missing"), ("time_zone", "time_zone")
    }  # fmt: skip
    assert read_municipality({"languages": ["de"]})[0] is None
