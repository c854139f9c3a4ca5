"""Axioms of the rules, and agreement with a count so plain that it can be checked by eye."""

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.rounds.documents import EqualSharesRule, Tie
from pb_service.core.tally import Instance, Outcome, Project, rule_by_name, tally
from pb_service.core.tally.ties import TieOrder

Ballots = list[list[int]]

GREEDY = ["greedy_score", "greedy_score_no_skip"]
MES = [f"mes_{utility}_{completion}" for utility in ("cost", "card") for completion in ("none", "add1")]
COMPLETED = [f"{rule}_u" for rule in MES]
ALL = [*GREEDY, *MES, *COMPLETED, "mes_cost_add1_noexh", "mes_card_add1_integral"]
TIES: list[list[Tie]] = [["id"], ["cost", "id"], ["cost_desc", "votes", "id"], ["votes", "id"]]


@st.composite
def elections(draw: st.DrawFn, *, most_projects: int = 6, most_voters: int = 8, dearest: int = 60) -> Instance:
    """Small elections with many equal costs and equal ballots, so that ties and boundaries are common."""
    costs = draw(st.lists(st.integers(1, dearest) | st.sampled_from([10, 20, 30]), min_size=1, max_size=most_projects))
    numbers = st.integers(0, len(costs) - 1)
    ballots = draw(st.lists(st.sets(numbers).map(sorted), min_size=1, max_size=most_voters))
    budget = draw(st.integers(1, 120))
    unit = draw(st.sampled_from([1, 1, 10]))
    return Instance([Project(f"p{n}", cost) for n, cost in enumerate(costs)], budget, "approval", ballots, unit)


def ballots_of(instance: Instance) -> Ballots:
    return [list(ballot) for ballot, count in instance.grouped.items() for _ in range(count)]


def with_ballots(instance: Instance, ballots: Ballots) -> Instance:
    return Instance(instance.projects, instance.budget, "approval", ballots, instance.unit)


def count(instance: Instance, rule: str, ties: Sequence[Tie] = ("id",)) -> Outcome:
    return tally(instance, rule_by_name(rule, ties, unit=instance.unit))


def naive_run(
    instance: Instance, ballots: Ballots, endowment: Fraction, utility: Sequence[int], rank: Sequence[int]
) -> tuple[list[tuple[int, Fraction]], list[Fraction]]:
    """Equal Shares voter by voter in Fractions: purchases with their prices, and everybody's money at the end."""
    money = [endowment] * len(ballots)
    bought: list[tuple[int, Fraction]] = []
    while True:
        offers = []
        for p, project in enumerate(instance.projects):
            behind = sorted(money[v] for v, ballot in enumerate(ballots) if p in ballot)
            if p in dict(bought) or not behind or sum(behind) < project.cost:
                continue
            missing = Fraction(project.cost)
            for place, own in enumerate(behind):
                level = missing / (len(behind) - place)
                if own >= level:
                    break
                missing -= own
            offers.append((level / utility[p], rank[p], p))
        if not offers:
            return bought, money
        price, _, p = min(offers)
        bought.append((p, price))
        money = [own - min(own, price * utility[p]) if p in b else own for own, b in zip(money, ballots, strict=True)]


def naive(instance: Instance, rule: EqualSharesRule) -> tuple[list[tuple[int, Fraction]], int]:
    """Equal Shares with its completion, every step run."""
    ballots, rank = ballots_of(instance), TieOrder(instance, rule["ties"]).rank
    utility = [p.cost if rule["utility"] == "cost" else 1 for p in instance.projects]
    start = Fraction(instance.budget, len(ballots))
    if rule["completion"] == "none":
        return naive_run(instance, ballots, start, utility, rank)[0], 0
    if rule["start"] == "floor":
        start = Fraction(start // instance.unit * instance.unit)
    steps, before = 0, None
    while True:
        bought, _ = naive_run(instance, ballots, start + steps * rule["step"], utility, rank)
        left = instance.budget - sum(instance.projects[p].cost for p, _ in bought)
        if left < 0:
            assert before is not None
            return before, steps - 1
        rest = [p for p in range(len(utility)) if p not in dict(bought)]
        supported = [p for p in rest if instance.votes[p]]
        tested = rest if rule["stop"] == "exhaustive_all" else supported
        exhausted = rule["stop"] != "overspend" and all(instance.projects[p].cost > left for p in tested)
        if exhausted or not supported:
            return bought, steps
        steps, before = steps + 1, bought


@settings(max_examples=400, deadline=None)
@given(elections(), st.sampled_from([r for r in ALL if r.startswith("mes") and r[-2:] != "_u"]), st.sampled_from(TIES))
def test_equal_shares_agrees_with_a_count_voter_by_voter(instance: Instance, rule: str, ties: list[Tie]) -> None:
    document = cast(EqualSharesRule, rule_by_name(rule, ties, unit=instance.unit))
    outcome = tally(instance, document)
    bought, steps = naive(instance, document)
    assert [(step["i"], Fraction(cast(str, step.get("price")))) for step in outcome.steps] == bought
    assert outcome.increments == steps


@settings(max_examples=60, deadline=None)
@given(elections(most_projects=12, most_voters=30, dearest=5000), st.sampled_from(MES))
def test_equal_shares_agrees_over_hundreds_of_steps(instance: Instance, rule: str) -> None:
    rich = Instance(instance.projects, 5000 + instance.budget, "approval", ballots_of(instance), 1)
    document = cast(EqualSharesRule, rule_by_name(rule, ["cost", "id"], unit=1))
    outcome = tally(rich, document)
    bought, steps = naive(rich, document)
    assert ([step["i"] for step in outcome.steps], outcome.increments) == ([p for p, _ in bought], steps)


@given(elections(), st.sampled_from(TIES), st.booleans())
def test_greedy_is_sorting_and_filling(instance: Instance, ties: list[Tie], skip: bool) -> None:
    rank = TieOrder(instance, ties).rank
    left, winners = instance.budget, []
    for p in sorted(range(len(instance.projects)), key=lambda p: (-instance.votes[p], rank[p])):
        if instance.projects[p].cost <= left:
            left -= instance.projects[p].cost
            winners.append(p)
        elif not skip:
            break
    assert count(instance, GREEDY[not skip], ties).winners == tuple(sorted(winners))


@pytest.mark.parametrize("rule", ALL)
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_no_rule_spends_more_than_the_budget(rule: str, instance: Instance) -> None:
    outcome = count(instance, rule)
    assert outcome.cost == sum(instance.projects[p].cost for p in outcome.winners) <= instance.budget


@pytest.mark.parametrize("rule", ALL)
@settings(max_examples=40, deadline=None)
@given(instance=elections(), data=st.data())
def test_the_order_of_ballots_says_nothing(rule: str, instance: Instance, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(ballots_of(instance)))
    assert count(with_ballots(instance, shuffled), rule).document() == count(instance, rule).document()


@pytest.mark.parametrize("rule", ALL)
@settings(max_examples=40, deadline=None)
@given(instance=elections(), data=st.data())
def test_projects_renamed_with_their_tie_order_win_under_their_new_names(
    rule: str, instance: Instance, data: st.DataObject
) -> None:
    """The order of the projects in the file says nothing either: ids alone decide ties."""
    order = data.draw(st.permutations(range(len(instance.projects))))
    moved = [[order.index(p) for p in ballot] for ballot in ballots_of(instance)]
    projects = [instance.projects[p] for p in order]
    renamed = Instance(projects, instance.budget, "approval", [sorted(b) for b in moved], instance.unit)
    winners = {projects[p].id for p in count(renamed, rule).winners}
    assert winners == {instance.projects[p].id for p in count(instance, rule).winners}


@pytest.mark.parametrize("rule", ["greedy_score", *COMPLETED])
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_rules_that_end_with_greedy_leave_no_project_that_fits(rule: str, instance: Instance) -> None:
    outcome = count(instance, rule)
    left = instance.budget - outcome.cost
    assert all(p in outcome.winners or project.cost > left for p, project in enumerate(instance.projects))


@pytest.mark.parametrize("rule", [*GREEDY, "mes_cost_none", "mes_card_none"])
@settings(max_examples=40, deadline=None)
@given(instance=elections(), times=st.integers(2, 4))
def test_every_ballot_copied_changes_nothing(rule: str, instance: Instance, times: int) -> None:
    copied = with_ballots(instance, ballots_of(instance) * times)
    assert count(copied, rule).winners == count(instance, rule).winners


@pytest.mark.parametrize("rule", [*GREEDY, "mes_cost_none", "mes_card_none", "mes_cost_none_u"])
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_another_currency_changes_nothing(rule: str, instance: Instance) -> None:
    projects = [Project(project.id, project.cost * 10) for project in instance.projects]
    dearer = Instance(projects, instance.budget * 10, "approval", ballots_of(instance), instance.unit)
    assert count(dearer, rule).winners == count(instance, rule).winners


@pytest.mark.parametrize("rule", [*GREEDY, *MES])
@settings(max_examples=40, deadline=None)
@given(instance=elections(), cost=st.integers(1, 60))
def test_a_project_without_votes_changes_nothing_for_the_others(rule: str, instance: Instance, cost: int) -> None:
    projects = [*instance.projects, Project("z", cost)]
    larger = Instance(projects, instance.budget, "approval", ballots_of(instance), instance.unit)
    winners = [p for p in count(larger, rule).winners if p < len(instance.projects)]
    assert tuple(winners) == count(instance, rule, ["id"]).winners or rule == "greedy_score_no_skip"


@settings(max_examples=100, deadline=None)
@given(elections(), st.data())
def test_under_greedy_a_winner_stays_one_with_more_support_or_a_lower_cost(inst: Instance, data: st.DataObject) -> None:
    winners = count(inst, "greedy_score").winners
    if not winners:
        return
    p = data.draw(st.sampled_from(winners))
    assert p in count(with_ballots(inst, [*ballots_of(inst), [p]]), "greedy_score").winners
    projects = [Project(q.id, max(1, q.cost - (n == p))) for n, q in enumerate(inst.projects)]
    cheaper = Instance(projects, inst.budget, "approval", ballots_of(inst), inst.unit)
    assert p in count(cheaper, "greedy_score").winners


@pytest.mark.parametrize("rule", MES)
@settings(max_examples=60, deadline=None)
@given(instance=elections())
def test_payments_under_equal_shares_are_a_price_system(rule: str, instance: Instance) -> None:
    """Nobody pays more than the endowment, winners are paid exactly by voters for them, losers could not be paid."""
    outcome = count(instance, rule)
    ballots = ballots_of(instance)
    assert outcome.endowment is not None
    money = [outcome.endowment] * len(ballots)
    prices = [Fraction(cast(str, step.get("price"))) for step in outcome.steps]
    assert prices == sorted(prices)
    for step, price in zip(outcome.steps, prices, strict=True):
        cost = instance.projects[step["i"]].cost
        level = price * (cost if "cost" in rule else 1)
        paid = [min(own, level) if step["i"] in ballot else 0 for own, ballot in zip(money, ballots, strict=True)]
        assert sum(paid) == cost
        money = [own - part for own, part in zip(money, paid, strict=True)]
    for p in set(range(len(instance.projects))) - set(outcome.winners):
        behind = sum(own for own, ballot in zip(money, ballots, strict=True) if p in ballot)
        assert behind < instance.projects[p].cost
        assert Fraction(outcome.projects[p]["why"].get("money", "0")) == behind


@pytest.mark.parametrize("rule", MES)
@settings(max_examples=60, deadline=None)
@given(instance=elections())
def test_greedy_afterwards_only_adds(rule: str, instance: Instance) -> None:
    outcome, longer = count(instance, rule), count(instance, f"{rule}_u")
    assert longer.steps == outcome.steps
    assert set(longer.winners) >= set(outcome.winners)


@pytest.mark.parametrize("rule", MES)
@settings(max_examples=40, deadline=None)
@given(instance=elections(most_projects=5, most_voters=5))
def test_equal_shares_represents_every_cohesive_group_up_to_one_project(rule: str, instance: Instance) -> None:
    """EJR up to one project, in the rule's own utility: groups that agree on a set which their part of B can pay."""
    outcome, ballots = count(instance, rule), ballots_of(instance)
    worth = [project.cost if "cost" in rule else 1 for project in instance.projects]
    for group in range(1, 2 ** len(ballots)):
        members = [set(ballot) for v, ballot in enumerate(ballots) if group >> v & 1]
        common = set.intersection(*members)
        for chosen in range(1, 2 ** len(worth)):
            wish = {p for p in range(len(worth)) if chosen >> p & 1}
            cost = sum(instance.projects[p].cost for p in wish)
            if not wish <= common or cost * len(ballots) > instance.budget * len(members):
                continue
            least = sum(worth[p] for p in wish)
            assert any(
                sum(worth[p] for p in member & {*outcome.winners, extra}) > least
                or wish <= member & set(outcome.winners)
                for member in members
                for extra in wish
            )
