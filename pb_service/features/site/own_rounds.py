"""What the pages of a round of one's own hand to their templates: steps, money, rules and changes, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.municipality import Municipality
from pb_service.core.rounds.outlines import drawn_map
from pb_service.core.rounds.setup import STEPS, Contact, EligibilityStep, School, StepName, Text, pairs
from pb_service.features.implementation import reading
from pb_service.features.implementation.errors import NotBuiltYet
from pb_service.features.implementation.pages import board_context
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.presentation import (
    MAP_WIDTH,
    district_names,
    money_parts,
    phase_list,
    rule_titles,
    share_rows,
    tie_name,
)
from pb_service.features.rounds.public import PublicAct, PublicRound
from pb_service.features.rounds.steps.labels import label_of, phase_names
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language, translations

#: Phases in which residents do something that counts.
INFLUENCE = frozenset({"ideas", "voting"})


@dataclass(frozen=True)
class Spoken:
    """A text with the language that it is in."""

    lang: str
    text: str


@dataclass(frozen=True)
class ChangeLine:
    """Something that happened to the round, with the reason that was published for it."""

    at: datetime
    what: str
    reason: Spoken | None


@dataclass(frozen=True)
class RoundLine:
    """A round in the list of rounds. ``money``: None as long as it cannot be told; ``votes_now``: ballots are taken."""

    slug: str
    name: Spoken
    summary: Spoken | None
    phase: str
    money: int | None
    until: datetime | None
    is_open: bool
    votes_now: bool
    words: Reader


def spoken(text: Text, language: Language) -> Spoken | None:
    """A text in the reader's language, else in the first that there is, else None."""
    written = pairs(text)
    return Spoken(*text_in(written, language)) if written else None


def words_for(shown: PublicRound, language: Language) -> Reader:
    """The reader's words, with the round's money and time zone."""
    money = shown.setup.money
    zone = shown.setup.dates.time_zone
    return Reader(language, translations(language), currency=money.currency, unit=money.unit, zone=zone)


def own_round_page(shown: PublicRound, settings: Municipality, language: Language) -> dict[str, Any]:
    """The context of ``site/own_round.html``."""
    words, setup = words_for(shown, language), shown.setup
    districts = setup.districts.districts
    rows = share_rows(setup.money, districts, language)
    name = spoken(setup.texts.name, language) or Spoken(language, words.gettext("Round without a name"))
    title, about = rule_titles(words)[setup.rule.name]
    return {
        "round": shown,
        "slug": shown.slug,
        "own": True,
        "rehearsal": shown.rehearsal,
        "words": words,
        "name": name,
        "base": f"/{language}/rounds/{shown.slug}",
        "summary": spoken(setup.texts.summary, language),
        "description": spoken(setup.texts.description, language),
        "instructions": spoken(setup.texts.instructions, language),
        "appeal": spoken(setup.closing.appeal, language),
        "contact": _contact_or(setup.texts.contact, settings.contact),
        "phase_names": phase_names(words),
        "phases": phase_list(shown.timeline, words),
        "now": now_sentence(shown, words),
        "can_influence": shown.phase in INFLUENCE and shown.paused_at is None,
        "paused_reason": spoken(shown.paused_reason, language) if shown.paused_reason else None,
        "district_word": spoken(settings.district, language),
        "rows": rows,
        "parts": money_parts(rows, setup.money, language),
        "map": drawn_map(districts, MAP_WIDTH),
        "names": district_names(districts, language),
        "rule_title": title,
        "rule_about": about,
        "ties": [tie_name(tie, words) for tie in setup.rule.ties],
        "who": who_may_vote(setup.eligibility, words),
        "checked": how_it_is_checked(setup.eligibility, words),
        "rolled": setup.eligibility.roll != "none",
        "who_more": spoken(setup.eligibility.explanation, language),
        "ballot_about": ballot_in_words(shown, words),
        "criteria": [spoken(criterion.label, language) for criterion in setup.criteria.criteria],
        "changes": [change for act in reversed(shown.acts) if (change := change_line(act, language))],
    }


async def built_section(
    session: AsyncSession, slug: str, words: Reader, language: Language, *, now: datetime
) -> dict[str, Any] | None:
    """What is being built in a round, in short; None before a decision confirms its result."""
    try:
        board = await reading.board(session, await published_round(session, slug, whole=False), now)
    except NotBuiltYet:
        return None
    asked = {"district": "", "state": ""}
    return board_context(board, asked, words, language)


def own_round_line(shown: PublicRound, language: Language) -> RoundLine:
    """A round of one's own for the list of rounds."""
    words = words_for(shown, language)
    return RoundLine(
        slug=shown.slug,
        name=spoken(shown.setup.texts.name, language) or Spoken(language, shown.slug),
        summary=spoken(shown.setup.texts.summary, language),
        phase=phase_names(words)[shown.phase],
        money=shown.total,
        until=shown.open_until,
        is_open=shown.phase in INFLUENCE and shown.paused_at is None,
        votes_now=shown.phase == "voting" and shown.paused_at is None,
        words=words,
    )


def now_sentence(shown: PublicRound, words: Reader) -> str:
    """What goes on in a round now, and until when."""
    sentences = {
        "set_up": words.gettext("This is a draft."),
        "announced": words.gettext("The round has been announced."),
        "ideas": words.gettext("Residents write ideas and proposals now."),
        "moderation": words.gettext("Ideas are being read and published."),
        "assessment": words.gettext("The city checks the proposals and calculates their costs."),
        "voting": words.gettext("Residents vote now."),
        "counting": words.gettext("Voting has ended. The ballots are being counted."),
        "results": words.gettext("The result is here."),
        "implementation": words.gettext("What was chosen is being built."),
        "archived": words.gettext("The round is over."),
    }
    told = sentences[shown.phase]
    following = next((step for step in shown.timeline if step.state == "next"), None)
    if shown.open_until and following and shown.paused_at is None:
        next_name = phase_names(words)[following.phase]
        told += " " + words.gettext("“%(phase)s” begins on %(when)s.") % {
            "phase": next_name,
            "when": words.moment(shown.open_until),
        }
    return told


def who_may_vote(rule: EligibilityStep, words: Reader) -> str:
    """Who may vote, in plain words: all of the rule, whatever else the municipality explains."""
    lives = words.gettext("who lives in the municipality")
    if rule.residence_on:
        day = datetime.fromisoformat(rule.residence_on).date()
        lives = words.gettext("who lives in the municipality on %(day)s") % {"day": words.date_of(day)}
    grounds = {
        "residence": lives,
        "school": words.gettext("who goes to one of the schools named"),
        "anyone": words.gettext("anyone"),
    }
    told = words.gettext("May vote: %(who)s.") % {
        "who": _alternatives([grounds[ground] for ground in rule.grounds], words)
    }
    if "school" in rule.grounds and rule.schools:
        named = "; ".join(_school(school, words) for school in rule.schools)
        told += " " + words.gettext("The schools: %(schools)s.") % {"schools": named}
    if "residence" in rule.grounds and rule.postal_codes:
        told += " " + words.gettext("Postal codes: %(codes)s.") % {"codes": rule.postal_codes}
    ages = {"least": rule.min_age, "most": rule.max_age}
    if rule.min_age is not None and rule.max_age is not None:
        told += " " + words.gettext("Age: %(least)s to %(most)s years.") % ages
    elif rule.min_age is not None:
        told += " " + words.gettext("Age: at least %(least)s years.") % ages
    elif rule.max_age is not None:
        told += " " + words.gettext("Age: at most %(most)s years.") % ages
    if rule.age_on and (rule.min_age is not None or rule.max_age is not None):
        day = datetime.fromisoformat(rule.age_on).date()
        told += " " + words.gettext("The age on %(day)s counts.") % {"day": words.date_of(day)}
    return told


def how_it_is_checked(rule: EligibilityStep, words: Reader) -> str:
    """How the vote finds out who may vote; of an open vote also that this is a weak check."""
    told = {
        "none": words.gettext("The vote is open: everybody with an account can take part, without a roll."),
        "all": words.gettext("Who may vote stands on a roll."),
        "districts": words.gettext("In the districts a roll says who may vote; the city-wide vote is open."),
        "city": words.gettext("In the city-wide vote a roll says who may vote; in the districts it is open."),
    }[rule.roll]
    if rule.declaration and rule.roll != "all":
        told += " " + words.gettext("Where it is open, each voter first declares to meet the rule.")
    return told


def _school(school: School, words: Reader) -> str:
    """A school, with its grades when not all of them may vote."""
    grades = ", ".join(map(str, sorted(school.grades)))
    named = {"school": school.name, "grades": grades}
    return words.gettext("%(school)s (grades %(grades)s)") % named if grades else school.name


def _alternatives(items: Sequence[str], words: Reader) -> str:
    return words.gettext(" or ").join(items)


def ballot_in_words(shown: PublicRound, words: Reader) -> str:
    """What people do on the ballot, in one or two sentences."""
    ballot = shown.setup.ballot
    told = {
        "knapsack": words.gettext("You choose projects as long as the money lasts."),
        "approval": words.gettext("You choose the projects that you want."),
        "points": words.gettext("You share out points to the projects."),
        "scores": words.gettext("You give each project a score."),
        "ordinal": words.gettext("You put projects in order, the best one first."),
    }[ballot.fmt]
    if ballot.k is not None:
        told += " " + words.ngettext("At most %(count)s project.", "At most %(count)s projects.", ballot.k) % {
            "count": ballot.k
        }
    if ballot.revote:
        told += " " + words.gettext("You can change your vote until voting ends; the last one counts.")
    return told


def _contact_or(own: Contact, general: Contact) -> Contact:
    return own if own.email or own.phone else general


def change_line(act: PublicAct, language: Language) -> ChangeLine | None:
    """What happened to a round, in words; None for what people are not told apart from the record."""
    words = translations(language)
    names = phase_names(words)
    what = {
        "round.published": words.gettext("The round was published."),
        "phase.extended": words.gettext("Dates were changed."),
        "phase.paused": words.gettext("The round was paused."),
        "phase.resumed": words.gettext("The round went on."),
        "districts.table": words.gettext("The table of postal codes or addresses was changed."),
        "proposal.form": words.gettext("What proposals are asked for was changed."),
    }
    told = what.get(act.kind)
    if act.kind == "phase.changed" and act.target:
        told = words.gettext("“%(phase)s” began.") % {"phase": names[act.target]}
    if act.kind == "round.changed":
        step: StepName = next((name for name in STEPS if name == act.about.get("step")), "texts")
        fields = dict.fromkeys(label_of(step, field, language) for field in act.about.get("fields", ()))
        told = words.gettext("Changed: %(fields)s.") % {"fields": ", ".join(fields)}
    return ChangeLine(act.at, told, spoken(act.reason, language)) if told else None
