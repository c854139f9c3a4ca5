"""The page that officers keep open for the time when the network is cut, and where its queue comes in afterwards."""

import json
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from pb_service.core.record.canonical import b64u, unb64u
from pb_service.features.accounts import staff_repository
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.identity_errors import SignatureRefused
from pb_service.features.accounts.policy import require
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.desk import handing, offline, repository
from pb_service.features.desk.errors import DeskRefused
from pb_service.features.desk.pages import has_roll
from pb_service.features.desk.vocabulary import refusal_in_words
from pb_service.features.proposals.reading import Spoken, spoken_of
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import orders
from pb_service.features.voting.orders import OrderRefused
from pb_service.features.voting.polling import Pollings
from pb_service.platform.errors import DomainError
from pb_service.web.formats import Reader
from pb_service.web.forms import Form
from pb_service.web.locales import translations

Votes = NamedDependency[Pollings]
_MOST_BYTES = 10_000


@get("/desk/offline", access="desk.serve")
async def show_offline(request: PageRequest, session: Session, actor: Who, pollings: Votes) -> Response[str]:
    """The form that works without the network, on a device that holds the keys of two officers."""
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    require(actor, "desk.serve", round_id=found.id)
    polling = await pollings.find(session, found.slug)
    context = await frame_context(session, found, language)
    listed = await offline.officers(session, found)
    names = await staff_repository.names_of(session, [officer.account_id for officer in listed])
    officers = [
        {"key": officer.key, "account": str(officer.account_id), "name": names.get(officer.account_id) or "?"}
        for officer in listed
    ]
    return staff_page(
        request,
        "desk/offline.html",
        locale=language,
        form=Form.filled(translations(language)),
        officers=json.dumps(officers),
        eid=b64u(polling.manifest.eid),
        rolled=has_roll(polling),
        receiver=polling.manifest.document["aud"],
        contests=[
            (one["id"], spoken_of(dict(one["title"]), language) or Spoken(language, one["id"]))
            for one in polling.ballot_list["contests"]
        ],
        desks=await repository.places_of(session, found.id),
        **{**context, "section": "rounds"},
    )


@post("/desk/slips", access="desk.serve", status_code=200, request_max_body_size=_MOST_BYTES)
async def take_slip(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes, keys: Keys
) -> Response[dict[str, Any]]:
    """Take a slip, and say what its officers sign now."""
    words = translations(lang_of(request))
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    polling = await pollings.find(transaction, found.slug)
    try:
        async with transaction.begin_nested():
            slip = _body(await request.body())
            waiting = await offline.receive(transaction, actor, found, polling, slip, keys=keys, now=clock())
    except (DeskRefused, OrderRefused, SignatureRefused) as error:
        return _refused(error, words)
    if waiting.order.logged_at is not None:
        return Response({"state": "logged", "text": words.gettext("In the record.")})
    return Response({"state": "waiting", "order": str(waiting.order.id), "entry": waiting.entry})


@post("/desk/slips/{order_id:uuid}/sign", access="desk.serve", status_code=200, request_max_body_size=_MOST_BYTES)
async def sign_slip(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    pollings: Votes,
    keys: Keys,
    order_id: FromPath[UUID],
) -> Response[dict[str, Any]]:
    """Take both signatures under the entry of a slip; it stands in the record then."""
    language = lang_of(request)
    words = translations(language)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    polling = await pollings.find(transaction, found.slug)
    try:
        async with transaction.begin_nested():
            given = _body(await request.body()).get("sg", [])
            await offline.sign(transaction, actor, found, order_id, given, operator=keys.ed25519("op"), now=clock())
    except (DeskRefused, OrderRefused, SignatureRefused) as error:
        return _refused(error, words)
    context = await frame_context(transaction, found, language)
    waiting = await orders.waiting_order(transaction, found, order_id)
    reader: Reader = context["words"]
    entry = waiting.entry
    group = polling.manifest.contests[entry["d"]].group
    online = await handing.online_at(transaction, polling, group, unb64u(entry["a"]))
    text = words.gettext("In the record.")
    if online is not None:
        text += " " + words.gettext("A vote online, cast %(when)s, is replaced by it.") % {
            "when": reader.moment(online)
        }
    return Response({"state": "logged", "text": text})


def _body(sent: bytes) -> dict[str, Any]:
    try:
        read = msgspec.json.decode(sent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DeskRefused("slip", "This is no slip.") from error
    if not isinstance(read, dict):
        raise DeskRefused("slip", "This is no slip.")
    return read


def _refused(error: DomainError, words: Any) -> Response[dict[str, Any]]:
    text = (
        error.in_words(words)
        if isinstance(error, SignatureRefused)
        else refusal_in_words(getattr(error, "code", ""), words)
    )
    return Response({"state": "refused", "text": text})


handlers = [show_offline, take_slip, sign_slip]
