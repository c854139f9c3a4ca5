"""Winners of real elections, as other programs and the cities themselves found them."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.tally import RULE_NAMES, Instance, Outcome, Project, rule_by_name, tally
from pb_service.core.tally.pabulib import PabulibFile
from tests.unit.core.tally.elections import FILES, REAL, expected, path_of, real


def computed() -> Iterator[tuple[str, str]]:
    """Each file with each rule of ours. Add-one counts stand for the rule with greedy afterwards as well."""
    for name in FILES:
        rules = {rule for rule, entry in expected(name)["rules"].items() if "winners" in entry and rule in RULE_NAMES}
        for rule in sorted(rules):
            if f"{rule}_u" not in rules:
                yield name, rule


def ids(file: PabulibFile, numbers: Iterator[int]) -> list[str]:
    return [file.projects[number].id for number in numbers]


def check_run(file: PabulibFile, outcome: Outcome, entry: dict[str, Any]) -> None:
    """Compare the rounds of Equal Shares or Phragmen with an entry for the rule without greedy afterwards."""
    assert sorted(ids(file, (step["i"] for step in outcome.steps))) == entry["winners"]
    if outcome.endowment is None:
        assert ids(file, (step["i"] for step in outcome.steps)) == entry["selection_order"]
        return
    for key, found in (
        ("selection_order", ids(file, (step["i"] for step in outcome.steps))),
        ("endowment", str(outcome.endowment / file.unit)),
        ("increments", outcome.increments),
        ("stop", {"all": "all_supported"}.get(str(outcome.stop), outcome.stop)),
    ):
        assert entry.get(key) in (None, found)


@pytest.mark.parametrize(("name", "rule"), list(computed()))
def test_winners_are_those_that_independent_programs_found(name: str, rule: str) -> None:
    file, instance = real(name)
    entries = expected(name)["rules"]
    outcome = tally(instance, rule_by_name(rule, unit=file.unit))
    if "maxwelfare" in rule:
        value = Fraction(entries[rule]["value"]) * (file.unit if rule == "maxwelfare_cost" else 1)
        # One ballot here gives points to a project twice; they are added up as the city did, but not in the entry.
        assert outcome.welfare == value + 3 * ((name, rule) == ("Poland_Czestochowa_2020", "points_maxwelfare"))
    else:
        assert outcome.cost == Fraction(entries[rule]["cost"]) * file.unit
    assert sorted(ids(file, iter(outcome.winners))) == entries[rule]["winners"] or not entries[rule].get("unique", True)
    if "mes" in rule or rule == "phragmen":
        check_run(file, outcome, entries[rule.removesuffix("_u")])


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Netherlands_Assen_2024", "mes_cost_add1"),
        ("Poland_Swiecie_2023", "mes_cost_add1"),
        ("Poland_Wieliczka_2023_Green_Budget", "mes_cost_add1_noexh"),
        ("Poland_Gdynia_2020", "greedy_score_no_skip"),
        ("Poland_Warszawa_2021_Bielany", "greedy_score"),
    ],
)
def test_real_elections_end_as_their_cities_said(name: str, rule: str) -> None:
    file, instance = real(name)
    outcome = tally(instance, rule_by_name(rule, ("cost", "id"), unit=file.unit))
    assert sorted(ids(file, iter(outcome.winners))) == expected(name)["official_selected"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [("Poland_Katowice_2021", "points_greedy_score"), ("Poland_Lodz_2023", "greedy_score")],
)
def test_cities_with_a_threshold_fund_no_project_below_it(name: str, rule: str) -> None:
    file, instance = real(name)
    outcome = tally(instance, rule_by_name(rule, threshold=file.threshold))
    assert sorted(ids(file, iter(outcome.winners))) == expected(name)["official_selected"]


@pytest.mark.parametrize(
    "name", ["Poland_Zabrze_2020_Osiedle_Mlodego_Gornika", "Poland_Warszawa_2019_RadiowoWolka_WeglowaPlacowkaHuta"]
)
@pytest.mark.parametrize("rule", ["mes_cost_none", "mes_card_none", "mes_cost_add1"])
def test_a_project_that_costs_the_whole_budget_is_funded_although_float_parts_sum_to_less(name: str, rule: str) -> None:
    _, instance = real(name)
    outcome = tally(instance, rule_by_name(rule))
    assert outcome.winners == (0,)
    assert outcome.cost == instance.budget


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Netherlands_Assen_2024", "mes_cost_add1"),
        ("Poland_Swiecie_2023", "mes_cost_add1"),
        ("Poland_Wieliczka_2023_Green_Budget", "mes_cost_add1_noexh"),
        ("France_Toulouse_2022", "mes_card_none"),
        ("Netherlands_Amsterdam_332", "mes_cost_none"),
    ],
)
def test_the_published_prices_replay_the_count_in_plain_fractions(name: str, rule: str) -> None:
    """Group by group, without floats: each price pays the cost exactly, and at no lower one could another be paid."""
    file, instance = real(name)
    outcome = tally(instance, rule_by_name(rule, unit=file.unit))
    costs = [project.cost for project in instance.projects]
    supporters: list[list[int]] = [[] for _ in costs]
    for group, ballot in enumerate(instance.named):
        for number in ballot:
            supporters[number].append(group)
    weight, money = list(instance.named.values()), [mpq(str(outcome.endowment))] * len(instance.named)
    open_, tied = set(range(len(costs))), {tie.get("round"): tie["order"] for tie in outcome.ties}
    for number, step in enumerate(outcome.steps, 1):
        price = mpq(step.get("price"))
        for p in open_:
            level = price * (costs[p] if "cost" in rule else 1)
            paid = sum(weight[group] * min(money[group], level) for group in supporters[p])
            assert (paid == costs[p]) if p in tied.get(number, [step["i"]]) else (paid < costs[p])
        level = price * (costs[step["i"]] if "cost" in rule else 1)
        for group in supporters[step["i"]]:
            money[group] -= min(money[group], level)
        open_.remove(step["i"])
    assert all(sum(weight[group] * money[group] for group in supporters[p]) < costs[p] for p in open_)


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_the_ones_that_the_expectations_were_made_from(name: str) -> None:
    data = path_of(name).read_bytes()
    plain = gzip.decompress(data) if path_of(name).suffix == ".gz" else data
    assert hashlib.sha256(plain).hexdigest() == expected(name)["sha256"]


@pytest.mark.parametrize(
    ("rule", "committees"),
    [
        ("greedy_score", "av"),
        ("greedy_density", "av"),
        ("maxwelfare_card", "av"),
        ("phragmen", "seqphragmen"),
        ("phragmen_supported", "seqphragmen"),
        ("mes_cost_phragmen", "equal-shares"),
        ("mes_card_phragmen", "equal-shares"),
        ("mes_card_none_u", "equal-shares-with-av-completion"),
    ],
)
def test_unit_costs_give_one_of_the_tied_winning_committees(rule: str, committees: str) -> None:
    """480 committee elections, candidates without votes left aside."""
    for case in json.loads(gzip.decompress((REAL / "abcvoting" / "unit-cost-480.json.gz").read_bytes())):
        if committees not in case["irresolute"]:
            continue
        projects = [Project(f"{number:02}", 1) for number in range(case["num_cand"])]
        instance = Instance(projects, case["k"], "approval", [sorted(ballot) for ballot in case["profile"]])
        winners = {n for n in tally(instance, rule_by_name(rule)).winners if instance.votes[n]}
        assert winners in [{n for n in committee if instance.votes[n]} for committee in case["irresolute"][committees]]


def test_the_check_of_swiecie_before_the_count_puts_one_project_out_and_leaves_the_winners() -> None:
    """Votes/voters had to be at least cost/(3 x budget)."""
    file, instance = real("Poland_Swiecie_2023")
    rule = rule_by_name("mes_cost_add1", ("cost", "id"), unit=file.unit)
    rule["per_cost"] = "1/3"
    outcome = tally(instance, rule)
    assert sorted(ids(file, iter(outcome.winners))) == expected("Poland_Swiecie_2023")["official_selected"]
    assert sum(project["why"]["c"] == "below_threshold" for project in outcome.projects) == 1


def test_the_voters_of_wieliczka_prefer_equal_shares_to_greedy() -> None:
    file, instance = real("Poland_Wieliczka_2023_Green_Budget")
    outcome = tally(instance, rule_by_name("mes_cost_add1_noexh_compare", ("cost", "id"), unit=file.unit))
    assert outcome.compare is not None
    assert outcome.compare["taken"] == "equal_shares"
    assert sorted(ids(file, iter(outcome.winners))) == expected(file.name.removesuffix(".pb"))["official_selected"]
