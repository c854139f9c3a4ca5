"""Districts from GeoJSON and back (RFC 7946)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import msgspec

from pb_service.core.rounds.districts import (
    MAX_DISTRICTS,
    MAX_POSITIONS,
    REGIONS,
    SCALE,
    Unfit,
    check_polygons,
    first_name,
    is_number,
    label,
    overlaps,
    slug,
)
from pb_service.core.rounds.setup import LANGUAGES, District, Language, Polygon, Problem, Ring, Text, Wording
from pb_service.core.rounds.texts import cleaned, is_printable

MAX_BYTES = 5_000_000
MAX_NAME = 200

_WGS84 = re.compile(r"(urn:ogc:def:crs:OGC:[\d.]*:CRS84|urn:ogc:def:crs:EPSG::4326|EPSG:4326)", re.IGNORECASE)
Role = Literal["name", "population", "key"]
_PROPERTIES: dict[str, Role] = {
    "name": "name",
    "nimi": "name",
    "namn": "name",
    "population": "population",
    "vaesto": "population",
    "väestö": "population",
    "asukkaat": "population",
    "invanare": "population",
    "invånare": "population",
    "key": "key",
    "id": "key",
    "tunnus": "key",
}
_OWN_LANGUAGE: dict[str, Language] = {"nimi": "fi", "namn": "sv"}


@dataclass
class Reading:
    """What a file holds: districts in its order, and everything that is wrong with it, by district."""

    districts: list[District] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def parse_geojson(body: bytes, *, time_zone: str = "Europe/Helsinki", language: Language = "fi") -> Reading:
    """Read districts from GeoJSON: a FeatureCollection of (Multi)Polygons with properties name (or name_fi, name_sv,
    name_en), and if there are any population and key.

    ``language`` is that of a name without one. Sizes are checked before anything is parsed. What is wrong is told for
    each district by code; the districts that are good are returned all the same, so that a map can show them.
    """
    reading = Reading()
    try:
        features = _opened(body)
    except Unfit as unfit:
        return Reading(problems=[Problem("districts", unfit.code, unfit.values)])
    taken: set[str] = set()
    for number, feature in enumerate(features):
        where = f"districts.{number}"
        about = feature.get("properties")
        properties = about if isinstance(about, dict) else {}
        name, population, key = _read_properties(properties, feature.get("id"), language, reading, where)
        polygons: tuple[Polygon, ...] = ()
        try:
            polygons = _polygons(feature.get("geometry"), REGIONS.get(time_zone))
        except Unfit as unfit:
            values = {"name": label(name, number), **unfit.values}
            reading.problems.append(Problem(f"{where}.polygons", unfit.code, values))
        unique = _unique(slug(key or first_name(name)) or f"district-{number + 1}", taken)
        reading.districts.append(District(key=unique, name=name, population=population, polygons=polygons))
    reading.problems += overlaps(reading.districts)
    return reading


def parse_areas(body: bytes, *, time_zone: str = "Europe/Helsinki", most: int = 5_000) -> Reading:
    """Read areas without names from GeoJSON, such as land that somebody owns: districts with numbers for keys.

    What is not an area is told by its place in the file.
    """
    reading = Reading()
    try:
        features = _opened(body, most=most)
    except Unfit as unfit:
        return Reading(problems=[Problem("areas", unfit.code, unfit.values)])
    for number, feature in enumerate(features, start=1):
        try:
            polygons = _polygons(feature.get("geometry"), REGIONS.get(time_zone))
        except Unfit as unfit:
            reading.problems.append(Problem(f"areas.{number}", unfit.code, unfit.values))
            continue
        reading.districts.append(District(key=str(number), polygons=polygons))
    return reading


def _opened(body: bytes, *, most: int = MAX_DISTRICTS) -> list[dict[str, Any]]:
    """Return the features of a file of bearable size in the one reference system, or raise why not."""
    if len(body) > MAX_BYTES:
        raise Unfit("too_large", most=MAX_BYTES // 1_000_000)
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unfit("not_json") from None
    features = _features(document)
    if features is None:
        raise Unfit("not_geojson")
    if not _is_wgs84(document):
        raise Unfit("crs")
    if not features:
        raise Unfit("no_districts")
    if len(features) > most:
        raise Unfit("too_many", most=most)
    if _count_positions(features) > MAX_POSITIONS:
        raise Unfit("too_detailed", most=MAX_POSITIONS)
    return features


def _features(document: object) -> list[dict[str, Any]] | None:
    if not isinstance(document, dict):
        return None
    if document.get("type") == "FeatureCollection":
        found = document.get("features")
        if isinstance(found, list) and all(isinstance(item, dict) and item.get("type") == "Feature" for item in found):
            return found
    if document.get("type") == "Feature":
        return [document]
    return None


def _is_wgs84(document: dict[str, Any]) -> bool:
    """RFC 7946 knows one reference system; older files say theirs, and only the same one is taken."""
    crs = document.get("crs")
    if crs is None:
        return True
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return isinstance(name, str) and _WGS84.fullmatch(name) is not None


def _count_positions(features: list[dict[str, Any]]) -> int:
    """Count the numbers' lists of all geometries, without recursion and whatever their shape is."""
    count, waiting = (
        0,
        [feature["geometry"].get("coordinates") for feature in features if isinstance(feature.get("geometry"), dict)],
    )
    while waiting and count <= MAX_POSITIONS:
        found = waiting.pop()
        if isinstance(found, list):
            if any(isinstance(item, list) for item in found):
                waiting.extend(found)
            else:
                count += 1
    return count


def _polygons(geometry: object, region: tuple[int, int, int, int] | None) -> tuple[Polygon, ...]:
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise Unfit("not_area")
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(parts, list) or not parts or not all(isinstance(part, list) and part for part in parts):
        raise Unfit("empty")
    polygons = tuple(tuple(_ring(ring) for ring in part) for part in parts)
    check_polygons(polygons, region)
    return polygons


def _ring(ring: object) -> Ring:
    if not isinstance(ring, list) or not ring:
        raise Unfit("empty")
    positions = []
    for position in ring:
        if not isinstance(position, list) or not 2 <= len(position) <= 4:
            raise Unfit("position")
        longitude, latitude = position[:2]
        if not is_number(longitude) or not is_number(latitude):
            raise Unfit("position")
        positions.append((longitude, latitude))
    if any(abs(x) > 180 or abs(y) > 90 for x, y in positions):
        raise Unfit("coordinate_order" if all(abs(x) <= 90 and abs(y) <= 180 for x, y in positions) else "crs")
    return tuple((round(longitude * SCALE), round(latitude * SCALE)) for longitude, latitude in positions)


def _unique(key: str, taken: set[str]) -> str:
    number, unique = 2, key
    while unique in taken:
        unique, number = f"{key}-{number}", number + 1
    taken.add(unique)
    return unique


def _read_properties(
    properties: dict[str, Any], identifier: object, language: Language, reading: Reading, where: str
) -> tuple[Text, int | None, str]:
    name: Text = {}
    population: int | None = None
    key = str(identifier) if isinstance(identifier, str | int) and not isinstance(identifier, bool) else ""
    for property_name, value in properties.items():
        stem, _, suffix = property_name.lower().rpartition("_")
        role = _PROPERTIES.get(property_name.lower())
        spoken = _OWN_LANGUAGE.get(property_name.lower(), language)
        if role is None and suffix in LANGUAGES and _PROPERTIES.get(stem) == "name":
            role, spoken = "name", suffix
        if role == "name" and isinstance(value, str) and cleaned(value):
            text = cast(str, cleaned(value))
            if not is_printable(text):
                reading.problems.append(Problem(f"{where}.name", "characters", {}))
            elif len(text) > MAX_NAME:
                reading.problems.append(Problem(f"{where}.name", "too_long", {"most": MAX_NAME}))
            else:
                name[spoken] = Wording(text, "original" if spoken == language else "translated")
        elif role == "population" and value is not None:
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100_000_000:
                population = value
            else:
                reading.problems.append(Problem(f"{where}.population", "not_whole", {}))
        elif role == "key" and isinstance(value, str | int) and not isinstance(value, bool):
            key = str(value)
    if not name:
        reading.problems.append(Problem(f"{where}.name", "required", {}))
    return name, population, key


def to_geojson(districts: Sequence[District]) -> dict[str, Any]:
    """Return the districts as a GeoJSON FeatureCollection (RFC 7946); those without an area have no geometry."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": district.key,
                "properties": {
                    "key": district.key,
                    **{
                        f"name_{language}": district.name[language].text
                        for language in LANGUAGES
                        if language in district.name
                    },
                    **({} if district.population is None else {"population": district.population}),
                },
                "geometry": _geometry(district.polygons),
            }
            for district in districts
        ],
    }


def _geometry(polygons: Sequence[Polygon]) -> dict[str, Any] | None:
    if not polygons:
        return None
    coordinates = [[[[x / SCALE, y / SCALE] for x, y in ring] for ring in polygon] for polygon in polygons]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}
