"""A contest's rule in plain words, from the rule document of the manifest (bundle.md section 8)."""

from fractions import Fraction
from typing import cast

from pb_service.core.rounds.documents import EqualSharesRule, GreedyRule, RuleDocument
from pb_service.features.results.sentences import tie_reason
from pb_service.features.results.views import ContestResultView
from pb_service.web.formats import Reader


def rule_in_words(view: ContestResultView, words: Reader) -> str:
    """What the rule does, and what it does when projects are equal, in two to four short sentences."""
    rule = view.rule
    parts = (
        _greedy(rule, words) if rule["name"] == "greedy" else _equal_shares(view, cast(EqualSharesRule, rule), words)
    )
    ties = ", ".join(tie_reason(tie, words) for tie in rule["ties"])
    return " ".join([*parts, words.gettext("If projects are equal: %(rule)s.") % {"rule": ties}])


def rule_name(rule: RuleDocument, words: Reader, *, short: bool = False) -> str:
    """The name of a rule; ``short`` leaves out its completion."""
    if rule["name"] == "greedy":
        return words.gettext("Most votes first")
    if rule.get("completion") == "add_one" and not short:
        return words.gettext("Equal Shares (add-one)")
    return words.gettext("Equal Shares")


def _greedy(rule: GreedyRule, words: Reader) -> list[str]:
    if rule["by"] == "votes":
        first = (
            words.gettext("The rule: most votes first; what no longer fits is skipped.")
            if rule["skip"]
            else words.gettext("The rule: most votes first; counting stops at the first project that does not fit.")
        )
    else:
        first = (
            words.gettext("The rule: most points first; what no longer fits is skipped.")
            if rule["skip"]
            else words.gettext("The rule: most points first; counting stops at the first project that does not fit.")
        )
    if "threshold" not in rule:
        return [first]
    least = words.gettext("A project needs a score of at least %(threshold)s.")
    return [first, least % {"threshold": words.number(rule["threshold"])}]


def _equal_shares(view: ContestResultView, rule: EqualSharesRule, words: Reader) -> list[str]:
    parts = [
        words.gettext(
            "The rule: the Method of Equal Shares. Every voter gets an equal part of the money; a project is bought "
            "when its supporters can pay for it together, and what costs its supporters least goes first."
        )
    ]
    if rule["completion"] == "add_one" and view.endowment is not None and view.increments is not None:
        parts.append(
            words.ngettext(
                "The equal part was raised once, by %(step)s, to %(endowment)s, so that less is left over.",
                "The equal part was raised %(count)s times by %(step)s, to %(endowment)s, so that less is left over.",
                view.increments,
            )
            % {
                "count": words.number(view.increments),
                "step": words.money(rule["step"]),
                "endowment": words.money(view.endowment),
            }
        )
    elif view.endowment is not None:
        parts.append(
            words.gettext("The equal part is %(endowment)s.") % {"endowment": words.money(Fraction(view.endowment))}
        )
    if "then" in rule:
        parts.append(words.gettext("What is left over then goes to the projects with most votes that still fit."))
    return parts
