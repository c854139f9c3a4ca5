"""What the pages of implementation hand to their templates: lines, words, and the geometry of the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from pb_service.core.implementation.history import ENDED, STATES, Milestone, Progress, State
from pb_service.features.implementation.reading import Board, Built, Promise, act_of
from pb_service.features.implementation.tables import ImplementationAct
from pb_service.features.implementation.vocabulary import (
    STATE_LOOKS,
    act_titles,
    closing_questions,
    in_reader,
    reason_of,
    state_names,
    what_happened,
)
from pb_service.features.proposals.reading import Spoken, excerpt
from pb_service.features.results.vocabulary import state_name
from pb_service.web.bars import Amount, MoneyPart, parts_of
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language

#: Width of the text column of a 360 px phone, and of the page on a desktop.
PHONE, DESKTOP = 328, 1088
_ROW, _TOP, _SIDE = 46, 26, 12
_EXCERPT = 160


@dataclass(frozen=True)
class Chip:
    """A state in words, as it is marked."""

    text: str
    kind: str
    mark: str


@dataclass(frozen=True)
class Line:
    """A funded project on the board."""

    built: Built
    href: str
    title: Spoken
    district: Spoken
    unit: Spoken | None
    chip: Chip
    parts: Sequence[MoneyPart]
    used: Fraction
    following: str
    is_late: bool
    news: Spoken | None
    news_at: datetime | None

    @property
    def progress(self) -> Progress:
        return self.built.progress


@dataclass(frozen=True)
class HistoryLine:
    """A line of a history: number, when, what, the text or reason with its language, its document and its hash."""

    number: int
    at: datetime
    title: str
    what: str
    reason: Spoken | None
    answers: tuple[tuple[str, Spoken], ...]
    href: str
    sha256: str
    is_recorded: bool
    is_erasable: bool


@dataclass(frozen=True)
class PromiseLine:
    """What a state of the result or a decision made of the money."""

    at: datetime
    what: str
    amount: int | None
    reason: Spoken | None = None


@dataclass(frozen=True)
class Step:
    """A milestone for the step line; ``state`` is done, now or next."""

    name: str
    when: str
    note: str
    state: str


@dataclass(frozen=True)
class Mark:
    """A milestone on the time line: where it was promised, where it is due or was reached, and its look."""

    x: float
    promised: float
    look: str
    name: str


@dataclass(frozen=True)
class TimeRow:
    """The milestones of one project on the time line."""

    y: int
    title: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Timeline:
    """A time line in one width: rows, where each year begins, and where today is."""

    width: int
    height: int
    rows: tuple[TimeRow, ...]
    years: tuple[tuple[float, int], ...]
    today: float


def chip_of(state: State, words: Reader) -> Chip:
    return Chip(state_names(words)[state], *STATE_LOOKS[state])


def line_of(one: Built, base: str, today: date, words: Reader, language: Language) -> Line:
    """A project as the board shows it; ``base`` is the address of the board."""
    found = one.progress
    newest = found.news[-1] if found.news else None
    told = reason_of(newest, language) if newest else None
    return Line(
        built=one,
        href=f"{base}/{one.funded.contest}/{one.funded.code}",
        title=Spoken(*text_in(one.funded.titles, language)),
        district=Spoken(*text_in(one.funded.contest_titles, language)),
        unit=in_reader(found.unit, language) if found.unit else None,
        chip=chip_of(one.state, words) if one.funded.is_funded else withdrawn(words),
        parts=bar_of(found, words),
        used=Fraction(found.spent, found.budget) if found.budget else Fraction(0),
        following=following_in_words(found, words, language),
        is_late=any(step.is_late(today) for step in found.milestones) and one.state not in ENDED,
        news=Spoken(told.lang, excerpt(told.text, _EXCERPT)) if told else None,
        news_at=newest.at if newest else None,
    )


def withdrawn(words: Reader) -> Chip:
    """The mark of a project that an amended result does not fund any more."""
    return Chip(words.gettext("Not funded any more"), "accent", "cross")


def bar_of(found: Progress, words: Reader) -> list[MoneyPart]:
    """Money used as a part of the money that there is; more than there is fills the bar."""
    whole = max(found.budget, found.spent)
    name = words.gettext("Used: %(amount)s") % {"amount": words.money(found.spent)}
    return parts_of(whole, [Amount(found.spent, name=name)] if found.spent else [])


def following_in_words(found: Progress, words: Reader, language: Language) -> str:
    """The next milestone with its day, and the day that was promised first if it is another."""
    step = found.following
    if step is None or found.state in ENDED:
        return ""
    values = {"title": in_reader(step.title, language).text, "day": words.date_of(step.due)}
    if step.due == step.promised:
        return words.gettext("Next: %(title)s, %(day)s") % values
    told = words.gettext("Next: %(title)s, %(day)s (promised for %(promised)s)")
    return told % {**values, "promised": words.date_of(step.promised)}


def counts_in_words(shown: Board, words: Reader) -> str:
    """How many projects there are in each state."""
    parts = [
        f"{name}: {words.number(number)}"
        for state, name in ((state, state_names(words)[state]) for state in STATES)
        if (number := shown.counted(state))
    ]
    return " · ".join(parts)


def steps_of(found: Progress, today: date, words: Reader, language: Language) -> list[Step]:
    """The milestones in the order of their days, for the step line."""
    following = found.following
    return [
        Step(
            name=in_reader(one.title, language).text,
            when=_when(one, words),
            note=_note(one, today, words),
            state="done" if not one.is_open else "now" if one == following else "next",
        )
        for one in sorted(found.milestones, key=lambda one: (one.reached or one.due, one.number))
    ]


def _when(one: Milestone, words: Reader) -> str:
    if one.reached:
        return words.gettext("Reached on %(day)s") % {"day": words.date_of(one.reached)}
    if one.dropped:
        return words.gettext("Will not come")
    return words.gettext("By %(day)s") % {"day": words.date_of(one.due)}


def _note(one: Milestone, today: date, words: Reader) -> str:
    told = []
    if one.promised not in {one.reached, one.due}:
        told.append(words.gettext("Promised for %(day)s.") % {"day": words.date_of(one.promised)})
    if one.is_late(today):
        told.append(words.gettext("This day has passed, and nothing was heard."))
    if one.reasons:
        told.append(in_reader(one.reasons[-1], words.language).text)
    return " ".join(told)


def history_of(one: Built, slug: str, words: Reader, language: Language) -> list[HistoryLine]:
    """Everything that happened, newest first."""
    return [_history_line(row, one, slug, words, language) for row in reversed(one.rows)]


def _history_line(row: ImplementationAct, one: Built, slug: str, words: Reader, language: Language) -> HistoryLine:
    act = act_of(row)
    names, asked = act_titles(words), closing_questions(words)
    answers = (
        tuple((asked[name], in_reader(act.content[name], language)) for name in asked)
        if act.kind == "closed" and not act.is_erased
        else ()
    )
    return HistoryLine(
        number=row.number,
        at=row.at,
        title=names[row.kind],
        what=what_happened(act, one.progress, words, language),
        reason=reason_of(act, language),
        answers=answers,
        href=f"/data/{slug}/implementation/{one.funded.contest}/{one.funded.code}/acts/{row.number}.json",
        sha256=row.sha256.hex(),
        is_recorded=row.is_recorded,
        is_erasable=row.number in one.progress.erasable,
    )


def promises_of(one: Built, words: Reader, language: Language) -> list[PromiseLine]:
    """How the money for a project came about: the states of the result, then the decisions that changed it."""
    lines = [PromiseLine(each.at, _promise(each, words), each.amount) for each in one.funded.promises]
    for row in one.rows:
        if row.kind == "recosted":
            content = act_of(row).content
            told = words.gettext("Decision %(reference)s") % {"reference": content["decision"]}
            lines.append(PromiseLine(row.at, told, content["amount"], reason_of(act_of(row), language)))
    return sorted(lines, key=lambda line: line.at)


def _promise(each: Promise, words: Reader) -> str:
    told = state_name(each.kind, words)
    return f"{told} ({each.reference})" if each.reference else told


def timelines(lines: Sequence[Line], today: date, language: Language) -> tuple[Timeline, Timeline] | None:
    """The time line of all milestones, for a phone and for a desktop; None where there are none."""
    rows = [(line, line.progress.milestones) for line in lines if line.progress.milestones]
    days = [day for _, steps in rows for one in steps for day in (one.promised, one.reached or one.due)]
    if not days:
        return None
    first, last = min([today, *days]) - timedelta(days=20), max([today, *days]) + timedelta(days=20)
    span = (first, last, today)
    return _timeline(rows, span, PHONE, language), _timeline(rows, span, DESKTOP, language)


def _timeline(
    rows: Sequence[tuple[Line, Sequence[Milestone]]], span: tuple[date, date, date], width: int, language: Language
) -> Timeline:
    first, last, today = span

    def at(day: date) -> float:
        return round(_SIDE + (width - 2 * _SIDE) * (day - first).days / (last - first).days, 1)

    drawn = tuple(
        TimeRow(
            y=_TOP + place * _ROW,
            title=excerpt(line.title.text, width // 8),
            marks=tuple(
                Mark(
                    at(one.reached or one.due), at(one.promised), _look(one, today), in_reader(one.title, language).text
                )
                for one in steps
            ),
        )
        for place, (line, steps) in enumerate(rows)
    )
    years = tuple((at(date(year, 1, 1)), year) for year in range(first.year + 1, last.year + 1))
    return Timeline(width, _TOP + len(rows) * _ROW + 4, drawn, years, at(today))


def _look(one: Milestone, today: date) -> str:
    if one.reached:
        return "reached"
    if one.dropped:
        return "dropped"
    return "late" if one.is_late(today) else "open"
