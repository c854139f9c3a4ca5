"""Atom feeds (RFC 4287)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

_NAMESPACE = "http://www.w3.org/2005/Atom"

MEDIA_TYPE = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class News:
    """An entry of a feed. ``id`` is an address that stays the same whatever becomes of the entry."""

    id: str
    title: str
    href: str
    updated: datetime
    language: str
    summary: str = ""
    published: datetime | None = None
    categories: tuple[str, ...] = ()


def feed(
    news: Sequence[News], *, own: str, page: str, title: str, rights: str, updated: datetime | None, author: str
) -> bytes:
    """Return a feed: ``own`` is its address, ``page`` that of the same for people."""
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE})
    _add(root, "id", own)
    _add(root, "title", title)
    _add(root, "updated", _time(max((each.updated for each in news), default=updated)))
    ElementTree.SubElement(root, "link", {"rel": "self", "href": own})
    ElementTree.SubElement(root, "link", {"rel": "alternate", "href": page})
    _add(root, "rights", rights)
    _add(ElementTree.SubElement(root, "author"), "name", author)
    for each in news:
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "id", each.id)
        _add(entry, "title", each.title)
        ElementTree.SubElement(entry, "link", {"href": each.href})
        _add(entry, "updated", _time(each.updated))
        if each.published:
            _add(entry, "published", _time(each.published))
        # RFC 4287 asks for text where there is no content: what a reader shows under the title.
        _add(entry, "summary", each.summary or each.title).set("xml:lang", each.language)
        for term in each.categories:
            ElementTree.SubElement(entry, "category", {"term": term})
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(to: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    added = ElementTree.SubElement(to, name)
    added.text = "".join(mark for mark in text if mark >= " " or mark in "\n\t")  # XML knows no control characters
    return added


def _time(moment: datetime | None) -> str:
    return (moment or datetime.fromtimestamp(0, UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
