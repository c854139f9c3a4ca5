"""What the files of a round are called and what they are good for, and what can be wrong with files brought in."""

from collections.abc import Mapping

from pb_service.core.tally.pabulib import FileFault, ProblemCode
from pb_service.features.opendata.schemas import ListedFile
from pb_service.web.formats import Reader

_FORMS = {
    "application/json": "JSON",
    "application/geo+json": "GeoJSON",
    "application/zip": "ZIP",
    "application/atom+xml": "Atom",
    "application/ld+json": "JSON-LD",
    "text/csv": "CSV",
    "text/plain": "PB",
    "text/calendar": "iCalendar",
    "text/turtle": "Turtle",
}


def file_in_words(file: ListedFile, words: Reader) -> tuple[str, str]:
    """Return a file's title with its form, and a sentence on what is in it."""
    title, about = _titles(words).get(file.kind, (file.kind, ""))
    return f"{title}, {_FORMS[file.media_type.partition(';')[0]]}", about


def _titles(words: Reader) -> dict[str, tuple[str, str]]:
    _ = words.gettext
    projects = (_("Projects and result"), _("Each project with its cost, votes, and why it won or not."))
    ballots = (_("Ballots"), _("Every counted ballot, paper ones too, without anything about the voter."))
    return {
        "evidence": (_("Evidence bundle"), _("Everything that is needed to count again and to check, in one file.")),
        "process": (
            _("Record of the process"),
            _("What happened to the proposals so far, to be checked with pb-verify."),
        ),
        "manifest": (_("Manifest"), _("Projects, money, limits and rules as they were fixed before the vote.")),
        "state": (_("State of the result"), _("A result as it was published: preliminary, confirmed or amended.")),
        "implementation": (
            _("What is being built"),
            _("What became of each funded project: milestones, money used, delays and their reasons."),
        ),
        "turnout": (_("Turnout"), _("How many voted, by district, channel and hour; small numbers are left out.")),
        "ages": (
            _("Ages of voters"),
            _("How many voted, by age; counted by the service, not from the record. Small numbers are left out."),
        ),
        "round": (_("The round"), _("Phases, districts and results for programs.")),
        "news": (_("News of the round"), _("Phases, results and decisions, for a feed reader.")),
        "description": (_("Description of the data"), _("For data portals, after DCAT-AP.")),
        "dates": (_("Dates"), _("The phases of the round, for a calendar.")),
        "districts": (_("Districts"), _("Borders of the districts.")),
        "postal": (_("Postal codes"), _("Which postal code belongs to which district.")),
        "addresses": (_("Addresses"), _("Which address belongs to which district.")),
        "proposals": (_("Proposals"), _("Every public proposal with its text, state, reasons and costs.")),
        "proposal-history": (_("History of the proposals"), _("What was decided about each proposal, and when.")),
        "ballot-list": (_("Ballot list"), _("The projects to vote on, as two people fixed them.")),
        "ballots-pb": (ballots[0], _("Ballots and result in the form of Pabulib, for research.")),
        "ballots-csv": ballots,
        "ballots": (ballots[0], _("The same as the record names it by its hash.")),
        "projects-csv": projects,
        "projects-geojson": (projects[0], _("The same for maps.")),
        "turns-csv": (_("The count step by step"), _("Which project had its turn, and what money was left.")),
        "list": (_("Ballot list of the district"), _("What voters saw.")),
        "outcome": (_("Outcome"), _("Every step, tie and reason, as the record names it by its hash.")),
    }


def problem_in_words(code: ProblemCode, words: Reader) -> str:
    """What is odd or wrong with a row of a Pabulib file; its own sentence, in English, says the rest."""
    _ = words.gettext
    told: dict[ProblemCode, str] = {
        "columns": _("The row has another number of fields than its heading."),
        "project_id": _("The id of the project cannot be used, or stands there twice."),
        "project_cost": _("The cost is not an amount of money above zero."),
        "project_selected": _("It cannot be understood whether the project won; it counts as not said."),
        "project_place": _("The place on the map cannot be used; it is left out."),
        "limit": _("A limit below zero is left out."),
        "voter_id": _("The id of the voter is missing or stands there twice; the ballot counts all the same."),
        "unknown_project": _("The ballot names a project that is not in the file."),
        "repeated_project": _("The ballot names a project twice; it counts once."),
        "points": _("The points of the ballot cannot be understood."),
        "rows": _("The file says another number of rows than it has; the rows count."),
    }
    return told[code]


def refusal_in_words(code: str, line: int, values: Mapping[str, object], words: Reader) -> str:
    """Why a file, or all of them together, cannot be taken."""
    _ = words.gettext
    if code == "unreadable":
        opening = _("Line %(line)s cannot be read or counted.") if line else _("The file cannot be read.")
        return f"{opening % {'line': words.number(line)}} {unreadable_in_words(values, words)}".strip()
    told = {
        "tally": _("The rule and the ballots of the file do not go together. Choose another rule."),
        "none": _("Choose at least one file"),
        "slug": _("Address: small letters, digits and hyphens only, at most 64."),
        "currency": _("The file is in %(one)s, but %(file)s in %(other)s. A round has one currency."),
        "currency_code": _("The currency “%(currency)s” cannot be used: it takes three capital letters, as in EUR."),
        "repeated": _("Two files are about the same district (%(district)s). Take one of them out."),
        "ends": _("The vote ends on %(closes)s, before it begins on %(opens)s."),
        "future": _("The vote ends on %(closes)s: it is not over yet."),
        "amount": _("The amounts are too large to be counted exactly."),
        "title": _("The name of the district has %(length)s characters; at most %(most)s can be used."),
        "rule": _("The rule of the file, “%(rule)s”, is not offered here. Choose a rule below."),
        "ranks": _("The file does not say how places in a ranking become votes. Choose a rule below."),
        "key": _("No address can be made from the name of the district, “%(district)s”."),
        "date": _("The date “%(date)s” in the field %(field)s cannot be read; DD.MM.YYYY or a year is needed."),
    }
    return told[code] % values


def unreadable_in_words(values: Mapping[str, object], words: Reader) -> str:
    """What keeps a Pabulib file from being read, and what to do; empty where its own sentence, in English, must do."""
    _ = words.gettext
    told: dict[FileFault, str] = {
        "size": _("There is more in it than can be read: divide it, or have it made anew."),
        "encoding": _("It is not encoded in UTF-8. Open it in the program that made it, and save it as UTF-8."),
        "text": _("It is no text file. Perhaps another file was chosen."),
        "packed": _("The packed file is damaged. Pack it anew, or send it unpacked."),
        "form": _(
            "It has not the form of a Pabulib file: the sections META, PROJECTS and VOTES, each with its heading."
        ),
        "vote_type": _("People voted in a way that is not counted here."),
        "budget": _("The budget is missing, or it is no amount of money that can be counted."),
        "row": _("The row is not written as a table row should be; often a quotation mark is missing or too many."),
    }
    return next((sentence for fault, sentence in told.items() if fault == values.get("fault")), "")
