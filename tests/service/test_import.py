"""Importing archived rounds: several files become one round, or nothing is stored."""

import pytest

from pb_service.core.record import canonical
from pb_service.core.tally import TallyError
from pb_service.features.opendata.errors import ImportRefused
from pb_service.features.opendata.imports import ImportPlan, import_round, plan_import
from pb_service.features.record import service as record
from pb_service.features.rounds.errors import RoundExists
from pb_service.features.rounds.service import find_round
from pb_service.service import Service
from tests.builders import import_options, pabulib_file


def plan(**meta: object) -> ImportPlan:
    return plan_import([pabulib_file("North", **meta)], import_options())


async def store(service: Service, planned: ImportPlan) -> None:
    async with service.database.transaction() as session:
        await import_round(session, planned, origin_host="example.org", now=service.clock())


async def test_each_file_becomes_a_contest_in_the_given_order(service: Service) -> None:
    files = [pabulib_file("Włochy"), pabulib_file("Östersundom, södra")]
    await store(service, plan_import(files, import_options()))
    async with service.database.reading() as session:
        stored = await find_round(session, "spring")
    assert [contest.key for contest in stored.contests] == ["wlochy", "ostersundom-sodra"]
    assert [project.code for project in stored.contests[0].projects] == ["a", "b", "c"]


async def test_the_import_of_each_district_is_an_act_in_the_record(service: Service) -> None:
    await store(service, plan_import([pabulib_file("North"), pabulib_file("South")], import_options()))
    await service.sequencer.settle()
    async with service.database.reading() as session:
        entries = await record.entries(session, (await find_round(session, "spring")).log)
    acts = [canonical.decode(entry) for entry in entries]
    assert [(act["k"], act["o"]) for act in acts] == [
        ("round.created", "spring"),
        ("contest.imported", "spring/north"),
        ("contest.imported", "spring/south"),
    ]


async def test_a_second_import_under_the_same_name_is_refused_and_changes_nothing(service: Service) -> None:
    await store(service, plan())
    with pytest.raises(RoundExists, match="spring"):
        await store(service, plan_import([pabulib_file("South")], import_options()))
    async with service.database.reading() as session:
        assert [contest.key for contest in (await find_round(session, "spring")).contests] == ["north"]


def test_money_is_stored_in_the_finest_unit_of_all_files() -> None:
    files = [pabulib_file("North", budget="100"), pabulib_file("South", budget="100.125")]
    planned = plan_import(files, import_options())
    assert planned.setup.unit == 1000
    assert [contest.setup.budget for contest in planned.contests] == [100_000, 100_125]


def test_limits_in_money_follow_the_unit() -> None:
    files = [pabulib_file("North", max_sum_cost="90"), pabulib_file("South", budget="100.125")]
    assert plan_import(files, import_options()).contests[0].setup.limits["cost"] == 90_000


def test_ballots_beyond_a_limit_are_counted_and_reported() -> None:
    planned = plan(max_length="1")
    assert planned.contests[0].over == 2
    assert len(planned.contests[0].ballots) == 4


def test_the_city_s_own_outcome_is_kept_beside_the_projects() -> None:
    assert [project.official for project in plan().contests[0].setup.projects] == [True, False, True]
    assert [project.official for project in plan(selected=None).contests[0].setup.projects] == [None] * 3


def test_the_file_s_own_rule_is_taken_with_its_threshold() -> None:
    rule = plan(rule="greedy-threshold", min_project_score_threshold="2").contests[0].setup.rule
    assert rule == {"name": "greedy", "by": "votes", "skip": True, "threshold": 2, "ties": ["cost", "id"]}


def test_points_are_counted_as_points() -> None:
    planned = plan(vote_type="cumulative", votes=["a,b", "b"], points=["3,1", "2"])
    assert planned.contests[0].setup.rule == {"name": "greedy", "by": "points", "skip": True, "ties": ["cost", "id"]}


def test_a_rule_can_be_named_for_all_files() -> None:
    options = import_options(rule="mes_cost_add1")
    rule = plan_import([pabulib_file("North", rule="unknown", budget="100.125")], options).contests[0].setup.rule
    assert dict(rule).items() >= {"name": "equal_shares", "completion": "add_one", "step": 1000}.items()


@pytest.mark.parametrize(
    ("rule", "sentence"), [("points_greedy_score", "no points"), ("borda_greedy_score", "no ranking")]
)
def test_a_rule_that_the_ballots_cannot_feed_is_refused_before_anything_is_signed(rule: str, sentence: str) -> None:
    with pytest.raises(TallyError, match=sentence):
        plan_import([pabulib_file("North")], import_options(rule=rule))


def test_a_year_alone_is_the_whole_year() -> None:
    setup = plan(date_begin="2024", date_end="2024").setup
    assert (setup.opens_at.isoformat(), setup.closes_at.isoformat()) == (
        "2024-01-01T00:00:00+00:00",
        "2024-12-31T23:59:59+00:00",
    )


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        ({"rule": "unknown"}, "is not offered yet"),
        ({"rule": "equalshares/add1-comparison"}, "is not offered yet"),
        ({"vote_type": "ordinal"}, "how ranks become votes"),
        ({"date_end": "soon"}, "DD.MM.YYYY or YYYY is needed"),
        ({"date_end": "31.02.2025"}, "DD.MM.YYYY or YYYY is needed"),
        ({"date_begin": "02.04.2025"}, "ends on 31.03.2025, before it begins on 02.04.2025"),
        ({"currency": ""}, "three capital letters"),
        ({"currency": "zł"}, "three capital letters"),
    ],
)
def test_a_file_that_cannot_be_placed_is_refused_with_a_sentence(meta: dict[str, str], sentence: str) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        plan(**meta)


def test_a_language_that_is_none_is_marked_undetermined() -> None:
    assert plan(language='en" onclick').contests[0].setup.language == "und"


def test_an_endless_district_name_is_refused() -> None:
    with pytest.raises(ImportRefused, match="200 at most"):
        plan_import([pabulib_file("N" * 201)], import_options())


def test_a_district_cannot_take_the_address_of_a_page() -> None:
    assert plan_import([pabulib_file("Record")], import_options()).contests[0].setup.key == "record-district"


def test_files_that_do_not_make_one_round_are_refused() -> None:
    with pytest.raises(ImportRefused, match=r"in SEK, North\.pb in EUR"):
        plan_import([pabulib_file("North"), pabulib_file("South", currency="SEK")], import_options())
    with pytest.raises(ImportRefused, match="same district, north"):
        plan_import([pabulib_file("North"), pabulib_file("North")], import_options())
    with pytest.raises(ImportRefused, match="too large to be counted exactly"):
        files = [pabulib_file("North", budget="9" * 12), pabulib_file("South", budget="0.000001")]
        plan_import(files, import_options())
    with pytest.raises(ImportRefused, match="No file"):
        plan_import([], import_options())
    with pytest.raises(ImportRefused, match="small letters"):
        plan_import([pabulib_file("North")], import_options("Spring!"))
    with pytest.raises(ImportRefused, match="No address"):
        plan_import([pabulib_file("北区")], import_options())
