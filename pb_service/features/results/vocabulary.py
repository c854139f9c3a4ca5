"""Names that Pabulib's files give to categories and beneficiaries, in the reader's language.

The list is what the demonstration round and Pabulib's Warsaw files use; any other name is shown as it is.
"""

from typing import Protocol

from pb_service.web.formats import Reader


def category_name(name: str, words: Reader) -> str:
    """A category or a group of beneficiaries in the reader's language, or as the data has it."""
    known = {
        "public space": words.gettext("public space"),
        "education": words.gettext("education"),
        "sport": words.gettext("sport"),
        "culture": words.gettext("culture"),
        "health": words.gettext("health"),
        "welfare": words.gettext("welfare"),
        "environmental protection": words.gettext("environmental protection"),
        "urban greenery": words.gettext("urban greenery"),
        "public transit and roads": words.gettext("public transport and roads"),
        "children": words.gettext("children"),
        "youth": words.gettext("young people"),
        "adults": words.gettext("adults"),
        "seniors": words.gettext("older people"),
        "people with disabilities": words.gettext("people with disabilities"),
        "families with children": words.gettext("families with children"),
        "animals": words.gettext("animals"),
    }
    return known.get(name.strip().lower(), name)


class Words(Protocol):
    """A catalogue of one language."""

    def gettext(self, message: str, /) -> str: ...


def state_name(kind: str, words: Words) -> str:
    """What a state of a result is called."""
    return {
        "preliminary": words.gettext("Preliminary result"),
        "confirmed": words.gettext("Result confirmed by a decision"),
        "amended": words.gettext("Result amended"),
        "voided": words.gettext("Contest void"),
    }.get(kind, kind)


def channel_name(channel: str, words: Words) -> str:
    """How people voted."""
    return {
        "idt": words.gettext("online, strong sign-in"),
        "code": words.gettext("online, code letter"),
        "acct": words.gettext("online, account"),
        "desk": words.gettext("online at a desk"),
        "paper": words.gettext("on paper"),
    }.get(channel, channel)


def age_group(group: str, words: Words) -> str:
    """A group of ages."""
    return {
        "0-17": words.gettext("under 18"),
        "75-": words.gettext("75 and over"),
        "unknown": words.gettext("not known"),
    }.get(group, group.replace("-", "\u2013"))


def state_refusal(code: str, words: Words) -> str:
    """Why a state cannot be drafted or signed."""
    return {
        "phase": words.gettext("There is no published result yet."),
        "confirmed": words.gettext("This result is confirmed already."),
        "change": words.gettext("Choose a project; no cost may be above that of the ballot."),
        "nothing": words.gettext("This changes nothing."),
        "budget": words.gettext("What is funded would not fit the budget."),
        "contest": words.gettext("Choose a contest that is not void yet."),
        "key": words.gettext("The record does not know your key in this role."),
        "key_gone": words.gettext(
            "The key of the other signature was taken off meanwhile. Let the draft go, and begin it anew."
        ),
        "same_hand": words.gettext("Another person must sign in the other role."),
        "draft": words.gettext("Another draft waits for signatures. Publish it or let it go first."),
        "no_draft": words.gettext("Nothing waits for signatures."),
    }.get(code, words.gettext("This cannot be done now."))
