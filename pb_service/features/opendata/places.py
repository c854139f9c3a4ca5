"""A counted contest's projects as GeoJSON (RFC 7946), for maps."""

import json
from typing import Any

from pb_service.core.rounds.money import decimal_text
from pb_service.features.results.documents import ContestDocuments


def projects_geojson(documents: ContestDocuments) -> bytes:
    """Return every project as a feature; those that are nowhere in particular have no geometry.

    Coordinates are longitude and latitude in degrees, with the digits that the ballot list has. Money is in minor
    units and, as text, in currency units.
    """
    manifest = documents.manifest
    features = [
        {
            "type": "Feature",
            "id": code,
            "geometry": _point(listed.get("place")),
            "properties": {
                "number": number,
                "name": listed["title"],
                "language": documents.ballot_list["language"],
                "cost": cost,
                "cost_text": f"{decimal_text(cost, manifest['unit'])} {manifest['currency']}",
                "votes": result["votes"],
                "won": result["won"],
                "reason": result["why"]["c"],
                "categories": listed["categories"],
                "targets": listed["targets"],
            },
        }
        for number, ((code, cost), listed, result) in enumerate(
            zip(documents.contest["pro"], documents.ballot_list["projects"], documents.outcome["projects"], strict=True)
        )
    ]
    about = {"round": documents.slug, "contest": documents.contest["id"], "licence": manifest["licence"]}
    found = {"type": "FeatureCollection", **about, "source": manifest["source"], "features": features}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _point(place: tuple[str, str] | None) -> dict[str, Any] | None:
    if place is None:
        return None
    latitude, longitude = place
    return {"type": "Point", "coordinates": [float(longitude), float(latitude)]}
