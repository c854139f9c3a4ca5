"""Pages about units and their people, and about the contact persons of districts."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import people, policy, units
from pb_service.features.accounts.emails import EmailRefused, plain_email
from pb_service.features.accounts.guards import see_other
from pb_service.features.accounts.scopes import ScopeList, Scopes
from pb_service.features.accounts.staff_errors import StaffError
from pb_service.features.accounts.units import UnitDetails
from pb_service.features.accounts.visit import Visit, visit
from pb_service.web.forms import Form, done, once
from pb_service.web.locales import LANGUAGES

Transaction = NamedDependency[AsyncSession]
Session = NamedDependency[AsyncSession]
Asked = NamedDependency[Visit]
Rounds = NamedDependency[ScopeList]

_PHONE_MARKS = set("0123456789+-() ")


@get("/", access="staff.enter")
async def show_units(session: Session, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """All units with their people, and the contact persons of the districts."""
    scopes = Scopes(await scope_list(session))
    shown = await units.all_units(session, visit.actor)
    return visit.page(
        "units",
        units=sorted(shown, key=lambda unit: unit.name(visit.language).casefold()),
        contacts=await units.contacts(session),
        round_name=lambda round_id: scopes.name(round_id, visit.language),
        district_name=lambda round_id, key: scopes.district_name(round_id, key, visit.language),
        may_edit=policy.may_somewhere(visit.actor, "units.edit"),
        may_edit_in=lambda contact: policy.may(
            visit.actor, "units.edit", round_id=contact.round_id, district=contact.district
        ),
        section="units",
    )


@get("/new", access="units.edit")
async def show_new(visit: Asked) -> Response[Any]:
    return visit.page("unit_edit", form=Form.filled(visit.words, once=once()), unit=None, section="units")


@post("/new", access="units.edit")
async def create_unit(transaction: Transaction, visit: Asked) -> Response[Any]:
    """Add a unit; the form's own key makes sending it twice the same as once."""
    form = await visit.form()
    details = _details(form, visit)
    try:
        unit_id = UUID(form.value("once"))
    except ValueError:
        form.refuse("once", visit.words.gettext("Open the page again."))
    if form.errors:
        return visit.page("unit_edit", form=form, unit=None, section="units")
    await units.create_unit(transaction, visit.actor, details, unit_id=unit_id, now=visit.now)
    return see_other(visit.path(f"units/{unit_id}"))


@get("/{unit_id:uuid}", access="units.edit")
async def show_unit(session: Session, visit: Asked, unit_id: FromPath[UUID]) -> Response[Any]:
    """One unit: its details and its people, to change."""
    return await _unit_page(session, visit, unit_id)


@post("/{unit_id:uuid}", access="units.edit")
async def change_unit(transaction: Transaction, visit: Asked, unit_id: FromPath[UUID]) -> Response[Any]:
    form = await visit.form()
    details = _details(form, visit)
    if form.errors:
        return await _unit_page(transaction, visit, unit_id, form=form)
    await units.change_unit(transaction, visit.actor, unit_id, details, now=visit.now)
    return done(visit.path(f"units/{unit_id}"), "saved")


@post("/{unit_id:uuid}/close", access="units.edit")
async def close_unit(transaction: Transaction, visit: Asked, unit_id: FromPath[UUID]) -> Response[Any]:
    await units.close_unit(transaction, visit.actor, unit_id, now=visit.now)
    return done(visit.path("units"), "closed")


@post("/{unit_id:uuid}/members", access="units.edit")
async def put_member(transaction: Transaction, visit: Asked, unit_id: FromPath[UUID]) -> Response[Any]:
    """Add a person to the unit, or change their title and phone there."""
    words, form = visit.words, await visit.form()
    account_id = _person(form, visit)
    title = form.text("title", label=words.gettext("Title"), most=100)
    phone = _phone(form, "member_phone", visit)
    if account_id and not form.errors:
        try:
            await units.put_member(
                transaction, visit.actor, unit_id, account_id, title=title, phone=phone, now=visit.now
            )
            return done(visit.path(f"units/{unit_id}"), "added")
        except StaffError as error:
            visit.refuse(form, "person", error)
    return await _unit_page(transaction, visit, unit_id, member_form=form)


@post("/{unit_id:uuid}/members/{account_id:uuid}/remove", access="units.edit")
async def remove_member(
    transaction: Transaction, visit: Asked, unit_id: FromPath[UUID], account_id: FromPath[UUID]
) -> Response[Any]:
    await units.remove_member(transaction, visit.actor, unit_id, account_id, now=visit.now)
    return done(visit.path(f"units/{unit_id}"), "removed")


@get("/contacts/new", access="units.edit")
async def show_new_contact(session: Session, visit: Asked, scope_list: Rounds) -> Response[Any]:
    return await _contact_page(session, visit, scope_list, Form.filled(visit.words))


@post("/contacts/new", access="units.edit")
async def name_contact(transaction: Transaction, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """Make a person the public contact of a district."""
    words, form = visit.words, await visit.form()
    account_id = _person(form, visit)
    scope = form.text("scope", label=words.gettext("District"), most=200)
    email, phone = _email(form, "email", visit), _phone(form, "phone", visit)
    if not (email or phone):
        form.refuse("email", words.gettext("Give an e-mail address or a phone number, or both."))
    round_text, _, district = scope.partition(" ")
    if account_id and not form.errors:
        try:
            await units.name_contact(
                transaction,
                visit.actor,
                account_id,
                round_id=UUID(round_text),
                district=district,
                email=email,
                phone=phone,
                scopes=Scopes(await scope_list(transaction)),
                now=visit.now,
            )
            return done(visit.path("units"), "named")
        except StaffError as error:
            visit.refuse(form, "scope", error)
        except ValueError:
            form.refuse("scope", words.gettext("Choose one of these"))
    return await _contact_page(transaction, visit, scope_list, form)


@post("/contacts/{contact_id:uuid}/remove", access="units.edit")
async def remove_contact(transaction: Transaction, visit: Asked, contact_id: FromPath[UUID]) -> Response[Any]:
    await units.remove_contact(transaction, visit.actor, contact_id, now=visit.now)
    return done(visit.path("units"), "removed")


async def _unit_page(
    session: AsyncSession, visit: Visit, unit_id: UUID, *, form: Form | None = None, member_form: Form | None = None
) -> Response[Any]:
    unit = await units.unit(session, visit.actor, unit_id)
    values = {f"name_{code}": unit.names.get(code, "") for code in LANGUAGES}
    refused = form or member_form
    return visit.page(
        "unit_edit",
        form=form or Form.of({**values, "email": unit.email, "phone": unit.phone}, visit.words),
        member_form=member_form or Form.filled(visit.words),
        status=422 if refused and refused.errors else 200,
        unit=unit,
        people=await _people_options(session, visit),
        section="units",
    )


async def _contact_page(session: AsyncSession, visit: Visit, scope_list: ScopeList, form: Form) -> Response[Any]:
    scopes = await scope_list(session)
    named = Scopes(scopes)
    options = [
        (
            f"{scope.id} {each.key}",
            f"{named.name(scope.id, visit.language)}: {named.district_name(scope.id, each.key, visit.language)}",
        )
        for scope in scopes
        for each in scope.districts
        if policy.may(visit.actor, "units.edit", round_id=scope.id, district=each.key)
    ]
    people_options = await _people_options(session, visit)
    return visit.page("contact", form=form, scopes=options, people=people_options, section="units")


async def _people_options(session: AsyncSession, visit: Visit) -> list[tuple[str, str]]:
    return [(str(id_), name) for id_, name in await people.choosable(session, visit.actor)]


def _details(form: Form, visit: Visit) -> UnitDetails:
    words = visit.words
    names = {code: form.text(f"name_{code}", required=False, most=120) for code in LANGUAGES}
    if not any(names.values()):
        form.refuse("name_fi", words.gettext("Give the unit a name in at least one language."))
    return UnitDetails(
        {code: name for code, name in names.items() if name},
        _email(form, "email", visit) or None,
        _phone(form, "phone", visit) or None,
    )


def _person(form: Form, visit: Visit) -> UUID | None:
    text = form.text("person", label=visit.words.gettext("Person"), most=40)
    try:
        return UUID(text) if text else None
    except ValueError:
        form.refuse("person", visit.words.gettext("Choose one of these"))
        return None


def _email(form: Form, name: str, visit: Visit) -> str:
    text = form.text(name, required=False, most=254)
    try:
        return plain_email(text) if text else ""
    except EmailRefused:
        form.refuse(name, visit.words.gettext("This is not an e-mail address that can be used."))
        return ""


def _phone(form: Form, name: str, visit: Visit) -> str:
    text = form.text(name, required=False, most=30)
    if set(text) - _PHONE_MARKS or (text and sum(mark.isdigit() for mark in text) < 3):
        form.refuse(name, visit.words.gettext("Write a phone number, for example +358 9 123 4567"))
    return text


unit_router = Router(
    "/{lang:str}/staff/units",
    route_handlers=[
        show_units,
        show_new,
        create_unit,
        show_unit,
        change_unit,
        close_unit,
        put_member,
        remove_member,
        show_new_contact,
        name_contact,
        remove_contact,
    ],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
