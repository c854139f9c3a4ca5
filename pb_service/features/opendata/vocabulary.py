"""What the files of a round are called, and what they are good for."""

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
