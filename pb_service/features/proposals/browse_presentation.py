"""What the list of proposals hands to its templates: cards, choices of filters with their numbers, addresses, pins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pb_service.core.proposals import filters
from pb_service.core.proposals.filters import NONE, SORTS, Line, Wanted, range_ends
from pb_service.core.proposals.places import Position, from_geojson, middle
from pb_service.core.rounds.districts import SCALE
from pb_service.core.rounds.outlines import Map, drawn_map
from pb_service.core.rounds.setup import Text
from pb_service.features.proposals.browse import Counts, Shelf
from pb_service.features.proposals.reading import excerpt, spoken
from pb_service.features.proposals.tables import Proposal, ProposalFile
from pb_service.features.proposals.vocabulary import STATE_LOOKS, group_names, sort_names, state_names
from pb_service.features.rounds.presentation import MAP_WIDTH, district_names
from pb_service.features.rounds.public import PublicRound
from pb_service.web.formats import Reader

#: Themes have a colour and a drawn pattern each, in this many kinds.
LOOKS = 7
#: So far apart, in the map's units, two pins can be told from each other; one that stands for several needs more room.
_PIN, _CROWD = 18, 30
#: Up to so many proposals each have a pin of their own where there is room.
_FEW = 150
_DASH = "\u2013"


@dataclass(frozen=True)
class Chip:
    """A state in words, with the kind and icon of its chip."""

    text: str
    kind: str
    mark: str


@dataclass(frozen=True)
class Picture:
    """A picture of a proposal, with what it shows in words, in the language ``lang``."""

    href: str
    alt: str
    lang: str
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Card:
    """A proposal as the list shows it. ``look`` is the colour and pattern of its theme."""

    number: int
    href: str
    title: str
    lang: str
    about: str
    district: str
    theme: str
    look: int
    chip: Chip | None
    cost: str
    is_guess: bool
    counts: Counts
    picture: Picture | None


@dataclass(frozen=True)
class Choice:
    """One box of a filter: its value, its name, and how many proposals it would leave under the other filters."""

    value: str
    name: str
    count: str
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """A filter: the name of its field, what it is called, and its choices."""

    field: str
    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Pin:
    """A proposal on the drawn map, or several (``count``) for which there is one place, in the map's units.

    Several have no title, and lead to the list of them.
    """

    number: int
    href: str
    title: str
    lang: str
    look: int
    x: int
    y: int
    count: int = 1


class Names:
    """What a round calls its districts and themes, in one language."""

    def __init__(self, shown: PublicRound, themes: Mapping[str, Text], words: Reader) -> None:
        self.districts = district_names(shown.setup.districts.districts, words.language)
        named = {key: spoken(text, words.language) for key, text in themes.items()}
        self.themes = {key: text.text if text else key for key, text in named.items()}
        self.words = words
        self._looks = {key: place % LOOKS for place, key in enumerate(themes)}

    def district(self, key: str | None) -> str:
        return self.words.gettext("The whole city") if key is None else self.districts.get(key, key)

    def theme(self, key: str | None) -> str:
        return "" if key is None else self.themes.get(key, key)

    def look(self, theme: str | None, district: str | None) -> int:
        """The colour and pattern of a theme; without one, that of the district, so that a list is not all alike."""
        if theme in self._looks:
            return self._looks[theme]
        places = {key: place for place, key in enumerate(self.districts)}
        return places.get(district or "", 0) % LOOKS


def state_chip(proposal: Proposal, words: Reader) -> Chip:
    """The state of a proposal in words."""
    kind, mark = STATE_LOOKS[proposal.state]
    return Chip(state_names(words)[proposal.state], kind, mark)


def cards(
    proposals: Sequence[Proposal],
    names: Names,
    *,
    base: str,
    amounts: Mapping[UUID, int],
    counts: Mapping[UUID, Counts],
) -> list[Card]:
    """Return proposals as cards. ``base`` is the address of the list; ``amounts`` are published costs."""
    made = []
    for proposal in proposals:
        number = proposal.number or 0
        amount = amounts.get(proposal.id, proposal.cost_hint)
        picture = next((picture_of(file, proposal, base) for file in proposal.files if is_picture(file)), None)
        made.append(
            Card(
                number=number,
                href=f"{base}/{number}",
                title=proposal.title,
                lang=proposal.language,
                about=excerpt(proposal.idea or proposal.need),
                district=names.district(proposal.district),
                theme=names.theme(proposal.theme),
                look=names.look(proposal.theme, proposal.district),
                chip=state_chip(proposal, names.words) if proposal.state != "published" else None,
                cost=names.words.money(amount) if amount is not None else "",
                is_guess=proposal.id not in amounts,
                counts=counts.get(proposal.id, Counts()),
                picture=picture,
            )
        )
    return made


def card_lines(proposal: Proposal, names: Names, amount: int | None) -> tuple[str, str]:
    """What stands above and below the title on the picture for links: where, theme and number; the money."""
    number = names.words.gettext("no. %(number)s") % {"number": proposal.number}
    parts = (names.district(proposal.district), names.theme(proposal.theme), number)
    money = names.words.money(amount) if amount is not None else ""
    return " · ".join(part for part in parts if part), money


def is_picture(file: ProposalFile) -> bool:
    """Whether a file of a proposal can be shown on its page."""
    return file.file.media_type.startswith("image/")


def picture_of(file: ProposalFile, proposal: Proposal, base: str) -> Picture:
    """Return a file of a proposal as a picture."""
    lang, alt = next(((code, text) for code, text in file.alt.items() if text), (proposal.language, ""))
    href = f"{base}/{proposal.number}/files/{file.file_id}"
    return Picture(href, alt, lang, file.file.width, file.file.height)


def filter_list(shelf: Shelf, names: Names) -> list[Filter]:
    """Return the filters with how many proposals each choice would leave; a filter without a choice is left out."""
    words, asked, found = names.words, shelf.asked, shelf.found

    def choices(of: Mapping[str, str], counted: Mapping[Any, int], chosen: Sequence[str]) -> tuple[Choice, ...]:
        return tuple(
            Choice(value, name, words.number(counted.get(value, 0)), value in chosen)
            for value, name in of.items()
            if counted.get(value) or value in chosen
        )

    districts = {**names.districts, NONE: names.district(None)}
    themes = names.themes | {key: key for key in found.themes if key not in names.themes and key != NONE}
    costs = {cost: cost_name(cost, words) for cost in dict.fromkeys([*shelf.ranges, *asked.costs, NONE])}
    groups = {str(group): name for group, name in group_names(words).items()}
    listed = [
        Filter("district", words.gettext("District"), choices(districts, found.districts, asked.districts)),
        Filter(
            "theme",
            words.gettext("Theme"),
            choices(themes | {NONE: words.gettext("No theme")}, found.themes, asked.themes),
        ),
        Filter("cost", words.gettext("Cost"), choices(costs, found.costs, asked.costs)),
        Filter("state", words.gettext("State"), choices(groups, found.groups, asked.groups)),
    ]
    return [each for each in listed if len(each.choices) > 1 or any(choice.chosen for choice in each.choices)]


def cost_name(cost: str, words: Reader) -> str:
    """A range of costs in words: "under 20 000 €"."""
    if cost == NONE:
        return words.gettext("Cost not known")
    low, high = range_ends(cost)
    if high is None:
        return words.gettext("%(amount)s or more") % {"amount": words.money(low)}
    if low == 0:
        return words.gettext("Under %(amount)s") % {"amount": words.money(high)}
    whole, rest = divmod(low, words.unit)
    return f"{words.money(low) if rest else words.number(whole)}{_DASH}{words.money(high)}"


def sorts(asked: Wanted, words: Reader) -> list[tuple[str, str]]:
    """Return the orders on offer."""
    names = sort_names(words)
    return [(sort, names[sort]) for sort in SORTS if sort != "number" and (sort != "match" or asked.words)]


def address(base: str, asked: Wanted, **changes: object) -> str:
    """Return the address of the list that asks for this, with some of it changed."""
    pairs = filters.query(asked, **changes)
    return f"{base}?{urlencode(pairs)}" if pairs else base


def chosen(shelf: Shelf, names: Names, base: str) -> list[tuple[str, str]]:
    """Return each filter in force, with the address of the list without it."""
    asked, words = shelf.asked, names.words
    listed: list[tuple[str, str]] = []

    def without(field: str, value: str) -> str:
        left = tuple(each for each in getattr(asked, field) if each != value)
        return address(base, asked, **{field: left})

    if asked.words:
        listed.append((f"“{asked.words}”", address(base, asked, words="", sort="drawn")))
    listed += [
        (names.district(None if value == NONE else value), without("districts", value)) for value in asked.districts
    ]
    for value in asked.themes:
        name = words.gettext("No theme") if value == NONE else names.theme(value)
        listed += [(name, without("themes", value))]
    listed += [(cost_name(value, words), without("costs", value)) for value in asked.costs]
    listed += [(group_names(words)[group], without("groups", group)) for group in asked.groups]
    return listed


def pins(shelf: Shelf, places: Mapping[int, Any], map_: Map, names: Names, base: str) -> list[Pin]:
    """Return where the proposals found lie on the drawn map; those outside of it are left out.

    What lies too close together to be told apart has one pin with their number.
    """
    standing: list[tuple[Line, tuple[int, int]]] = []
    for line in shelf.found.everything:
        place = from_geojson(places.get(line.number))
        if place is not None and (at := on_map(map_, middle(place))) is not None:
            standing.append((line, at))
    made = []
    for crowd in _crowds(standing, _PIN if len(standing) <= _FEW else _CROWD):
        line, at = crowd[0]
        look = names.look(line.theme, line.district)
        if len(crowd) == 1:
            made.append(Pin(line.number, f"{base}/{line.number}", line.title, line.language, look, *at))
            continue
        numbers = ".".join(str(each.number) for each, _ in crowd[: filters.MOST_SAVED])
        made.append(Pin(0, f"{base}?n={numbers}&at=map", "", names.words.language, look, *at, len(crowd)))
    return made


def _crowds(standing: Sequence[tuple[Line, tuple[int, int]]], apart: int) -> list[list[tuple[Line, tuple[int, int]]]]:
    """Put what stands nearer to the first of a crowd than ``apart`` into that crowd; look only into fields nearby."""
    crowds: list[list[tuple[Line, tuple[int, int]]]] = []
    begun: dict[tuple[int, int], list[int]] = {}
    for line, (x, y) in standing:
        column, row = x // apart, y // apart
        near = [
            (abs(x - first[0]) + abs(y - first[1]), place)
            for field in product((column - 1, column, column + 1), (row - 1, row, row + 1))
            for place in begun.get(field, ())
            for first in [crowds[place][0][1]]
            if max(abs(x - first[0]), abs(y - first[1])) < apart
        ]
        if near:
            crowds[min(near)[1]].append((line, (x, y)))
        else:
            begun.setdefault((column, row), []).append(len(crowds))
            crowds.append([(line, (x, y))])
    return crowds


def on_map(map_: Map, position: Position) -> tuple[int, int] | None:
    """Return where a position lies on the drawn map, in its units; None outside of it."""
    longitude, latitude = (value / SCALE for value in position)
    x = round((longitude - map_.west) / (map_.east - map_.west) * map_.width)
    y = round((map_.north - latitude) / (map_.north - map_.south) * map_.height)
    return (x, y) if 0 <= x <= map_.width and 0 <= y <= map_.height else None


def round_map(shown: PublicRound, width: int = MAP_WIDTH) -> Map | None:
    """Return the drawn map of a round's districts, if they have areas."""
    return drawn_map(shown.setup.districts.districts, width)
