"""Every router of the vote that shows pages, and the receipts that anybody may ask for."""

from litestar import Router

from pb_service.features.voting.booth_pages import booth_router
from pb_service.features.voting.casting_pages import casting_router, reminder_router
from pb_service.features.voting.check_pages import check_router
from pb_service.features.voting.order_pages import orders_router
from pb_service.features.voting.picture_pages import picture_router
from pb_service.features.voting.receipt_pages import receipt_api, receipt_router
from pb_service.features.voting.record_pages import record_router
from pb_service.features.voting.roll_change_pages import roll_changes_router

voting_pages: list[Router] = [
    booth_router,
    receipt_router,
    check_router,
    record_router,
    picture_router,
    receipt_api,
    roll_changes_router,
    orders_router,
    reminder_router,
    casting_router,
]
