"""What people call the states of a project that is being built and what happens to it, and why something is refused."""

from collections.abc import Mapping
from datetime import date

from pb_service.core.implementation.history import Act, ActKind, Progress, State
from pb_service.core.rounds.setup import Problem
from pb_service.features.proposals.reading import Spoken, spoken_of
from pb_service.web.formats import Catalogue, Reader
from pb_service.web.locales import Language

#: How a state is marked: kind and icon of its chip.
STATE_LOOKS: Mapping[State, tuple[str, str]] = {
    "not_begun": ("", "minus"),
    "planning": ("", "info"),
    "under_way": ("", "arrow-right"),
    "delayed": ("warn", "warn"),
    "done": ("ok", "check"),
    "given_up": ("accent", "cross"),
}


def state_names(words: Catalogue) -> Mapping[State, str]:
    """The name of each state."""
    return {
        "not_begun": words.gettext("Not begun"),
        "planning": words.gettext("Being planned"),
        "under_way": words.gettext("Under way"),
        "delayed": words.gettext("Delayed"),
        "done": words.gettext("Finished"),
        "given_up": words.gettext("Abandoned"),
    }


def closing_questions(words: Catalogue) -> Mapping[str, str]:
    """The three questions that closing asks."""
    return {
        "happened": words.gettext("What happened?"),
        "learned": words.gettext("What did we learn?"),
        "develop": words.gettext("What do we still develop?"),
    }


def act_titles(words: Catalogue) -> Mapping[ActKind, str]:
    """What happened, by kind, as the title of a line, an entry of a feed, or the subject of a mail."""
    return {
        "assigned": words.gettext("Responsible unit named"),
        "moved": words.gettext("New state"),
        "planned": words.gettext("Milestone promised"),
        "postponed": words.gettext("Milestone delayed"),
        "reached": words.gettext("Milestone reached"),
        "dropped": words.gettext("Milestone dropped"),
        "spent": words.gettext("Money used"),
        "corrected": words.gettext("Entry of money corrected"),
        "recosted": words.gettext("Money for the project changed"),
        "told": words.gettext("News of the project"),
        "pictured": words.gettext("Picture added"),
        "unpictured": words.gettext("Picture taken away"),
        "erased": words.gettext("Text erased"),
        "gaveup": words.gettext("Project abandoned"),
        "closed": words.gettext("Project finished"),
        "reopened": words.gettext("Taken up again"),
    }


def in_reader(texts: Mapping[str, str], language: Language) -> Spoken:
    """A text in the reader's language, else in the first that there is; a dash for one that was erased."""
    return spoken_of(texts, language) or Spoken(language, "\u2013")


def what_happened(  # noqa: PLR0911, PLR0912 - one an act
    act: Act, found: Progress, words: Reader, language: Language
) -> str:
    """What an act says beyond its title, in one sentence; empty where its text says everything."""
    said = act.content
    if act.is_erased:
        return words.gettext("The text was erased, its hash stays.")

    def milestone() -> str:
        one = found.milestone(said["milestone"])
        return in_reader(one.title, language).text if one else ""

    match act.kind:
        case "assigned":
            return in_reader(said["names"], language).text
        case "moved":
            return state_names(words)[said["state"]]
        case "planned":
            values = {"title": in_reader(said["title"], language).text, "day": _day(said["due"], words)}
            return words.gettext("“%(title)s”, until %(day)s") % values
        case "postponed":
            return words.gettext("“%(title)s” comes by %(day)s") % {
                "title": milestone(),
                "day": _day(said["due"], words),
            }
        case "reached":
            return words.gettext("“%(title)s” on %(day)s") % {"title": milestone(), "day": _day(said["on"], words)}
        case "dropped":
            return words.gettext("“%(title)s” will not come") % {"title": milestone()}
        case "spent":
            what = in_reader(said["what"], language).text
            values = {"amount": words.money(said["amount"]), "day": _day(said["on"], words), "what": what}
            return words.gettext("%(amount)s on %(day)s: %(what)s") % values
        case "corrected":
            one = found.spending(said["entry"])
            values = {"amount": words.money(one.amount if one else 0), "number": str(said["entry"])}
            return words.gettext("%(amount)s in line %(number)s does not count") % values
        case "recosted":
            values = {
                "was": words.money(said["was"]),
                "amount": words.money(said["amount"]),
                "reference": said["decision"],
            }
            return words.gettext("from %(was)s to %(amount)s, decision %(reference)s") % values
        case "pictured":
            return in_reader(said["alt"], language).text
        case "erased":
            return words.gettext("of line %(number)s") % {"number": str(said["line"])}
        case "gaveup":
            return words.gettext("Decision %(reference)s") % {"reference": said["decision"]}
        case _:
            return ""


def reason_of(act: Act, language: Language) -> Spoken | None:
    """The reason or the text of an act, as it was written."""
    return spoken_of(act.content.get("text", {}) or act.content.get("reason", {}), language)


def refusal(problem: Problem, label: str, words: Reader) -> str:
    """Why an act cannot be taken, as one sentence with what people call the field."""
    values = {name: str(value) for name, value in problem.values.items()}
    for name in ("left", "spent"):
        if name in problem.values:
            values[name] = words.money(int(problem.values[name]))
    text = {
        "required": words.gettext("fill this in"),
        "too_long": words.gettext("too long, at most %(most)s characters"),
        "too_many": words.gettext("there are too many already, at most %(most)s"),
        "unknown": words.gettext("choose one of these"),
        "same": words.gettext("this is so already"),
        "money": words.gettext("write a sum above zero"),
        "beyond_budget": words.gettext("only %(left)s is left; change the money for the project first, by a decision"),
        "below_spent": words.gettext("%(spent)s is used already"),
        "future": words.gettext("this day has not come yet"),
        "day": words.gettext("this year cannot be meant"),
        "not_later": words.gettext("the new day must be later than the one before"),
        "ended": words.gettext("the project has ended; take it up again first"),
        "not_ended": words.gettext("the project has not ended"),
        "not_begun": words.gettext("the project has not begun yet; say first how far it is"),
        "open_milestones": words.gettext("milestones that are neither reached nor dropped: %(count)s"),
        "phase": words.gettext("nothing changes in the present phase of the round"),
        "picture": words.gettext("choose a picture"),
        "language": words.gettext("there is no such language"),
    }.get(problem.code, words.gettext("this cannot be used (%(code)s)"))
    return f"{label}: {text % {'code': problem.code, **values}}"


def _day(text: str, words: Reader) -> str:
    return words.date_of(date.fromisoformat(text))
