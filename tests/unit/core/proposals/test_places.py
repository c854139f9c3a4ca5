"""Places of proposals: read from what people type, put into a district, measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals.places import (
    Place,
    PlaceError,
    PlaceKind,
    district_of_place,
    from_geojson,
    is_on_land,
    may_be_within,
    metres_between,
    read_place,
    shown_place,
    to_geojson,
)
from tests.rounds import district

WEST, EAST = district("west", 24), district("east", 25)


def point(longitude: float, latitude: float = 60.5) -> Place:
    return Place("point", ((round(longitude * 10**6), round(latitude * 10**6)),))


def line(*longitudes: float) -> Place:
    return Place("line", tuple((round(x * 10**6), 60_500_000) for x in longitudes))


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("point", "", "empty"),
        ("point", "somewhere", "line"),
        ("point", "60.1, 24.9\n60.2, 24.9", "few"),
        ("line", "60.1, 24.9", "few"),
        ("line", "60.1, 24.9\n60.1, 24.9", "few"),
        ("area", "60.1, 24.9\n60.2, 24.9", "few"),
        ("area", "60, 24\n61, 25\n60, 25\n61, 24", "crossing"),
        ("point", "91, 24.9", "position"),
        ("line", "60.1, 24.9\n" * 300, "many"),
    ],
)
def test_what_is_no_place_is_told_by_its_code(kind: PlaceKind, typed: str, code: str) -> None:
    with pytest.raises(PlaceError) as error:
        read_place(kind, typed)
    assert error.value.code == code


@pytest.mark.parametrize("typed", ["60.1699, 24.9384", "60,1699 24,9384", "60.1699; 24.9384"])
def test_a_point_is_read_as_people_write_it(typed: str) -> None:
    assert read_place("point", typed) == Place("point", ((24_938_400, 60_169_900),))


@pytest.mark.parametrize("kind", ["point", "line", "area"])
def test_a_place_goes_through_its_field_and_through_geojson(kind: PlaceKind) -> None:
    lines = ["60.1, 24.9", "60.2, 24.9", "60.2, 25.0"][: {"point": 1, "line": 2, "area": 3}[kind]]
    place = read_place(kind, "\n".join(lines))
    assert read_place(kind, shown_place(place)) == place
    assert from_geojson(to_geojson(place)) == place


def test_on_a_common_border_the_first_district_has_it() -> None:
    assert district_of_place([WEST, EAST], point(25)) == "west"
    assert district_of_place([EAST, WEST], point(25)) == "east"
    assert district_of_place([WEST, EAST], point(27)) is None


def test_a_route_belongs_to_the_district_that_has_most_of_it() -> None:
    assert district_of_place([WEST, EAST], line(24.9, 25.3)) == "east"
    assert district_of_place([WEST, EAST], line(24.6, 25.1)) == "west"


def test_land_holds_a_place_or_does_not() -> None:
    assert is_on_land(WEST.polygons, point(24.5))
    assert not is_on_land(WEST.polygons, line(24.5, 25.5))
    assert is_on_land((*WEST.polygons, *EAST.polygons), line(24.5, 25.5))


@given(st.integers(-2_000, 2_000), st.integers(-2_000, 2_000), st.sampled_from([0.0, 60.0, 69.9]))
def test_what_is_near_is_never_ruled_out_by_the_quick_look(east: int, north: int, latitude: float) -> None:
    """East and north in tens of a millionth of a degree; a metre is some nine or more of those."""
    one = Place("point", ((24_900_000, round(latitude * 1e6)),))
    other = Place("point", ((24_900_000 + 10 * east, round(latitude * 1e6) + 10 * north),))
    assert may_be_within(one, other, 500) or metres_between(one, other) > 500


def test_of_a_large_layer_only_what_is_near_is_looked_at() -> None:
    """A place over the border of two lots is on land if both are; a hole in a lot is none."""
    layer = [district("lot", x).polygons[0] for x in range(24, 40)]
    assert is_on_land(layer, line(24.5, 27.5))
    assert not is_on_land(layer, line(24.5, 40.5))
    hole = ((24_400_000, 60_400_000), (24_600_000, 60_400_000), (24_600_000, 60_600_000), (24_400_000, 60_600_000))
    assert not is_on_land([(*WEST.polygons[0], (*hole, hole[0]))], point(24.5))


def test_distances_are_in_metres() -> None:
    assert metres_between(point(24.9, 60.0), point(24.9, 60.001)) == 111
    assert 5_500 < metres_between(point(24.9, 60.0), point(25.0, 60.0)) < 5_600
    assert metres_between(point(24.9), point(24.9)) == 0
