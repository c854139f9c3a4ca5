"""The ballot list for everybody, with its hash; and for staff what it will look like."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from pb_service.core.record import canonical
from pb_service.core.record.checkpoint import vkey
from pb_service.core.record.signatures import public_bytes
from pb_service.features.accounts.frame import staff_page
from pb_service.features.assessment import ballots, lists, repository
from pb_service.features.assessment.ballots import BallotView, Entry
from pb_service.features.assessment.page_parts import (
    Keys,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    round_here,
)
from pb_service.features.proposals.reading import Spoken, spoken_of
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.presentation import rule_titles, tie_name
from pb_service.web.formats import Reader
from pb_service.web.languages import language_of
from pb_service.web.locales import Language
from pb_service.web.render import page


@get("/list", access="anyone", cache=True)
async def show_public_list(
    request: PageRequest, session: Session, keys: Keys, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """The list that two people have fixed, its hash, how to check it, and what was amended; or that there is none."""
    language = language_of(lang)
    found = await published_round(session, slug, whole=False)
    context = await frame_context(session, found, language)
    rows = [row for row in await repository.lists(session, found.id) if row.confirmed_second_at is not None]
    newest = rows[0] if rows else None
    views = ballots.of_document(canonical.decode(newest.body)) if newest else []
    return page(
        request,
        "assessment/ballots.html",
        locale=language,
        **context | {"section": "round", "base": f"/{language}/rounds/{slug}"},
        slug=slug,
        newest=newest,
        amended=[row for row in rows if row.reason],
        # Before there is a manifest a bundle cannot name the record's key: who checks it takes the key from here.
        vkey=vkey(await record.origin_of(session, found.log), public_bytes(keys.ed25519("log")))
        if newest and found.manifest_sha256 is None
        else "",
        **_shown(views, await ballots.picture_paths(session, found.id), context["words"], language, slug),
    )


@get("/list/preview", access="rounds.preview")
async def show_preview(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """The ballots as residents would read them in this language, whatever is still missing."""
    language = lang_of(request)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    state = await lists.state_of(session, actor, found)
    views = ballots.of_draft(state.draft)
    return staff_page(
        request,
        "assessment/preview.html",
        locale=language,
        **context,
        lacking=sum(len(point.problems) for point in state.points),
        **_shown(views, await ballots.picture_paths(session, found.id), context["words"], language, found.slug),
    )


def _shown(
    views: Sequence[BallotView], pictures: dict[str, str], words: Reader, language: Language, slug: str
) -> dict[str, Any]:
    return {
        "ballots": [
            {
                "view": view,
                "title": _spoken(view.title, language),
                "how": limit_sentences(view, words),
                "rule": rule_titles(words)[view.rule["name"]],
                "ties": [tie_name(tie, words) for tie in view.rule["ties"]],
                "entries": [_entry(entry, language) for entry in view.entries],
            }
            for view in views
        ],
        "pictures": {code: f"/{language}/rounds/{slug}/{path}" for code, path in pictures.items()},
        "public_base": f"/{language}/rounds/{slug}",
    }


def _entry(entry: Entry, language: Language) -> dict[str, Any]:
    return {
        "entry": entry,
        "title": _spoken(entry.title, language),
        "text": _spoken(entry.text, language),
        "alt": _spoken(entry.alt, language),
    }


def limit_sentences(view: BallotView, words: Reader) -> list[str]:
    """What a ballot may hold, in words."""
    limits = view.limits
    found = []
    if "cost" in limits:
        found.append(
            words.gettext("What one chooses may cost %(money)s together.") % {"money": words.money(limits["cost"])}
        )
    if limits.get("k") is not None and limits.get("kmin") is not None:
        found.append(
            words.gettext("At least %(least)s and at most %(most)s projects.")
            % {"least": limits["kmin"], "most": limits["k"]}
        )
    elif limits.get("k") is not None:
        found.append(
            words.ngettext("At most %(count)s project.", "At most %(count)s projects.", limits["k"])
            % {"count": limits["k"]}
        )
    if "sum" in limits:
        found.append(words.gettext("%(points)s points in all.") % {"points": limits["sum"]})
    if "each" in limits:
        found.append(words.gettext("At most %(points)s points for one project.") % {"points": limits["each"]})
    if "smin" in limits and "smax" in limits:
        found.append(
            words.gettext("Scores from %(least)s to %(most)s.") % {"least": limits["smin"], "most": limits["smax"]}
        )
    return found


def _spoken(texts: Sequence[Sequence[str]], language: Language) -> Spoken:
    return spoken_of({pair[0]: pair[1] for pair in texts}, language) or Spoken(language, "")


public_handlers = [show_public_list]
staff_handlers = [show_preview]
