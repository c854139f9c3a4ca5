"""All pages of staff, for the application."""

from litestar import Router

from pb_service.features.accounts.desk_pages import desk_router
from pb_service.features.accounts.factor_pages import factor_router
from pb_service.features.accounts.invitation_pages import invitation_router
from pb_service.features.accounts.people_pages import people_router
from pb_service.features.accounts.signing_key_pages import signing_key_router
from pb_service.features.accounts.token_pages import token_router
from pb_service.features.accounts.unit_pages import unit_router

staff_routers: list[Router] = [
    invitation_router,
    desk_router,
    factor_router,
    people_router,
    unit_router,
    signing_key_router,
    token_router,
]
