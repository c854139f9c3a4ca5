"""Paper to print: ballots of a contest, and the closing certificate."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.features.accounts.frame import staff_page
from pb_service.features.assessment.page_parts import Now, PageRequest, Session, frame_context, lang_of
from pb_service.features.desk import boxes, printing, repository
from pb_service.features.desk.errors import DeskRefused, NotThere
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reading import spoken_of
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting.errors import NoVote
from pb_service.features.voting.polling import Pollings
from pb_service.web.formats import Reader
from pb_service.web.forms import Form
from pb_service.web.locales import translations

Votes = NamedDependency[Pollings]
_NONE = "-"


@get("/desk/print", access="rounds.preview")
async def show_print(request: PageRequest, session: Session, pollings: Votes) -> Response[str]:
    """The ballots that can be printed, contest by contest."""
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    try:
        polling = await pollings.find(session, found.slug)
    except NoVote:
        polling = None
    contests = [
        (one["id"], spoken_of(dict(one["title"]), language), len(one["projects"]))
        for one in (polling.ballot_list["contests"] if polling else [])
    ]
    return staff_page(
        request,
        "desk/print.html",
        locale=language,
        form=Form.filled(translations(language), variants="4"),
        contests=contests,
        most=len(printing.VARIANTS),
        **{**context, "section": "rounds"},
    )


@get("/desk/ballots/{contest:str}", access="rounds.preview")
async def print_ballots(
    request: PageRequest,
    session: Session,
    pollings: Votes,
    contest: FromPath[str],
    variants: Annotated[str, QueryParameter(max_length=3)] = "4",
) -> Response[bytes]:
    """The sheets of a contest, each with another order of the projects."""
    found = await find_round(session, request.path_params["slug"])
    polling = await pollings.find(session, found.slug)
    if contest not in polling.manifest.contests:
        raise NotThere("There is no such contest.")
    count = min(max(int(variants) if variants.isdecimal() else 1, 1), len(printing.VARIANTS))
    setup = (await frame_context(session, found, lang_of(request)))["setup"]
    body = await printing.ballot_sheets(polling, setup, found.names, contest, count, rehearsal=found.rehearsal)
    return _pdf(body, f"{found.slug}-{contest}.pdf")


@get("/desk/certificate.pdf", access="rounds.preview")
async def print_certificate(request: PageRequest, session: Session, pollings: Votes, clock: Now) -> Response[bytes]:
    """What became of every sheet, who read what, and the hashes of the lists, to be signed by hand too."""
    found = await find_round(session, request.path_params["slug"])
    polling = await pollings.find(session, found.slug)
    election = (await state_of(session, found.log)).election
    if election.closed_at is None:
        raise DeskRefused("early", "The vote is not closed.")
    language = lang_of(request)
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    eid = fingerprint(polling.manifest.eid)
    body = await printing.certificate(
        {
            "language": language,
            "title": words.gettext("Closing certificate: paper ballots"),
            "rehearsal": words.gettext("Rehearsal: this is no vote") if found.rehearsal else "",
            "footer": eid,
            "facts": [
                context["name"][1],
                words.gettext("Election: %(fingerprint)s") % {"fingerprint": eid},
                words.gettext("The vote was closed %(when)s.") % {"when": words.moment(election.closed_at)},
                words.gettext("Printed %(when)s.") % {"when": words.moment(clock())},
            ],
            "contests": await _contests(session, found, polling, words),
            "signers": [words.gettext("Desk officer"), words.gettext("Desk officer"), words.gettext("Auditor")],
        }
    )
    return _pdf(body, f"{found.slug}-certificate.pdf")


async def _contests(session: AsyncSession, found: Any, polling: Any, words: Reader) -> list[dict[str, Any]]:
    listed, lists = await boxes.boxes_of(session, found), await boxes.lists_of(session, found)
    names = {place.no: place.name for place in await repository.places_of(session, found.id)}
    told = []
    for one in polling.ballot_list["contests"]:
        own = [box for box in listed if box.contest == one["id"]]
        if not own:
            continue
        title = spoken_of(dict(one["title"]), words.language)
        lines = []
        if (waiting := lists.get(one["id"])) is not None:
            state = (
                words.gettext("in the record since %(when)s") % {"when": words.moment(waiting.order.logged_at)}
                if waiting.order.logged_at
                else words.gettext("waits for signatures")
            )
            counted = words.ngettext(
                "%(count)s ballot in the list", "%(count)s ballots in the list", waiting.entry["n"]
            )
            lines.append(f"{counted % {'count': words.number(waiting.entry['n'])}}, {state}.")
            lines.append(f"SHA-256: {waiting.entry['f']}")
        else:
            lines.append(words.gettext("The list is not made yet."))
        told.append(
            {
                "title": title.text if title else one["id"],
                "head": [
                    words.gettext("Box"),
                    words.gettext("In the record"),
                    words.gettext("Given out"),
                    words.gettext("In the box"),
                    words.gettext("Spoilt"),
                    words.gettext("Returned"),
                    words.gettext("Void"),
                    words.gettext("Read in two ways"),
                    words.gettext("Sample"),
                ],
                "rows": [_row(box, names.get(box.no, ""), words) for box in own],
                "lines": lines,
            }
        )
    return told


def _row(box: boxes.Box, place: str, words: Reader) -> list[str]:
    name = f"{place} ({box.no})" if place else box.no
    account = box.account
    if account is None:
        return [name, words.number(box.given.standing), *[_NONE] * 7]
    is_counted = box.is_read_twice and not box.unsettled
    void = sum(box.final(number) is None for number in box.numbers) if is_counted else None
    numbers = [box.given.standing, account.given, account.in_box, account.spoilt, account.returned]
    return [
        name,
        *[words.number(number) for number in numbers],
        words.number(void) if void is not None else _NONE,
        words.number(len(box.differ)),
        words.number(len(account.sample or [])),
    ]


def _pdf(body: bytes, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


handlers = [show_print, print_ballots, print_certificate]
