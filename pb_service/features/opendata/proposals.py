"""Proposals as open data: states, reasons, costs and their history; nothing about people."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import filters
from pb_service.core.proposals.filters import Wanted
from pb_service.core.proposals.form import ProposalForm
from pb_service.core.proposals.statistics import Days
from pb_service.core.rounds.districts import SCALE
from pb_service.core.rounds.money import decimal_text
from pb_service.features.opendata import atom
from pb_service.features.opendata.atom import News
from pb_service.features.opendata.proposal_schemas import (
    ActTold,
    CheckTold,
    CostTold,
    DaysTold,
    ProposalListed,
    ProposalPage,
    ProposalsTold,
    ProposalTold,
    StatisticsTold,
    VersionTold,
)
from pb_service.features.opendata.tabular import cell
from pb_service.features.proposals import browse, browse_repository
from pb_service.features.proposals.browse import Counts
from pb_service.features.proposals.browse_repository import Published
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.proposals.facts import CostFact, FactSource, ProposalFacts
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import excerpt
from pb_service.features.proposals.statistics import statistics
from pb_service.features.proposals.tables import ProposalAct, ProposalVersion
from pb_service.features.rounds.public import PublicRound, public_round

#: Proposals in the feed.
IN_FEED = 50
_LANGUAGES = ("fi", "sv", "en")


async def proposal_page(
    session: AsyncSession, slug: str, facts: FactSource, asked: Wanted, *, per_page: int, base: str
) -> ProposalPage:
    """Return a page of the proposals asked for, by number unless another order is asked for. Raises RoundNotFound."""
    shown = await public_round(session, slug)
    amounts = await facts.amounts(session, shown.id)
    asked = replace(asked, sort="number") if asked.sort == "drawn" and not asked.draw else asked
    found = filters.select(
        await browse_repository.lines(session, shown.id, amounts),
        asked,
        matches=await browse.search(session, shown.id, asked.words) if asked.words else None,
        support=await browse_repository.support_of_round(session, shown.id) if asked.sort == "supported" else None,
        page_size=per_page,
    )
    numbers = [line.number for line in found.lines]
    rows = {row.number: row for row in await browse_repository.published_rows(session, shown.id, numbers)}
    counted = await browse.counts(session, [row.id for row in rows.values()])

    def to(page: int) -> str:
        return f"{base}?{urlencode([*filters.query(asked, page=page), ('per_page', str(per_page))])}"

    money = shown.setup.money
    return ProposalPage(
        round=slug,
        licence=shown.setup.closing.licence,
        currency=money.currency,
        unit=money.unit,
        total=found.total,
        page=found.page,
        pages=found.pages,
        next=to(found.page + 1) if found.page < found.pages else None,
        previous=to(found.page - 1) if found.page > 1 else None,
        items=[_listed(rows[number], amounts, counted, base) for number in numbers if number in rows],
    )


def _listed(row: Published, amounts: Mapping[UUID, int], counted: Mapping[UUID, Counts], base: str) -> ProposalListed:
    counts = counted[row.id]
    return ProposalListed(
        number=row.number,
        title=row.title,
        language=row.language,
        summary=excerpt(row.idea or row.need, 200),
        state=row.state,
        district=row.district,
        theme=row.theme,
        cost=amounts.get(row.id),
        cost_hint=row.cost_hint,
        supporters=counts.supporters,
        comments=counts.comments,
        published_at=row.published_at,
        href=f"{base}/{row.number}",
    )


async def one_proposal(session: AsyncSession, slug: str, number: int, facts: FactSource) -> ProposalTold:
    """Return everything published about a proposal. Raises RoundNotFound, ProposalNotFound."""
    shown = await public_round(session, slug)
    wanted_number = [number] if 0 < number < 2**31 else []
    told = await _told(session, shown, await browse_repository.published_rows(session, shown.id, wanted_number), facts)
    if not told:
        raise ProposalNotFound(f"The round {slug!r} has no public proposal {number}.")
    return told[0]


async def all_proposals(session: AsyncSession, slug: str, facts: FactSource) -> ProposalsTold:
    """Return everything published about every proposal of a round. Raises RoundNotFound."""
    shown = await public_round(session, slug)
    money = shown.setup.money
    return ProposalsTold(
        round=slug,
        licence=shown.setup.closing.licence,
        currency=money.currency,
        unit=money.unit,
        proposals=await _told(session, shown, await browse_repository.published_rows(session, shown.id), facts),
    )


async def _told(
    session: AsyncSession, shown: PublicRound, rows: Sequence[Published], facts: FactSource
) -> list[ProposalTold]:
    ids = [row.id for row in rows]
    form, _ = await form_of(session, shown.id)
    known = await facts.about(session, ids)
    counted = await browse.counts(session, ids)
    versions = await browse_repository.versions_in(session, ids)
    acts = await browse_repository.acts_in(session, ids)
    return [
        _one(
            row,
            form,
            known.get(row.id, ProposalFacts()),
            counted[row.id],
            acts=acts.get(row.id, ()),
            versions=versions.get(row.id, ()),
        )
        for row in rows
    ]


def _one(
    row: Published,
    form: ProposalForm,
    known: ProposalFacts,
    counts: Counts,
    *,
    acts: Sequence[ProposalAct],
    versions: Sequence[ProposalVersion],
) -> ProposalTold:
    public = {question.key for question in form.questions if question.public}
    return ProposalTold(
        number=row.number,
        state=row.state,
        language=row.language,
        title=row.title,
        need=row.need,
        idea=row.idea,
        audience=row.audience,
        answers={key: str(text) for key, text in row.answers.items() if key in public and text},
        district=row.district,
        theme=row.theme,
        place=degrees(row.place),
        cost=known.cost.amount if known.cost else None,
        cost_hint=row.cost_hint,
        channel=row.channel,
        received_at=row.received_at,
        published_at=row.published_at,
        decided_at=row.decided_at,
        merged_into=row.merged_into,
        split_from=row.split_from,
        project=known.project.number if known.project else None,
        supporters=counts.supporters,
        comments=counts.comments,
        costs=_costs(known.cost),
        checks=[CheckTold(dict(label), met, dict(reason)) for label, met, reason in known.checks],
        acts=[ActTold(act.act, act.at, act.state, act.kind, _reason(act)) for act in acts],
        versions=[
            VersionTold(version.version, version.at, version.text_sha256.hex(), version.content) for version in versions
        ],
    )


def _costs(cost: CostFact | None) -> list[CostTold]:
    """Every published figure, oldest first; the newest with its lines."""
    if cost is None:
        return []
    older = [CostTold(amount, at, dict(reason)) for amount, at, reason in cost.versions[:-1]]
    reason = dict(cost.versions[-1][2]) if cost.versions else {}
    lines = [(part.what, part.amount, part.source) for part in cost.parts]
    newest = CostTold(cost.amount, cost.signed_at, reason, cost.low, cost.high, cost.upkeep, lines)
    return [*older, newest]


def _reason(act: ProposalAct) -> dict[str, str]:
    reason = act.shown.get("reason")
    return {code: str(text) for code, text in reason.items()} if isinstance(reason, dict) else {}


def degrees(place: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a stored place as GeoJSON has it: positions in degrees instead of millionths."""
    if not place:
        return None

    def scaled(value: Any) -> Any:
        return [scaled(each) for each in value] if isinstance(value, list) else value / SCALE

    return {"type": place["type"], "coordinates": scaled(place["coordinates"])}


async def proposals_csv(session: AsyncSession, slug: str, facts: FactSource) -> str:
    """Return a round's proposals, one row each. Money in currency units. Raises RoundNotFound."""
    found = await all_proposals(session, slug, facts)
    header = [
        *("number", "state", "language", "title", "need", "idea", "audience", "district", "theme"),
        *("cost", "cost_hint", "upkeep", "supporters", "comments", "received_at", "published_at", "decided_at"),
        *("merged_into", "split_from", "project", "place", "reason_fi", "reason_sv", "reason_en"),
    ]
    rows = []
    for each in found.proposals:
        reason = next((act.reason for act in reversed(each.acts) if act.reason), {})
        upkeep = each.costs[-1].upkeep if each.costs else None
        rows.append(
            [
                each.number,
                each.state,
                each.language,
                *(cell(text) for text in (each.title, each.need, each.idea, each.audience)),
                each.district or "",
                each.theme or "",
                *(_money(amount, found.unit) for amount in (each.cost, each.cost_hint, upkeep)),
                each.supporters,
                each.comments,
                *(_time(at) for at in (each.received_at, each.published_at, each.decided_at)),
                *(_number(number) for number in (each.merged_into, each.split_from, each.project)),
                msgspec.json.encode(each.place).decode() if each.place else "",
                *(cell(reason.get(code, "")) for code in _LANGUAGES),
            ]
        )
    return _csv(header, rows)


async def history_csv(session: AsyncSession, slug: str, facts: FactSource) -> str:
    """Return what happened to a round's proposals and their costs, one row an act or figure. Raises RoundNotFound."""
    found = await all_proposals(session, slug, facts)
    rows: list[list[object]] = []
    for each in found.proposals:
        rows += [
            [each.number, _time(act.at), act.act, act.state, "", *(cell(act.reason.get(c, "")) for c in _LANGUAGES)]
            for act in each.acts
        ]
        rows += [
            [
                each.number,
                _time(cost.at),
                "cost",
                "",
                _money(cost.amount, found.unit),
                *(cell(cost.reason.get(c, "")) for c in _LANGUAGES),
            ]
            for cost in each.costs
        ]
    return _csv(["number", "at", "act", "state", "cost", "reason_fi", "reason_sv", "reason_en"], rows)


async def feed(session: AsyncSession, slug: str, *, public_url: str, name: str) -> bytes:
    """Return the newest proposals as an Atom feed (RFC 4287). Raises RoundNotFound."""
    shown = await public_round(session, slug)
    rows = await browse_repository.published_rows(session, shown.id, newest=IN_FEED)
    news = [
        News(
            id=f"{public_url}/rounds/{slug}/proposals/{row.number}",
            title=row.title,
            href=f"{public_url}/{row.language}/rounds/{slug}/proposals/{row.number}",
            updated=row.changed_at,
            published=row.published_at,
            language=row.language,
            summary=excerpt(row.idea or row.need, 400),
            categories=tuple(term for term in (row.district, row.theme, row.state) if term),
        )
        for row in rows
    ]
    return atom.feed(
        news,
        own=f"{public_url}/data/rounds/{slug}/proposals.atom",
        page=f"{public_url}/fi/rounds/{slug}/proposals",
        title=name,
        author=name,
        rights=shown.setup.closing.licence,
        updated=shown.published_at,
    )


async def proposal_statistics(session: AsyncSession, slug: str) -> StatisticsTold:
    """Return a round's proposals in numbers. Raises RoundNotFound."""
    shown = await public_round(session, slug)
    found = await statistics(session, shown.id)
    return StatisticsTold(
        round=slug,
        proposals=found.proposals,
        supporters=found.supporters,
        comments=found.comments,
        districts=dict(found.districts),
        themes=dict(found.themes),
        states=dict(found.states),
        languages=dict(found.languages),
        ages=dict(found.ages),
        to_publication=_days(found.to_publication),
        to_decision=_days(found.to_decision),
    )


def _days(found: Days | None) -> DaysTold | None:
    return DaysTold(**vars(found)) if found else None


def _money(amount: int | None, unit: int) -> str:
    return "" if amount is None else decimal_text(amount, unit)


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
