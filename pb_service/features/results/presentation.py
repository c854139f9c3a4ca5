"""What each result page hands to its template: the view, the words's words, and the pictures made from both.

Pure functions, so that a page can be made, tested and measured without a server or a database.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pb_service.core.tally.needed import support_reached
from pb_service.features.results import charts
from pb_service.features.results.documents import Download
from pb_service.features.results.rules import rule_in_words, rule_name
from pb_service.features.results.sentences import ballots_needed, cost_needed, sentence, tie_reason
from pb_service.features.results.views import FIRST_LOSERS, FIRST_TIES, ContestResultView, ProjectRow, TurnView
from pb_service.features.results.vocabulary import category_name
from pb_service.web.formats import Reader, text_in

#: Turns shown on either side of the one that the count page speaks of.
NEARBY = 4


@dataclass(frozen=True)
class NamedContest:
    """A contest's name in the words's language if there is one, with the language that it is in."""

    contest_id: str
    lang: str
    text: str
    current: bool


def district_page(view: ContestResultView, words: Reader) -> dict[str, Any]:
    """The context of ``results/district.html``."""
    telling = view.telling_turn
    return {
        **_common(view, words),
        "bar": charts.result_bar(view),
        "bars_of": charts.world_bar,
        "money": charts.money_picture(view, words),
        "telling": telling,
        "nearby": _nearby(view, telling),
        "compared": charts.comparison_picture(view),
        "other_rule": rule_name(view.comparison.rule, words) if view.comparison else "",
        "other_rule_short": rule_name(view.comparison.rule, words, short=True) if view.comparison else "",
        "places": charts.map_picture(view),
        "reach": charts.reach_rows(view),
        "own_chosen": _own(view, words),
        "themes": charts.theme_rows(view),
        "theme_name": lambda name: category_name(name, words),
        "friends": charts.friend_rows(view),
        "excluded": Fraction(view.fairness.own[0], max(view.ballots, 1)) if view.fairness else None,
        "best": max((row.score for row in view.projects), default=0),
        "first_losers": FIRST_LOSERS,
        "first_ties": FIRST_TIES,
        "files": [
            {"href": file.href, "name": download_name(file, words), "about": download_facts(file, words)}
            for file in view.downloads
        ],
        "siblings": [
            NamedContest(other.contest_id, *text_in(other.title, words.language), other.contest_id == view.contest_id)
            for other in view.siblings
        ],
    }


def count_page(view: ContestResultView, words: Reader, turn: TurnView | None) -> dict[str, Any]:
    """The context of ``results/count.html`` at one turn."""
    return {**_common(view, words), "turn": turn, "nearby": _nearby(view, turn)}


def project_page(view: ContestResultView, words: Reader, row: ProjectRow) -> dict[str, Any]:
    """The context of ``results/project.html``."""
    order = [*view.chosen, *view.not_chosen] if not view.greedy else [turn.project for turn in view.turns]
    at = order.index(row) if row in order else None
    turn = view.turns[view.turn_of[row.number] - 1] if row.number in view.turn_of else None
    return {
        **_common(view, words),
        "row": row,
        "change": next((change for change in view.changes if change.project == row.project_id), None),
        "turn": turn,
        "price_bar": charts.share_bar(row.cost, view.budget),
        "share": words.percent(Fraction(row.cost, max(view.budget, 1))),
        "voters_part": Fraction(row.votes, max(view.ballots, 1)),
        "needs": needs(row, words),
        "purse": view.purses.get(row.number),
        "purse_rows": charts.purse_rows(view, row),
        "together": charts.together_rows(view, row),
        "places": charts.map_picture(view) if row.place else None,
        "categories": [category_name(name, words) for name in row.categories],
        "targets": [category_name(name, words) for name in row.targets],
        "before": order[at - 1] if at else None,
        "after": order[at + 1] if at is not None and at + 1 < len(order) else None,
    }


def _nearby(view: ContestResultView, turn: TurnView | None) -> list[TurnView]:
    place = turn.turn - 1 if turn else 0
    start = max(0, min(place - NEARBY, len(view.turns) - 2 * NEARBY - 1))
    return view.turns[start : start + 2 * NEARBY + 1]


def _own(view: ContestResultView, words: Reader) -> dict[str, tuple[str, str]]:
    """The histogram in three numbers, under the rule of the vote and under the other."""
    if view.comparison is None:
        return {}
    here, there = view.comparison.own_here, view.comparison.own_there

    def mean(own: list[int]) -> str:
        return words.decimal(Fraction(sum(k * voters for k, voters in enumerate(own)), max(sum(own), 1)), 2)

    def none(own: list[int]) -> str:
        return words.decimal(Fraction(100 * own[0], max(sum(own), 1)), 1)

    return {"none": (none(here), none(there)), "mean": (mean(here), mean(there))}


def needs(row: ProjectRow, words: Reader) -> list[str]:
    """For a project that lost: what would have let it win, each line true by itself, everything else as it was."""
    if row.won:
        return []
    lines = []
    if row.more is not None:
        text = (
            words.ngettext("One more vote.", "%(count)s more votes, no fewer.", row.more)
            if row.by == "votes"
            else words.ngettext("One more point.", "%(count)s more points, no fewer.", row.more)
        )
        lines.append(text % {"count": words.number(row.more)})
    elif row.need:
        lines.append(ballots_needed(row.need, words))
    if row.need:
        lines.append(cost_needed(row.need, words))
    reached = support_of(row)
    if reached is not None:
        # Rounded down: whoever lost has not reached all.
        whole = Fraction(reached.numerator * 100 // reached.denominator, 100)
        lines.append(
            words.gettext("It reached %(part)s of the support that would have been enough.")
            % {"part": words.percent(whole)}
        )
    return [line for line in lines if line]


def support_of(row: ProjectRow) -> Fraction | None:
    """Which part of the score that would have been enough a loser has; None where that is not known.

    Of a rule that reads points other than greedily it is not: new ballots are no measure of points.
    """
    if row.won:
        return None
    if row.more is not None:
        return Fraction(row.score, row.needed) if row.needed and row.score >= 0 else None
    if row.by == "votes" and row.need and "ballots" in row.need and row.votes:
        return support_reached(row.votes, row.need["ballots"])
    return None


def download_name(file: Download, words: Reader) -> str:
    return {
        "evidence": words.gettext("Evidence bundle"),
        "pabulib": words.gettext("Ballots, Pabulib format"),
        "result_csv": words.gettext("Result with a reason per project, CSV"),
        "result_json": words.gettext("Result with a reason per project, JSON"),
        "turns_csv": words.gettext("The turns of the count, CSV"),
        "ballots_json": words.gettext("Ballots, JSON"),
    }[file.kind]


def download_facts(file: Download, words: Reader) -> str:
    """Size and rows of a file, as far as they are known."""
    facts = [] if file.size is None else [words.size(file.size)]
    if file.rows is not None:
        facts.append(words.ngettext("%(count)s row", "%(count)s rows", file.rows) % {"count": words.number(file.rows)})
    return ", ".join(facts)


def _common(view: ContestResultView, words: Reader) -> dict[str, Any]:
    language, title = text_in(view.title, words.language)
    return {
        "view": view,
        "words": words,
        "base": f"/{words.language}/rounds/{view.slug}/{view.contest_id}",
        "district": NamedContest(view.contest_id, language, title, current=True),
        "round_name": text_in(view.round_name, words.language)[1],
        "rule_text": rule_in_words(view, words),
        "sentence": sentence,
        "tie_reason": tie_reason,
        "turn_bars": charts.turn_bars,
        "paid_bar": charts.paid_bar,
    }
