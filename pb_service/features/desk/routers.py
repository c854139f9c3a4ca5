"""The addresses of the desk, put together for app.py."""

from litestar import Router

from pb_service.features.desk import box_pages, offline_pages, pages, print_pages

desk_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[*pages.handlers, *box_pages.handlers, *print_pages.handlers, *offline_pages.handlers],
    include_in_schema=False,
)
