"""How old voters were: groups, and what of them is shown."""

from collections import defaultdict
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.record.canonical import decode
from pb_service.core.voting.ages import GROUPS, UNKNOWN, ages_document, grouped, shown_ages
from pb_service.core.voting.turnout import LEAST

CELLS = st.fixed_dictionaries({name: st.integers(0, 60) for name, _ in GROUPS}, optional={UNKNOWN: st.integers(1, 60)})


def test_an_age_is_that_of_the_year() -> None:
    """The first and last year of each group; who is not known is a group of its own, if there are any."""
    years: dict[int | None, int] = {2027 - age: 1 for age in (0, 17, 18, 29, 30, 44, 45, 59, 60, 74, 75, 110)}
    assert grouped(years, 2027) == {name: 2 for name, _ in GROUPS}
    assert grouped({1990: 3, None: 4}, 2027)[UNKNOWN] == 4


@given(CELLS)
def test_what_is_left_out_is_several_and_enough(cells: dict[str, int]) -> None:
    """Everything shown is right and at least ten; what is missing is nothing, all, or several that are enough."""
    found = shown_ages(cells)
    hidden = [cells[name] for name, number in found.items() if number is None]
    assert all(number is None or number == cells[name] >= LEAST for name, number in found.items())
    assert not hidden or len(hidden) == len(cells) or (max(hidden) >= LEAST and sum(hidden) >= 2 * LEAST + len(hidden))


def test_nobody_who_knows_the_rule_can_tell_a_hidden_number() -> None:
    """Of all votes that look the same once published, a hidden number may be one of several.

    All votes of up to 18 people in four groups, with 3 for 10: who sees total and numbers, and knows how they were
    made, is left with three possible numbers of each that may be small; so is who knows besides how many of unknown
    age there are. (Of these themselves there are two small numbers: none at all is no group.)
    """
    names = (UNKNOWN, "0-17", "18-29", "75-")
    alike: dict[tuple[object, ...], list[tuple[int, ...]]] = defaultdict(list)
    for cells in product(range(19), repeat=4):
        if sum(cells) <= 18:
            found = shown_ages({name: n for name, n in zip(names, cells, strict=True) if n or name != UNKNOWN}, 3)
            if any(found[name] is not None for name in names[1:]):
                told = [found.get(name, 0) for name in names]
                alike[None, sum(cells), *told].append(cells)
                alike[cells[0], sum(cells), *told].append(cells)
    for (known, _, *shown), votes in alike.items():
        for place, number in enumerate(shown):
            values = {vote[place] for vote in votes}
            if number is None and place:
                assert len(values) >= 3 or min(values) >= 3, (known, shown, votes)
            elif number is None and known is None:
                assert values >= {1, 2}, (shown, votes)


def test_several_small_numbers_do_not_tell_each_other() -> None:
    """Three nines come to 27 as no other three below ten do, so a fourth is left out; and not that of those whose age
    is not known, which may be all of a district."""
    cells = {name: 40 for name, _ in GROUPS} | {UNKNOWN: 25}
    shown = shown_ages(cells | {"18-29": 9, "30-44": 9, "45-59": 9})
    assert {name for name, number in shown.items() if number is None} == {"18-29", "30-44", "45-59", "75-"}


def test_the_document_says_whose_figure_it_is() -> None:
    """Counted by the service; small numbers and one beside them have no number; without a shown age there is none."""
    cells = {name: 40 for name, _ in GROUPS} | {"0-17": 3, UNKNOWN: 25}
    body = ages_document(cells, b"e" * 32, 2027)
    assert body
    read = decode(body)
    assert (read["source"], read["year"], read["total"]) == ("service", 2027, 228)
    assert [each["group"] for each in read["ages"] if "n" not in each] == ["0-17", "75-"]
    assert ages_document({name: 0 for name, _ in GROUPS} | {UNKNOWN: 500, "30-44": 9}, b"e" * 32, 2027) is None
