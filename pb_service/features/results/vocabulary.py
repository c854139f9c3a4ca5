"""Names that Pabulib's files give to categories and beneficiaries, in the reader's language.

The list is what the demonstration round and Pabulib's Warsaw files use; any other name is shown as it is.
"""

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
