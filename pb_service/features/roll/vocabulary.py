"""The words of the roll: groups, states of imports, what is wrong with rows and files, why a step is refused."""

from collections.abc import Sequence
from typing import Any

from pb_service.core.voting.groups import CITY, Group
from pb_service.features.assessment.page_parts import Places
from pb_service.web.formats import Catalogue


def group_in_words(group: Group, places: Places, words: Catalogue) -> str:
    """What a group of contests is called."""
    if group.home:
        return places.district(group.id)
    return words.gettext("The whole municipality") if group.id == CITY else words.gettext("The districts")


def state_in_words(state: str, words: Catalogue) -> str:
    """How far an import is."""
    return {
        "uploaded": words.gettext("handed in"),
        "waiting": words.gettext("waits to be read"),
        "reading": words.gettext("is being read"),
        "read": words.gettext("read, not taken yet"),
        "failed": words.gettext("could not be read"),
        "dropped": words.gettext("dropped"),
        "current": words.gettext("is the roll"),
        "replaced": words.gettext("was the roll"),
    }[state]


def problem_in_words(problem: Sequence[Any], words: Catalogue) -> str:
    """What is wrong with a row: (its number, a code, more)."""
    code = problem[1]
    if code == "repeated" and len(problem) > 2:
        return words.gettext("the same person as in row %(row)s") % {"row": problem[2]}
    told: str = {
        "columns": words.gettext("the row is too short"),
        "no_identifier": words.gettext("there is no person id"),
        "identifier": words.gettext("the person id is not right in form or check character"),
        "age": words.gettext("outside the ages of the round's rule"),
        "district": words.gettext("the district is not one of the round"),
        "repeated": words.gettext("a person who stands in the list already"),
    }.get(code, words.gettext("this row cannot be used"))
    return told


def unreadable_in_words(code: str, words: Catalogue) -> str:
    """Why a file cannot be read as a list."""
    return {
        "empty": words.gettext("There is nothing in the file"),
        "not_a_table": words.gettext("This is no table that can be read: give CSV, text of fixed width, or XLSX"),
        "too_large": words.gettext("The file is too large"),
        "too_many_rows": words.gettext("There are too many rows: at most 2,000,000 in a text, 200,000 in a workbook"),
        "too_many_columns": words.gettext("There are too many columns: at most 200"),
        "quote": words.gettext("A quotation mark has no partner, so that rows cannot be told apart"),
    }.get(code, words.gettext("The file cannot be read"))


def refusal_in_words(code: str, words: Catalogue) -> str:
    """Why a step with the roll cannot be taken."""
    return {
        "open": words.gettext("The set-up of this round has no roll."),
        "empty": words.gettext("There is nobody on the roll yet."),
        "fixed": words.gettext("The manifest names the roll: it changes by late additions and removals alone."),
        "phase": words.gettext("This cannot be done in this phase of the round."),
        "unfixed": words.gettext("The roll has changed since it was fixed. Fix it again."),
        "unsigned": words.gettext("A registrar and an auditor must sign the roll first."),
        "same_hand": words.gettext("Another person must sign in the other role."),
        "changed": words.gettext("The roll has changed since it was compared with this list. Compare it again."),
        "gone": words.gettext("This is not there any more."),
        "state": words.gettext("This is further already, or was dropped."),
        "busy": words.gettext("Several imports wait already: take or drop them first."),
        "identifier": words.gettext("The person id is not right in form or check character."),
        "columns": words.gettext("Each column says one thing."),
        "known": words.gettext("This person is on the roll already."),
        "absent": words.gettext("This person is not on the roll."),
        "district": words.gettext("Everybody votes where they live: say where that is."),
        "erased": words.gettext("The roll was erased when its time had passed."),
        "asked": words.gettext("Your request waits for an answer already."),
        "answered": words.gettext("Somebody has answered already."),
        "key": words.gettext("No signature of yours is missing here, or the record does not know your key yet."),
    }.get(code, words.gettext("This cannot be done with the roll as it is."))
