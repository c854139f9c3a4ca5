"""What the page of one proposal hands to its template: state, texts, money, decisions, comments, history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pb_service.core.proposals.form import ProposalForm, Question
from pb_service.core.proposals.places import from_geojson, middle
from pb_service.core.proposals.states import SETTLED, State
from pb_service.core.rounds.districts import SCALE
from pb_service.core.rounds.phases import Phase
from pb_service.features.proposals.browse import Conversation, Counts, Detail
from pb_service.features.proposals.browse_presentation import (
    Card,
    Names,
    cards,
    is_picture,
    on_map,
    picture_of,
    round_map,
    state_chip,
)
from pb_service.features.proposals.facts import CostFact, ProposalFacts
from pb_service.features.proposals.reading import Spoken, excerpt, share_of, spoken, spoken_of
from pb_service.features.proposals.tables import Proposal, ProposalAct, ProposalComment
from pb_service.features.proposals.vocabulary import act_sentences, state_names
from pb_service.features.rounds.presentation import MAP_WIDTH
from pb_service.features.rounds.public import PublicRound
from pb_service.web.bars import Amount, MoneyPart, parts_of
from pb_service.web.formats import Reader

_DASH = "\u2013"

#: The way of a proposal in four steps, and the states that have reached each.
_REACHED: Mapping[State, int] = {
    "received": 0,
    "returned": 0,
    "published": 1,
    "rejected": 1,
    "withdrawn": 1,
    "merged": 1,
    "split": 1,
    "hidden": 1,
    "assessed": 2,
    "infeasible": 2,
    "on_ballot": 3,
}

#: Phases in which people may comment.
TALKED: frozenset[Phase] = frozenset({"ideas", "moderation", "assessment", "voting"})

#: Acts that end or change the way of a proposal: their reasons stand at the top of its page.
_DECISIONS = frozenset({"reject", "find_infeasible", "reinstate", "uphold", "return"})


@dataclass(frozen=True)
class StepView:
    """A step in the status line; as components.html's ``steps`` wants it."""

    name: str
    when: str
    note: str
    state: str


@dataclass(frozen=True)
class CommentView:
    """A comment as its page shows it; a hidden one has only the reason."""

    anchor: str
    who: str
    when: str
    lang: str
    body: str
    hidden: str


@dataclass(frozen=True)
class ThreadView:
    """A comment with answers to it; ``count`` says how many there are, ``more`` that not all of them are here."""

    comment: CommentView
    answers: tuple[CommentView, ...]
    count: int
    more: bool


@dataclass(frozen=True)
class HistoryLine:
    """Something that happened, with the reason published for it."""

    at: datetime
    what: str
    reason: Spoken | None


@dataclass(frozen=True)
class Column:
    """A proposal beside others: its card and what is compared, a row each: (name, value)."""

    card: Card
    rows: tuple[tuple[str, str], ...]


def detail_context(shown: PublicRound, detail: Detail, form: ProposalForm, names: Names, base: str) -> dict[str, Any]:
    """The context of ``proposals/proposal.html``."""
    proposal, words = detail.proposal, names.words
    money = _district_money(shown, proposal)
    cost = detail.facts.cost
    amount = cost.amount if cost else proposal.cost_hint
    number = proposal.number or 0
    place = from_geojson(proposal.place)
    pictures = [picture_of(file, proposal, base) for file in proposal.files if is_picture(file)]
    return {
        "proposal": proposal,
        "number": number,
        "here": f"{base}/{number}",
        "district": names.district(proposal.district),
        "theme": names.theme(proposal.theme),
        "look": names.look(proposal.theme, proposal.district),
        "chip": state_chip(proposal, words),
        "steps_of_proposal": status_steps(detail, words),
        "decision": decision(detail, words),
        "pictures": pictures,
        "documents": [
            (file, f"{base}/{number}/files/{file.file_id}") for file in proposal.files if not is_picture(file)
        ],
        "authors": author_line(proposal, words),
        "answers": answers(proposal, form, words),
        "cost": cost,
        "amount": amount,
        "cost_note": cost_note(cost, words),
        "share": share_of(amount, money) if amount is not None and money else None,
        "money": money,
        "money_bar_parts": bar(amount, money),
        "counts": detail.counts,
        "facts": detail.facts,
        "checks": [
            (spoken_of(label, words.language), met, spoken_of(reason, words.language))
            for label, met, reason in detail.facts.checks
        ],
        "project_title": spoken_of(detail.facts.project.titles, words.language) if detail.facts.project else None,
        "cost_history": cost_history(cost, words),
        "came_from": detail.came_from,
        "went_into": detail.went_into,
        "questions": detail.questions,
        "conversation": detail.conversation,
        "threads": thread_views(detail.conversation, words),
        "history": history(detail.acts, words),
        "has_versions": len(detail.versions) > 1,
        "map": (map_ := round_map(shown, MAP_WIDTH) if place else None),
        "pin": on_map(map_, middle(place)) if map_ and place else None,
        "description": excerpt(proposal.idea or proposal.need, 200),
        "where": words.coordinates(_degrees(middle(place))) if place else "",
        "is_open": proposal.state not in SETTLED and shown.phase in {"ideas", "moderation", "assessment"},
        "can_comment": shown.phase in TALKED,
        "appeal": spoken(shown.setup.closing.appeal, words.language)
        if proposal.state in {"rejected", "infeasible"}
        else None,
        "in_words": _language_names(words),
    }


def status_steps(detail: Detail, words: Reader) -> list[StepView]:
    """The way of a proposal: sent, published, checked and costed, on the ballot."""
    proposal = detail.proposal
    reached = _REACHED.get(proposal.state, 0)
    names = [
        words.gettext("Sent"),
        words.gettext("Published"),
        words.gettext("Checked and costed"),
        words.gettext("On the ballot"),
    ]
    times = [
        proposal.received_at,
        proposal.published_at,
        _checked_at(detail.acts),
        _act_at(detail.acts, "put_on_ballot"),
    ]
    ended = proposal.state in SETTLED
    made = []
    for place, (name, at) in enumerate(zip(names, times, strict=True)):
        if ended and place > reached:
            break
        state = "done" if place < reached else "now" if place == reached else "next"
        note = state_names(words)[proposal.state] if ended and place == reached else ""
        made.append(StepView(name, words.date(at) if at and state != "next" else "", note, state))
    return made


def decision(detail: Detail, words: Reader) -> HistoryLine | None:
    """The last decision about a proposal that does not go on, or that was asked for more, with its reason."""
    found = next((act for act in reversed(detail.acts) if act.act in _DECISIONS), None)
    if found is None or (found.act in {"reinstate", "return"} and detail.proposal.state != "returned"):
        return None
    return _line(found, words)


def history(acts: Sequence[ProposalAct], words: Reader) -> list[HistoryLine]:
    """Everything that happened, newest first."""
    return [_line(act, words) for act in reversed(acts)]


def _line(act: ProposalAct, words: Reader) -> HistoryLine:
    return HistoryLine(act.at, act_sentences(words).get(act.act, act.act), reason_of(act, words))


def reason_of(act: ProposalAct, words: Reader) -> Spoken | None:
    """The reason published for an act, in the reader's language if there is one."""
    reason = act.shown.get("reason") or {}
    return spoken_of(reason, words.language) if isinstance(reason, dict) else None


def author_line(proposal: Proposal, words: Reader) -> str:
    """Who wrote it, as the authors chose to be shown."""
    if proposal.show_author == "group" and proposal.group_name:
        return proposal.group_name
    shown = [author.shown_name for author in proposal.authors if author.accepted_at and author.shown_name]
    if proposal.show_author == "name" and shown and not proposal.minor:
        return words.listed(shown)
    return words.gettext("A resident")


def answers(proposal: Proposal, form: ProposalForm, words: Reader) -> list[tuple[Spoken | None, str]]:
    """The round's own questions that are public, with what was answered."""
    found = []
    for question in form.questions:
        text = proposal.answers.get(question.key)
        if question.public and text:
            found.append((spoken(question.label, words.language), _answer(question, str(text), words)))
    return found


def _answer(question: Question, text: str, words: Reader) -> str:
    if question.kind == "yes":
        return words.gettext("Yes")
    if question.kind == "choice":
        option = next((option for option in question.options if option.key == text), None)
        name = spoken(option.name, words.language) if option else None
        return name.text if name else text
    return words.number(int(text)) if question.kind == "number" and text.isdigit() else text


def cost_note(cost: CostFact | None, words: Reader) -> str:
    """Whose figure the cost is."""
    if cost is None:
        return words.gettext("A guess by the author. The city has not calculated it yet.")
    if cost.signed_at:
        return words.gettext("Calculated by the city and checked by a second person.")
    return words.gettext("Calculated by the city.")


def cost_history(cost: CostFact | None, words: Reader) -> list[tuple[str, str, Spoken | None]]:
    """Every published figure there was, newest first, with the reason for the change."""
    if cost is None or len(cost.versions) < 2:
        return []
    return [
        (words.money(amount), words.date(at), spoken_of(reason, words.language))
        for amount, at, reason in reversed(cost.versions)
    ]


def bar(amount: int | None, money: int | None) -> list[MoneyPart]:
    """The bar that shows which part of the money something would take."""
    if amount is None or not money:
        return []
    return parts_of(max(money, amount), [Amount(amount)])


def thread_views(conversation: Conversation, words: Reader) -> list[ThreadView]:
    """The comments of a page as it shows them."""
    return [
        ThreadView(
            comment_view(thread.comment, words),
            tuple(comment_view(answer, words) for answer in thread.answers),
            thread.count,
            thread.more,
        )
        for thread in conversation.threads
    ]


def comment_view(comment: ProposalComment, words: Reader) -> CommentView:
    """A comment as its page shows it."""
    hidden = comment.hidden_at is not None
    return CommentView(
        anchor=f"c-{comment.id.hex}",
        who=comment.shown_name or words.gettext("A resident"),
        when=words.moment(comment.at),
        lang=comment.language,
        body="" if hidden else comment.body,
        hidden=(comment.hidden_reason or "") if hidden else "",
    )


def side_by_side(found: Sequence[tuple[Proposal, ProposalFacts, Counts]], names: Names, base: str) -> list[Column]:
    """Proposals beside each other: the same rows for each."""
    words = names.words
    columns = []
    for proposal, facts, counts in found:
        amount = facts.cost.amount if facts.cost else proposal.cost_hint
        (card,) = cards(
            [proposal],
            names,
            base=base,
            amounts={proposal.id: facts.cost.amount} if facts.cost else {},
            counts={proposal.id: counts},
        )
        rows = (
            (words.gettext("District"), card.district),
            (words.gettext("Theme"), card.theme or _DASH),
            (words.gettext("State"), state_names(words)[proposal.state]),
            (words.gettext("Cost"), words.money(amount) if amount is not None else words.gettext("not known yet")),
            (
                words.gettext("Upkeep a year"),
                words.money(facts.cost.upkeep) if facts.cost and facts.cost.upkeep is not None else _DASH,
            ),
            (words.gettext("For whom"), proposal.audience or _DASH),
            (words.gettext("Supporters"), words.number(counts.supporters)),
            (words.gettext("Comments"), words.number(counts.comments)),
        )
        columns.append(Column(card, rows))
    return columns


def _district_money(shown: PublicRound, proposal: Proposal) -> int | None:
    if proposal.district is None:
        return shown.setup.money.city_wide or None
    return (shown.money or {}).get(proposal.district)


def _checked_at(acts: Sequence[ProposalAct]) -> datetime | None:
    return _act_at(acts, "assess") or _act_at(acts, "find_infeasible")


def _act_at(acts: Sequence[ProposalAct], act: str) -> datetime | None:
    return next((found.at for found in reversed(acts) if found.act == act), None)


def _degrees(position: tuple[int, int]) -> tuple[str, str]:
    longitude, latitude = position
    return f"{latitude / SCALE:.6f}", f"{longitude / SCALE:.6f}"


def _language_names(words: Reader) -> Mapping[str, str]:
    return {"fi": words.gettext("Finnish"), "sv": words.gettext("Swedish"), "en": words.gettext("English")}


def field_names(form: ProposalForm, words: Reader) -> dict[str, str]:
    """What the fields of a proposal's text are called in its differences."""
    own = {f"answers.{question.key}": spoken(question.label, words.language) for question in form.questions}
    return {
        "title": words.gettext("Name of the idea"),
        "need": words.gettext("Need"),
        "idea": words.gettext("Idea"),
        "audience": words.gettext("For whom"),
        "language": words.gettext("Language"),
        "place": words.gettext("Place"),
    } | {name: label.text for name, label in own.items() if label}
