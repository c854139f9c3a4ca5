"""What is being built as open data: everything that the pages show, as JSON, as a table, and as a feed of news."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

from msgspec import UNSET, Struct, UnsetType

from pb_service.core.implementation.history import State
from pb_service.core.rounds.money import decimal_text
from pb_service.features.implementation.reading import Board, Built, act_of
from pb_service.features.implementation.service import TOLD
from pb_service.features.implementation.vocabulary import act_titles, in_reader, reason_of, what_happened
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language

Texts = dict[str, str]
#: Entries in a feed.
IN_FEED = 50
_ATOM = "http://www.w3.org/2005/Atom"
_LANGUAGES = ("fi", "sv", "en")


class MilestoneTold(Struct):
    """A milestone: the day promised first, the day that holds now, the day on which it was reached."""

    number: int
    title: Texts
    promised: date
    due: date
    reached: date | None
    dropped: bool
    reasons: list[Texts]


class SpendingTold(Struct):
    """Money used, in minor units; ``corrected`` is why an entry does not count."""

    number: int
    on: date
    what: Texts
    amount: int
    receipt: str
    corrected: Texts | None


class PictureTold(Struct):
    """A picture and the texts that stand in its place."""

    number: int
    href: str
    alt: Texts


class ActTold(Struct):
    """A line of the history; ``said`` is what its document says, ``sha256`` the document's hash in hexadecimal.

    ``erased``: its texts are gone, and the hash is that of the document with them.
    """

    number: int
    kind: str
    at: datetime
    said: dict[str, Any]
    sha256: str
    erased: bool
    recorded: bool
    href: str


class PromiseTold(Struct):
    """What a state of the result said of the money; null where it does not fund the project."""

    state: str
    at: datetime
    amount: int | None


class BuiltTold(Struct):
    """A funded project. Money in minor units."""

    contest: str
    project: str
    title: Texts
    proposals: list[int]
    funded: bool
    state: State
    unit: Texts | None
    promised: int
    budget: int
    spent: int
    promises: list[PromiseTold]
    milestones: list[MilestoneTold]
    spendings: list[SpendingTold]
    pictures: list[PictureTold]
    closing: dict[str, Texts] | UnsetType
    history: list[ActTold]
    href: str


class ImplementationTold(Struct):
    """What became of the projects of a round."""

    v: int
    round: str
    licence: str
    currency: str
    unit: int
    updated: datetime
    projects: list[BuiltTold]


def told(shown: Board, licence: str) -> ImplementationTold:
    """Everything published about what a round builds."""
    found = shown.found
    return ImplementationTold(
        v=1,
        round=found.slug,
        licence=licence,
        currency=found.currency,
        unit=found.unit,
        updated=shown.newest,
        projects=[_built(one, found.slug) for one in shown.projects],
    )


def _built(one: Built, slug: str) -> BuiltTold:
    now, funded = one.progress, one.funded
    data = f"/data/{slug}/implementation/{funded.contest}/{funded.code}"
    page = f"/fi/rounds/{slug}/implementation/{funded.contest}/{funded.code}"
    ending = now.ending.content if now.state == "done" and now.ending else None
    return BuiltTold(
        contest=funded.contest,
        project=funded.code,
        title={each[0]: each[1] for each in funded.titles},
        proposals=list(funded.proposals),
        funded=funded.is_funded,
        state=one.state,
        unit=dict(now.unit) if now.unit else None,
        promised=now.promised,
        budget=now.budget,
        spent=now.spent,
        promises=[PromiseTold(each.kind, each.at, each.amount) for each in funded.promises],
        milestones=[
            MilestoneTold(
                step.number,
                dict(step.title),
                step.promised,
                step.due,
                step.reached,
                step.dropped,
                [dict(reason) for reason in step.reasons],
            )
            for step in now.milestones
        ],
        spendings=[
            SpendingTold(
                item.number,
                item.on,
                dict(item.what),
                item.amount,
                item.receipt,
                None if item.why_not is None else dict(item.why_not),
            )
            for item in now.spendings
        ],
        pictures=[PictureTold(item.number, f"{page}/pictures/{item.number}", dict(item.alt)) for item in now.pictures],
        closing={name: dict(text) for name, text in ending.items()} if ending else UNSET,
        history=[
            ActTold(
                row.number,
                row.kind,
                row.at,
                dict(act_of(row).content),
                row.sha256.hex(),
                row.is_erased,
                row.is_recorded,
                f"{data}/acts/{row.number}.json",
            )
            for row in one.rows
        ],
        href=page,
    )


def as_csv(shown: Board) -> str:
    """One row a funded project. Money in currency units."""
    unit = shown.found.unit
    rows = []
    for one in shown.projects:
        now = one.progress
        titles = {each[0]: each[1] for each in one.funded.titles}
        following = now.following
        rows.append(
            [
                one.funded.contest,
                _cell(one.funded.code),
                *(_cell(titles.get(language, "")) for language in _LANGUAGES),
                one.state,
                int(one.funded.is_funded),
                _cell(in_reader(now.unit, "fi").text if now.unit else ""),
                decimal_text(now.promised, unit),
                decimal_text(now.budget, unit),
                decimal_text(now.spent, unit),
                len(now.milestones),
                sum(step.reached is not None for step in now.milestones),
                following.due.isoformat() if following else "",
                now.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if now.at else "",
            ]
        )
    header = (
        "contest project_id title_fi title_sv title_en state funded unit_fi money_in_result money_now money_used "
        "milestones milestones_reached next_milestone_on changed_at"
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header.split())
    writer.writerows(rows)
    return text.getvalue()


def feed(
    projects: Sequence[Built], *, own: str, page: str, name: str, licence: str, public_url: str, updated: datetime,
    slug: str, words: Reader, language: Language,
) -> bytes:  # fmt: skip
    """The news of these projects, newest first, as an Atom feed (RFC 4287) in one language. ``own`` and ``page`` are
    addresses of this service.
    """
    root = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": language})
    _add(root, "id", public_url + own)
    _add(root, "title", name)
    _add(root, "updated", _time(updated))
    ElementTree.SubElement(root, "link", {"rel": "self", "href": public_url + own})
    ElementTree.SubElement(root, "link", {"rel": "alternate", "href": public_url + page})
    _add(root, "rights", licence)
    _add(ElementTree.SubElement(root, "author"), "name", name)
    news = [(row.at, row.id, one, act_of(row)) for one in projects for row in one.rows if row.kind in TOLD]
    titles = act_titles(words)
    for at, _, one, act in sorted(news, key=lambda line: line[:2], reverse=True)[:IN_FEED]:
        place = f"{one.funded.contest}/{one.funded.code}"
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "id", f"{public_url}/data/{slug}/implementation/{place}/acts/{act.number}.json")
        title = text_in(one.funded.titles, language)[1]
        what = what_happened(act, one.progress, words, language)
        _add(entry, "title", ": ".join(part for part in (title, titles[act.kind], what) if part))
        ElementTree.SubElement(
            entry,
            "link",
            {"href": f"{public_url}/{language}/rounds/{slug}/implementation/{place}#act-{act.number}"},
        )
        _add(entry, "updated", _time(at))
        _add(entry, "published", _time(at))
        reason = reason_of(act, language)
        if reason:
            _add(entry, "content", reason.text).set("xml:lang", reason.lang)
        ElementTree.SubElement(entry, "category", {"term": act.kind})
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, name)
    child.text = "".join(mark for mark in text if mark >= " " or mark in "\n\t")  # XML knows no control characters
    return child


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(text: str) -> str:
    """Foreign text for a table: spreadsheet programs run what begins like a formula, so it gets a quote."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
