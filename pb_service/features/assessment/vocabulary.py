"""What staff read about assessment: names of what is to be done, and sentences for what cannot be done."""

from collections.abc import Mapping

from pb_service.core.proposals.ballot_list import PointName
from pb_service.core.rounds.setup import Problem
from pb_service.features.assessment.errors import (
    Changed,
    ListChanged,
    NotAgreed,
    NotNow,
    QuestionOpen,
    ReviewRefused,
    SameHand,
)
from pb_service.features.assessment.inbox import Tab, Todo
from pb_service.features.assessment.tables import AssessmentAct, Outcome
from pb_service.features.proposals.errors import ActRefused, OwnProposal
from pb_service.platform.errors import DomainError
from pb_service.web.formats import Catalogue, Reader

#: What a page answers with a sentence; everything else goes to the error page.
TOLD = (ActRefused, Changed, ListChanged, NotAgreed, NotNow, OwnProposal, QuestionOpen, ReviewRefused, SameHand)


def todo_names(words: Catalogue) -> Mapping[Todo, str]:
    """What is to be done about a proposal."""
    return {
        "moderate": words.gettext("decide on publishing"),
        "wait_publish": words.gettext("decision waits to be published"),
        "wait_author": words.gettext("the author answers"),
        "assess": words.gettext("assess by the checklist"),
        "agree": words.gettext("agree on the checklist"),
        "cost": words.gettext("calculate the cost"),
        "sign": words.gettext("sign the cost"),
        "project": words.gettext("make a project"),
        "review": words.gettext("decide the review"),
    }


def group_names(words: Catalogue) -> Mapping[str, str]:
    """Kinds of work, as the workload counts them."""
    return {
        "moderation": words.gettext("Moderation"),
        "assessment": words.gettext("Checklist and reviews"),
        "costing": words.gettext("Cost to calculate"),
        "signing": words.gettext("Cost to sign"),
        "project": words.gettext("Project to make"),
    }


def tab_names(words: Catalogue) -> Mapping[Tab, str]:
    """The tabs of the inbox."""
    return {
        "all": words.gettext("Everything"),
        "late": words.gettext("Late"),
        "mine": words.gettext("Waiting for me"),
        "new": words.gettext("New"),
        "review": words.gettext("Reviews"),
        "waiting": words.gettext("Waiting for others"),
    }


def outcome_names(words: Catalogue) -> Mapping[Outcome, str]:
    """The decisions of moderation."""
    return {
        "publish": words.gettext("Publish"),
        "return": words.gettext("Ask for more"),
        "reject": words.gettext("Reject"),
    }


def point_names(words: Catalogue) -> Mapping[PointName, str]:
    """The points of the checklist before the list is fixed."""
    return {
        "decided": words.gettext("Every proposal and review is decided"),
        "districts": words.gettext("Every ballot has money and projects"),
        "costs": words.gettext("Every cost is signed by two people"),
        "languages": words.gettext("Every text is there in each required language"),
        "pictures": words.gettext("Every picture has its alternative text"),
        "sets": words.gettext("Incompatible and mandatory projects fit together"),
        "rule": words.gettext("The rule decides every tie"),
    }


def told(error: DomainError, words: Catalogue) -> str:
    """The sentence for something that cannot be done now."""
    code = _CODES.get(type(error)) or str(getattr(error, "code", ""))
    return {
        "own": words.gettext("You wrote this proposal yourself: somebody else must decide about it."),
        "sign": words.gettext("Who calculated a cost cannot sign it. Somebody else must."),
        "review": words.gettext("Who refused a proposal cannot decide its review. Somebody else must."),
        "confirm": words.gettext("The first person who confirmed is not known any more. Confirm again."),
        "question": words.gettext("A question about this cost is open. Answer or settle it first."),
        "changed": words.gettext(
            "Somebody else saved this in the meantime. What you typed is still here: compare, and save again."
        ),
        "list": words.gettext("The list has changed since you looked at it. Look at it again before you confirm."),
        "nobody": words.gettext("Nobody has answered the checklist yet."),
        "differ": words.gettext("The assessors do not agree. Talk it over, or let the lead decide."),
        "lead": words.gettext("Only the lead of this proposal decides when the assessors do not agree."),
        "state": words.gettext("Its state does not allow this any more. Somebody may have acted before you."),
        "phase": words.gettext("This does not belong to the present phase of the round."),
        "fixed": words.gettext("The ballot list is fixed: only an amendment can change it."),
        "hand": words.gettext("Your role may not do this."),
        "paused": words.gettext("The round is paused."),
        "translate": words.gettext("You may change translations, and nothing else."),
        "late": words.gettext("The time for asking for a review is over."),
        "again": words.gettext("This decision was reviewed already."),
        "nothing": words.gettext("There is no refusal that could be reviewed."),
    }.get(code, words.gettext("This cannot be done now."))


#: Errors that say one thing only.
_CODES: Mapping[type[DomainError], str] = {
    OwnProposal: "own",
    QuestionOpen: "question",
    Changed: "changed",
    ListChanged: "list",
}


def cost_sentence(act: AssessmentAct, words: Reader) -> str:
    """What happened to the cost of a proposal."""
    if act.kind == "cost.set":
        sentence = words.gettext("The cost was calculated, version %(version)s: %(sum)s.")
        return sentence % {"version": act.about["version"], "sum": words.money(act.about["amount"])}
    return words.gettext("The cost was signed, version %(version)s.") % {"version": act.about["version"]}


def refused_names(words: Catalogue) -> Mapping[str, str]:
    """Why a decision in bulk leaves a proposal out."""
    return {
        "state": words.gettext("its state does not allow it"),
        "phase": words.gettext("not in this phase"),
        "fixed": words.gettext("the ballot list is fixed"),
        "hand": words.gettext("your role may not"),
        "own": words.gettext("your own proposal"),
        "forbidden": words.gettext("not in your district"),
        "paused": words.gettext("the round is paused"),
    }


def problem_sentence(problem: Problem, words: Reader) -> str:
    """What is wrong with something typed, or with the list, in words."""
    values = {
        name: words.money(value) if name in _MONEY and isinstance(value, int) else value
        for name, value in problem.values.items()
    }
    sentences = {
        "required": words.gettext("fill this in"),
        "unknown": words.gettext("choose one of these"),
        "too_long": words.gettext("too long, at most %(most)s characters"),
        "too_many": words.gettext("too many, at most %(most)s"),
        "between": words.gettext("must be from %(least)s to %(most)s"),
        "too_much": words.gettext("the sum is too large"),
        "nothing": words.gettext("the sum is nothing"),
        "no_range": words.gettext("this round has no ranges"),
        "no_class": words.gettext("%(total)s lies outside every class of costs of the round"),
        "below_low": words.gettext("must not be below the lower end"),
        "outside_range": words.gettext("the lines come to %(total)s, outside the range"),
        "no_reason": words.gettext("a no needs its reason in this language"),
        "other_projects": words.gettext("the projects have changed; look again"),
        "shape": words.gettext("this cannot be read (%(reason)s)"),
        # the list
        "undecided": words.ngettext(
            "%(count)s proposal is not decided", "%(count)s proposals are not decided", int(values.get("count", 0) or 0)
        )
        if problem.code == "undecided"
        else "",
        "open": words.ngettext(
            "%(count)s review is open", "%(count)s reviews are open", int(values.get("count", 0) or 0)
        )
        if problem.code == "open"
        else "",
        "no_project": words.gettext("can be done, and is in no project"),
        "none": words.gettext("there are no districts and no city-wide vote"),
        "no_money": words.gettext("the money is not known"),
        "no_projects": words.gettext("there are no projects on this ballot"),
        "twice": words.gettext("is there twice"),
        "not_signed": words.gettext("has no signed cost"),
        "changed_after_signature": words.gettext("its cost was changed and is not signed again"),
        "below_floor": words.gettext("costs %(amount)s, below the least of the round (%(floor)s)"),
        "above_ceiling": words.gettext("costs %(amount)s, above the most of the round (%(ceiling)s)"),
        "above_budget": words.gettext("costs %(amount)s, more than the ballot's money (%(budget)s)"),
        "title_missing": words.gettext("the title is missing: %(language)s"),
        "title_machine": words.gettext("a person must read the machine draft of the title: %(language)s"),
        "text_missing": words.gettext("the text is missing: %(language)s"),
        "text_machine": words.gettext("a person must read the machine draft of the text: %(language)s"),
        "no_alt": words.gettext("the picture has no alternative text: %(language)s"),
        "alone_in_set": words.gettext("is alone in the set “%(set)s” on its ballot"),
        "mandatory_exclude": words.gettext("two mandatory projects exclude each other (“%(set)s”)"),
        "mandatory_cost": words.gettext("mandatory projects cost %(amount)s, more than the money (%(budget)s)"),
        "over_districts": words.gettext("the set “%(set)s” lies over several ballots; an ending can make it two"),
        "not_decisive": words.gettext("the tie rule must end with the number of the project"),
    }
    return sentences.get(problem.code, problem.code) % values


_MONEY = frozenset({"amount", "floor", "ceiling", "budget", "total"})
