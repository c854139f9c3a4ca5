"""Finding proposals: words in three languages, parts of compounds, typing errors, likeness across languages; talk."""

from collections import Counter

import pytest

from pb_service.core.proposals.form import Draft
from pb_service.core.proposals.places import Place
from pb_service.features.proposals import browse
from pb_service.features.proposals.similar import similar
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.proposals import open_round, round_called
from tests.town import TEXTS, sixty, town_setup

#: What somebody types, and the topic of the two best texts that it should find.
SEARCHES = [
    ("uimaranta", {"swim"}),  # "uimarannalle", "uimarannalla"
    ("lampaita", {"meadow"}),  # "lampaat", "lammasta"
    ("lyktor", {"lights"}),
    ("fåren", {"meadow"}),
    ("bus shelters", {"busstop"}),
    ("climb", {"parkour"}),
    ("kirja", {"library"}),  # inside "kirjakaappi", "kirjastolaatikko"
    ("klättring", {"parkour"}),
    ("Oravapolku", {"apples"}),
    ("äppelträd", {"apples"}),
]


@pytest.fixture
async def town(service: Service, clock: FakeClock) -> Service:
    await open_round(service, clock, setup=town_setup())
    await sixty(service)
    return service


async def test_words_find_their_topic_in_every_language(town: Service) -> None:
    """The dictionaries fold inflections; long words are found inside compounds; typing errors by most letters."""
    found = await round_called(town)
    topics = {text["number"]: text["topic"] for text in TEXTS}
    async with town.database.reading() as session:
        seen = []
        for typed, _ in SEARCHES:
            hits = await browse.search(session, found.id, typed)
            best = sorted(hits, key=lambda number: -hits[number])[:2]
            seen.append((typed, {topics[number] for number in best}))
        assert seen == SEARCHES
        assert 17 in await browse.search(session, found.id, "p17")
        assert {topics[n] for n in await browse.search(session, found.id, "bibliotheksbod")} == {"library"}
        assert await browse.search(session, found.id, "'; DROP TABLE proposal; --") == {}
        assert await browse.search(session, found.id, "((& | !*:") == {}


async def test_the_likest_text_is_its_twin_then_the_same_topic_in_other_languages(town: Service) -> None:
    found = await round_called(town)
    firsts, topics = Counter(), Counter()  # type: ignore[var-annotated] # of truth
    async with town.database.reading() as session:
        for text in TEXTS:
            place = Place("point", (tuple(text["place"]),))
            fields = {
                name: text[name] for name in ("language", "title", "need", "idea", "audience", "theme", "district")
            }
            alike = await similar(session, found.id, Draft(place=place, **fields), most=6)
            others = [TEXTS[each.number - 1] for each in alike if each.number != text["number"]]
            firsts[(others[0]["topic"], others[0]["language"]) == (text["topic"], text["language"])] += 1
            topics[{other["topic"] for other in others[:5]} == {text["topic"]}] += 1
    assert firsts[True] >= 50, firsts
    assert topics[True] >= 50, topics
