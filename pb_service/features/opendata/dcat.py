"""Descriptions of data sets after DCAT-AP 3 as JSON-LD and Turtle, for national and European data portals.

The JSON-LD is written out here; Turtle is the same graph. Every node has an address of its own, so that a portal that
harvests twice finds the same things again.
"""

import json
from collections.abc import Sequence
from typing import Any

from pb_service.core.rounds.municipality import Municipality
from pb_service.core.rounds.setup import pairs
from pb_service.features.opendata.listing import RoundFiles
from pb_service.features.opendata.schemas import ListedFile

_AUTHORITY = "http://publications.europa.eu/resource/authority"

_CONTEXT: dict[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

#: Licences by the name that rounds have them under.
LICENCES = {
    "CC BY 4.0": f"{_AUTHORITY}/licence/CC_BY_4_0",
    "CC0 1.0": f"{_AUTHORITY}/licence/CC0",
    "CC BY-SA 4.0": f"{_AUTHORITY}/licence/CC_BYSA_4_0",
}
_LANGUAGES = {"fi": "FIN", "sv": "SWE", "en": "ENG"}
#: File types of the European list, by media type.
_FORMATS = {
    "application/json": "JSON",
    "application/geo+json": "GEOJSON",
    "application/zip": "ZIP",
    "application/atom+xml": "ATOM",
    "application/ld+json": "JSON_LD",
    "text/csv": "CSV",
    "text/plain": "TXT",
    "text/calendar": "ICS",
    "text/turtle": "RDF_TURTLE",
}


def dataset(files: RoundFiles, settings: Municipality, public_url: str) -> dict[str, Any]:
    """Return a round's description as JSON-LD."""
    return {"@context": _CONTEXT, "@graph": [_publisher(settings, public_url), *_dataset(files, settings, public_url)]}


def catalogue(rounds: Sequence[RoundFiles], settings: Municipality, public_url: str) -> dict[str, Any]:
    """Return the description of everything that this service publishes, with all its rounds."""
    title = {"fi": "Osallistuva budjetointi", "sv": "Deltagande budgetering", "en": "Participatory budgeting"}
    about = {
        "fi": "Ehdotukset, kustannukset, äänet ja tulokset avoimena datana.",
        "sv": "Förslag, kostnader, röster och resultat som öppna data.",
        "en": "Proposals, costs, ballots and results as open data.",
    }
    graph = [
        {
            "@id": f"{public_url}/data/catalog",
            "@type": "dcat:Catalog",
            "dct:title": _texts(list(title.items())),
            "dct:description": _texts(list(about.items())),
            "dct:publisher": _ref(_publisher_id(public_url)),
            "dct:language": [_ref(f"{_AUTHORITY}/language/{code}") for code in _LANGUAGES.values()],
            "foaf:homepage": _ref(f"{public_url}/fi"),
            "dcat:dataset": [_ref(_dataset_id(each, public_url)) for each in rounds],
        },
        _publisher(settings, public_url),
        *(node for each in rounds for node in _dataset(each, settings, public_url)),
    ]
    return {"@context": _CONTEXT, "@graph": graph}


def as_json(description: dict[str, Any]) -> bytes:
    """Return a description as JSON-LD bytes."""
    return json.dumps(description, ensure_ascii=False, indent=1).encode()


def as_turtle(description: dict[str, Any]) -> bytes:
    """Return the same graph as Turtle. Enough of it for the nodes above: no blank nodes, no lists."""
    lines = [f"@prefix {prefix}: <{address}> ." for prefix, address in description["@context"].items()]
    waiting = list(description["@graph"])
    while waiting:
        node = waiting.pop(0)
        lines.append(f"\n<{node['@id']}>")
        told = [f"a {node['@type']}"]
        for name, value in node.items():
            if not name.startswith("@"):
                values = value if isinstance(value, list) else [value]
                waiting += [each for each in values if isinstance(each, dict) and "@id" in each and len(each) > 1]
                told.append(f"{name} {', '.join(_term(each) for each in values)}")
        lines.append("    " + " ;\n    ".join(told) + " .")
    return "\n".join([*lines, ""]).encode()


def _term(value: str | dict[str, str]) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if "@id" in value:
        return f"<{value['@id']}>"
    ending = f"@{value['@language']}" if "@language" in value else f"^^{value['@type']}"
    return _quoted(value["@value"]) + ending


def _quoted(text: str) -> str:
    """Return a Turtle string; its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def _dataset(files: RoundFiles, settings: Municipality, public_url: str) -> list[dict[str, Any]]:
    listed, found = files.listing, files.found
    page = f"{public_url}/fi/rounds/{listed.round}/data"
    about = [(language, _ABOUT[language] % name) for language, name in listed.names if language in _ABOUT] or [
        ("en", _ABOUT["en"] % listed.names[0][1])
    ]
    described: dict[str, Any] = {
        "@id": _dataset_id(files, public_url),
        "@type": "dcat:Dataset",
        "dct:identifier": f"{public_url}/data/{listed.round}",
        "dct:title": _texts(listed.names),
        "dct:description": _texts(about),
        "dct:publisher": _ref(_publisher_id(public_url)),
        "dct:issued": _time(found.published_at or found.created_at),
        "dct:source": listed.source,
        "dcat:landingPage": _ref(page),
        "dcat:theme": _ref(f"{_AUTHORITY}/data-theme/GOVE"),
        "dcat:keyword": _texts(
            [("fi", "osallistuva budjetointi"), ("sv", "deltagande budgetering"), ("en", "participatory budgeting")]
        ),
        "dct:accessRights": _ref(f"{_AUTHORITY}/access-right/PUBLIC"),
        "dcat:distribution": [_ref(_distribution_id(file, public_url)) for file in listed.files],
    }
    if listed.opens_at and listed.closes_at:
        described["dct:temporal"] = {
            "@id": f"{_dataset_id(files, public_url)}#vote",
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _time(listed.opens_at),
            "dcat:endDate": _time(listed.closes_at),
        }
    contact = settings.contact
    if contact.email:
        described["dcat:contactPoint"] = {
            "@id": f"{public_url}/data/catalog#contact",
            "@type": "vcard:Organization",
            "vcard:fn": contact.name or contact.email,
            "vcard:hasEmail": _ref(f"mailto:{contact.email}"),
        }
    return [described, *(_distribution(file, listed.licence, public_url) for file in listed.files)]


_ABOUT = {
    "fi": "Osallistuvan budjetoinnin kierros %s: ehdotukset, kustannukset, äänet ilman henkilötietoja ja tulokset.",
    "sv": "Omgången %s i deltagande budgetering: förslag, kostnader, röster utan personuppgifter och resultat.",
    "en": "Participatory budgeting round %s: proposals, costs, ballots without personal data, and results.",
}


def _distribution(file: ListedFile, licence: str, public_url: str) -> dict[str, Any]:
    plain = file.media_type.partition(";")[0]
    described: dict[str, Any] = {
        "@id": _distribution_id(file, public_url),
        "@type": "dcat:Distribution",
        "dct:title": file.href.rsplit("/", 1)[1] + (f" ({file.contest})" if file.contest else ""),
        "dcat:accessURL": _ref(public_url + file.href),
        "dcat:downloadURL": _ref(public_url + file.href),
        "dcat:mediaType": _ref(f"http://www.iana.org/assignments/media-types/{plain}"),
        "dct:format": _ref(f"{_AUTHORITY}/file-type/{_FORMATS[plain]}"),
    }
    # A licence that is not on the list is told in its own words; one that was never stated is not made up.
    if licence in LICENCES:
        described["dct:license"] = _ref(LICENCES[licence])
    else:
        described["dct:rights"] = licence
    if file.size is not None and file.sha256 is not None:
        described["dcat:byteSize"] = {"@value": str(file.size), "@type": "xsd:nonNegativeInteger"}
        described["spdx:checksum"] = {
            "@id": f"{_distribution_id(file, public_url)}-sum",
            "@type": "spdx:Checksum",
            "spdx:algorithm": _ref("http://spdx.org/rdf/terms#checksumAlgorithm_sha256"),
            "spdx:checksumValue": {"@value": file.sha256, "@type": "xsd:hexBinary"},
        }
    return described


def _publisher(settings: Municipality, public_url: str) -> dict[str, Any]:
    names = pairs(settings.name) or [("en", public_url.partition("://")[2])]
    return {"@id": _publisher_id(public_url), "@type": "foaf:Agent", "foaf:name": _texts(names)}


def _publisher_id(public_url: str) -> str:
    return f"{public_url}/data/catalog#publisher"


def _dataset_id(files: RoundFiles, public_url: str) -> str:
    return f"{public_url}/data/{files.listing.round}"


def _distribution_id(file: ListedFile, public_url: str) -> str:
    return f"{public_url}{file.href}#distribution"


def _texts(texts: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in texts]


def _ref(address: str) -> dict[str, str]:
    return {"@id": address}


def _time(moment: Any) -> dict[str, str]:
    return {"@value": moment.isoformat(), "@type": "xsd:dateTime"}
