"""The pictures of the result pages for one view and one language, each drawn for a phone and for a desktop."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pb_service.features.results import pictures
from pb_service.features.results.districts import District
from pb_service.features.results.views import (
    ContestResultView,
    ProjectRow,
    ThemeView,
    TieView,
    Together,
    TurnView,
    World,
)
from pb_service.web.formats import Reader

#: Width of the text column of a 360 px phone, and of the page on a desktop.
PHONE, DESKTOP = 328, 1088
#: Turns shown after the last project that was funded, to see that nothing fits any more.
AFTERWARDS = 3
#: Losing projects of Equal Shares shown with how far their supporters' money reached.
CLOSEST = 8


@dataclass(frozen=True)
class MoneyPicture:
    """How the money ran out. ``turns`` are those drawn; ``quiet_from`` is the first turn after the last purchase.

    ``thousands``: the axis counts thousands of currency units.
    """

    phone: pictures.MoneyChart
    desktop: pictures.MoneyChart
    turns: list[TurnView]
    end: int
    quiet_from: int | None
    axis_unit: int
    thousands: bool


@dataclass(frozen=True)
class Both:
    """One bar in both widths."""

    phone: pictures.Bar
    desktop: pictures.Bar


@dataclass(frozen=True)
class ComparisonPicture:
    """The bars of both rules, common projects first, and the histogram. ``common`` counts the common segments."""

    here: Both
    there: Both
    common: int
    phone: pictures.Histogram
    desktop: pictures.Histogram


@dataclass(frozen=True)
class ReachRow:
    """A project that its supporters could not pay, and which part of its cost they had left at the end."""

    project: ProjectRow
    part: Fraction
    width: float


def result_bar(view: ContestResultView) -> Both:
    """The budget as one bar, a part for each chosen project, numbered by rank."""
    costs = [row.cost for row in view.chosen]
    labels = ["" if row.rank is None else str(row.rank) for row in view.chosen]
    return Both(
        pictures.bar(costs, view.budget, width=PHONE, height=72, labels=labels),
        pictures.bar(costs, view.budget, width=DESKTOP, height=72, labels=labels),
    )


def share_bar(amount: int, total: int, *, width: int = 280, height: int = 14) -> pictures.Bar:
    """One amount as a part of a total."""
    return pictures.bar([min(amount, total)], total, width=width, height=height, gap=0)


def world_bar(tie: TieView, world: World) -> Both:
    """What one order of a tie makes of the money that was left, each part with its project id."""
    costs, labels = [row.cost for row in world.turns], [row.project_id for row in world.turns]
    return Both(
        pictures.bar(costs, tie.left, width=280, height=34, labels=labels),
        pictures.bar(costs, tie.left, width=476, height=34, labels=labels),
    )


def turn_bars(turn: TurnView) -> tuple[pictures.Bar, pictures.Bar]:
    """Money left and cost of one turn on one scale."""
    scale = max(turn.left, turn.project.cost, 1)
    return share_bar(turn.left, scale, height=22), share_bar(turn.project.cost, scale, height=22)


def money_picture(view: ContestResultView, words: Reader) -> MoneyPicture | None:
    """The staircase of the money left; None without turns."""
    if not view.turns:
        return None
    last = max((turn.turn for turn in view.turns if turn.ok), default=0)
    shown = view.turns[: last + AFTERWARDS]
    highest = max(turn.project.cost for turn in shown)
    thousands = highest >= 10_000 * view.unit
    axis_unit = view.unit * (1000 if thousands else 1)
    points = [pictures.Turn(turn.project.cost, turn.left, turn.ok) for turn in shown]
    end = shown[-1].after

    def draw(width: int, height: int, *, short: bool) -> pictures.MoneyChart:
        return pictures.money_chart(
            points,
            end,
            width=width,
            height=height,
            notes=_notes(view, shown, words, short=short),
            unit=axis_unit,
            font=12 if short else 13,
            left_margin=36 if short else 58,
        )

    return MoneyPicture(
        phone=draw(PHONE, 270, short=True),
        desktop=draw(DESKTOP, 400, short=False),
        turns=shown,
        end=end,
        quiet_from=last + 1 if last < len(view.turns) else None,
        axis_unit=axis_unit,
        thousands=thousands,
    )


def _notes(view: ContestResultView, shown: list[TurnView], words: Reader, *, short: bool) -> dict[int, tuple[str, ...]]:
    """What the picture says in words at a dot: the narrowest miss, the tie that decided, the last large purchase."""
    notes: dict[int, tuple[str, ...]] = {}
    if not view.greedy:
        return notes

    def second(turn: TurnView) -> str:
        return words.gettext("costs %(cost)s; %(left)s left") % {
            "cost": words.money(turn.project.cost),
            "left": words.money(turn.left),
        }

    def note(turn: TurnView, text: str) -> None:
        if turn.turn <= len(shown) and turn.turn not in notes:
            notes[turn.turn] = (turn.project.project_id if short else text,) + (() if short else (second(turn),))

    narrow = view.telling_turn
    if narrow is not None and not (narrow.ok or narrow.barred):
        note(
            narrow,
            words.gettext("%(id)s: %(missing)s too dear")
            % {"id": narrow.project.project_id, "missing": words.money(narrow.project.missing)},
        )
    for tie in view.ties[:1]:
        for row in tie.group:
            if not row.won and row.number in view.turn_of:
                note(
                    view.turns[view.turn_of[row.number] - 1],
                    words.gettext("%(id)s: tied at %(score)s")
                    % {"id": row.project_id, "score": words.number(row.score)},
                )
    late = [turn for turn in shown if turn.ok and turn.project.passed_over]
    if late:
        largest = max(late, key=lambda turn: (Fraction(turn.project.cost, max(turn.left, 1)), turn.turn))
        note(largest, words.gettext("%(id)s fits") % {"id": largest.project.project_id})
    return notes


def comparison_picture(view: ContestResultView) -> ComparisonPicture | None:
    compared = view.comparison
    if compared is None:
        return None

    def both(only: list[ProjectRow]) -> Both:
        costs = [row.cost for row in [*compared.both, *only]]
        return Both(
            pictures.bar(costs, view.budget, width=PHONE, height=40, gap=1),
            pictures.bar(costs, view.budget, width=816, height=40, gap=1),
        )

    return ComparisonPicture(
        here=both(compared.here),
        there=both(compared.there),
        common=len(compared.both),
        phone=pictures.histogram(compared.own_here, compared.own_there, width=PHONE, height=210),
        desktop=pictures.histogram(compared.own_here, compared.own_there, width=610, height=240),
    )


def reach_rows(view: ContestResultView) -> list[ReachRow]:
    """The losing projects of Equal Shares that came closest, nearest first."""
    short = [(row.money / row.cost, row) for row in view.not_chosen if row.money is not None]
    short.sort(key=lambda pair: (-pair[0], pair[1].number))
    bars = pictures.reach([float(part) for part, _ in short[:CLOSEST]], width=280)
    return [ReachRow(row, part, drawn.width) for (part, row), drawn in zip(short[:CLOSEST], bars, strict=True)]


@dataclass(frozen=True)
class MapPicture:
    """The map in both widths; ``placed`` projects are on it, ``without_place`` and ``outside`` (metres) not."""

    phone: pictures.Map
    desktop: pictures.Map
    placed: int
    without_place: list[ProjectRow]
    outside: list[tuple[ProjectRow, int]]


def map_picture(view: ContestResultView) -> MapPicture | None:
    """All projects that have a place; None when fewer than two have one."""
    places = [
        pictures.Place(row.number, (row.rank or 0) if row.won else None, float(row.place[0]), float(row.place[1]))
        for row in view.projects
        if row.place
    ]
    phone = pictures.map_picture(places, width=PHONE, most_height=380, pin=10)
    desktop = pictures.map_picture(places, width=624, most_height=560)
    if len(places) < 2 or phone is None or desktop is None:
        return None
    return MapPicture(
        phone,
        desktop,
        placed=len(places) - len(desktop.outside),
        without_place=[row for row in view.projects if not row.place],
        outside=[(view.by_number[number], metres) for number, metres in desktop.outside],
    )


#: How wide a bar in a table may be.
ROW_WIDTH = 280


@dataclass(frozen=True)
class ThemeRow:
    """A theme's two bars on one scale: its part of the votes and its part of the money."""

    theme: ThemeView
    votes_width: float
    money_width: float


def theme_rows(view: ContestResultView) -> list[ThemeRow]:
    """The themes with most votes first."""
    themes = view.fairness.themes if view.fairness else []
    most = max((max(theme.votes, theme.money) for theme in themes), default=Fraction(1)) or Fraction(1)

    def wide(part: Fraction) -> float:
        return round(ROW_WIDTH * float(part / most), 1)

    return [ThemeRow(theme, wide(theme.votes), wide(theme.money)) for theme in themes]


@dataclass(frozen=True)
class SharedRow:
    """Two projects, on how many ballots they stand together, and which part of the ballots of each that is."""

    pair: Together
    of_one: Fraction
    of_other: Fraction
    width: float


def friend_rows(view: ContestResultView) -> list[SharedRow]:
    """The pairs of projects that most ballots name together."""
    return _shared(view.friends)


def together_rows(view: ContestResultView, row: ProjectRow) -> list[SharedRow]:
    """The projects that most of those who named one named too."""
    return _shared(view.together.get(row.number, []))


def _shared(pairs: Sequence[Together]) -> list[SharedRow]:
    most = max((pair.both for pair in pairs), default=1)
    return [
        SharedRow(
            pair,
            Fraction(pair.both, pair.one.votes),
            Fraction(pair.both, pair.other.votes),
            round(ROW_WIDTH * pair.both / most, 1),
        )
        for pair in pairs
    ]


@dataclass(frozen=True)
class PurseRow:
    """What a project's supporters paid for another, None for all that are not named; the width of its bar."""

    project: ProjectRow | None
    amount: int
    width: float


def purse_rows(view: ContestResultView, row: ProjectRow) -> list[PurseRow]:
    """Where the money of a loser's supporters went, largest first, on the scale of all that they had."""
    purse = view.purses.get(row.number)
    if purse is None:
        return []
    parts: list[tuple[ProjectRow | None, int]] = [*purse.spent]
    if purse.others:
        parts.append((None, purse.others))
    scale = max(purse.start, row.cost, 1)
    return [PurseRow(project, amount, round(ROW_WIDTH * amount / scale, 1)) for project, amount in parts]


def paid_bar(turn: TurnView) -> pictures.Bar:
    """The cost of a purchase: what was paid in full parts, then what others gave of the rest they had."""
    gave = turn.paid.gave if turn.paid else 0
    return pictures.bar([turn.project.cost - gave, gave], turn.project.cost, width=ROW_WIDTH, height=22, gap=1)


@dataclass(frozen=True)
class DistrictRow:
    """A district's money on one scale with the others: how wide its budget is, and what is used of it."""

    district: District
    width: float
    used: float


def district_bars(districts: Sequence[District]) -> list[DistrictRow]:
    """The districts in their order."""
    most = max((district.now.budget for district in districts), default=1) or 1
    return [
        DistrictRow(
            district,
            round(ROW_WIDTH * district.now.budget / most, 1),
            round(ROW_WIDTH * district.now.cost / most, 1),
        )
        for district in districts
    ]


@dataclass(frozen=True)
class TurnoutRow:
    """A line of a table of turnout: its number, None if it is left out, and how wide its bar is of `TURNOUT_WIDTH`."""

    name: str
    number: int | None
    width: float


TURNOUT_WIDTH = 280


def turnout_bars(cells: Sequence[tuple[str, int | None]]) -> list[TurnoutRow]:
    """The lines of a table with a bar each, the longest as wide as the picture."""
    most = max((number or 0 for _, number in cells), default=0) or 1
    return [TurnoutRow(name, number, round(TURNOUT_WIDTH * (number or 0) / most, 1)) for name, number in cells]
