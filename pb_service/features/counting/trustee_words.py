"""The words of the trustees' page."""

from typing import Protocol


class Words(Protocol):
    """A catalogue of one language."""

    def gettext(self, message: str, /) -> str: ...


def doing_in_words(kind: str, words: Words) -> str:
    """What is due of a trustee, by the kind of the message."""
    return {
        "tk1": words.gettext("Promise a part of the key"),
        "tk2": words.gettext("Deal the part out to the others, sealed"),
        "tk3": words.gettext("Check what the others dealt, and keep the share on paper"),
        "tk4": words.gettext("Compare the manifest's fingerprint, and confirm"),
        "rmix": words.gettext("Rehearse: mix three test ballots"),
        "rdec": words.gettext("Rehearse: open three test ballots"),
        "mix": words.gettext("Mix the sealed ballots"),
        "dec": words.gettext("Open the last list"),
    }.get(kind, kind)


def done_in_words(kind: str, words: Words) -> str:
    """What was checked of a step that the record took."""
    return {
        "tk1": words.gettext("Part of the key promised: signature checked"),
        "tk2": words.gettext("Part dealt out: commitments and proof checked"),
        "tk3": words.gettext("Share of the key acknowledged: compared with what was dealt"),
        "tk4": words.gettext("Manifest confirmed"),
        "rmix": words.gettext("Rehearsal, mixed: proof checked"),
        "rdec": words.gettext("Rehearsal, opened: proof checked"),
        "mix": words.gettext("Mixed: proof checked"),
        "dec": words.gettext("Part of the opening: proof checked"),
    }.get(kind, kind)


def why_in_words(why: str, words: Words) -> str:
    """Why a ceremony is given up."""
    return {
        "silent": words.gettext("A trustee does not answer"),
        "lost": words.gettext("A trustee cannot go on"),
        "setup": words.gettext("A name, a key or a number in it is wrong"),
        "accused": words.gettext("A trustee's part was wrong, and another showed it"),
    }.get(why, why)


def refusal_in_words(code: str, words: Words) -> str:
    """Why a step of a trustee, or about one, cannot be taken."""
    return {
        "seat": words.gettext("Choose somebody who has the role of a trustee in this round."),
        "same_seat": words.gettext("One person can be one trustee only."),
        "no_seat": words.gettext("You are no trustee of this round."),
        "key": words.gettext("Paste the key exactly as the tool shows it. Each trustee has another."),
        "begun": words.gettext("The ceremony is under way: who is in it stays."),
        "fixed": words.gettext("The manifest is confirmed: nothing in it changes any more."),
        "not_begun": words.gettext("The ceremony has not begun yet."),
        "no_ceremony": words.gettext("There is no ceremony that could be given up."),
        "other_registrar": words.gettext("Only the registrar's key that the setup names can give it up."),
        "unpublished": words.gettext("The record has not been published yet. Try again in a minute."),
        "large": words.gettext("The file is too large for an answer."),
        "form": words.gettext("This is not the file that the tool wrote as its answer."),
        "absent": words.gettext("There is no trustee outside with this number in a count."),
        "few": words.gettext("Too few trustees would be left to open the ballots."),
    }.get(code, words.gettext("This cannot be done now."))
