"""Sentences for what is wrong with a proposal or its form, and for what was refused."""

from pb_service.core.proposals.places import PlaceError
from pb_service.core.rounds.setup import Problem
from pb_service.features.proposals.errors import ActRefused, MergeRefused
from pb_service.platform.files import FileRefused
from pb_service.platform.pictures import PictureRefused
from pb_service.web.formats import Catalogue


def sentence(problem: Problem, label: str, words: Catalogue) -> str:
    """What is wrong in a field, to stand under its label and in the summary."""
    values = problem.values
    texts = {
        "required": words.gettext("%(label)s: fill this in"),
        "too_short": words.ngettext(
            "%(label)s: write at least %(least)s character",
            "%(label)s: write at least %(least)s characters",
            int(values.get("least", 0)),
        ),
        "too_long": words.ngettext(
            "%(label)s: write at most %(most)s character",
            "%(label)s: write at most %(most)s characters",
            int(values.get("most", 0)),
        ),
        "choice": words.gettext("%(label)s: choose one of these"),
        "whole": words.gettext("%(label)s: write a whole number"),
        "range": words.gettext("%(label)s: this number is out of range"),
        "money": words.gettext("%(label)s: write an amount, for example 12 000"),
        "twice": words.gettext("%(label)s: this is there already"),
        "few": words.gettext("%(label)s: there are too few"),
        "too_many": words.gettext("%(label)s: there are too many"),
        "key": words.gettext("%(label)s: use small letters, digits and hyphens"),
        "needed": words.gettext("%(label)s: this field is needed in every round"),
        "characters": words.gettext("%(label)s: there are marks in it that cannot be shown"),
        "language": words.gettext("%(label)s: write fi, sv or en"),
        "no_district": words.gettext("%(label)s: there is no such district"),
        "wrong_type": words.gettext("%(label)s: this is no text"),
    }
    return texts.get(problem.code, words.gettext("%(label)s: this cannot be used")) % {"label": label, **values}


def place_sentence(error: PlaceError, words: Catalogue) -> str:
    """Why lines of coordinates are no place."""
    texts = {
        "line": words.gettext(
            "Line %(number)s is no place: write latitude and longitude, for example 60.1699, 24.9384"
        ),
        "empty": words.gettext("Write the place, or press on the map"),
        "few": words.gettext("A point is one line, a route at least two lines, an area at least three"),
        "many": words.gettext("At most %(most)s lines"),
        "position": words.gettext("There is no such place on Earth"),
        "crossing": words.gettext("The border of the area crosses itself"),
    }
    return texts[error.code] % error.values


def refusal(error: ActRefused, words: Catalogue) -> str:
    """Why something cannot be done to a proposal now."""
    return {
        "phase": words.gettext("This is not possible in the present phase of the round."),
        "paused": words.gettext("The round is paused just now."),
        "fixed": words.gettext("The ballot list is fixed, so nothing of it changes any more."),
    }.get(error.code, words.gettext("The proposal is in another state now. Look at it again."))


def merge_refusal(error: MergeRefused, words: Catalogue) -> str:
    """Why proposals cannot be joined or parted."""
    return {
        "circle": words.gettext("A proposal cannot become part of itself."),
        "other_round": words.gettext("The proposals are in different rounds."),
        "undone": words.gettext("This was undone before."),
        "used": words.gettext("What came of it was joined or divided again. Undo that first."),
        "few": words.gettext("Write at least two parts."),
    }[error.code]


def file_refusal(error: FileRefused | PictureRefused, words: Catalogue) -> str:
    """Why a picture or PDF is not taken."""
    return {
        "too-long": words.gettext("The file is too large"),
        "alt-missing": words.gettext("Describe the picture for those who cannot see it"),
        "not-scanned": words.gettext("Files cannot be taken just now. Try again in a while."),
        "harmful": words.gettext("The virus scanner says that this file may do harm"),
        "too-large": words.gettext("The picture has too many pixels"),
        "no-picture": words.gettext("Choose a JPEG, PNG or WebP picture, or a PDF"),
        "damaged": words.gettext("The picture is damaged"),
    }.get(error.code, words.gettext("This file cannot be taken"))
