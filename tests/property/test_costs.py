"""Cost sheets of any shape: sums add up, rounding only goes up, nothing that is saved is lost."""

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals import costs
from pb_service.core.proposals.costs import CostLine, CostSheet
from pb_service.core.record import canonical
from pb_service.core.rounds.setup import CostsStep

LINES = st.builds(
    CostLine,
    what=st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()),
    quantity=st.integers(1, 10**7),
    price=st.integers(0, 10**7),
    source=st.just("source"),
)
SHEETS = st.builds(
    CostSheet,
    lines=st.lists(LINES, min_size=1, max_size=8).map(tuple),
    contingency=st.integers(0, 1000),
    round_to=st.integers(1, 10**6),
    upkeep=st.lists(LINES, max_size=3).map(tuple),
)


@given(SHEETS)
def test_the_parts_add_up_and_rounding_is_less_than_a_step(sheet: CostSheet) -> None:
    found = costs.figures(sheet, CostsStep())
    assert sum(part.amount for part in costs.parts(found)) == found.total == found.amount
    assert 0 <= found.rounding < sheet.round_to
    assert found.total % sheet.round_to == 0


@given(SHEETS)
def test_a_line_is_off_by_half_a_minor_unit_at_most(sheet: CostSheet) -> None:
    for line, total in zip(sheet.lines, costs.figures(sheet, CostsStep()).lines, strict=True):
        assert abs(total * costs.QUANTITY_UNIT - line.quantity * line.price) * 2 <= costs.QUANTITY_UNIT


@given(SHEETS)
def test_every_sheet_survives_storage_and_has_a_canonical_form(sheet: CostSheet) -> None:
    body = canonical.encode(costs.document(sheet))
    assert costs.read_sheet(canonical.decode(body)) == sheet


@given(SHEETS, SHEETS)
def test_a_sheet_differs_from_itself_in_nothing(sheet: CostSheet, other: CostSheet) -> None:
    assert costs.changes(sheet, sheet, CostsStep()) == []
    same = costs.figures(sheet, CostsStep()).amount == costs.figures(other, CostsStep()).amount
    assert same == all(change.field != "amount" for change in costs.changes(sheet, other, CostsStep()))
