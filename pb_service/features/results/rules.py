"""A contest's rule in plain words, from the rule document of the manifest (bundle.md section 8)."""

from fractions import Fraction

from pb_service.core.rounds.documents import EqualSharesRule, GreedyRule, MaxWelfareRule, RuleDocument
from pb_service.features.results.sentences import tie_reason
from pb_service.features.results.views import ContestResultView
from pb_service.web.formats import Reader


def rule_in_words(view: ContestResultView, words: Reader) -> str:
    """What the rule does, and what it does when projects are equal, in a few short sentences."""
    rule = view.rule
    match rule["name"]:
        case "greedy":
            parts = _greedy(rule, words)
        case "equal_shares":
            parts = _equal_shares(view, rule, words)
        case "phragmen":
            parts = [
                words.gettext(
                    "The rule: Phragmén's. Every chosen project is a burden that its supporters carry together. What "
                    "leaves its supporters the least to carry comes next, until one does not fit the money left."
                )
            ]
        case "max_welfare":
            parts = [_max_welfare(rule, words)]
    ties = ", ".join(tie_reason(tie, words) for tie in rule["ties"])
    return " ".join(
        [*parts, *_demands(view, words), words.gettext("If projects are equal: %(rule)s.") % {"rule": ties}]
    )


def rule_name(rule: RuleDocument, words: Reader, *, short: bool = False) -> str:
    """The name of a rule; ``short`` leaves out its completion."""
    if rule["name"] == "greedy":
        return words.gettext("Most votes first")
    if rule["name"] == "phragmen":
        return words.gettext("Phragmén's rule")
    if rule["name"] == "max_welfare":
        return words.gettext("Most support in all")
    if rule["completion"] == "add_one" and not short:
        return words.gettext("Equal Shares (add-one)")
    return words.gettext("Equal Shares")


def _greedy(rule: GreedyRule, words: Reader) -> list[str]:
    if "density" in rule:
        order = (
            words.gettext("The rule: most votes for the money first.")
            if rule["by"] == "votes"
            else words.gettext("The rule: most points for the money first.")
        )
        rest = (
            words.gettext("What no longer fits is skipped.")
            if rule["skip"]
            else words.gettext("Counting stops at the first project that does not fit.")
        )
        parts = [order, rest]
    elif rule["by"] == "votes":
        parts = [
            words.gettext("The rule: most votes first; what no longer fits is skipped.")
            if rule["skip"]
            else words.gettext("The rule: most votes first; counting stops at the first project that does not fit.")
        ]
    else:
        parts = [
            words.gettext("The rule: most points first; what no longer fits is skipped.")
            if rule["skip"]
            else words.gettext("The rule: most points first; counting stops at the first project that does not fit.")
        ]
    return [*parts, *_threshold(rule, words)]


def _threshold(rule: GreedyRule | MaxWelfareRule, words: Reader) -> list[str]:
    if "threshold" not in rule:
        return []
    least = words.gettext("A project needs a score of at least %(threshold)s.")
    return [least % {"threshold": words.number(rule["threshold"])}]


def _max_welfare(rule: MaxWelfareRule, words: Reader) -> str:
    measured = {
        "cost": words.gettext("each vote counting as much as its project costs"),
        "cardinality": words.gettext("each vote counting the same"),
        "points": words.gettext("counted in points"),
        "borda": words.gettext("counted in points for the place in the ranking"),
    }[rule["utility"]]
    first = words.gettext(
        "The rule: of all sets of projects that the money is enough for, the one with most support in all, "
        "%(measured)s."
    ) % {"measured": measured}
    return " ".join([first, *_threshold(rule, words)])


def _demands(view: ContestResultView, words: Reader) -> list[str]:
    """What the rule demands beyond its order, in a sentence each."""
    rule, parts = view.rule, []
    if "mandatory" in rule:
        ids = words.listed([view.projects[number].project_id for number in rule["mandatory"]])
        parts.append(words.gettext("Built in any case: %(ids)s.") % {"ids": ids})
    for numbers in rule.get("exclusive", []):
        ids = words.listed([view.projects[number].project_id for number in numbers])
        parts.append(words.gettext("At most one of these can be built: %(ids)s.") % {"ids": ids})
    for category in rule.get("categories", []):
        ids = words.listed([view.projects[number].project_id for number in category["i"]])
        parts.append(
            words.gettext("For these together there are %(budget)s at most: %(ids)s.")
            % {"budget": words.money(category["budget"]), "ids": ids}
        )
    if "per_cost" in rule:
        parts.append(
            words.gettext(
                "The part of the voters who name a project must be at least %(part)s of its part of the budget."
            )
            % {"part": words.percent(Fraction(rule["per_cost"]))}
        )
    return parts


def _equal_shares(view: ContestResultView, rule: EqualSharesRule, words: Reader) -> list[str]:
    parts = [
        words.gettext(
            "The rule: the Method of Equal Shares. Every voter gets an equal part of the money; a project is bought "
            "when its supporters can pay for it together, and what costs its supporters least goes first."
        )
    ]
    if rule["completion"] in ("add_one", "percent") and view.endowment is not None and view.increments is not None:
        step = Fraction(rule.get("step", 0)) or _percent_step(rule, view.endowment, view.increments)
        parts.append(
            words.ngettext(
                "The equal part was raised once, by %(step)s, to %(endowment)s, so that less is left over.",
                "The equal part was raised %(count)s times by %(step)s, to %(endowment)s, so that less is left over.",
                view.increments,
            )
            % {
                "count": words.number(view.increments),
                "step": words.money(step),
                "endowment": words.money(view.endowment),
            }
        )
    elif view.endowment is not None:
        parts.append(
            words.gettext("The equal part is %(endowment)s.") % {"endowment": words.money(Fraction(view.endowment))}
        )
    if rule["completion"] == "phragmen":
        parts.append(words.gettext("What is left over then goes on by Phragmén's rule."))
    if "then" in rule:
        parts.append(
            words.gettext("What is left over then goes to the projects with most votes that still fit.")
            if view.scored_by == "votes"
            else words.gettext("What is left over then goes to the projects with most points that still fit.")
        )
    if view.compared is not None:
        numbers = {
            "shares": words.number(view.compared["equal_shares"]),
            "greedy": words.number(view.compared["greedy"]),
        }
        parts.append(
            words.gettext(
                "This was compared with “most votes first”: %(shares)s voters got more of their projects by Equal "
                "Shares, %(greedy)s by most votes first; what more of them prefer is the result."
            )
            % numbers
        )
    return parts


def _percent_step(rule: EqualSharesRule, endowment: Fraction, increments: int) -> Fraction:
    """What each step added: ``percent`` hundredths of the part at the start."""
    return endowment * rule["percent"] / (100 + increments * rule["percent"])
