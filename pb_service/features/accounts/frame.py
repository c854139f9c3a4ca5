"""The frame of staff pages: the menu of what this person may open, and who is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from pb_service.features.accounts.policy import Act, Actor, may_somewhere
from pb_service.web.formats import Catalogue
from pb_service.web.locales import Language, translations
from pb_service.web.render import page


@dataclass(frozen=True)
class DeskLink:
    """A line of the menu; ``key`` is what a page passes as ``section`` to mark it."""

    key: str
    href: str
    text: str


@dataclass(frozen=True)
class Desk:
    """What the frame shows beside the page itself."""

    name: str
    links: tuple[DeskLink, ...]
    #: The person's own keys and tokens: on the desk alone, for the menu is long enough.
    own: tuple[DeskLink, ...] = ()


#: The menu in its order: key, path below /{lang}, words, and the act (one of several) without which it is left out.
_MENU: tuple[tuple[str, str, Callable[[Catalogue], str], Act | tuple[Act, ...]], ...] = (
    ("desk", "/staff", lambda words: words.gettext("Desk"), "staff.enter"),
    ("inbox", "/staff/inbox", lambda words: words.gettext("Inbox"), ("assessment.work", "assessment.sign")),
    ("rounds", "/staff/rounds", lambda words: words.gettext("Rounds"), "rounds.preview"),
    ("people", "/staff/people", lambda words: words.gettext("People"), "people.read"),
    ("units", "/staff/units", lambda words: words.gettext("Units"), "staff.enter"),
    ("municipality", "/staff/municipality", lambda words: words.gettext("Municipality"), "rounds.edit"),
    ("feedback", "/staff/feedback", lambda words: words.gettext("Feedback"), "feedback.answer"),
    ("jobs", "/staff/jobs", lambda words: words.gettext("Jobs"), "jobs.manage"),
    ("log", "/staff/log", lambda words: words.gettext("Access log"), "log.read"),
)

_OWN: tuple[tuple[str, str, Callable[[Catalogue], str], Act | tuple[Act, ...]], ...] = (
    ("keys", "/staff/keys", lambda words: words.gettext("Signing keys"), "keys.enrol"),
    ("tokens", "/staff/tokens", lambda words: words.gettext("Tokens for programs"), "tokens.manage"),
)


def desk_of(actor: Actor, language: Language) -> Desk:
    """The frame for one person: the server refuses what the menu leaves out, the menu only spares them the refusal."""
    words = translations(language)
    links, own = (
        tuple(
            DeskLink(key, f"/{language}{path}", text(words))
            for key, path, text, acts in lines
            if any(may_somewhere(actor, act) for act in ((acts,) if isinstance(acts, str) else acts))
        )
        for lines in (_MENU, _OWN)
    )
    return Desk(name=actor.name or words.gettext("My page"), links=links, own=own)


def staff_page(
    request: Request[Any, Any, Any], template: str, *, locale: Language, status_code: int = 200, **context: Any
) -> Response[str]:
    """Answer with a page in the staff frame; it is for this person alone, so no cache keeps it."""
    context.setdefault("desk", desk_of(request.state.actor, locale))
    context.setdefault("done", request.query_params.get("done", ""))
    answer = page(request, template, locale=locale, status_code=status_code, **context)
    answer.headers["cache-control"] = "no-store"
    return answer
