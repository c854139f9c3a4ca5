"""What the desk says, in the reader's language."""

from collections.abc import Mapping

from pb_service.features.voting import order_pages
from pb_service.web.formats import Catalogue


def refusal_in_words(code: str, words: Catalogue) -> str:
    """Why a step of the desk cannot be taken."""
    sentences: Mapping[str, str] = {
        "phase": words.gettext("Paper is given while the vote is open. Afterwards nothing can enter the record."),
        "paused": words.gettext("The vote is paused. Wait until it goes on."),
        "place": words.gettext("There is no such place in this round."),
        "no": words.gettext("A box is named by letters, digits, dots and hyphens, and each name is used once."),
        "shift": words.gettext("You have no shift at this place now."),
        "times": words.gettext("A shift ends after it begins."),
        "contest": words.gettext("This person cannot vote in that contest."),
        "person": words.gettext("This person is no desk officer of the round."),
        "paper": words.gettext("This person has been given a paper ballot already."),
        "waiting": words.gettext("A paper ballot for this person waits for a signature already."),
        "early": words.gettext("This comes after the vote is closed and its envelopes are listed."),
        "listed": words.gettext("The list of this contest is made. While nobody but you has signed, it can be let go."),
        "unbalanced": words.gettext(
            "The account does not balance: sheets given out = in the box + spoilt + returned. Count again."
        ),
        "too_many": words.gettext(
            "More ballots lie in the box than people were given paper. Count again, and look for those of other boxes."
        ),
        "few": words.gettext("Fewer sheets were given out than the record has entries for this box. Count again."),
        "begun": words.gettext("The ballots are being read already. Begin the reading anew before changing how many."),
        "account": words.gettext("The account of the box comes first."),
        "unknown": words.gettext("No paper was given here."),
        "taken": words.gettext("Somebody else does this reading of the box."),
        "same_hand": words.gettext("Each reading of a box is another person's."),
        "order": words.gettext("This ballot is read already, or another one comes first."),
        "ballot": words.gettext(
            "No ballot can say this: it breaks the rules of the contest. Look at the paper again. If it says so, mark "
            "it as void."
        ),
        "slip": words.gettext("This was not made at a desk of this vote."),
        "nobody": words.gettext("Nobody with this address has an account. Ask the person, and enter it again."),
        "unseen": words.gettext("Look the person up yourself, and sign within a quarter of an hour."),
        "not_ready": words.gettext("A box of this contest is not counted yet."),
    }
    return sentences.get(code) or order_pages.refusal_in_words(code, words)


def step_in_words(step: str, words: Catalogue) -> str:
    """What comes next with a box."""
    return {
        "account": words.gettext("its account is missing"),
        "read": words.gettext("two people read the ballots"),
        "settle": words.gettext("a third person reads those that differ"),
        "draw": words.gettext("the auditor draws a sample"),
        "sample": words.gettext("the auditor reads the sample"),
        "again": words.gettext("the auditor read otherwise: read the box again"),
        "ready": words.gettext("counted"),
    }[step]


def hand_in_words(hand: int, words: Catalogue) -> str:
    """What a reading is called."""
    return {
        1: words.gettext("First reading"),
        2: words.gettext("Second reading"),
        3: words.gettext("Third reading, of what differs"),
        4: words.gettext("The auditor's sample"),
    }[hand]
