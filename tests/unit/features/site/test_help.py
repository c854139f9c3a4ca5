"""Help in easy language: short sentences, and the buttons by the names that they have."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from pb_service.features.site.help_pages import Topic, topics
from pb_service.settings import CHECKOUT

#: Easy language: a sentence holds one thing.
MOST_WORDS = 20


def sentences(topic: Topic, language: str) -> list[str]:
    parts = [
        *[part.heading for part in topic.part],
        *[line for part in topic.part for line in (*part.text, *part.steps)],
    ]
    return [getattr(each, language) for each in (topic.title, topic.lead, *parts)]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_sentences_are_short(language: str) -> None:
    texts = [text for topic in topics().values() for text in sentences(topic, language)]
    long = [one for text in texts for one in text.split(". ") if len(one.split()) > MOST_WORDS]
    assert long == []


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_buttons_have_the_names_that_the_pages_give_them(language: str) -> None:
    known: dict[str, set[str]] = {}
    for path in Path(CHECKOUT / "pb_service").rglob(f"locales/{language}.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                known.setdefault(str(message.id), set()).add(str(message.string))
    for topic in topics().values():
        text = " ".join(sentences(topic, language))
        assert [name for name in topic.buttons if not any(each in text for each in known[name])] == []
        assert [name for name in topic.buttons if name not in " ".join(sentences(topic, "en"))] == []
