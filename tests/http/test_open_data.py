"""Open data: what is listed can be had, is what the list says, keeps to its schema, and is described for portals."""

import re
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree

import httpx
import jsonschema
import pytest
from rdflib import DCAT, DCTERMS, RDF, Graph, URIRef

from pb_service.features.opendata.schema_files import SCHEMAS
from pb_service.settings import CHECKOUT

#: rdflib 7 reads JSON-LD by a class of its own that it has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

ATOM = "{http://www.w3.org/2005/Atom}"


async def get(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
    return answer


async def listed(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = (await get(client, "/data/spring/index.json")).json()["files"]
    return files


async def test_what_is_listed_can_be_had_with_the_size_and_hash_that_the_list_says(client: httpx.AsyncClient) -> None:
    """Each with a tag, by which who has it already is told so; and who may keep it for how long."""
    files = await listed(client)
    assert {file["contest"] for file in files} == {None, "north", "south"}
    assert len([file for file in files if file["contest"] == "north"]) == 8
    for file in files:
        answer = await get(client, file["href"], **{"accept-encoding": "identity"})
        assert answer.headers["content-type"] == file["media_type"], file["href"]
        assert answer.headers["cache-control"] == "public, max-age=60", file["href"]
        if not file["changes"]:
            assert file["href"].endswith(".json") or answer.headers["last-modified"], file["href"]
            said = (file["size"], file["sha256"])
            assert said == (len(answer.content), sha256(answer.content).hexdigest()), file["href"]
        again = await client.get(file["href"], headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), file["href"]


async def test_every_answer_keeps_to_the_schema_that_it_names(client: httpx.AsyncClient) -> None:
    paths = ["/api/v1/rounds", "/api/v1/rounds/spring", "/data/spring/index.json", "/data/spring/manifest.json"]
    for contest in ("north", "south"):  # greedy, and Equal Shares
        paths.append(f"/api/v1/rounds/spring/contests/{contest}")
        paths += [f"/data/spring/{contest}/{kind}.json" for kind in ("list", "ballots", "outcome")]
    for path in paths:
        answer = await get(client, path)
        named = re.search(r'<(/data/schemas/[^>]+)>; rel="describedby"', answer.headers["link"])
        assert named, path
        schema = (await get(client, named[1])).json()
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(answer.json())
    assert (await client.get("/data/schemas/none.v1.schema.json")).status_code == 404


def test_the_schemas_in_the_docs_are_those_of_the_service() -> None:
    """Renew them with: python -m pb_service.features.opendata.schema_files docs/schemas/open-data"""
    folder = CHECKOUT / "docs" / "schemas" / "open-data"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == SCHEMAS


async def test_the_round_is_described_for_data_portals(client: httpx.AsyncClient) -> None:
    """What DCAT-AP asks of a data set and its distributions is there, the same in both forms."""
    page = await get(client, "/data/spring/dataset.jsonld")
    graph = Graph().parse(data=page.text, format="json-ld")
    turtle = Graph().parse(data=(await get(client, "/data/spring/dataset.ttl")).text, format="turtle")
    assert graph.isomorphic(turtle)
    (found,) = graph.subjects(RDF.type, DCAT.Dataset)
    for needed in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.theme, DCAT.keyword, DCTERMS.temporal):
        assert (found, needed, None) in graph
    files = await listed(client)
    assert len(list(graph.objects(found, DCAT.distribution))) == len(files)
    for each in graph.objects(found, DCAT.distribution):
        for needed in (DCAT.accessURL, DCTERMS.license, DCAT.mediaType, DCTERMS["format"]):
            assert (each, needed, None) in graph
        assert str(graph.value(each, DCTERMS.license)).endswith("/CC_BY_4_0")
    sized = [graph.value(each, DCAT.byteSize) for each in graph.subjects(RDF.type, DCAT.Distribution)]
    assert sorted(int(str(size)) for size in sized if size) == sorted(f["size"] for f in files if f["size"])
    await _catalogue_leads_to_every_round(client)


async def _catalogue_leads_to_every_round(client: httpx.AsyncClient) -> None:
    graph = Graph().parse(data=(await get(client, "/data/catalog.jsonld")).text, format="json-ld")
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    rounds = [row["id"] for row in (await get(client, "/api/v1/rounds")).json()]
    assert [str(each).rsplit("/", 1)[1] for each in graph.objects(catalogue, DCAT.dataset)] == rounds
    assert (URIRef(str(next(graph.objects(catalogue, DCAT.dataset)))), RDF.type, DCAT.Dataset) in graph
    assert graph.isomorphic(Graph().parse(data=(await get(client, "/data/catalog.ttl")).text, format="turtle"))


async def test_the_page_names_every_file_and_results_are_places_and_news(client: httpx.AsyncClient) -> None:
    """In the reader's language; projects without a place are features without a geometry."""
    for language, title in (("fi", "Laskettu: North"), ("sv", "Räknat: North"), ("en", "Counted: North")):
        page = (await get(client, f"/{language}/rounds/spring/data")).text
        for file in await listed(client):
            assert f'href="{file["href"]}"' in page
            assert file["sha256"] is None or file["sha256"] in page
        assert "creativecommons.org/licenses/by/4.0/" in page
        feed = ElementTree.fromstring((await get(client, f"/data/spring/news.atom?lang={language}")).content)  # noqa: S314 # ours
        assert title in [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    found = (await get(client, "/data/spring/north/projects.geojson")).json()
    assert [(each["id"], each["geometry"], each["properties"]["won"]) for each in found["features"]] == [
        ("a", None, True),
        ("b", None, False),
        ("c", None, True),
    ]
