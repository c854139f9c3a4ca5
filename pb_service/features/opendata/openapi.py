"""The description of the API with an example for each operation.

Examples are made from the description itself, so that none can be out of date: every parameter, body and JSON answer
gets one that keeps to its schema, with values as they are in a round where the name of a field says what it is.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

#: What a field of this name holds, where its type allows it.
_VALUES: dict[str, Any] = {
    "slug": "spring-2027",
    "round": "spring-2027",
    "contest": "north",
    "district": "north",
    "theme": "green",
    "number": 17,
    "proposal": 17,
    "code": "101",
    "object_id": "p17",
    "name": "listing.v1.schema.json",
    "lang": "en",
    "language": "en",
    "lon": 24.94,
    "lat": 60.17,
    "postal_code": "00100",
    "address": "Esimerkkikatu 5, 00100",
    "q": "bench",
    "sort": "newest",
    "state": "published",
    "phase": "voting",
    "mode": "split",
    "currency": "EUR",
    "unit": 100,
    "cost": 1_800_000,
    "amount": 1_800_000,
    "budget": 12_200_000,
    "title": "Benches on the shore",
    "licence": "CC BY 4.0",
    "source": "Hamnstad",
    "href": "/api/v1/rounds/spring-2027",
    "media_type": "application/json",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "seal": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "votes": 892,
    "ballots": 2358,
    "page": 1,
    "per_page": 50,
}
_FORMATS = {
    "date-time": "2027-03-17T18:00:00Z",
    "date": "2027-03-17",
    "uuid": "018f4e7a-7c1e-7a4b-9d55-3f2f5f8a1c11",
    "uri": "https://budget.example.org/",
    "email": "rauha@example.org",
}
#: Deeper than any answer is; ends a schema that holds itself.
_DEEPEST = 12


class DescribedApi(JsonRenderPlugin):
    """The OpenAPI document as JSON, with examples."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return super().render(request, with_examples(openapi_schema))


def with_examples(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document with an ``example`` at each parameter, body and JSON answer that has none."""
    schemas = document.get("components", {}).get("schemas", {})
    paths = {
        path: {
            method: _operation(found, schemas) if isinstance(found, dict) else found for method, found in item.items()
        }
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths}


def _operation(operation: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    described = dict(operation)
    described["parameters"] = [
        each if "example" in each else {**each, "example": example_of(each["schema"], schemas, each["name"])}
        for each in operation.get("parameters", [])
    ]
    if "requestBody" in operation:
        described["requestBody"] = _contents(operation["requestBody"], schemas)
    described["responses"] = {
        status: _contents(answer, schemas) for status, answer in operation.get("responses", {}).items()
    }
    return described


def _contents(holder: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A body or an answer with an example for each JSON form of it."""
    content = {
        media: {**form, "example": example_of(form["schema"], schemas)}
        if "json" in media and "schema" in form and "example" not in form
        else form
        for media, form in holder.get("content", {}).items()
    }
    return {**holder, "content": content} if content else holder


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "", deep: int = 0) -> Any:
    """Return a value that keeps to a schema; ``name`` is that of the field that holds it."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, name, deep + 1)
    for several in ("oneOf", "anyOf"):
        if several in schema:
            real = [each for each in schema[several] if each.get("type") != "null"]
            return example_of(real[0], schemas, name, deep + 1) if real and deep < _DEEPEST else None
    if choices := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return _VALUES[name] if _VALUES.get(name) in choices else choices[0]
    kind = schema.get("type")
    kind = next(each for each in kind if each != "null") if isinstance(kind, list) else kind
    if kind == "object":
        return _object(schema, schemas, deep)
    if kind == "array":
        return _array(schema, schemas, name, deep)
    return _plain(schema, str(kind), name)


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any], deep: int) -> dict[str, Any]:
    fields = schema.get("properties", {})
    required = set(schema.get("required", ()))
    wanted = fields if deep < _DEEPEST else {key: each for key, each in fields.items() if key in required}
    return {key: example_of(each, schemas, key, deep + 1) for key, each in wanted.items()}


def _array(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str, deep: int) -> list[Any]:
    if "prefixItems" in schema:
        return [example_of(each, schemas, name, deep + 1) for each in schema["prefixItems"]]
    if deep >= _DEEPEST or not isinstance(schema.get("items"), Mapping):
        return []
    one = example_of(schema["items"], schemas, name, deep + 1)
    return [one] * max(1, schema.get("minItems", 0))


def _plain(schema: Mapping[str, Any], kind: str, name: str) -> Any:
    known = _VALUES.get(name)
    if kind == "boolean":
        return True
    if kind in {"integer", "number"}:
        right = isinstance(known, int if kind == "integer" else (int, float))
        value = known if right else max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        return min(value, schema.get("maximum", value))
    if kind == "string":
        value = _FORMATS.get(schema.get("format", "")) or (known if isinstance(known, str) else name or "text")
        return value.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", len(value) + 1000)]
    return {} if known is None else known
