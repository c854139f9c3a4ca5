"""What the pages of the vote hand to their templates: the round's vote, its contests and projects, in one language."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from pb_service.core.proposals.ballot_list import CITY_WIDE
from pb_service.core.record import checkpoint
from pb_service.core.record.canonical import b64u, unb64u
from pb_service.core.rounds.documents import BallotFormat
from pb_service.core.rounds.setup import Contact
from pb_service.features.proposals.browse_presentation import Names
from pb_service.features.proposals.reading import Spoken, round_name, spoken, spoken_of
from pb_service.features.rounds.public import PublicRound
from pb_service.features.rounds.tables import Contest, Round
from pb_service.features.voting.polling import Polling
from pb_service.web.formats import Reader

#: before: not yet; closed: not any more, even for those with minutes of grace.
State = Literal["before", "open", "paused", "closed"]

#: Shares of a contest's money at which the filter by price cuts.
_PRICE_STEPS = (20, 10, 4, 2)


@dataclass(frozen=True)
class ProjectView:
    """A project on a ballot. ``search`` is what the filter looks into, ``matches`` whether it found the project."""

    number: int
    code: str
    title: Spoken
    text: Spoken | None
    cost: int
    upkeep: int
    proposals: tuple[int, ...]
    themes: tuple[str, ...]
    theme: str
    look: int
    picture: str
    alt: Spoken | None
    search: str
    matches: bool = True


@dataclass(frozen=True)
class CategoryView:
    """A kind of projects of which a ballot may hold no more than ``k``, or that may cost no more than ``cost``."""

    name: str
    k: int | None
    cost: int | None


@dataclass(frozen=True)
class VoidView:
    """Since when and why a contest decides nothing."""

    at: datetime
    reason: Spoken


@dataclass(frozen=True)
class ContestView:
    """A contest as its ballot shows it. ``title`` is None where there is no other contest to tell it from.

    ``shape`` is what the script needs to seal a ballot, as JSON; ``scores`` those that a project can have, best first.
    """

    id: str
    group: str
    title: Spoken | None
    fmt: BallotFormat
    budget: int
    has_budget: bool
    shape: str
    scores: tuple[int, ...]
    projects: tuple[ProjectView, ...]
    categories: tuple[CategoryView, ...] = ()
    void: VoidView | None = None

    @property
    def category_names(self) -> str:
        """For the script, in the order of the limits, as JSON."""
        return json.dumps([category.name for category in self.categories])


@dataclass(frozen=True)
class BoothView:
    """The vote of a round. ``log`` is the verifier key of its record, ``witnesses`` are those of
    its witnesses; ``closes_at`` and ``opens_at`` are in words.

    What comes after ``contests`` is that of a moment (`at_moment`).
    """

    slug: str
    name: Spoken
    mode: str
    eid: str
    key: str
    log: str
    witnesses: tuple[str, ...]
    grace: int
    unit: int
    contact: Contact
    instructions: Spoken | None
    contests: tuple[ContestView, ...]
    state: State = "before"
    now: int = 0
    closes: int = 0
    opens_at: str = ""
    closes_at: str = ""

    @property
    def grace_minutes(self) -> int:
        return self.grace // 60

    def contest(self, key: str) -> ContestView | None:
        return next((contest for contest in self.contests if contest.id == key), None)


@dataclass(frozen=True)
class Asked:
    """The filter of the address."""

    q: str = ""
    most: int | None = None
    themes: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.q or self.most or self.themes)

    def matches(self, project: ProjectView) -> bool:
        """Whether a project is shown."""
        return (
            self.q.casefold() in project.search
            and (self.most is None or project.cost <= self.most)
            and (not self.themes or bool({*self.themes} & {*project.themes}))
        )


def booth_view(
    polling: Polling, shown: PublicRound, names: Names, contact: Contact, void: Mapping[str, Contest]
) -> BoothView:
    """Return what of a round's vote does not change with the time, in the language of ``names``.

    ``void``: the contests that are void, by key.
    """
    document, language = polling.manifest.document, names.words.language
    log = next(key["pk"] for key in document["keys"] if key["role"] == "log")
    own = shown.setup.texts.contact
    return BoothView(
        slug=polling.slug,
        name=round_name(shown, language),
        mode=document["mode"],
        eid=b64u(polling.manifest.eid),
        key=document["y"],
        log=checkpoint.vkey(document["origin"], unb64u(log, 32)),
        witnesses=tuple(document["wit"]["vkeys"]),
        grace=document["grace"],
        unit=document["unit"],
        contact=own if own.email or own.phone else contact,
        instructions=spoken(shown.setup.texts.instructions, language),
        contests=tuple(
            replace(contest, void=_void(void.get(contest.id), names))
            for contest in (_contest(polling, place, names) for place in range(len(document["contests"])))
        ),
    )


def _void(contest: Contest | None, names: Names) -> VoidView | None:
    if contest is None or contest.void_at is None:
        return None
    reason = spoken_of(dict(contest.void_reason or []), names.words.language)
    return VoidView(contest.void_at, reason or Spoken(names.words.language, ""))


def at_moment(view: BoothView, found: Round, words: Reader, *, now: datetime) -> BoothView:
    """Return a vote as it stands now: whether it is open, and when it opens and closes as last extended."""
    opens, closes = found.vote
    return replace(
        view,
        state=_state(found, view.grace, now),
        now=int(now.timestamp()),
        closes=int(closes.timestamp()),
        opens_at=words.moment(opens),
        closes_at=words.moment(closes),
    )


def _state(found: Round, grace: int, now: datetime) -> State:
    opens, closes = found.vote
    if found.phase != "voting" or now.timestamp() >= closes.timestamp() + grace:
        return "before" if now < opens else "closed"
    if found.paused_at is not None:
        return "paused"
    return "before" if now < opens else "open"


def _contest(polling: Polling, place: int, names: Names) -> ContestView:
    document, listed = polling.manifest.document["contests"][place], polling.ballot_list["contests"][place]
    limits = document["limits"]
    costs = [cost for _, cost in document["pro"]]
    several = len(polling.manifest.document["contests"]) > 1
    return ContestView(
        id=document["id"],
        group=document["g"],
        title=_title(document["id"], listed, names) if several else None,
        fmt=document["fmt"],
        budget=document["budget"],
        has_budget="cost" in limits,
        shape=json.dumps({"fmt": document["fmt"], "limits": limits, "costs": costs}, separators=(",", ":")),
        scores=tuple(range(limits["smax"], limits["smin"] - 1, -1)) if document["fmt"] == "scores" else (),
        projects=tuple(
            _project(number, project, document["id"], polling.slug, names)
            for number, project in enumerate(listed["projects"])
        ),
        categories=tuple(
            _category(number, limit, listed, names) for number, limit in enumerate(limits.get("cats", []))
        ),
    )


def _category(number: int, limit: Mapping[str, Any], listed: Mapping[str, Any], names: Names) -> CategoryView:
    """A limit for some projects, called by the theme that they share first."""
    themes = {next(iter(listed["projects"][project]["themes"]), "") for project in limit["i"]}
    theme = themes.pop() if len(themes) == 1 else ""
    name = names.theme(theme) if theme else names.words.gettext("Kind %(number)s") % {"number": number + 1}
    return CategoryView(name, limit.get("k"), limit.get("cost"))


def _title(contest: str, listed: Mapping[str, Any], names: Names) -> Spoken | None:
    """What a contest is called among others: in the list the one of the whole city has the name of its round."""
    if contest == CITY_WIDE:
        return Spoken(names.words.language, names.words.gettext("The whole city"))
    return spoken_of(dict(listed["title"]), names.words.language)


def _project(number: int, listed: Mapping[str, Any], contest: str, slug: str, names: Names) -> ProjectView:
    language = names.words.language
    title = spoken_of(dict(listed["title"]), language) or Spoken(language, listed["id"])
    text = spoken_of(dict(listed["text"]), language)
    themes = tuple(listed["themes"])
    named = [names.theme(theme) for theme in themes]
    searched = [listed["id"], title.text, text.text if text else "", *named]
    picture = listed.get("picture", "")
    return ProjectView(
        number=number,
        code=listed["id"],
        title=title,
        text=text,
        cost=listed["cost"],
        upkeep=listed["upkeep"],
        proposals=tuple(listed["proposals"]),
        themes=themes,
        theme=", ".join(named),
        look=names.look(themes[0] if themes else None, contest),
        picture=f"/{language}/rounds/{slug}/vote/pictures/{picture}" if picture else "",
        alt=spoken_of(dict(listed.get("alt", [])), language) or Spoken(language, "") if picture else None,
        search=" ".join(searched).casefold(),
    )


def shown_to(contest: ContestView, asked: Asked) -> ContestView:
    """Return a contest as a page lists it: in an order drawn for this page, with the filter applied.

    The script puts the projects into the order that its device drew once (frontend_static/src/voting/device.ts);
    without it nobody votes, but nobody's project always stands first either.
    """
    projects = [replace(project, matches=asked.matches(project)) for project in contest.projects]
    secrets.SystemRandom().shuffle(projects)
    return replace(contest, projects=tuple(projects))


def about_format(contest: ContestView, limits: Mapping[str, Any], words: Reader) -> str:
    """What a voter does on the ballot, in one or two sentences."""
    told = {
        "knapsack": words.gettext("Choose as many projects as the money is enough for. You need not use all of it."),
        "approval": words.gettext("Choose the projects that you want."),
        "points": words.gettext("Share out your points among the projects."),
        "scores": words.gettext("Give a score to as many projects as you like."),
        "ordinal": words.gettext("Put projects in order, the best one first."),
    }[contest.fmt]
    if (most := limits.get("k")) is not None:
        told += " " + words.ngettext("At most %(count)s project.", "At most %(count)s projects.", most) % {
            "count": words.number(most)
        }
    if contest.fmt == "points":
        given = {"count": words.number(limits["sum"])} if "sum" in limits else None
        told += " " + words.gettext("You have %(count)s points.") % given if given else ""
    return told


def legend(contest: ContestView, words: Reader) -> str:
    """What the list of controls is called for who hears it: area and rule."""
    area = contest.title.text if contest.title else words.gettext("Projects")
    return words.gettext("%(area)s: %(money)s to share out") % {"area": area, "money": words.money(contest.budget)}


def meter_name(contest: ContestView, words: Reader) -> str:
    """What the bar is called."""
    if contest.fmt == "points":
        return words.gettext("Points given")
    return words.gettext("Money used") if contest.has_budget else words.gettext("Projects in my vote")


def prices(contest: ContestView, words: Reader) -> Sequence[tuple[int, str]]:
    """The choices of the filter by price; none where they would tell nothing apart."""
    highest = max(project.cost for project in contest.projects)
    cuts = [contest.budget // step for step in _PRICE_STEPS]
    return [(cut, words.gettext("at most %(amount)s") % {"amount": words.money(cut)}) for cut in cuts if cut < highest]


def theme_choices(contest: ContestView, names: Names) -> Sequence[tuple[str, str]]:
    """The themes of a contest's projects, in the order of the round."""
    used = {theme for project in contest.projects for theme in project.themes}
    return [(key, names.theme(key)) for key in dict.fromkeys([*names.themes, *sorted(used)]) if key in used]


def grouped(code: str) -> str:
    """A seal code as people compare it: four groups of four."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))
