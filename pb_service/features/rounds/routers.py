"""The addresses of the stage rounds, put together for app.py."""

from litestar import Router

from pb_service.features.rounds import border_pages, import_pages, municipality_pages, setup_pages, staff_pages

staff_router = Router("/{lang:str}/staff/rounds", route_handlers=staff_pages.handlers, include_in_schema=False)
setup_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[*setup_pages.handlers, *import_pages.handlers, *border_pages.handlers],
    include_in_schema=False,
)
municipality_router = Router("/{lang:str}/staff", route_handlers=municipality_pages.handlers, include_in_schema=False)
round_routers = [staff_router, setup_router, municipality_router]
