"""What each page about a whole round hands to its template: views, the reader's words, and the bars made from both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pb_service.core.rounds.documents import GreedyRule, RuleDocument
from pb_service.core.rounds.setup import pairs
from pb_service.features.results.sentences import tie_reason
from pb_service.features.rounds.presentation import rule_titles
from pb_service.features.rounds.public import PublicRound
from pb_service.features.site.checks import GROUPS, figures_in_words, title_of
from pb_service.features.site.own_rounds import RoundLine
from pb_service.features.site.views import DistrictView, ProofView, RecordView, RoundView, Texts, VerificationView
from pb_service.web.bars import Amount, MoneyPart, parts_of
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language, translations


@dataclass(frozen=True)
class Named:
    """A name in the reader's language if there is one, with the language that it is in."""

    lang: str
    text: str


@dataclass(frozen=True)
class StepLine:
    """A step of the round for the step line; ``state`` is done, now or next."""

    name: str
    when: str
    note: str
    state: str


@dataclass(frozen=True)
class FileLine:
    """A file to take along."""

    href: str
    name: str
    about: str


def front_page(rounds: Sequence[RoundView], own: Sequence[RoundLine], language: Language) -> dict[str, Any]:
    """The context of ``site/front.html``: what one can take part in now, large, and then the newest result.

    ``own`` are the rounds that go on; one of them that is not counted yet stands among these alone.
    """
    slugs = {line.slug for line in own}
    shown = [view for view in rounds if view.counted or view.slug not in slugs]
    lead = next((line for line in own if line.is_open), None) or (own[0] if own and not shown else None)
    # the menu is that of the round that leads
    context = {"under_way": own, "lead": lead, "own": lead is not None, **({"slug": lead.slug} if lead else {})}
    if not shown:
        return {**context, "round": None, "words": Reader(language, translations(language))}
    newest, *others = shown
    return {
        **_round_context(newest, language),
        **context,
        "others": [_round_context(other, language) for other in others],
    }


def round_page(shown: RoundView, language: Language) -> dict[str, Any]:
    """The context of ``site/round.html``."""
    context = _round_context(shown, language)
    words: Reader = context["words"]
    return {
        **context,
        "district_parts": _district_parts(shown, words),
        "steps_of_round": _steps(shown, words),
        "files": _files(shown, words),
        "rules_in_words": [rule_in_words(rule, words) for rule in shown.rules],
    }


@dataclass(frozen=True)
class KeptWithRound:
    """How long things of one round are kept, in months; ``name`` is (language, text)."""

    name: tuple[str, str]
    roll_months: int
    proposals_months: int
    messages_months: int


def kept_with_rounds(rounds: Sequence[PublicRound], language: Language) -> list[KeptWithRound]:
    """What the privacy page says of each public round that is not archived."""
    return [
        KeptWithRound(
            text_in(pairs(shown.setup.texts.name), language),
            shown.setup.closing.roll_months,
            shown.setup.closing.proposals_months,
            shown.setup.closing.messages_months,
        )
        for shown in rounds
        if shown.phase != "archived"
    ]


def record_page(shown: RecordView, language: Language) -> dict[str, Any]:
    """The context of ``site/record.html``."""
    words = Reader(language, translations(language))
    return {
        "record": shown,
        "slug": shown.slug,
        "name": named(shown.names, language),
        "words": words,
        "kind_in_words": lambda kind: kind_in_words(kind, words),
    }


def proof_page(shown: RoundView, proof: ProofView, language: Language) -> dict[str, Any]:
    """The context of ``site/entry.html``."""
    context = _round_context(shown, language)
    return {**context, "proof": proof, "kind_in_words": lambda kind: kind_in_words(kind, context["words"])}


def verify_page(shown: RoundView, report: VerificationView | None, language: Language) -> dict[str, Any]:
    """The context of ``site/verify.html``."""
    context = _round_context(shown, language)
    words: Reader = context["words"]
    checks = {check.name: check for check in report.checks} if report else {}
    return {
        **context,
        "report": report,
        "groups": [
            (title(words), [checks[name] for name in names if name in checks]) for title, names in GROUPS.items()
        ],
        "title_of": lambda name: title_of(name, words),
        "figures_of": lambda check: figures_in_words(check, words),
    }


def named(texts: Texts, language: str) -> Named:
    """The text in the reader's language, or the first one."""
    return Named(*text_in(texts, language))


def rule_in_words(rule: RuleDocument, words: Reader) -> list[str]:
    """What a rule does, and how it decides between equals, in short sentences."""
    match rule["name"]:
        case "greedy":
            sentences = [
                _first(rule, words),
                words.gettext("What does not fit the money left is skipped, and the next one has its turn.")
                if rule["skip"]
                else words.gettext("At the first project that does not fit the money left, the counting stops."),
            ]
        case "equal_shares":
            sentences = [
                words.gettext("Every voter has an equal part of the money."),
                words.gettext("A project is bought when those who voted for it can pay it together from their parts."),
            ]
        case _:
            sentences = [rule_titles(words)[rule["name"]][1]]
    ties = ", ".join(tie_reason(tie, words) for tie in rule["ties"])
    return [*sentences, words.gettext("Between equals: %(order)s.") % {"order": ties}]


def _first(rule: GreedyRule, words: Reader) -> str:
    if "density" in rule:
        return (
            words.gettext("The project with most votes for its cost comes first, then the next.")
            if rule["by"] == "votes"
            else words.gettext("The project with most points for its cost comes first, then the next.")
        )
    return (
        words.gettext("The project with most votes comes first, then the next, as long as the money lasts.")
        if rule["by"] == "votes"
        else words.gettext("The project with most points comes first, then the next, as long as the money lasts.")
    )


def kind_in_words(kind: str, words: Reader) -> str:
    """What an entry of the record is about; the kind itself when it has no words yet."""
    known = {
        "round.created": words.gettext("Round created"),
        "contest.imported": words.gettext("Ballots of a district imported"),
        "manifest": words.gettext("Manifest fixed and signed"),
        "close": words.gettext("Vote closed"),
        "result": words.gettext("Result of a district published"),
        "round.published": words.gettext("Round published, with its whole set-up"),
        "round.changed": words.gettext("Set-up changed"),
        "phase.changed": words.gettext("A phase begun"),
        "phase.extended": words.gettext("Dates changed"),
        "phase.paused": words.gettext("Round paused"),
        "phase.resumed": words.gettext("Round resumed"),
        "districts.table": words.gettext("Table from addresses to districts exchanged"),
        "proposal.form": words.gettext("Form for proposals changed"),
        "proposal.received": words.gettext("Proposal received"),
        "proposal.changed": words.gettext("Text of a proposal changed"),
        "proposal.published": words.gettext("Proposal published"),
        "proposal.returned": words.gettext("Authors asked for more"),
        "proposal.rejected": words.gettext("Proposal not accepted, with a reason"),
        "proposal.withdrawn": words.gettext("Proposal withdrawn by its authors"),
        "proposal.hidden": words.gettext("Proposal hidden, with a reason"),
        "proposal.merged": words.gettext("Proposals joined"),
        "proposal.unmerged": words.gettext("Joining undone"),
        "proposal.split": words.gettext("Proposal divided"),
        "proposal.unsplit": words.gettext("Division undone"),
        "assessment.decided": words.gettext("Proposal checked, with a decision"),
        "cost.set": words.gettext("Cost calculated"),
        "cost.signed": words.gettext("Cost signed by a second person"),
        "review.requested": words.gettext("Review asked for"),
        "review.decided": words.gettext("Review decided"),
        "project.made": words.gettext("Project of the ballot made"),
        "project.changed": words.gettext("Project of the ballot changed"),
        "list.fixed": words.gettext("Ballot list fixed by two people"),
        "list.amended": words.gettext("Ballot list amended, with a reason"),
    }
    return known.get(kind, kind)


def _round_context(shown: RoundView, language: Language) -> dict[str, Any]:
    words = Reader(language, translations(language), currency=shown.currency, unit=shown.unit)
    return {
        "round": shown,
        "slug": shown.slug,
        "name": named(shown.names, language),
        "words": words,
        "base": f"/{language}/rounds/{shown.slug}",
        "title_in": lambda texts: named(texts, language),
        "district_bar": _used,
        "example_bar": example_bar,
    }


def example_bar(*costs: int) -> list[MoneyPart]:
    """The bar of the worked example: costs of a hundred."""
    return parts_of(100, [Amount(cost, label=str(cost)) for cost in costs])


def _used(district: DistrictView) -> list[MoneyPart]:
    """The bar of one district: what is used, and hatched what is left."""
    return parts_of(district.budget, [Amount(district.count.cost if district.count else 0)])


def _district_parts(shown: RoundView, words: Reader) -> list[MoneyPart]:
    """The bar of the whole round: a part for each district, as wide as its money."""
    thousand = 1000 * shown.unit
    amounts = [
        Amount(
            district.budget,
            label=words.number(round(district.budget / thousand)) if district.budget >= thousand else "",
            name=f"{named(district.title, words.language).text}: {words.money(district.budget)}",
        )
        for district in shown.districts
    ]
    return parts_of(shown.budget, amounts, districts=True)


def _steps(shown: RoundView, words: Reader) -> list[StepLine]:
    """The steps of an imported round: those behind it with their dates, and what is still to come."""
    counted = shown.counted_at
    districts = words.ngettext("%(count)s district", "%(count)s districts", len(shown.districts))
    return [
        StepLine(
            words.gettext("Vote"),
            words.dates(shown.opens_at, shown.closes_at),
            words.ngettext("%(count)s ballot", "%(count)s ballots", shown.ballots)
            % {"count": words.number(shown.ballots)}
            if shown.counted
            else "",
            "done",
        ),
        StepLine(
            words.gettext("Imported"),
            words.short_date(shown.created_at),
            districts % {"count": words.number(len(shown.districts))},
            "done",
        ),
        StepLine(
            words.gettext("Locked"),
            words.short_date(shown.created_at),
            words.gettext("projects, money and rule signed"),
            "done",
        ),
        StepLine(
            words.gettext("Counted"),
            words.short_date(counted) if counted else "",
            words.gettext("preliminary result") if counted else "",
            "now" if counted else "next",
        ),
        StepLine(words.gettext("Confirmed"), "", words.gettext("by the city, not in this service"), "next"),
    ]


def _files(shown: RoundView, words: Reader) -> list[FileLine]:
    """Everything about the round that can be taken along."""
    files = []
    if shown.counted:
        size = f", {words.size(shown.bundle_size)}" if shown.bundle_size else ""
        files.append(
            FileLine(
                f"/data/{shown.slug}/evidence.zip",
                words.gettext("Evidence bundle"),
                words.gettext("everything needed to count again, zip") + size,
            )
        )
    return [
        *files,
        FileLine(
            f"/data/{shown.slug}/manifest.json",
            words.gettext("Manifest"),
            words.gettext("projects, money, limits and rules as signed, JSON"),
        ),
        FileLine(
            f"/api/v1/rounds/{shown.slug}",
            words.gettext("The round in the open interface"),
            words.gettext("JSON, links to every district"),
        ),
    ]
