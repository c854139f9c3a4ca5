"""Results from the published documents: nothing is shown that is not in the files that auditors get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, entries
from pb_service.core.rounds.documents import (
    Ballot,
    BallotListDocument,
    BallotsDocument,
    ContestDocument,
    ManifestDocument,
    OutcomeDocument,
    RuleDocument,
)
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.core.sealing import payload
from pb_service.core.sealing.payload import BallotShape
from pb_service.core.tally import rule_by_name
from pb_service.core.tally.constraints import FIELDS as CONSTRAINTS
from pb_service.core.tally.explain import VERSION, Explanation, explanation
from pb_service.features.counting import repository as counting
from pb_service.features.counting.tables import ContestCount
from pb_service.features.record import service as record
from pb_service.features.results import repository, states
from pb_service.features.results.documents import ContestDocuments, Download, ProjectChange, Sibling, StateName
from pb_service.features.results.errors import ContestNotFound, ManifestNotFound
from pb_service.features.rounds.service import find_round, published_round
from pb_service.features.rounds.tables import Contest, Round
from pb_service.platform import changes


async def contest_documents(session: AsyncSession, slug: str, contest_key: str) -> ContestDocuments:
    """Return the documents of one counted contest. Raises RoundNotFound or ContestNotFound."""
    shown = await published_round(session, slug)
    contest = contest_of(shown, contest_key)
    count = await counting.count_of(session, contest.id)
    if count is None:
        raise ContestNotFound(f"The contest {contest_key!r} has not been counted yet.")
    outcome = await outcome_of(session, count)
    body, manifest = await manifest_of(session, shown)
    derived = await repository.explanation_of(session, contest.id)
    in_manifest = manifest["contests"][contest.position]
    state, changes = await _state_of(session, shown, in_manifest, outcome)
    return ContestDocuments(
        slug=shown.slug,
        manifest=manifest,
        contest=in_manifest,
        ballot_list=cast(BallotListDocument, await _document(session, canonical.unb64u(in_manifest["list"]))),
        outcome=outcome,
        explanation=None if derived is None else derived.explanation,
        official=official_winners(contest),
        fingerprint=fingerprint(entries.election_id(body)),
        state=state,
        changes=changes,
        downloads=_downloads(shown.slug, contest.key, outcome),
        siblings=tuple(
            Sibling(other.key, [(language, text) for language, text in other.title]) for other in shown.contests
        ),
    )


async def _state_of(
    session: AsyncSession, shown: Round, contest: ContestDocument, outcome: OutcomeDocument
) -> tuple[StateName, tuple[ProjectChange, ...]]:
    """Return the newest state of a contest's result, and what it makes of projects otherwise than the count."""
    published = await states.published_states(session, shown.id)
    if any(state.kind == "voided" and state.statement["contest"] == contest["id"] for state in published):
        return "voided", ()
    said = [state for state in published if state.kind != "voided"]
    if not said:
        return "preliminary", ()
    counted = {contest["pro"][number][0]: contest["pro"][number][1] for number in outcome["winners"]}
    funded = said[-1].funded(contest["id"]) or {}
    codes = [code for code, _ in contest["pro"] if counted.get(code) != funded.get(code)]
    return said[-1].kind, tuple(ProjectChange(code, funded.get(code)) for code in codes)


def contest_of(shown: Round, key: str) -> Contest:
    """Return the contest of a round by its key. Raises ContestNotFound."""
    for contest in shown.contests:
        if contest.key == key:
            return contest
    raise ContestNotFound(f"The round {shown.slug!r} has no contest {key!r}.")


def official_winners(contest: Contest) -> list[int] | None:
    """Return the numbers of the projects that the city itself funded, or None when the data does not say."""
    if any(project.official is None for project in contest.projects):
        return None
    return [project.number for project in contest.projects if project.official]


async def manifest_of(session: AsyncSession, shown: Round) -> tuple[bytes, ManifestDocument]:
    """Return a frozen round's manifest, as bytes and as document. Raises ManifestNotFound before the freeze."""
    if shown.manifest_sha256 is None:
        raise ManifestNotFound(f"The manifest of the round {shown.slug!r} is not fixed yet.")
    body = await record.get_file(session, shown.manifest_sha256)
    return body, cast(ManifestDocument, canonical.decode(body))


def _downloads(slug: str, contest: str, outcome: OutcomeDocument) -> tuple[Download, ...]:
    """Return what a reader can take away, best first; the addresses are those of the open data."""
    base = f"/data/{slug}/{contest}"
    ballots, projects = outcome["counts"]["ballots"], len(outcome["projects"])
    turns = len(outcome["steps"]) + len(outcome.get("after", [])) + len(outcome.get("then", []))
    return (
        Download("evidence", f"/data/{slug}/evidence.zip"),
        Download("pabulib", f"{base}/ballots.pb", rows=ballots),
        Download("result_csv", f"{base}/projects.csv", rows=projects),
        Download("result_json", f"{base}/outcome.json", rows=projects),
        Download("turns_csv", f"{base}/turns.csv", rows=turns),
        Download("ballots_json", f"{base}/ballots.json", rows=ballots),
    )


async def outcome_of(session: AsyncSession, count: ContestCount) -> OutcomeDocument:
    """Return the published outcome of a count."""
    return cast(OutcomeDocument, await _document(session, count.outcome_sha256))


@dataclass(frozen=True)
class Question:
    """A counted contest whose explanation is missing, and what it follows from: plain JSON values."""

    contest_id: UUID
    title: str
    contest: ContestDocument
    outcome: OutcomeDocument
    ballots: Sequence[Ballot]
    other: RuleDocument
    unit: int
    themes: Sequence[Sequence[str]]

    def answer(self) -> Explanation:
        """Work it out; this may take minutes."""
        return explanation(self.contest, self.outcome, self.ballots, self.other, unit=self.unit, themes=self.themes)


async def open_questions(session: AsyncSession, slug: str) -> list[Question]:
    """Return every counted contest of a round that has no explanation in the present form."""
    counted = await find_round(session, slug)
    _, manifest = await manifest_of(session, counted)
    found = []
    for contest, count in await counting.counts_of_round(session, counted.id):
        derived = await repository.explanation_of(session, contest.id)
        if derived is not None and derived.explanation["v"] == VERSION:
            continue
        in_manifest = manifest["contests"][contest.position]
        listed = cast(BallotListDocument, await _document(session, canonical.unb64u(in_manifest["list"])))
        found.append(
            Question(
                contest_id=contest.id,
                title=contest.title[0][1],
                contest=in_manifest,
                outcome=await outcome_of(session, count),
                ballots=ballots_in(await _document(session, count.ballots_sha256), in_manifest),
                other=_other_rule(in_manifest["rule"], unit=counted.unit),
                unit=counted.unit,
                themes=[project["categories"] for project in listed["projects"]],
            )
        )
    return found


async def explain(session: AsyncSession, slug: str, *, progress: Callable[[str], None] = lambda _title: None) -> None:
    """Derive what the result pages need beyond the outcomes, for every contest that lacks it."""
    for question in await open_questions(session, slug):
        progress(question.title)
        await keep_answer(session, question, question.answer())


async def keep_answer(session: AsyncSession, question: Question, answer: Explanation) -> None:
    """Keep the explanation of a contest, and let pages that showed it without give way; one that is gone needs none."""
    if not await repository.is_there(session, question.contest_id):
        return
    await repository.keep_explanation(session, question.contest_id, answer)
    await changes.tell(session)


def _other_rule(rule: RuleDocument, *, unit: int) -> RuleDocument:
    """Return the rule that cities compare with: Equal Shares beside greedy, greedy beside all others."""
    name = "mes_cost_add1" if rule["name"] == "greedy" else "greedy_score"
    other = rule_by_name(name, ties=rule["ties"], lot=rule["draw"]["lot"] if "draw" in rule else None, unit=unit)
    kept = {field: value for field, value in rule.items() if field in CONSTRAINTS}
    return cast(RuleDocument, {**other, **kept})


def ballots_in(document: object, contest: ContestDocument) -> Sequence[Ballot]:
    """Return the ballots of a published ballots file: in clear, or as the payloads of an opened box, sorted."""
    published = cast(Mapping[str, Any], document)
    if "open" in published:
        return cast(BallotsDocument, published)["open"]
    shape = BallotShape.of(contest["fmt"], contest["limits"], [cost for _, cost in contest["pro"]])
    payloads = [canonical.unb64u(item) for item in (*published["on"], *published["pa"])]
    return sorted(payload.decode(item, shape) for item in payloads)


async def _document(session: AsyncSession, sha256: bytes) -> object:
    return canonical.decode(await record.get_file(session, sha256))
