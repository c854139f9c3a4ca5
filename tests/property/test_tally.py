"""Axioms of the rules, and agreement with a count so plain that it can be checked by eye."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.rounds.documents import EqualSharesRule, RuleDocument, Tie
from pb_service.core.tally import Instance, Outcome, Project, rule_by_name, tally
from pb_service.core.tally.pabulib import compose_pabulib, read_pabulib
from pb_service.core.tally.ties import TieOrder

Ballots = list[list[int]]

GREEDY = ["greedy_score", "greedy_score_no_skip"]
MES = [f"mes_{utility}_{completion}" for utility in ("cost", "card") for completion in ("none", "add1")]
COMPLETED = [f"{rule}_u" for rule in MES]
DENSITY = ["greedy_density", "greedy_density_no_skip"]
WELFARE = ["maxwelfare_card", "maxwelfare_cost"]
PERCENT = ["mes_cost_inc1pct", "mes_card_inc1pct"]
THEN_PHRAGMEN = ["mes_cost_phragmen", "mes_card_phragmen"]
ALL = [
    *GREEDY,
    *DENSITY,
    *WELFARE,
    *MES,
    *COMPLETED,
    *PERCENT,
    *THEN_PHRAGMEN,
    "phragmen",
    "phragmen_supported",
    "mes_cost_add1_noexh",
    "mes_cost_add1_noexh_compare",
    "mes_card_add1_integral",
]
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


def breaks(instance: Instance, rule: RuleDocument, funded: set[int]) -> bool:
    """Whether a set of projects breaks an exclusive set or a category."""
    return any(len(funded & {*numbers}) > 1 for numbers in rule.get("exclusive", [])) or any(
        sum(instance.projects[p].cost for p in funded & {*category["i"]}) > category["budget"]
        for category in rule.get("categories", [])
    )


def utilities(instance: Instance, rule: EqualSharesRule) -> list[dict[int, int]]:
    """For each voter what the projects that she supports are worth to her."""
    if rule["utility"] in ("points", "borda"):
        return [
            {p: worth for p, worth in (b if rule["utility"] == "points" else reversed_places(b)) if worth > 0}
            for b, count in instance.grouped.items()
            for _ in range(count)
        ]
    worth = [p.cost if rule["utility"] == "cost" else 1 for p in instance.projects]
    return [{p: worth[p] for p in ballot} for ballot in ballots_of(instance)]


def reversed_places(ballot: Sequence[int]) -> list[tuple[int, int]]:
    return [(p, place) for place, p in enumerate(reversed(ballot))]


def naive_run(
    instance: Instance, rule: EqualSharesRule, voters: list[dict[int, int]], endowment: Fraction
) -> tuple[list[tuple[int, Fraction]], list[Fraction]]:
    """Equal Shares voter by voter in Fractions: purchases with their prices, and everybody's money at the end.

    A project that breaks a constraint is removed when it would be bought.
    """
    rank = TieOrder(instance, rule["ties"]).rank
    money = [endowment] * len(voters)
    bought: list[tuple[int, Fraction]] = []
    out = set(rule.get("mandatory", []))
    while True:
        offers = []
        for p, project in enumerate(instance.projects):
            behind = sorted((money[v] / own[p], own[p]) for v, own in enumerate(voters) if p in own)
            if p in out or not behind or sum(each * worth for each, worth in behind) < project.cost:
                continue
            missing, units = Fraction(project.cost), sum(worth for _, worth in behind)
            for each, worth in behind:
                if each * units >= missing:
                    break
                missing -= each * worth
                units -= worth
            offers.append((missing / units, rank[p], p))
        if not offers:
            return bought, money
        price, _, p = min(offers)
        out.add(p)
        if breaks(instance, rule, {p, *dict(bought), *rule.get("mandatory", [])}):
            continue
        bought.append((p, price))
        money = [own - min(own, price * worth.get(p, 0)) for own, worth in zip(money, voters, strict=True)]


def naive(instance: Instance, rule: EqualSharesRule) -> tuple[list[tuple[int, Fraction]], int]:
    """Equal Shares with its completion, every step run."""
    voters = utilities(instance, rule)
    fixed = set(rule.get("mandatory", []))
    budget = instance.budget - sum(instance.projects[p].cost for p in fixed)
    start = Fraction(budget, len(voters))
    if rule["completion"] == "none":
        return naive_run(instance, rule, voters, start)[0], 0
    if rule.get("start") == "floor":
        start = Fraction(start // instance.unit * instance.unit)
    step = start * rule["percent"] / 100 if "percent" in rule else Fraction(rule["step"])
    stop = rule.get("stop", "exhaustive_all")
    steps, before = 0, None
    while True:
        bought, _ = naive_run(instance, rule, voters, start + steps * step)
        left = budget - sum(instance.projects[p].cost for p, _ in bought)
        if left < 0:
            assert before is not None
            return before, steps - 1
        funded = fixed | {p for p, _ in bought}
        rest = [p for p in range(len(instance.projects)) if p not in funded]
        rest = [p for p in rest if not breaks(instance, rule, {*funded, p})]
        supported = [p for p in rest if any(p in own for own in voters)]
        tested = rest if stop == "exhaustive_all" else supported
        exhausted = stop != "overspend" and all(instance.projects[p].cost > left for p in tested)
        if exhausted or not supported:
            return bought, steps
        steps, before = steps + 1, bought


@settings(max_examples=400, deadline=None)
@given(
    elections(),
    st.sampled_from([*MES, *PERCENT, "mes_cost_add1_noexh", "mes_card_add1_integral"]),
    st.sampled_from(TIES),
)
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


@settings(max_examples=300, deadline=None)
@given(elections(), st.sampled_from(["none", "add1", "add1_noexh", "inc1pct"]), st.booleans(), st.data())
def test_equal_shares_of_points_and_ranks_agrees_with_a_count_voter_by_voter(
    shape: Instance, completion: str, points: bool, data: st.DataObject
) -> None:
    numbers = range(len(shape.projects))
    size = st.integers(1, 6)
    if points:
        ballot = st.dictionaries(st.sampled_from(numbers), st.integers(0, 4)).map(lambda b: sorted(b.items()))
        ballots: list[Any] = data.draw(size.flatmap(lambda n: st.lists(ballot, min_size=n, max_size=n)))
    else:
        ballots = data.draw(st.lists(st.permutations(numbers).flatmap(prefix), min_size=1, max_size=6))
    instance = Instance(shape.projects, shape.budget, "points" if points else "ordinal", ballots, shape.unit)
    document = cast(
        EqualSharesRule, rule_by_name(f"{'points' if points else 'borda'}_mes_{completion}", unit=shape.unit)
    )
    outcome = tally(instance, document)
    bought, steps = naive(instance, document)
    assert [(step["i"], Fraction(cast(str, step.get("price")))) for step in outcome.steps] == bought
    assert outcome.increments == steps


def prefix(ranking: list[int]) -> st.SearchStrategy[list[int]]:
    return st.integers(0, len(ranking)).map(lambda length: ranking[:length])


@st.composite
def constraints(draw: st.DrawFn, instance: Instance) -> dict[str, Any]:
    """Sets, categories and mandatory projects, as far as they go together."""
    numbers = range(len(instance.projects))
    group = st.sets(st.sampled_from(numbers), min_size=2).map(sorted)
    fields: dict[str, Any] = {}
    if len(numbers) > 1:
        fields["exclusive"] = draw(st.lists(group, max_size=2))
        pots = st.builds(lambda i, budget: {"i": i, "budget": budget}, group, st.integers(0, 90))
        fields["categories"] = draw(st.lists(pots, max_size=2))
    fixed = draw(st.sets(st.sampled_from(numbers), max_size=1))
    cost = sum(instance.projects[p].cost for p in fixed)
    if cost <= instance.budget and not breaks(instance, cast(RuleDocument, fields), fixed):
        fields["mandatory"] = sorted(fixed)
    return {field: value for field, value in fields.items() if value}


@settings(max_examples=400, deadline=None)
@given(elections(), st.sampled_from([*MES, *PERCENT, "mes_card_add1_noexh"]), st.data())
def test_equal_shares_among_constraints_agrees_with_removing_projects_when_their_turn_comes(
    instance: Instance, rule: str, data: st.DataObject
) -> None:
    fields = data.draw(constraints(instance))
    document = cast(EqualSharesRule, {**rule_by_name(rule, ["cost"], unit=instance.unit), **fields})
    outcome = tally(instance, document)
    bought, steps = naive(instance, document)
    assert [(step["i"], Fraction(cast(str, step.get("price")))) for step in outcome.steps] == bought
    assert outcome.increments == steps


@pytest.mark.parametrize("rule", ["greedy_score", "greedy_density", "mes_cost_add1_u", "mes_card_phragmen", "phragmen"])
@settings(max_examples=60, deadline=None)
@given(instance=elections(), data=st.data())
def test_no_rule_breaks_a_constraint(rule: str, instance: Instance, data: st.DataObject) -> None:
    document = cast(Any, {**rule_by_name(rule, unit=instance.unit), **data.draw(constraints(instance))})
    outcome = tally(instance, document)
    assert not breaks(instance, document, set(outcome.winners))
    assert set(outcome.winners) >= set(document.get("mandatory", []))
    assert outcome.cost <= instance.budget


def naive_phragmen(
    instance: Instance, rule: RuleDocument, load: list[Fraction], funded: list[int], left: int
) -> list[tuple[int, Fraction]]:
    """Phragmen's rounds voter by voter, unsupported projects never; a barred one is removed when its turn comes."""
    rank, ballots = TieOrder(instance, rule["ties"]).rank, ballots_of(instance)
    out = set(funded)
    rounds: list[tuple[int, Fraction]] = []
    while True:
        loads = {}
        for p, project in enumerate(instance.projects):
            behind = [own for own, ballot in zip(load, ballots, strict=True) if p in ballot]
            barred = breaks(instance, rule, {p, *funded})
            if p not in out and behind and not barred:
                loads[p] = (project.cost + sum(behind)) / Fraction(len(behind))
        tied = [p for p in loads if loads[p] == min(loads.values())]
        if not tied or any(instance.projects[p].cost > left for p in tied):
            return rounds
        p = min(tied, key=rank.__getitem__)
        load = [loads[p] if p in ballot else own for own, ballot in zip(load, ballots, strict=True)]
        left -= instance.projects[p].cost
        funded = [*funded, p]
        out.add(p)
        rounds.append((p, loads[p]))


@settings(max_examples=200, deadline=None)
@given(elections(), st.sampled_from(TIES), st.data())
def test_phragmen_agrees_with_a_count_voter_by_voter(instance: Instance, ties: list[Tie], data: st.DataObject) -> None:
    document = cast(Any, {**rule_by_name("phragmen_supported", ties), **data.draw(constraints(instance))})
    fixed = document.get("mandatory", [])
    left = instance.budget - sum(instance.projects[p].cost for p in fixed)
    within = Instance(
        instance.projects,
        instance.budget,
        "approval",
        [[p for p in ballot if instance.projects[p].cost <= left] for ballot in ballots_of(instance)],
    )
    rounds = naive_phragmen(within, document, [Fraction(0)] * instance.size, fixed, left)
    outcome = tally(instance, document)
    assert [(step["i"], Fraction(cast(Any, step)["load"])) for step in outcome.steps] == rounds


@settings(max_examples=200, deadline=None)
@given(elections(), st.sampled_from(THEN_PHRAGMEN), st.data())
def test_phragmen_after_equal_shares_begins_with_what_each_voter_paid(
    instance: Instance, rule: str, data: st.DataObject
) -> None:
    document = cast(Any, {**rule_by_name(rule), **data.draw(constraints(instance))})
    fixed = document.get("mandatory", [])
    left = instance.budget - sum(instance.projects[p].cost for p in fixed)
    start = Fraction(left, instance.size)
    bought, money = naive_run(instance, document, utilities(instance, document), start)
    funded = [*fixed, *(p for p, _ in bought)]
    left -= sum(instance.projects[p].cost for p, _ in bought)
    rounds = naive_phragmen(instance, document, [start - own for own in money], funded, left)
    assert [(step["i"], Fraction(step["load"])) for step in tally(instance, document).after or ()] == rounds


@settings(max_examples=300, deadline=None)
@given(elections(most_projects=8), st.sampled_from(WELFARE), st.sampled_from(TIES), st.booleans(), st.data())
def test_maximum_welfare_is_the_first_best_of_all_sets(
    instance: Instance, rule: str, ties: list[Tie], free: bool, data: st.DataObject
) -> None:
    """Every set is tried; of equal ones that with the first project in tie order on which they differ."""
    document = cast(Any, {**rule_by_name(rule, ties), **({} if free else data.draw(constraints(instance)))})
    fixed = set(document.get("mandatory", []))
    order = sorted(range(len(instance.projects)), key=TieOrder(instance, ties).rank.__getitem__)
    order = [p for p in order if instance.votes[p] and p not in fixed]
    worth = [
        votes * (p.cost if "cost" in rule else 1) for votes, p in zip(instance.votes, instance.projects, strict=True)
    ]
    best: tuple[int, tuple[bool, ...]] = (-1, ())
    for row in product((True, False), repeat=len(order)):
        chosen = {p for p, taken in zip(order, row, strict=True) if taken}
        fits = sum(instance.projects[p].cost for p in chosen | fixed) <= instance.budget
        if fits and not breaks(instance, document, chosen | fixed):
            best = max(best, (sum(worth[p] for p in chosen), row))
    outcome = tally(instance, document)
    assert outcome.welfare == best[0]
    assert set(outcome.winners) == fixed | {p for p, taken in zip(order, best[1], strict=True) if taken}


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
@settings(max_examples=30, deadline=None)
@given(instance=elections())
def test_no_rule_gives_more_welfare_than_maximum_welfare(rule: str, instance: Instance) -> None:
    most = count(instance, "maxwelfare_card").welfare
    assert most is not None
    assert sum(instance.votes[p] for p in count(instance, rule).winners) <= most


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


@pytest.mark.parametrize("rule", ["greedy_score", "greedy_density", *WELFARE, *MES, *PERCENT, "phragmen_supported"])
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_equal_ballots_counted_together_or_one_by_one_give_the_same(rule: str, instance: Instance) -> None:
    """Each voter also names a project of her own that no budget could pay: so no two ballots are equal."""
    # Out of reach also of the largest endowment at which a step would not already have overspent on the others.
    dear = instance.budget + 10 * instance.unit
    own = [Project(f"z{voter}", dear) for voter in range(instance.size)]
    ballots = [[*ballot, len(instance.projects) + voter] for voter, ballot in enumerate(ballots_of(instance))]
    apart = Instance([*instance.projects, *own], instance.budget, "approval", ballots, instance.unit)
    one_by_one, together = count(apart, rule), count(instance, rule)
    assert max(apart.grouped.values()) == 1
    assert one_by_one.winners == together.winners


@pytest.mark.parametrize("rule", ALL)
@settings(max_examples=15, deadline=None)
@given(instance=elections(), ends=st.sampled_from([b"\r\n", b"\r"]), data=st.data())
def test_rows_in_any_order_and_lines_with_any_end_are_the_same_election(
    rule: str, instance: Instance, ends: bytes, data: st.DataObject
) -> None:
    ids = [project.id for project in instance.projects]
    votes = [",".join(ids[p] for p in ballot) for ballot in ballots_of(instance)]
    rows = [{"voter_id": str(voter), "vote": vote} for voter, vote in enumerate(votes)]
    projects = [{"project_id": project.id, "cost": str(project.cost)} for project in instance.projects]
    meta = {"budget": str(instance.budget), "vote_type": "approval"}
    plain = read_pabulib(compose_pabulib(meta, projects, rows), name="a")
    shuffled = compose_pabulib(meta, data.draw(st.permutations(projects)), data.draw(st.permutations(rows)))
    other = read_pabulib(shuffled.replace(b"\n", ends), name="b")
    won = [
        {file.projects[number].id for number in tally(file.instance(), rule_by_name(rule, unit=file.unit)).winners}
        for file in (plain, other)
    ]
    assert won[0] == won[1]


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


@pytest.mark.parametrize("rule", ["greedy_score", "greedy_density", *COMPLETED])
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_rules_that_end_with_greedy_leave_no_project_that_fits(rule: str, instance: Instance) -> None:
    outcome = count(instance, rule)
    left = instance.budget - outcome.cost
    assert all(p in outcome.winners or project.cost > left for p, project in enumerate(instance.projects))


@pytest.mark.parametrize("rule", WELFARE)
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_maximum_welfare_leaves_no_supported_project_that_fits(rule: str, instance: Instance) -> None:
    outcome = count(instance, rule)
    rest = [p for p in range(len(instance.projects)) if instance.votes[p] and p not in outcome.winners]
    assert all(instance.projects[p].cost > instance.budget - outcome.cost for p in rest)


@pytest.mark.parametrize("rule", [*GREEDY, *DENSITY, *WELFARE, "phragmen_supported", "mes_cost_none", "mes_card_none"])
@settings(max_examples=40, deadline=None)
@given(instance=elections(), times=st.integers(2, 4))
def test_every_ballot_copied_changes_nothing(rule: str, instance: Instance, times: int) -> None:
    copied = with_ballots(instance, ballots_of(instance) * times)
    assert count(copied, rule).winners == count(instance, rule).winners


@pytest.mark.parametrize(
    "rule",
    [*GREEDY, *DENSITY, *WELFARE, *PERCENT, "phragmen_supported", "mes_cost_none", "mes_card_none", "mes_cost_none_u"],
)
@settings(max_examples=40, deadline=None)
@given(instance=elections())
def test_another_currency_changes_nothing(rule: str, instance: Instance) -> None:
    projects = [Project(project.id, project.cost * 10) for project in instance.projects]
    dearer = Instance(projects, instance.budget * 10, "approval", ballots_of(instance), instance.unit)
    assert count(dearer, rule).winners == count(instance, rule).winners


@pytest.mark.parametrize("rule", [*GREEDY, *DENSITY, *WELFARE, "phragmen_supported", *MES, *COMPLETED])
@settings(max_examples=40, deadline=None)
@given(instance=elections(), cost=st.integers(1, 60))
def test_a_project_without_votes_changes_nothing_for_the_others(rule: str, instance: Instance, cost: int) -> None:
    """Its id is the last, so it comes after all others without votes."""
    projects = [*instance.projects, Project("z", cost)]
    larger = Instance(projects, instance.budget, "approval", ballots_of(instance), instance.unit)
    winners = [p for p in count(larger, rule).winners if p < len(instance.projects)]
    assert tuple(winners) == count(instance, rule).winners


@pytest.mark.parametrize("rule", ["greedy_score", "greedy_density", "maxwelfare_card"])
@settings(max_examples=60, deadline=None)
@given(instance=elections(), data=st.data())
def test_a_winner_stays_one_with_a_new_voter_for_it_alone(rule: str, instance: Instance, data: st.DataObject) -> None:
    """Under maximum welfare: every set with the winner gains one, so an optimum with it stays an optimum."""
    for p in count(instance, rule).winners[:1]:
        more = with_ballots(instance, [*ballots_of(instance), [p]])
        assert p in count(more, rule).winners
        voter = data.draw(st.integers(0, instance.size - 1))
        ballots = [sorted({*b, p}) if v == voter else b for v, b in enumerate(ballots_of(instance))]
        assert p in count(with_ballots(instance, ballots), rule).winners


@settings(max_examples=60, deadline=None)
@given(instance=elections(), data=st.data())
def test_a_project_of_maximum_welfare_stays_in_one_with_a_new_voter_for_it_alone(
    instance: Instance, data: st.DataObject
) -> None:
    """In cost utility too: every set with it gains its cost."""
    winners = count(instance, "maxwelfare_cost").winners
    if winners:
        p = data.draw(st.sampled_from(winners))
        assert p in count(with_ballots(instance, [*ballots_of(instance), [p]]), "maxwelfare_cost").winners


@settings(max_examples=60, deadline=None)
@given(instance=elections(), data=st.data())
def test_a_project_of_maximum_welfare_stays_in_an_optimum_at_a_lower_cost(
    instance: Instance, data: st.DataObject
) -> None:
    """Up to ties: of the sets with it one is as good as any, as all of them still fit."""
    winners = count(instance, "maxwelfare_card").winners
    if winners:
        p = data.draw(st.sampled_from(winners))
        projects = [Project(q.id, max(1, q.cost - (n == p))) for n, q in enumerate(instance.projects)]
        cheaper = Instance(projects, instance.budget, "approval", ballots_of(instance), instance.unit)
        with_it = tally(cheaper, cast(Any, {**rule_by_name("maxwelfare_card"), "mandatory": [p]}))
        assert with_it.welfare is not None
        assert count(cheaper, "maxwelfare_card").welfare == with_it.welfare + instance.votes[p]


@pytest.mark.parametrize("rule", ["greedy_score", "greedy_density"])
@settings(max_examples=60, deadline=None)
@given(inst=elections(), data=st.data())
def test_under_greedy_a_winner_stays_one_at_a_lower_cost(rule: str, inst: Instance, data: st.DataObject) -> None:
    winners = count(inst, rule).winners
    if not winners:
        return
    p = data.draw(st.sampled_from(winners))
    projects = [Project(q.id, max(1, q.cost - (n == p))) for n, q in enumerate(inst.projects)]
    cheaper = Instance(projects, inst.budget, "approval", ballots_of(inst), inst.unit)
    assert p in count(cheaper, rule).winners


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


@pytest.mark.parametrize("rule", [*MES, *COMPLETED])
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
