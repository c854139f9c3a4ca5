"""Finding one's way in a list: filters, what each choice would leave, and addresses that say what was asked."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals.filters import (
    GOING_ON,
    GROUPS,
    NONE,
    Line,
    Wanted,
    cost_ranges,
    query,
    select,
    wanted,
)
from pb_service.core.proposals.states import PUBLIC

AT = datetime(2026, 3, 2, tzinfo=UTC)
RANGES = ("0-2000", "2000-5000", "5000-")
GROUP_OF = {"rejected": "not_going_on", "infeasible": "not_going_on", "split": "merged"}

keys = st.sampled_from([None, "a", "b", "c"])
chosen = st.lists(st.sampled_from(["a", "b", "c", NONE]), max_size=2, unique=True).map(tuple)


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    found = []
    for number in range(1, draw(st.integers(0, 25)) + 1):
        state, cost = draw(st.sampled_from(sorted(PUBLIC))), draw(st.none() | st.integers(0, 9000))
        found.append(Line(UUID(int=number), number, state, draw(keys), draw(keys), "fi", f"T{number}", cost, AT))
    return found


asked = st.builds(
    Wanted,
    districts=chosen,
    themes=chosen,
    costs=st.lists(st.sampled_from([*RANGES, NONE]), max_size=2, unique=True).map(tuple),
    groups=st.lists(st.sampled_from(GROUPS), max_size=3, unique=True).map(tuple),
    sort=st.just("number"),
)


def passes(line: Line, what: Wanted) -> bool:
    """The rule of the filters in the plainest words."""
    group = GROUP_OF.get(line.state, line.state)
    cheap = line.cost is not None and any(
        int(low) <= line.cost < int(high or 10**9) for low, high in (c.split("-") for c in what.costs if c != NONE)
    )
    return (
        (not what.districts or (line.district or NONE) in what.districts)
        and (not what.themes or (line.theme or NONE) in what.themes)
        and (not what.costs or cheap or (line.cost is None and NONE in what.costs))
        and group in (what.groups or GOING_ON)
    )


@given(lines(), asked)
def test_a_list_holds_what_passes_every_filter_and_no_more(given_lines: list[Line], what: Wanted) -> None:
    found = select(given_lines, what, page_size=1000)
    assert [line.number for line in found.everything] == [line.number for line in given_lines if passes(line, what)]


@given(lines(), asked)
def test_each_number_beside_a_choice_is_what_that_choice_alone_would_leave(
    given_lines: list[Line], what: Wanted
) -> None:
    found = select(given_lines, what, ranges=RANGES)
    for cost in RANGES:
        assert found.costs[cost] == sum(passes(line, replace(what, costs=(cost,))) for line in given_lines)
    for key in ("a", NONE):
        assert found.districts.get(key, 0) == sum(passes(line, replace(what, districts=(key,))) for line in given_lines)
        assert found.themes.get(key, 0) == sum(passes(line, replace(what, themes=(key,))) for line in given_lines)
    for group in GROUPS:
        assert found.groups.get(group, 0) == sum(passes(line, replace(what, groups=(group,))) for line in given_lines)


@given(asked)
def test_an_address_says_what_was_asked(what: Wanted) -> None:
    ordered = replace(what, groups=tuple(group for group in GROUPS if group in what.groups))
    assert wanted(query(ordered)) == ordered


@given(
    st.lists(
        st.tuples(st.sampled_from(["q", "page", "sort", "cost", "state", "n", "draw", "x"]), st.text()), max_size=8
    )
)
def test_no_address_ends_in_an_error(pairs: list[tuple[str, str]]) -> None:
    assert wanted(pairs).page >= 1


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_ranges_of_cost_leave_no_gap(costs: list[int]) -> None:
    found = cost_ranges(costs, 100)
    ends = [each.split("-") for each in found]
    assert all(high == low for (_, high), (low, _) in pairwise(ends))
    assert not found or (ends[0][0], ends[-1][1]) == ("0", "")


def test_a_page_beyond_the_last_is_the_last() -> None:
    many = [Line(UUID(int=n), n, "published", None, None, "fi", "T", None, AT) for n in range(1, 31)]
    found = select(many, Wanted(sort="number", page=99), page_size=24)
    assert (found.page, found.pages, [line.number for line in found.lines]) == (2, 2, list(range(25, 31)))
