"""Districts from GeoJSON: what is refused and why, the border rule, and the drawn map."""

import json
from typing import Any

import pytest

from pb_service.core.rounds.districts import MAX_DISTRICTS, district_at
from pb_service.core.rounds.geojson import MAX_BYTES, Reading, parse_geojson, to_geojson
from pb_service.core.rounds.outlines import drawn_map
from pb_service.core.rounds.setup import District
from tests.rounds import geojson, square

HOLE = [[[24.0, 60.0], [24.3, 60.0], [24.3, 60.3], [24.0, 60.3], [24.0, 60.0]],
        [[24.1, 60.1], [24.1, 60.2], [24.2, 60.2], [24.2, 60.1], [24.1, 60.1]]]  # fmt: skip


def codes(reading: Reading) -> set[str]:
    return {problem.code for problem in reading.problems}


def feature(geometry: Any, **properties: Any) -> bytes:
    found = {"type": "Feature", "properties": {"name": "Alue", **properties}, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [found]}).encode()


def test_three_districts_are_read_with_names_population_and_keys() -> None:
    reading = parse_geojson(geojson(square(24, 60), square(24.1, 60), square(24.2, 60), names=["Länsi", "Itä", "Itä"]))
    assert reading.problems == []
    assert [(found.key, found.population) for found in reading.districts] == [
        ("lansi", 1000), ("ita", 1000), ("ita-2", 1000)
    ]  # fmt: skip
    assert reading.districts[0].polygons[0][0][0] == (24_000_000, 60_000_000)


def test_names_in_three_languages_are_taken_and_the_first_is_the_original() -> None:
    reading = parse_geojson(feature({"type": "Polygon", "coordinates": square(24, 60)}, name_sv="Område", nimi="Alue"))
    states = {language: wording.state for language, wording in reading.districts[0].name.items()}
    assert states == {"fi": "original", "sv": "translated"}


@pytest.mark.parametrize(
    ("rings", "code"),
    [
        ([[[24, 60], [24.1, 60.1], [24.1, 60], [24, 60.1], [24, 60]]], "self_crossing"),
        ([[[24, 60], [24.1, 60], [24.1, 60.1], [24, 60.1]]], "ring_open"),
        ([[[24, 60], [24.1, 60], [24, 60]]], "empty"),
        ([[[24, 60], [24, 60], [24, 60], [24, 60]]], "empty"),
        ([[]], "empty"),
        ([], "empty"),
        ([[[24, 60], [24.1, 60], [24.1, "60.1"], [24, 60]]], "position"),
        ([[[24, 60], [24.1, 60], [24.1, None], [24, 60]]], "position"),
        ([[[24], [24.1, 60], [24.1, 60.1], [24, 60]]], "position"),
        ([[[10**400, 60], [24.1, 60], [24.1, 60.1], [10**400, 60]]], "position"),
        ([[[True, 60], [24.1, 60], [24.1, 60.1], [True, 60]]], "position"),
        ([[[179.9, 60], [-179.9, 60], [-179.9, 61], [179.9, 61], [179.9, 60]]], "antimeridian"),
        (square(385_000, 6_670_000, 1_000), "crs"),  # ETRS-TM35FIN, as Finnish offices export it
        (square(60, 24), "coordinate_order"),
        ([[[60.2, 124.9], [60.3, 124.9], [60.3, 125], [60.2, 124.9]]], "coordinate_order"),
        ([square(24, 60)[0], square(25, 61, 0.01)[0]], "hole_outside"),
    ],
)
def test_an_area_that_is_none_is_refused_with_its_reason(rings: Any, code: str) -> None:
    assert codes(parse_geojson(geojson(rings))) == {code}


def test_where_a_border_crosses_itself_is_said() -> None:
    (problem,) = parse_geojson(geojson([[[24, 60], [24.1, 60.1], [24.1, 60], [24, 60.1], [24, 60]]])).problems
    assert problem.values["place"] == "60.05000, 24.05000"


@pytest.mark.parametrize("geometry", [None, {"type": "Point", "coordinates": [24, 60]}, {"type": "Polygon"}, [], "x"])
def test_what_is_no_area_is_refused(geometry: Any) -> None:
    assert codes(parse_geojson(feature(geometry))) & {"not_area", "empty"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"type": "Topology"}', "not_geojson"),
        (b'{"type": "FeatureCollection", "features": {}}', "not_geojson"),
        (b'{"type": "FeatureCollection", "features": [1]}', "not_geojson"),
        (b'{"type": "FeatureCollection", "features": []}', "no_districts"),
        (b" " * (MAX_BYTES + 1), "too_large"),
    ],
)
def test_a_file_that_is_no_geojson_is_refused(body: bytes, code: str) -> None:
    assert codes(parse_geojson(body)) == {code}


def test_another_reference_system_is_refused_by_its_name() -> None:
    tm35 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3067"}}
    wgs84 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert codes(parse_geojson(geojson(square(24, 60), crs=tm35))) == {"crs"}
    assert codes(parse_geojson(geojson(square(24, 60), crs=wgs84))) == set()


def test_too_many_districts_and_too_fine_borders_are_refused_before_they_are_looked_at() -> None:
    many = geojson(*[square(24, 60)] * (MAX_DISTRICTS + 1))
    fine = geojson([[[24, 60]] * 100_001])
    assert codes(parse_geojson(many)) == {"too_many"}
    assert codes(parse_geojson(fine)) == {"too_detailed"}


def test_overlapping_districts_are_named() -> None:
    (problem,) = parse_geojson(geojson(square(24, 60), square(24.05, 60))).problems
    assert (problem.code, problem.values) == ("overlap", {"name": "Alue 1", "other": "Alue 2"})


def test_a_sliver_of_some_metres_is_no_overlap() -> None:
    reading = parse_geojson(geojson(square(24, 60), square(24.09995, 60)))
    assert reading.problems == []
    assert district_at(reading.districts, 24.09998, 60.05) == "alue-1"


def test_a_place_on_a_common_border_belongs_to_the_first_district() -> None:
    districts = parse_geojson(geojson(square(24, 60), square(24.1, 60))).districts
    assert district_at(districts, 24.1, 60.05) == "alue-1"
    assert district_at(districts[::-1], 24.1, 60.05) == "alue-2"


def test_a_place_in_a_hole_or_outside_is_in_no_district() -> None:
    districts = parse_geojson(geojson(HOLE)).districts
    assert district_at(districts, 24.05, 60.05) == "alue-1"
    assert district_at(districts, 24.15, 60.15) is None
    assert district_at(districts, 0, 0) is None
    assert district_at(districts, float("nan"), 60) is None


def test_a_district_in_several_parts_is_one() -> None:
    parts = {"type": "MultiPolygon", "coordinates": [square(24, 60), square(25, 61)]}
    districts = parse_geojson(feature(parts)).districts
    assert {district_at(districts, 24.05, 60.05), district_at(districts, 25.05, 61.05)} == {"alue"}


def test_what_is_published_as_geojson_reads_back_the_same() -> None:
    districts = parse_geojson(geojson(square(24, 60), HOLE, names=["Yksi", "Kaksi"])).districts[:1]
    again = parse_geojson(json.dumps(to_geojson(districts)).encode())
    assert (again.districts, again.problems) == (districts, [])


def test_the_drawn_map_keeps_common_borders_common_and_finds_the_way_back() -> None:
    drawn = drawn_map(parse_geojson(geojson(square(24, 60), square(24.1, 60))).districts)
    assert drawn is not None
    first, second = drawn.outlines
    border = {point for point in first.path[1:-1].split("L") if point in second.path}
    assert len(border) == 2
    longitude = drawn.west + first.x / drawn.width * (drawn.east - drawn.west)
    latitude = drawn.north - first.y / drawn.height * (drawn.north - drawn.south)
    assert (round(longitude, 2), round(latitude, 2)) == (24.05, 60.05)
    assert drawn_map([District("a")]) is None


def test_the_same_borders_are_drawn_once() -> None:
    """Anybody may ask for the page with the map again and again."""
    body = geojson(square(24, 60), square(24.1, 60))
    first, again = (drawn_map(parse_geojson(body).districts) for _ in range(2))
    assert first is again


@pytest.mark.parametrize(("name", "code"), [("", "required"), ("x" * 201, "too_long"), ("a\x00b", "characters")])
def test_a_name_that_cannot_be_used_is_reported(name: str, code: str) -> None:
    assert code in codes(parse_geojson(feature({"type": "Polygon", "coordinates": square(24, 60)}, name=name)))


@pytest.mark.parametrize("population", [-1, 1.5, "many", True, 10**12])
def test_a_population_is_a_whole_number(population: Any) -> None:
    body = feature({"type": "Polygon", "coordinates": square(24, 60)}, population=population)
    assert "not_whole" in codes(parse_geojson(body))
