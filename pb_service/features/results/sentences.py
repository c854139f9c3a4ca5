"""One sentence per project why it won or lost, from its reason code and numbers.

The English texts here are the message ids of the catalogues. Every number in a sentence is exact: "n more votes would
have been enough" means that n are and n - 1 are not, everything else as it was.
"""

from collections.abc import Callable
from fractions import Fraction

from pb_service.core.rounds.documents import Tie
from pb_service.core.tally.needed import Need
from pb_service.features.results.views import ProjectRow
from pb_service.web.formats import Reader


def sentence(row: ProjectRow, words: Reader) -> str:
    """Why this project won or lost, in the reader's language."""
    return _SENTENCES[row.why["c"]](row, words)


def tie_reason(by: Tie, words: Reader) -> str:
    """The part of the tie rule that decided, as "… first"."""
    match by:
        case "cost":
            return words.gettext("lower cost first")
        case "cost_desc":
            return words.gettext("higher cost first")
        case "votes":
            return words.gettext("more votes first")
        case "draw":
            return words.gettext("by lot")
        case "id":
            return words.gettext("by project number")


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _chosen(row: ProjectRow, words: Reader) -> str:
    if row.rival is not None and row.rival.first:
        equal = (
            words.gettext(
                "Chosen: as many votes as project %(id)s. The rule fixed beforehand (%(rule)s) puts this one first, "
                "and it fits."
            )
            if row.by == "votes"
            else words.gettext(
                "Chosen: as many points as project %(id)s. The rule fixed beforehand (%(rule)s) puts this one first, "
                "and it fits."
            )
        )
        return equal % {"id": row.rival.project_id, "rule": tie_reason(row.rival.by, words)}
    if row.passed_over:
        opening = words.ngettext(
            "Chosen at rank %(rank)s: one project ahead of it did not fit the money left, this one does.",
            "Chosen at rank %(rank)s: %(count)s projects ahead of it did not fit the money left, this one does.",
            row.passed_over,
        )
    elif row.rank == 1:
        opening = words.gettext("Chosen first: %(share)s of the voters named it.")
    else:
        opening = words.gettext("Chosen: %(share)s of the voters named it.")
    numbers = {
        "rank": words.number(row.rank or 0),
        "count": words.number(row.passed_over),
        "share": words.percent(Fraction(row.votes, max(row.ballots, 1))),
    }
    return _joined(opening % numbers, _spare(row, words))


def _too_dear(row: ProjectRow, words: Reader) -> str:
    numbers = {
        "left": words.money(row.left or 0),
        "cost": words.money(row.cost),
        "missing": words.money(row.missing),
        "budget": words.money(row.budget),
        "count": words.number(row.cheaper_winners),
    }
    if row.cost > row.budget:
        return words.gettext("Not chosen: it costs %(cost)s, more than the whole budget of %(budget)s.") % numbers
    if row.rival is not None and not row.rival.first:
        equal = (
            words.gettext("Not chosen: as many votes as project %(id)s, which goes first (%(rule)s).")
            if row.by == "votes"
            else words.gettext("Not chosen: as many points as project %(id)s, which goes first (%(rule)s).")
        )
        later = words.gettext("Then %(left)s were left and this one costs %(cost)s.") % numbers
        opening = _joined(equal % {"id": row.rival.project_id, "rule": tie_reason(row.rival.by, words)}, later)
    elif row.near_miss:
        opening = (
            words.gettext("Not chosen: at its turn %(left)s were left and it costs %(cost)s. It missed by %(missing)s.")
            % numbers
        )
    elif row.cheaper_winners:
        too_little = words.gettext("Not chosen: at its turn %(left)s were left, too little.") % numbers
        opening = _joined(too_little, _cheaper(row, words) % numbers)
    else:
        opening = words.gettext("Not chosen: at its turn %(left)s were left and it costs %(cost)s.") % numbers
    return _joined(opening, _more(row, words))


def _cheaper(row: ProjectRow, words: Reader) -> str:
    if row.by == "votes":
        return words.ngettext(
            "One cheaper project with fewer votes still fitted.",
            "%(count)s cheaper projects with fewer votes still fitted.",
            row.cheaper_winners,
        )
    return words.ngettext(
        "One cheaper project with fewer points still fitted.",
        "%(count)s cheaper projects with fewer points still fitted.",
        row.cheaper_winners,
    )


def _below_threshold(row: ProjectRow, words: Reader) -> str:
    opening = (
        words.ngettext(
            "Not chosen: it has %(score)s of the one vote that a project needs at least.",
            "Not chosen: it has %(score)s of the %(threshold)s votes that a project needs at least.",
            row.why["threshold"],
        )
        if row.by == "votes" or row.weak
        else words.gettext("Not chosen: it has %(score)s of the %(threshold)s points that a project needs at least.")
    )
    if row.weak:
        opening = words.ngettext(
            "Not chosen: for its cost it needs %(threshold)s vote, and it has %(score)s.",
            "Not chosen: for its cost it needs %(threshold)s votes, and it has %(score)s.",
            row.why["threshold"],
        )
    score = row.votes if row.weak else row.score
    numbers = {"score": words.number(score), "threshold": words.number(row.why["threshold"])}
    return _joined(opening % numbers, _more(row, words))


def _more(row: ProjectRow, words: Reader) -> str:
    if row.more is None:
        return ballots_needed(row.need, words) if row.need else ""
    text = (
        words.ngettext(
            "One more vote would have been enough.", "%(count)s more votes would have been enough.", row.more
        )
        if row.by == "votes"
        else words.ngettext(
            "One more point would have been enough.", "%(count)s more points would have been enough.", row.more
        )
    )
    return text % {"count": words.number(row.more)}


def ballots_needed(need: Need, words: Reader) -> str:
    """How many new ballots naming only a project would have let it win; empty where that was not looked for."""
    if "not_with" in need:
        return words.gettext(
            "With %(count)s more ballots naming only this project it would still not have been chosen."
        ) % {"count": words.number(need["not_with"])}
    if "ballots" not in need:
        return ""
    text = (
        words.ngettext(
            "One more ballot naming only this project would have been enough.",
            "%(count)s more ballots naming only this project would have been enough, no fewer.",
            need["ballots"],
        )
        if need["fewest"]
        else words.ngettext(
            "One more ballot naming only this project would have been enough.",
            "With %(count)s more ballots naming only this project it would have been chosen, with one less it would "
            "not.",
            need["ballots"],
        )
    )
    return text % {"count": words.number(need["ballots"])}


def cost_needed(need: Need, words: Reader) -> str:
    """At which cost a project would have won; empty where that was not looked for."""
    if "cost" not in need:
        return ""
    numbers = {"cost": words.money(need["cost"]), "beyond": words.money(need["beyond"])}
    if need.get("lower"):
        return words.gettext("At a cost of %(cost)s or less it would have been chosen.") % numbers
    return words.gettext("At a cost of %(cost)s it would have been chosen, at %(beyond)s it would not.") % numbers


def _spare(row: ProjectRow, words: Reader) -> str:
    if row.spare is None or (row.score < 0 and not row.spare):  # below 0 no less was tried
        return ""
    if row.spare == row.score:
        return (
            words.gettext("Even without a vote it would have been chosen.")
            if row.by == "votes"
            else words.gettext("Even without a point it would have been chosen.")
        )
    if row.spare == 0:
        return words.gettext("It had none to spare.")
    text = (
        words.ngettext("It had one vote to spare.", "It had %(count)s votes to spare.", row.spare)
        if row.by == "votes"
        else words.ngettext("It had one point to spare.", "It had %(count)s points to spare.", row.spare)
    )
    return text % {"count": words.number(row.spare)}


def _bought(row: ProjectRow, words: Reader) -> str:
    text = (
        words.ngettext(
            "Chosen in round %(round)s: its one supporter paid %(payment)s for each point given to it.",
            "Chosen in round %(round)s: its %(count)s supporters paid at most %(payment)s for each point given to it.",
            row.supporters,
        )
        if row.by_points
        else words.ngettext(
            "Chosen in round %(round)s: its one supporter paid %(payment)s of their share.",
            "Chosen in round %(round)s: its %(count)s supporters paid at most %(payment)s each of their shares.",
            row.supporters,
        )
    )
    return text % {
        "round": words.number(row.why["round"]),
        "count": words.number(row.supporters),
        "payment": words.money(row.payment or 0),
    }


def _short(row: ProjectRow, words: Reader) -> str:
    if row.cost > row.budget:
        return _beyond(row, words)
    opening = (
        words.gettext(
            "Not chosen: it costs %(cost)s, and those who gave it points together had %(money)s left at the end."
        )
        if row.by_points  # who named it without giving it any is no supporter
        else words.ngettext(
            "Not chosen: it costs %(cost)s, and its one supporter had %(money)s left at the end.",
            "Not chosen: it costs %(cost)s, and its %(count)s supporters together had %(money)s left at the end.",
            row.votes,
        )
    )
    numbers = {"cost": words.money(row.cost), "count": words.number(row.votes), "money": words.money(row.money or 0)}
    if row.left is None:
        return _joined(opening % numbers, _more(row, words))
    later = words.gettext("Of the money left over, %(left)s remained at its turn.")
    return _joined(opening % numbers, later % {"left": words.money(row.left)}, _more(row, words))


def _stopped(row: ProjectRow, words: Reader) -> str:
    opening = words.gettext("Not chosen: counting stopped when project %(id)s did not fit, before its turn came.")
    return _joined(opening % {"id": row.stopped_by}, _more(row, words))


def _added(row: ProjectRow, words: Reader) -> str:
    if row.by == "votes":
        return words.gettext("Chosen with the money left over, which went to those with most votes that still fitted.")
    return words.gettext("Chosen with the money left over, which went to those with most points that still fitted.")


def _unsupported(row: ProjectRow, words: Reader) -> str:
    if row.votes:
        opening = words.gettext("Not chosen: those who named it gave it no points in all.")
    else:
        opening = words.gettext("Not chosen: no voter named it.")
    return _joined(opening, _more(row, words))


def _mandatory(_row: ProjectRow, words: Reader) -> str:
    return words.gettext("Chosen: before the vote it was decided that this is built in any case.")


def _exclusive(row: ProjectRow, words: Reader) -> str:
    opening = words.gettext("Not chosen: only one of it and project %(id)s can be built, and that one is chosen.")
    return _joined(opening % {"id": row.stopped_by}, _more(row, words))


def _category(row: ProjectRow, words: Reader) -> str:
    opening = words.gettext(
        "Not chosen: of the money set apart for its kind %(left)s were left, and it costs %(cost)s."
    )
    return _joined(opening % {"left": words.money(row.left or 0), "cost": words.money(row.cost)}, _more(row, words))


def _loaded(row: ProjectRow, words: Reader) -> str:
    if row.load is None:
        return words.gettext("Chosen at the end, without supporters: there was money left for it.")
    text = words.ngettext(
        "Chosen in round %(round)s: it weighed least on its one supporter, who now carries %(load)s.",
        "Chosen in round %(round)s: it weighed least on its %(count)s supporters, each of whom now carries %(load)s.",
        row.supporters,
    )
    round_, count = words.number(row.rank or 0), words.number(row.supporters)
    return text % {"round": round_, "count": count, "load": words.money(row.load)}


def _late(row: ProjectRow, words: Reader) -> str:
    opening = words.gettext(
        "Not chosen: the counting ended at the first project that did not fit the money left; this one would have "
        "weighed %(load)s on each of its supporters and had not come before."
    )
    return _joined(opening % {"load": words.money(row.load or 0)}, _more(row, words))


def _beyond(row: ProjectRow, words: Reader) -> str:
    numbers = {"cost": words.money(row.cost), "budget": words.money(row.budget), "left": words.money(row.left or 0)}
    if row.cost <= row.budget:
        early = words.gettext(
            "Not chosen: it costs %(cost)s, and what is built in any case leaves only %(left)s of the budget."
        )
        return _joined(early % numbers, _more(row, words))
    return words.gettext("Not chosen: it costs %(cost)s, more than the whole budget of %(budget)s.") % numbers


def _best(row: ProjectRow, words: Reader) -> str:
    opening = words.gettext(
        "Chosen: it belongs to the set of projects with most support in all that the rule and the money allow. "
        "%(share)s named it."
    )
    return opening % {"share": words.percent(Fraction(row.votes, max(row.ballots, 1)))}


def _not_best(row: ProjectRow, words: Reader) -> str:
    if row.cost > row.budget:
        return _beyond(row, words)
    opening = words.gettext(
        "Not chosen: no set of projects with it that the rule and the money allow has more support in all than the "
        "chosen one."
    )
    return _joined(opening, _more(row, words))


_SENTENCES: dict[str, Callable[[ProjectRow, Reader], str]] = {
    "chosen": _chosen,
    "too_dear": _too_dear,
    "stopped": _stopped,
    "below_threshold": _below_threshold,
    "bought": _bought,
    "added": _added,
    "short": _short,
    "unsupported": _unsupported,
    "mandatory": _mandatory,
    "exclusive": _exclusive,
    "category": _category,
    "loaded": _loaded,
    "late": _late,
    "beyond": _beyond,
    "best": _best,
    "not_best": _not_best,
}
