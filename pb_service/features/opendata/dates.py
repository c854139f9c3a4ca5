"""A round's dates as a calendar (RFC 5545) that phones and office programs subscribe to."""

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from pb_service.core.rounds.setup import pairs
from pb_service.features.rounds.public import PublicRound
from pb_service.features.rounds.steps.labels import phase_names
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language, translations


def round_calendar(shown: PublicRound, language: Language, *, public_url: str, now: datetime) -> bytes:
    """Return one event for each phase that has a beginning and an end.

    An event keeps its UID when its dates move, so that calendars move it too. Times are UTC: phases begin and end at
    moments, whatever clock a reader has.
    """
    words = Reader(language, translations(language))
    texts = pairs(shown.setup.texts.name)
    name = text_in(texts, language)[1] if texts else shown.slug
    host = public_url.partition("://")[2]
    page = f"{public_url}/{language}/rounds/{shown.slug}"
    calendar = Calendar()
    calendar.add("prodid", "-//pb-service//round dates//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"value": "DURATION"})
    titles = phase_names(words)
    for step in shown.timeline:
        if step.starts_at is None or step.ends_at is None or step.ends_at <= step.starts_at:
            continue
        event = Event()
        event.add("uid", f"{shown.slug}-{step.phase}@{host}")
        event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", step.starts_at.astimezone(UTC))
        event.add("dtend", step.ends_at.astimezone(UTC))
        event.add("summary", f"{titles[step.phase]}: {name}")
        event.add("url", page)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
