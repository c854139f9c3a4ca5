"""The addresses of the stage assessment, put together for app.py."""

from litestar import Router

from pb_service.features.assessment import (
    ballot_pages,
    case_pages,
    cost_pages,
    inbox_pages,
    list_pages,
    review_pages,
)

inbox_router = Router("/{lang:str}/staff", route_handlers=inbox_pages.handlers, include_in_schema=False)
case_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}/proposals", route_handlers=case_pages.handlers, include_in_schema=False
)
cost_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}/costs", route_handlers=cost_pages.handlers, include_in_schema=False
)
list_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[*list_pages.handlers, *ballot_pages.staff_handlers],
    include_in_schema=False,
)
ballot_router = Router(
    "/{lang:str}/rounds/{slug:str}", route_handlers=ballot_pages.public_handlers, include_in_schema=False
)
review_router = Router(
    "/{lang:str}/rounds/{slug:str}/proposals", route_handlers=review_pages.handlers, include_in_schema=False
)
assessment_routers = [inbox_router, case_router, cost_router, list_router, ballot_router, review_router]
