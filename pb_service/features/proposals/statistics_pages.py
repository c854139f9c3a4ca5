"""A round's proposals in numbers, for everybody: tables with bars, and how long decisions took."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.filters import NONE
from pb_service.core.proposals.statistics import LEAST_CELL
from pb_service.features.proposals.browse_presentation import Names
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import reader_of, round_name
from pb_service.features.proposals.statistics import statistics
from pb_service.features.proposals.vocabulary import state_names
from pb_service.features.rounds.public import public_round
from pb_service.web.formats import Reader
from pb_service.web.languages import language_of
from pb_service.web.render import page


@dataclass(frozen=True)
class Row:
    """A line of a table: its name, its number in words, and the length of its bar in per cent."""

    name: str
    number: str
    width: str


@get("/", access="anyone", cache=True)
async def show_statistics(
    request: Request[Any, Any, Any], session: NamedDependency[AsyncSession], lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """Proposals by district, theme, state and age group, and how long publication and decision took."""
    language = language_of(lang)
    shown = await public_round(session, slug)
    words = reader_of(shown, language)
    form, _ = await form_of(session, shown.id)
    names = Names(shown, {theme.key: theme.name for theme in form.themes}, words)
    found = await statistics(session, shown.id)
    themes = {**names.themes, NONE: words.gettext("No theme")}
    ages = {group: "65+" if group == "65-" else group.replace("-", "\u2013") for group in found.ages}
    tables = [
        (words.gettext("By district"), _rows(found.districts, {**names.districts, NONE: names.district(None)}, words)),
        (words.gettext("By theme"), _rows(found.themes, themes, words)),
        (words.gettext("By state"), _rows(found.states, dict(state_names(words).items()), words)),
    ]
    if any(found.ages.values()):
        tables.append(
            (words.gettext("By age of the author"), _rows(found.ages, {**ages, NONE: words.gettext("not told")}, words))
        )
    return page(
        request,
        "proposals/statistics.html",
        locale=language,
        round=shown,
        slug=slug,
        own=True,
        rehearsal=shown.rehearsal,
        section="proposals",
        round_href=f"/{language}/rounds/{slug}",
        base=f"/{language}/rounds/{slug}/proposals",
        round_name=round_name(shown, language),
        words=words,
        found=found,
        tables=tables,
        least=LEAST_CELL,
        licence=shown.setup.closing.licence,
    )


def _rows(counts: Mapping[Any, int | None], names: Mapping[Any, str], words: Reader) -> list[Row]:
    """The cells of a table in the order of the names; what has no name of its own keeps its key."""
    most = max([count for count in counts.values() if count is not None], default=0) or 1
    keys = [key for key in names if key in counts] + [key for key in counts if key not in names]
    rows = []
    for key in keys:
        count = counts[key]
        number = words.gettext("fewer than %(least)s, or left out") % {"least": LEAST_CELL}
        shown = number if count is None else words.number(count)
        rows.append(Row(names.get(key, str(key)), shown, f"{100 * (count or 0) / most:.1f}"))
    return rows


statistics_router = Router(
    "/{lang:str}/rounds/{slug:str}/statistics", route_handlers=[show_statistics], include_in_schema=False
)
