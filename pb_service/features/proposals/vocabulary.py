"""What people call the states of a proposal and the things that happen to it: one wording for pages, mails and data."""

from collections.abc import Mapping

from pb_service.core.proposals.filters import Group, Sort
from pb_service.core.proposals.states import State
from pb_service.web.formats import Catalogue


def state_names(words: Catalogue) -> Mapping[State, str]:
    """The name of each state."""
    return {
        "draft": words.gettext("Draft"),
        "received": words.gettext("Received"),
        "returned": words.gettext("Needs more from its author"),
        "published": words.gettext("Published"),
        "rejected": words.gettext("Not accepted"),
        "assessed": words.gettext("Can be done"),
        "infeasible": words.gettext("Cannot be done"),
        "on_ballot": words.gettext("On the ballot"),
        "merged": words.gettext("Part of another proposal"),
        "split": words.gettext("Divided into several"),
        "withdrawn": words.gettext("Withdrawn"),
        "hidden": words.gettext("Hidden"),
    }


#: How a state is marked: kind and icon of its chip.
STATE_LOOKS: Mapping[State, tuple[str, str]] = {
    "draft": ("", ""),
    "received": ("", ""),
    "returned": ("warn", "warn"),
    "published": ("", ""),
    "rejected": ("accent", "cross"),
    "assessed": ("ok", "check"),
    "infeasible": ("accent", "cross"),
    "on_ballot": ("ok", "check"),
    "merged": ("", "arrow-right"),
    "split": ("", "arrow-right"),
    "withdrawn": ("", "minus"),
    "hidden": ("error", "cross"),
}


def group_names(words: Catalogue) -> Mapping[Group, str]:
    """The name of each group of states that readers choose among."""
    return {
        "published": words.gettext("Published, not checked yet"),
        "assessed": words.gettext("Can be done"),
        "on_ballot": words.gettext("On the ballot"),
        "not_going_on": words.gettext("Not accepted or cannot be done"),
        "merged": words.gettext("Merged or divided"),
        "withdrawn": words.gettext("Withdrawn"),
    }


def sort_names(words: Catalogue) -> Mapping[Sort, str]:
    """The name of each order of the list."""
    return {
        "drawn": words.gettext("drawn for you"),
        "match": words.gettext("best match first"),
        "newest": words.gettext("newest first"),
        "title": words.gettext("by title, A to Ö"),
        "cheapest": words.gettext("cheapest first"),
        "dearest": words.gettext("dearest first"),
        "supported": words.gettext("most supported first"),
        "number": words.gettext("by number"),
    }


def act_sentences(words: Catalogue) -> Mapping[str, str]:
    """What happened, by act (core/proposals/states.py), as a line of a proposal's history or the subject of a mail."""
    return {
        "send": words.gettext("The proposal was received."),
        "enter": words.gettext("The proposal was received on paper or by phone."),
        "change": words.gettext("The authors changed the text."),
        "answer": words.gettext("The authors completed the text."),
        "edit": words.gettext("Staff changed the text."),
        "publish": words.gettext("The proposal was published."),
        "return": words.gettext("The authors were asked for more."),
        "reject": words.gettext("The proposal was not accepted."),
        "withdraw": words.gettext("The authors withdrew the proposal."),
        "hide": words.gettext("The proposal was hidden."),
        "merge": words.gettext("The proposal became part of another."),
        "absorb": words.gettext("Other proposals became part of this one."),
        "unmerge": words.gettext("The proposal stands on its own again."),
        "split": words.gettext("The proposal was divided into several."),
        "unsplit": words.gettext("The division was undone."),
        "rejoin": words.gettext("The proposal went back into the one it was a part of."),
        "assess": words.gettext("Checked: it can be done."),
        "find_infeasible": words.gettext("Checked: it cannot be done."),
        "request_review": words.gettext("The authors asked for a review."),
        "reinstate": words.gettext("Reviewed: the proposal goes on."),
        "uphold": words.gettext("Reviewed: the decision stands."),
        "put_on_ballot": words.gettext("The proposal is on the ballot."),
        "leave_ballot": words.gettext("The proposal is no longer on the ballot."),
        "built": words.gettext("There is news of how it is being built."),
    }
