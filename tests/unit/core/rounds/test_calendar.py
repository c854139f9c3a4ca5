"""Wall-clock times of a municipality and moments in UTC, over changes of summer time."""

from datetime import UTC, datetime, timedelta

import pytest

from pb_service.core.rounds import calendar
from pb_service.core.rounds.setup import DatesStep, PlannedPhase

HELSINKI = "Europe/Helsinki"


def test_a_winter_time_is_two_hours_and_a_summer_time_three_before_utc() -> None:
    assert calendar.moment("2027-01-15T08:00", HELSINKI) == calendar.Moment(datetime(2027, 1, 15, 6, 0, tzinfo=UTC))
    assert calendar.moment("2027-07-15T08:00:30", HELSINKI) == calendar.Moment(
        datetime(2027, 7, 15, 5, 0, 30, tzinfo=UTC)
    )


def test_a_time_that_occurs_twice_means_the_first() -> None:
    """On 31 October 2027 clocks in Finland go back from 04:00 to 03:00."""
    assert calendar.moment("2027-10-31T03:30", HELSINKI) == calendar.Moment(
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "ambiguous"
    )


def test_a_time_that_does_not_occur_is_read_with_the_offset_before() -> None:
    """On 28 March 2027 clocks in Finland go from 03:00 to 04:00."""
    read = calendar.moment("2027-03-28T03:30", HELSINKI)
    assert read == calendar.Moment(datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "missing")
    assert calendar.wall_clock_of(read.at, HELSINKI) == "2027-03-28T04:30"


def test_odd_times_are_pointed_out() -> None:
    dates = DatesStep(phases=(PlannedPhase("ideas", "2027-03-28T03:30"),), ends="2027-10-31T03:30")
    assert [(found.field, found.code, found.values["read"]) for found in calendar.notices(dates)] == [
        ("phases.ideas", "time_missing", "2027-03-28 04:30"),
        ("ends", "time_ambiguous", "2027-10-31 03:30"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2027-02-30T08:00", "2027-13-01T08:00", "2027-01-01T24:01", "2027-01-01", "1999-01-01T08:00",
     "2027-01-01T08:00Z", "2027-01-01T08:00+02:00", "٢٠٢٧-01-01T08:00", "2027-01-01 08:00", "2027-W01-1T08:00"],
)  # fmt: skip
def test_what_is_no_wall_clock_time_is_none(text: str) -> None:
    assert calendar.moment(text, HELSINKI) is None
    assert calendar.next_year(text) == text


@pytest.mark.parametrize("zone", ["Europe/Helsingfors", "", "../../etc/passwd", "/etc/localtime", "europe/helsinki\0"])
def test_a_zone_is_one_of_the_iana_database(zone: str) -> None:
    assert not calendar.is_zone(zone)
    assert calendar.moment("2027-01-01T08:00", zone) is None


def test_a_year_on_is_the_same_weekday_and_hour() -> None:
    moved = calendar.next_year("2027-03-15T09:00")
    assert moved == "2028-03-13T09:00"
    assert datetime.fromisoformat(moved).weekday() == datetime(2027, 3, 15).weekday()  # noqa: DTZ001 # wall clocks


def test_days_on_keep_the_hour_over_a_change_of_clocks() -> None:
    before, after = "2027-03-27T09:00", calendar.later_by("2027-03-27T09:00", 2)
    first, second = calendar.moment(before, HELSINKI), calendar.moment(after, HELSINKI)
    assert first is not None and second is not None  # noqa: PT018
    assert second.at - first.at == timedelta(days=2) - timedelta(hours=1)


def test_a_birthday_that_there_is_not_every_year_moves_to_the_day_before() -> None:
    assert calendar.same_day_next_year("2028-02-29") == "2029-02-28"
    assert calendar.same_day_next_year("2027-12-31") == "2028-12-31"
    assert calendar.same_day_next_year("") == ""


def test_a_phase_lasts_until_the_next_one_begins() -> None:
    dates = DatesStep(
        phases=(PlannedPhase("ideas", "2027-01-01T08:00"), PlannedPhase("moderation", "2027-02-01T08:00")),
        ends="2027-03-01T08:00",
    )
    ideas, moderation = calendar.spans(dates)
    assert ideas.ends_at == moderation.starts_at == datetime(2027, 2, 1, 6, 0, tzinfo=UTC)
    assert moderation.ends_at == datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
    assert calendar.spans(DatesStep()) == []
