"""Rules of rounds that hold for any input: shares of money, times, districts, tables of places, texts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.record import canonical
from pb_service.core.rounds import calendar, phases
from pb_service.core.rounds.geojson import parse_geojson
from pb_service.core.rounds.money import shared
from pb_service.core.rounds.phases import PHASES, Phase
from pb_service.core.rounds.places import Place, contradictions
from pb_service.core.rounds.setup import PLANNED, STEPS, Setup, StepName, public_document, read_step, to_content
from pb_service.core.rounds.sheet_rows import Kind, read_rows
from pb_service.core.rounds.validation import missing, problems
from tests.rounds import district, whole_setup

weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any)
pots = st.integers(0, 10**12)
quanta = st.sampled_from([1, 100, 1_000, 50_000])


@given(pots, weights, quanta)
def test_shares_add_up_to_the_pot(pot: int, of: list[int], quantum: int) -> None:
    assert sum(share.amount for share in shared(pot, of, quantum)) == pot


@given(pots, weights, quanta)
def test_no_share_is_a_whole_step_off_its_exact_part(pot: int, of: list[int], quantum: int) -> None:
    for share, weight in zip(shared(pot, of, quantum), of, strict=True):
        assert abs(share.amount * sum(of) - pot * weight) < 2 * quantum * sum(of)
        assert quantum > 1 or abs(share.amount * sum(of) - pot * weight) < sum(of)


@given(pots, weights, quanta)
def test_more_people_never_get_less(pot: int, of: list[int], quantum: int) -> None:
    amounts = [share.amount - share.amount % quantum for share in shared(pot, of, quantum)]
    for weight, amount in zip(of, amounts, strict=True):
        for other, less in zip(of, amounts, strict=True):
            assert weight <= other or amount >= less


@given(weights, quanta)
def test_nobody_gets_nothing(of: list[int], quantum: int) -> None:
    for share, weight in zip(shared(10**9, of, quantum), of, strict=True):
        assert weight or share.floor == 0


zones = st.sampled_from(["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"])
moments = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 # given one


@given(moments, zones)
def test_a_moment_shown_and_typed_again_is_the_same_or_the_first_of_two(at: datetime, zone: str) -> None:
    at = at.replace(microsecond=0)
    read = calendar.moment(calendar.wall_clock_of(at, zone), zone)
    assert read is not None
    assert read.at == at or (read.note == "ambiguous" and read.at < at)


@given(st.datetimes(datetime(2001, 1, 1), datetime(2098, 1, 1)), zones)  # noqa: DTZ001 # wall clocks
def test_every_wall_clock_time_is_one_moment_and_only_missing_ones_are_shown_otherwise(
    local: datetime, zone: str
) -> None:
    typed = local.replace(microsecond=0).isoformat()
    read = calendar.moment(typed, zone)
    assert read is not None
    shown = read.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()
    assert (shown == typed) == (read.note != "missing")


@given(moments, zones, st.integers(1, 400))
def test_later_days_are_later_moments(at: datetime, zone: str, days: int) -> None:
    typed = calendar.wall_clock_of(at.replace(microsecond=0), zone)
    first, second = calendar.moment(typed, zone), calendar.moment(calendar.later_by(typed, days), zone)
    assert first is not None
    assert second is None or abs(second.at - first.at - timedelta(days=days)) <= timedelta(hours=3)


phase_sets = st.sets(st.sampled_from(PLANNED)).map(lambda found: ("announced", *sorted(found, key=PHASES.index)))


@given(phase_sets)
def test_from_any_phase_the_archive_is_reached_and_nothing_is_visited_twice(planned: tuple[Phase, ...]) -> None:
    phase: Phase = "set_up"
    visited = [phase]
    while phase != "archived":
        phase = phases.following(phase, planned)
        visited.append(phase)
    assert visited == ["set_up", *planned, "archived"]


@given(st.sampled_from(PHASES), st.sampled_from(PHASES), phase_sets, st.sampled_from(["manager", "clock"]))
def test_neither_people_nor_the_clock_can_go_back_or_skip(
    phase: Phase, target: Phase, planned: tuple[Phase, ...], by: phases.Pusher
) -> None:
    refused = phases.refusal(phase, target, planned, by, has_manifest=True)
    if phase == "archived" or target != phases.following(phase, planned):
        assert refused is not None


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
step_names: st.SearchStrategy[StepName] = st.sampled_from(list(STEPS))


@given(step_names, st.data())
def test_a_step_reads_anything_and_judges_it_without_an_exception(name: StepName, data: st.DataObject) -> None:
    fields = STEPS[name].__struct_fields__
    content = data.draw(anything | st.dictionaries(st.sampled_from(fields), anything, max_size=4))
    step, found = read_step(name, content)
    assert (step is None) == bool(found)
    if step is not None:
        setup = whole_setup(**{name: step})
        assert isinstance(problems(name, setup) + missing(name, setup, ("fi", "sv")), list)


@given(step_names)
def test_what_a_step_writes_it_reads_again(name: StepName) -> None:
    for setup in (Setup(), whole_setup()):
        step = getattr(setup, name)
        assert read_step(name, to_content(step)) == (step, [])


def test_a_set_up_has_a_canonical_form() -> None:
    assert canonical.decode(canonical.encode(public_document(whole_setup()))) == public_document(whole_setup())


@given(st.binary(max_size=300))
def test_any_bytes_are_told_apart_from_geojson(body: bytes) -> None:
    reading = parse_geojson(body)
    assert reading.problems or reading.districts


coordinates = st.recursive(
    st.floats(allow_nan=False) | st.integers() | st.none() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=30,
)


@given(coordinates, st.sampled_from(["Polygon", "MultiPolygon", "Point", "GeometryCollection", 3]))
def test_any_coordinates_are_an_area_or_refused(found: Any, kind: Any) -> None:
    import json

    feature = {"type": "Feature", "properties": None, "geometry": {"type": kind, "coordinates": found}}
    reading = parse_geojson(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())
    assert all(item.polygons or reading.problems for item in reading.districts)


cells = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.timedeltas()
headings = st.sampled_from(
    ["Postinumero", "Alue", "street", "from", "to", "Puoli", "name_fi", "Budjetti", "Population"]
)


@given(
    st.lists(headings, max_size=6),
    st.lists(st.lists(cells, max_size=6), max_size=6),
    st.sampled_from(["districts", "postal", "addresses"]),
)
def test_any_table_is_read_row_by_row_without_an_exception(head: list[str], lines: list[list[Any]], kind: Kind) -> None:
    sheet = read_rows([head, *lines], kind, [district("pohjoinen")])
    assert len(sheet.places) + len(sheet.districts) + sheet.bad_lines + sheet.repeated >= sheet.rows or sheet.problems


houses = st.builds(
    lambda first, more, side, key: Place("katu", key, first, first + more, side),
    st.integers(1, 12),
    st.integers(0, 6),
    st.sampled_from(["both", "odd", "even"]),
    st.sampled_from(["a", "b"]),
)


def _lives(row: Place) -> Callable[[int], bool]:
    return lambda house: row.first <= house <= row.last and row.side in ("both", "odd" if house % 2 else "even")


@given(st.lists(houses, max_size=8))
def test_contradictions_are_found_exactly_when_a_house_could_be_in_two_districts(rows: list[Place]) -> None:
    """Sides are compared by interval, so two intervals of one side that meet between its houses count as well."""
    found = contradictions(rows)
    kept = [row for index, row in enumerate(rows) if index not in dict(found)]
    if not found:
        for house in range(1, 20):
            assert len({row.district for row in kept if _lives(row)(house)}) <= 1
    for later, earlier in found:
        assert rows[later].district != rows[earlier].district
