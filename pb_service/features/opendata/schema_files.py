"""JSON Schemas of what is published, made from the very types that answers are made from.

A schema has a version in its name. Within a version fields are only added; whatever else changes gets a new version,
and the old one stays. docs/schemas/open-data/ holds them as files;
``python -m pb_service.features.opendata.schema_files FOLDER`` writes them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from pb_service.features.opendata import document_schemas
from pb_service.features.opendata.proposal_schemas import ProposalPage, ProposalsTold, ProposalTold, StatisticsTold
from pb_service.features.opendata.schemas import ContestResult, DistrictFound, Listing, RoundDetail, RoundSummary

_TYPES: dict[str, Any] = {
    "rounds": list[RoundSummary],
    "round": RoundDetail,
    "result": ContestResult,
    "listing": Listing,
    "district": DistrictFound,
    "proposal-page": ProposalPage,
    "proposal": ProposalTold,
    "proposals": ProposalsTold,
    "proposal-statistics": StatisticsTold,
}
_WRITTEN = {
    "manifest": document_schemas.MANIFEST,
    "list": document_schemas.LIST,
    "ballots": document_schemas.BALLOTS,
    "outcome": document_schemas.OUTCOME,
}


def schema_name(kind: str) -> str:
    """Return the file name of the newest schema of a kind of answer."""
    return f"{kind}.v1.schema.json"


def schema_bytes(kind: str) -> bytes:
    """Return the schema of a kind of answer (JSON Schema 2020-12)."""
    made = _WRITTEN[kind] if kind in _WRITTEN else msgspec.json.schema(_TYPES[kind])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:pb-service:{kind}:v1"}
    return json.dumps(head | made, ensure_ascii=False, indent=1).encode() + b"\n"


#: Every schema by file name.
SCHEMAS: dict[str, bytes] = {schema_name(kind): schema_bytes(kind) for kind in [*_TYPES, *_WRITTEN]}


if __name__ == "__main__":
    for name, body in SCHEMAS.items():
        (Path(sys.argv[1]) / name).write_bytes(body)
