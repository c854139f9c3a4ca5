"""The set-up of a round by its steps: saved as one goes, published when nothing is missing, then changed by acts."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds import calendar, phases, validation
from pb_service.core.rounds.setup import (
    LANGUAGES,
    STEPS,
    DatesStep,
    EligibilityStep,
    Language,
    Problem,
    Setup,
    Step,
    StepName,
    Text,
    TextsStep,
    changed_paths,
    pairs,
    public_document,
    read_step,
    state_in,
    to_content,
    to_content_of_text,
)
from pb_service.features.accounts.policy import Actor, Forbidden, may, require
from pb_service.features.record import service as record
from pb_service.features.rounds import repository
from pb_service.features.rounds.acts import act
from pb_service.features.rounds.errors import (
    ChangeRefused,
    NotErasable,
    NotReady,
    PhaseRefused,
    RoundExists,
    SetupRefused,
    StepChanged,
)
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.place_tables import PLACE_KINDS, table_act
from pb_service.features.rounds.saved import StepState
from pb_service.features.rounds.schedule import PHASE_JOB, phase_effects, plan_next
from pb_service.features.rounds.setups import setup_from, setup_of
from pb_service.features.rounds.tables import Round, RoundStep
from pb_service.platform import jobs

_UNREAD = frozenset({"missing", "machine"})
_SUFFIX = "abcdefghjkmnpqrstuvwxyz23456789"

#: The job that takes an erased rehearsal's published files away.
ERASE_JOB = "rounds.erase_files"


@dataclass(frozen=True)
class StepLine:
    """A step in the checklist: how often it was saved, and what publishing lacks in it."""

    name: StepName
    version: int
    missing: tuple[Problem, ...]


@dataclass(frozen=True)
class Checklist:
    """What publishing lacks: by step, and by language the texts that are not there or that nobody has read."""

    steps: tuple[StepLine, ...]
    languages: Mapping[Language, tuple[str, ...]]
    required: tuple[Language, ...]

    @property
    def ready(self) -> bool:
        return not any(line.missing for line in self.steps)


@dataclass(frozen=True)
class StaffRound:
    """A round in the list of staff. ``names`` are pairs [language, text]; ``missing`` counts what a draft lacks.

    ``held`` says why the next phase could not begin by itself when its moment had come.
    """

    slug: str
    names: Sequence[Sequence[str]]
    phase: phases.Phase
    imported: bool
    rehearsal: bool
    paused: bool
    held: Problem | None
    next_phase: phases.Phase | None
    next_phase_at: datetime | None
    missing: int


async def create_draft(
    session: AsyncSession, actor: Actor, *, slug: str, name: Text, rehearsal: bool = False, now: datetime
) -> Round:
    """Begin a round's set-up with nothing but its name. Raises RoundExists, SetupRefused.

    A rehearsal gets an address that says so and is never given again, since its record may be erased.
    """
    require(actor, "rounds.create", now=now)
    slug = f"{record.REHEARSAL}{slug}-{''.join(secrets.choice(_SUFFIX) for _ in range(6))}" if rehearsal else slug
    await _require_free(session, slug, rehearsal=rehearsal)
    texts = TextsStep(name=name)
    if problems := validation.problems("texts", Setup(texts=texts)):
        raise SetupRefused("The name of the round cannot be used.", problems)
    draft = _draft(slug, rehearsal, now)
    await _add(session, draft)
    zone = (await municipality(session)).time_zone
    await _store(session, draft, "texts", texts, actor=actor, now=now)
    await _store(session, draft, "dates", DatesStep(time_zone=zone), actor=actor, now=now)
    return draft


async def _require_free(session: AsyncSession, slug: str, *, rehearsal: bool) -> None:
    if not record.SLUG.fullmatch(slug) or slug.startswith(record.REHEARSAL) != rehearsal:
        raise SetupRefused("This cannot be a round's address.", [Problem("slug", "slug", {"most": 64})])
    if await repository.by_slug(session, slug, whole=False) is not None:
        raise RoundExists(f"There is a round called {slug!r} already. Give this one another name.")


async def _add(session: AsyncSession, draft: Round) -> None:
    """Keep a new round. Raises RoundExists when somebody else took its address at this moment."""
    session.add(draft)
    try:
        await session.flush()
    except IntegrityError as error:
        raise RoundExists(f"There is a round called {draft.slug!r} already. Give this one another name.") from error


def _draft(slug: str, rehearsal: bool, now: datetime) -> Round:
    closing, money = Setup().closing, Setup().money
    return Round(
        slug=slug,
        mode=Setup().trustees.mode,
        phase="set_up",
        names=[],
        licence=closing.data_licence,
        source="",
        currency=money.currency,
        unit=money.unit,
        created_at=now,
        imported=False,
        rehearsal=rehearsal,
        contests=[],
    )


async def step_state(session: AsyncSession, actor: Actor, slug: str, name: StepName) -> StepState:
    """Return a step for its form. Raises RoundNotFound, and Forbidden for who may neither edit nor translate it."""
    found = await find_round(session, slug, whole=False)
    _require_any(actor, found, ("rounds.edit", "rounds.translate", "rounds.preview"))
    return await _state(session, found, name)


async def _state(session: AsyncSession, found: Round, name: StepName) -> StepState:
    rows = (await repository.steps_of(session, [found.id]))[found.id]
    setup, row = setup_from(rows), rows.get(name)
    return StepState(
        name=name,
        step=getattr(setup, name),
        version=row.version if row else 0,
        edited_by=row.edited_by if row else None,
        edited_at=row.edited_at if row else None,
        changeable=phases.MAY_CHANGE[found.bound_phase][name],
        missing=tuple(validation.missing(name, setup, (await municipality(session)).languages)),
    )


async def save_step(
    session: AsyncSession,
    actor: Actor,
    slug: str,
    name: StepName,
    content: Mapping[str, Any],
    *,
    version: int,
    reason: Text | None = None,
    now: datetime,
) -> StepState:
    """Save a step that was at ``version`` when it was read. In a published round this is an act with a ``reason``.

    Raises SetupRefused for what cannot be saved (the reason's problems have the field ``reason``), StepChanged when
    somebody else was faster, ChangeRefused for what the phase does not allow any more, Forbidden.
    """
    found = await find_round(session, slug, for_update=True, whole=False)
    if found.imported:
        raise PhaseRefused(Problem("phase", "imported"))
    before = await _state(session, found, name)
    step, problems = read_step(name, content)
    if step is None:
        raise SetupRefused("This is not what the step is made of.", problems)
    _require_editor(actor, found, before.step, step, now)
    if version != before.version:
        raise StepChanged(before, changed_paths(before.step, step))
    if changed_paths(before.step, step) or not version:
        await change_step(session, actor, found, name, step, reason=reason, now=now)
    return await _state(session, found, name)


async def change_step(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    name: StepName,
    step: Step,
    *,
    reason: Text | None,
    kind: str = "round.changed",
    now: datetime,
) -> None:
    """Store a step of a round that is locked, if its phase allows it, and note the act if the round is published."""
    setup = await setup_of(session, found)
    before: Step = getattr(setup, name)
    setup = msgspec.structs.replace(setup, **{name: step})
    refused = [Problem(path, "fixed", {"phase": found.phase}) for path in _refused(found, name, before, step)]
    if isinstance(before, DatesStep) and isinstance(step, DatesStep):
        refused += phases.refused_dates(found.bound_phase, before, step, now)
    if refused:
        raise ChangeRefused("The phase that the round is in does not allow this any more.", refused)
    problems = validation.problems(name, setup)
    if found.phase != "set_up":
        languages = (await municipality(session)).languages
        problems = validation.missing(name, setup, languages) + validation.reason_problems(reason or {}, languages)
    if problems:
        raise SetupRefused("The step cannot be saved like this.", problems)
    await _store(session, found, name, step, actor=actor, now=now)
    if found.phase == "set_up":
        return
    changes = changed_paths(before, step)
    about = {"step": name, "fields": changes, "reason": to_content_of_text(reason or {})}
    published = {**about, "content": public_document(setup)[name]}
    role = "manager" if may(actor, "rounds.edit", round_id=found.id) else "editor"
    await act(session, found, kind, about, published=published, by=role, account_id=actor.account_id, now=now)


def _refused(found: Round, name: StepName, before: Step, step: Step) -> list[str]:
    return phases.refused_changes(found.bound_phase, name, before, step)


async def require_reason(session: AsyncSession, reason: Text | None) -> None:
    """Refuse an act on a published round without a reason in every required language. Raises SetupRefused."""
    if problems := validation.reason_problems(reason or {}, (await municipality(session)).languages):
        raise SetupRefused("Everybody will read the reason: it is needed in every required language.", problems)


async def _store(
    session: AsyncSession, found: Round, name: StepName, step: Step, *, actor: Actor, now: datetime
) -> None:
    row = await session.get(RoundStep, (found.id, name))
    if row is None:
        row = RoundStep(round_id=found.id, step=name, version=0, content={}, edited_at=now)
        session.add(row)
    row.version, row.content = row.version + 1, to_content(step)
    row.edited_by, row.edited_at = actor.account_id, now
    await session.flush()
    _mirror(found, await setup_of(session, found))
    await plan_next(session, found, await setup_of(session, found))


def _mirror(found: Round, setup: Setup) -> None:
    """Keep what lists and later stages read from the round itself in step with its set-up."""
    found.names = [list(pair) for pair in pairs(setup.texts.name)]
    found.mode = setup.trustees.mode
    found.licence, found.source = setup.closing.data_licence, setup.closing.source
    found.currency, found.unit = setup.money.currency, setup.money.unit
    times = {span.phase: (span.starts_at, span.ends_at) for span in calendar.spans(setup.dates)}
    found.opens_at, found.closes_at = times.get("voting", (None, None))


def _require_editor(actor: Actor, found: Round, before: Step, after: Step, now: datetime) -> None:
    """A manager may change everything; an editor only words in languages that are not the original."""
    if may(actor, "rounds.edit", round_id=found.id):
        require(actor, "rounds.edit", round_id=found.id, now=now)
        return
    require(actor, "rounds.translate", round_id=found.id, now=now)
    if _without_translations(to_content(before)) != _without_translations(to_content(after)):
        raise Forbidden("You may translate the texts of this round, and change nothing else.")


def _without_translations(value: object) -> object:
    """Return plain values in which every text has only its original wordings."""
    if isinstance(value, dict):
        if value and set(value) <= set(LANGUAGES) and all(isinstance(item, dict) for item in value.values()):
            return {key: item for key, item in value.items() if item.get("state") == "original"}
        return {key: _without_translations(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_translations(item) for item in value]
    return value


def _require_any(actor: Actor, found: Round, acts: Sequence[Any]) -> None:
    if not any(may(actor, wanted, round_id=found.id) for wanted in acts):
        require(actor, acts[0], round_id=found.id)


async def checklist(session: AsyncSession, actor: Actor, slug: str) -> Checklist:
    """Return what publishing lacks. Raises RoundNotFound, Forbidden."""
    found = await find_round(session, slug, whole=False)
    _require_any(actor, found, ("rounds.edit", "rounds.translate", "rounds.preview"))
    return await _checklist(session, found)


async def _checklist(session: AsyncSession, found: Round) -> Checklist:
    rows = (await repository.steps_of(session, [found.id]))[found.id]
    has_tables = found.id in await repository.with_place_tables(session, [found.id])
    return _checked(rows, (await municipality(session)).languages, has_tables)


def _checked(rows: Mapping[StepName, RoundStep], required: Sequence[Language], has_tables: bool) -> Checklist:
    setup = setup_from(rows)
    lacking = {name: validation.missing(name, setup, required) for name in STEPS}
    areas = setup.districts.districts
    by_home = setup.districts.choice == "home" and len(areas) > 1
    if by_home and not has_tables and not all(district.polygons for district in areas):
        lacking["districts"].append(Problem("districts", "no_way_home"))
    texts = [(step, field, text) for step, field, text in validation.texts_of(setup) if pairs(text)]
    unread = {
        language: tuple(f"{step}.{field}" for step, field, text in texts if state_in(text, language) in _UNREAD)
        for language in LANGUAGES
    }
    lines = [StepLine(name, rows[name].version if name in rows else 0, tuple(lacking[name])) for name in STEPS]
    return Checklist(tuple(lines), unread, tuple(required))


async def staff_rounds(session: AsyncSession, actor: Actor) -> list[StaffRound]:
    """Return the rounds that the actor has anything to do with, newest first."""
    found = [row for row in await repository.all_rounds(session) if may(actor, "rounds.preview", round_id=row.id)]
    ids = [row.id for row in found]
    steps, tables = await repository.steps_of(session, ids), await repository.with_place_tables(session, ids)
    required = (await municipality(session)).languages
    return [_staff_round(row, _checked(steps[row.id], required, row.id in tables)) for row in found]


def _staff_round(row: Round, checked: Checklist) -> StaffRound:
    draft = row.phase == "set_up" and not row.imported
    return StaffRound(
        slug=row.slug,
        names=row.names,
        phase=row.phase,
        imported=row.imported,
        rehearsal=row.rehearsal,
        paused=row.paused_at is not None,
        held=Problem("phase", row.held["code"], row.held["values"]) if row.held else None,
        next_phase=row.next_phase,
        next_phase_at=row.next_phase_at,
        missing=sum(len(line.missing) for line in checked.steps) if draft else 0,
    )


async def publish(session: AsyncSession, actor: Actor, slug: str, *, origin_host: str, now: datetime) -> Round:
    """Publish a draft: its public record begins, and from now on every act on it is an entry there.

    Raises NotReady with everything that is missing, PhaseRefused for a round that is published already, StepUpNeeded.
    """
    found = await find_round(session, slug, for_update=True, whole=False)
    require(actor, "rounds.publish", round_id=found.id, now=now)
    if found.phase != "set_up" or found.imported:
        raise PhaseRefused(Problem("phase", "published_already", {"phase": found.phase}))
    setup = await setup_of(session, found)
    missing = [
        Problem(f"{line.name}.{problem.field}", problem.code, problem.values)
        for line in (await _checklist(session, found)).steps
        for problem in line.missing
    ]
    missing += [
        Problem(f"dates.phases.{span.phase}", "not_future", {"phase": span.phase})
        for span in calendar.spans(setup.dates)
        if span.starts_at and span.starts_at <= now
    ]
    if missing:
        raise NotReady("The round cannot be published yet.", missing)
    found.log_id = await record.open_log(session, found.slug, f"{origin_host}/pb/{found.slug}")
    found.phase, found.published_at = "announced", now
    published = {"slug": found.slug, "rehearsal": found.rehearsal, "setup": public_document(setup)}
    await act(
        session,
        found,
        "round.published",
        {},
        published=published,
        by="manager",
        account_id=actor.account_id,
        now=now,
        source="set_up",
        target="announced",
        pusher="publish",
    )
    for kind in PLACE_KINDS:
        if table := await repository.place_table(session, found.id, kind):
            await table_act(session, found, table, by="manager", account_id=actor.account_id, now=now)
    for effect in phase_effects:
        await effect(session, found, "set_up", "announced", now)
    await plan_next(session, found, setup)
    return found


async def clone(session: AsyncSession, actor: Actor, slug: str, *, new_slug: str, now: datetime) -> Round:
    """Begin a new draft with the set-up of another round, a year later: dates at the same weekday, tables copied.

    Nothing of proposals, votes or results comes along. Raises RoundExists, SetupRefused, Forbidden.
    """
    require(actor, "rounds.create", now=now)
    source = await find_round(session, slug, whole=False)
    require(actor, "rounds.preview", round_id=source.id, now=now)
    if source.imported:
        raise PhaseRefused(Problem("phase", "imported"))
    await _require_free(session, new_slug, rehearsal=False)
    draft = _draft(new_slug, False, now)
    await _add(session, draft)
    rows = (await repository.steps_of(session, [source.id]))[source.id]
    setup = setup_from(rows)
    for name in rows:
        await _store(session, draft, name, _a_year_later(getattr(setup, name)), actor=actor, now=now)
    for kind in PLACE_KINDS:
        if table := await repository.place_table(session, source.id, kind):
            await repository.copy_place_table(session, table, draft.id, actor.account_id, now)
    return draft


def _a_year_later(step: Step) -> Step:
    replace = msgspec.structs.replace
    if isinstance(step, DatesStep):
        moved = tuple(replace(planned, starts=calendar.next_year(planned.starts)) for planned in step.phases)
        return replace(step, phases=moved, ends=calendar.next_year(step.ends))
    if isinstance(step, EligibilityStep):
        dates = {name: calendar.same_day_next_year(getattr(step, name)) for name in ("age_on", "residence_on")}
        return replace(step, **dates)
    return step


async def erase_draft(session: AsyncSession, actor: Actor, slug: str, *, now: datetime) -> None:
    """Delete a draft that was never published. Raises NotErasable, Forbidden, StepUpNeeded."""
    found = await find_round(session, slug, for_update=True, whole=False)
    require(actor, "rounds.erase", round_id=found.id, now=now)
    if found.phase != "set_up" or found.imported:
        raise NotErasable("A published round stays: its record is public. It can be archived.")
    await repository.delete_round(session, found.id)


async def erase_rehearsal(session: AsyncSession, actor: Actor, slug: str, *, now: datetime) -> None:
    """Delete a rehearsal with its record and files. Raises NotErasable for any other round, Forbidden, StepUpNeeded."""
    found = await find_round(session, slug, for_update=True, whole=False)
    require(actor, "rounds.erase", round_id=found.id, now=now)
    if not found.rehearsal:
        raise NotErasable("Only a rehearsal can be erased with its record.")
    await jobs.cancel(session, f"{PHASE_JOB}:{found.id}")
    await repository.delete_round(session, found.id)
    if found.log_id:
        await record.erase_rehearsal_log(session, found.log_id)
        await jobs.enqueue(session, ERASE_JOB, {"slug": found.slug})
