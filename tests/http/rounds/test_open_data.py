"""Open data of a round of one's own, before its vote: dates, news, districts, proposals."""

import httpx
from icalendar import Calendar

from pb_service.service import Service
from tests.rounds import publish_round, staff


async def test_a_round_s_dates_are_a_calendar_and_its_files_can_be_had(
    client: httpx.AsyncClient, service: Service
) -> None:
    """An event for each phase, which keeps its UID in every language; no line is longer than 75 octets."""
    await publish_round(service, await staff(service), "spring")
    uids = []
    for lang in ("fi", "sv", "en"):
        answer = await client.get(f"/data/spring/calendar.ics?lang={lang}")
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert max(map(len, answer.content.split(b"\r\n"))) <= 75
        events = Calendar.from_ical(answer.text).events
        assert all(event.end > event.start for event in events)
        uids.append([str(event["uid"]) for event in events])
    assert uids[0] == uids[1] == uids[2]
    assert len(set(uids[0])) == len(uids[0]) >= 4
    files = (await client.get("/data/spring/index.json")).json()["files"]
    kinds = {file["kind"] for file in files}
    assert kinds >= {"dates", "news", "districts", "description"}
    for file in files:
        assert (await client.get(file["href"])).status_code == 200, file["href"]
    assert (await client.get("/en/rounds/spring/data")).status_code == 200
