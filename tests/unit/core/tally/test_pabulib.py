"""Reading and writing `.pb` files: what real ones hold, what is wrong row by row, and what hostile ones are told."""

import gzip
import zlib
from pathlib import Path

import pytest
from pabulib.checker import Checker

from pb_service.core.tally import Instance, pabulib, rule_by_name, tally
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, compose_pabulib, read_pabulib, write_pabulib
from tests.unit.core.tally.elections import FILES, real

META = {"budget": "100", "vote_type": "approval", "currency": "EUR", "language": "fi"}


def text(meta: str = "", projects: str = "a;60;A\nb;50;B\n", votes: str = "1;a,b\n2;a\n", **change: str) -> bytes:
    """Return a small file: META with changes, PROJECTS (project_id;cost;name) and VOTES (voter_id;vote)."""
    rows = "".join(f"{key};{value}\n" for key, value in {**META, **change}.items())
    return (
        f"META\nkey;value\n{rows}{meta}PROJECTS\nproject_id;cost;name\n{projects}VOTES\nvoter_id;vote\n{votes}".encode()
    )


def read(data: bytes) -> PabulibFile:
    return read_pabulib(data, name="x.pb")


def scored(votes: str, vote_type: str = "cumulative", **change: str) -> PabulibFile:
    data = text(votes="", vote_type=vote_type, **change).replace(b"voter_id;vote\n", b"voter_id;vote;points\n")
    return read(data + votes.encode())


def told(data: bytes) -> str:
    with pytest.raises(PabulibError) as refused:
        read(data)
    return str(refused.value)


def test_a_file_is_read_as_it_stands() -> None:
    file = read(text(max_length="2"))
    assert [(p.id, p.cost, p.name, p.selected) for p in file.projects] == [
        ("a", 6000, "A", None),
        ("b", 5000, "B", None),
    ]
    assert (file.budget, file.unit, file.fmt, file.ballots) == (10000, 100, "approval", [[0, 1], [0]])
    assert (file.currency, file.language, file.limits, file.problems) == ("EUR", "fi", {"k": 2}, [])
    assert file.sorted_ballots() == [[0], [0, 1]]


def test_line_ends_byte_order_marks_and_gzip_make_no_difference() -> None:
    plain = text()
    for data in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain, gzip.compress(plain), plain.rstrip()):
        assert read(data) == read(plain)


def test_columns_may_stand_in_any_order_and_quoted_fields_hold_semicolons() -> None:
    data = (
        b"META\nkey;value\nbudget;7.5\nvote_type;approval\n"
        b'PROJECTS\nname;selected;cost;project_id\n"A; ""B""";1;7.50;x/1\n'
        b"VOTES\nvote;age;voter_id\nx/1;30;v\n"
    )
    file = read(data)
    project = file.projects[0]
    assert (project.id, project.cost, project.name, project.selected) == ("x/1", 750, 'A; "B"', 1)
    assert file.ballots == [[0]]


def test_categories_targets_and_places_are_kept_as_text() -> None:
    data = text(projects="a;60;A;sport, culture;None;60.20;24.90\n").replace(
        b"cost;name", b"cost;name;category;beneficiaries;latitude;longitude"
    )
    project = read(data.replace(b"1;a,b\n", b"")).projects[0]
    assert (project.categories, project.targets) == (("sport", "culture"), ())
    assert (project.latitude, project.longitude) == ("60.20", "24.90")
    assert project.columns["category"] == "sport, culture"


@pytest.mark.parametrize(
    ("budget", "unit", "amount"),
    [("4000.0", 100, 400000), ("7.5", 100, 750), ("0.125", 1000, 125), ("12.3400000", 100, 1234)],
)
def test_money_is_exact_and_has_as_many_minor_units_as_the_file_needs(budget: str, unit: int, amount: int) -> None:
    file = read(text(budget=budget))
    assert (file.unit, file.budget, file.projects[0].cost) == (unit, amount, 60 * unit)


def test_cumulative_points_of_a_project_that_is_named_twice_add_up_and_it_has_one_vote() -> None:
    file = scored("1;b,a,b;1,2,3\n2;;\n", max_sum_points="6", min_points="1")
    assert file.ballots == [[[0, 2], [1, 4]], []]
    assert (file.fmt, file.limits) == ("points", {"sum": 6, "eachmin": 1})
    assert [problem.code for problem in file.problems] == ["repeated_project"]


def test_scores_may_be_negative_and_points_may_not() -> None:
    assert scored("1;a,b;-2,3\n", "scoring", min_points="-2", max_points="3").ballots == [[[0, -2], [1, 3]]]
    assert scored("1;a,b;-2,3\n", "scoring", min_points="-2", max_points="3").limits == {"smin": -2, "smax": 3}
    assert scored("1;a,b;-2,3\n").problems[0].code == "points"


def test_a_ranking_keeps_its_order_and_a_choice_is_one_approval() -> None:
    assert read(text(vote_type="ordinal", votes="1;b,a,b\n")).ballots == [[1, 0]]
    assert read(text(vote_type="choose-1", votes="1;b\n")).limits == {"kmin": 1, "k": 1}


def test_limits_by_category_name_the_projects_of_the_category() -> None:
    file, _ = real("Netherlands_Amsterdam_332")
    limits = file.limits["cats"]
    assert [limit["cost"] for limit in limits] == [6758300, 5108300, 4941700, 2116700, 1075000]
    assert sum(len(limit["i"]) for limit in limits) == 56


def test_an_empty_ballot_is_valid_where_the_file_says_so() -> None:
    assert read(text(min_length="0", votes="1;\n")).limits == {"blank": True}


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (text(projects="a;60;A\na;50;B\n"), 10, "project_id"),
        (text(projects=";60;A\na;5;B\n"), 9, "project_id"),
        (text(projects="a;0;A\nb;5;B\n"), 9, "project_cost"),
        (text(projects="a;-6;A\nb;5;B\n"), 9, "project_cost"),
        (text(projects="a;6,5;A\nb;5;B\n"), 9, "project_cost"),
        (text(projects="a;1e3;A\nb;5;B\n"), 9, "project_cost"),
        (text(projects="a;60\nb;5;B\n"), 9, "columns"),
        (text(votes="1;a\n2;a,x\n"), 14, "unknown_project"),
        (text(votes="1;a;3\n2;a\n"), 13, "columns"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_keeps_the_file_from_being_counted(
    data: bytes, line: int, code: str
) -> None:
    file = read(data)
    assert (file.problems[0].line, file.problems[0].code) == (line, code)
    with pytest.raises(PabulibError, match=f"x.pb, line {line}: "):
        file.instance()


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (text(votes="1;a,a\n2;b\n"), 13, "repeated_project"),
        (text(votes="1;a\n1;b\n"), 14, "voter_id"),
        (text(num_votes="3"), 7, "rows"),
        (text(num_projects="1"), 7, "rows"),
        (text(min_length="-3"), 7, "limit"),
        (text(max_points="-1"), 7, "limit"),
    ],
)
def test_an_odd_row_is_reported_and_counted(data: bytes, line: int, code: str) -> None:
    file = read(data)
    assert [(problem.line, problem.code) for problem in file.problems] == [(line, code)]
    assert file.instance().size == 2


def test_a_gzip_file_of_several_members_is_read_to_its_end() -> None:
    """RFC 1952 allows several; reading only the first would silently lose ballots."""
    head, tail = text()[:-4], text()[-4:]
    assert read(gzip.compress(head) + gzip.compress(tail)) == read(text())
    assert told(gzip.compress(text()) + b"more") == "x.pb: The file is not a valid gzip file."


@pytest.mark.parametrize("place", ["52,2;21", "north;21", "91;21", "52.2;181", f"{'9' * 5000};21", "52.2;", "nan;0"])
def test_a_place_that_is_none_is_reported_and_left_out(place: str) -> None:
    data = text().replace(b"cost;name", b"cost;latitude;longitude").replace(b";60;A", f";60;{place}".encode())
    file = read(data.replace(b";50;B", b";50;52.25;-1.5"))
    assert [(problem.line, problem.code) for problem in file.problems] == [(9, "project_place")]
    assert [(p.latitude, p.longitude) for p in file.projects] == [("", ""), ("52.25", "-1.5")]
    assert file.instance().size == 2


def test_a_limit_below_zero_is_no_limit() -> None:
    assert read(text(min_length="-3", max_length="-1")).limits == {}


def test_points_beyond_what_can_be_summed_exactly_are_reported() -> None:
    assert [problem.code for problem in scored(f"1;a;{'9' * 10}\n").problems] == ["points"]


def test_every_bad_row_is_reported_not_only_the_first() -> None:
    file = read(text(projects="a;0;A\nb;x;B\n", votes="1;c\n2;c\n"))
    assert [problem.line for problem in file.problems] == [9, 10, 13, 14]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "x.pb: The file is empty."),
        (b"hello", "x.pb, line 1: A .pb file begins with the section META."),
        (b"META\nkey;value\nbudget;1\n", "x.pb: There is no section PROJECTS."),
        (b"META\nkey;value\nPROJECTS\nproject_id;cost\nVOTES\nvoter_id;vote\n", "x.pb, line 2: META has no budget."),
        (b"META\nPROJECTS\nVOTES\n", "x.pb, line 2: The section META has no column 'key'."),
        (text().replace(b"voter_id;vote", b"voter;vote"), "x.pb, line 12: The section VOTES has no column 'voter_id'."),
        (text().replace(b";cost;", b";price;"), "x.pb, line 8: The section PROJECTS has no column 'cost'."),
        (
            text().replace(b"cost;name", b"cost;cost"),
            "x.pb, line 8: The section PROJECTS has two columns of the same name.",
        ),
        (text(vote_type="lottery"), "x.pb, line 4: The vote_type 'lottery' is not one of"),
        (text(vote_type="cumulative"), "x.pb, line 12: The section VOTES has no column 'points'."),
        (text(default_score="1"), "x.pb, line 7: A default_score other than 0 is not supported."),
        (text(budget="lots"), "x.pb, line 3: The budget 'lots' is not an amount of money."),
        (text(budget="-5"), "x.pb, line 3: The budget '-5' is not an amount of money."),
        (text(budget="1" + "0" * 30), "x.pb, line 3: The budget is too large to be counted exactly."),
        (text(budget="0.1234567"), "x.pb, line 3: An amount of money has more than 6 decimals."),
        (text(meta="budget;5\n"), "x.pb, line 7: META names 'budget' twice."),
        (text(projects='a;60;"A"B\n'), "x.pb, line 9: The row cannot be read"),
        (text(votes='1;"a\n'), "x.pb, line 13: The row cannot be read"),
        (text(votes="1;" + "a," * 70_000), "x.pb, line 13: The row cannot be read"),
        (text() + b"3;\0\n", "x.pb, line 15: The file holds a NUL byte; it is no text file."),
        (text() + b"3;\xff\n", "x.pb, line 15: The file is not encoded in UTF-8."),
        (text().decode().encode("utf-16"), "x.pb, line 1: The file is encoded in UTF-16 and not in UTF-8."),
        (gzip.compress(text())[:-9], "x.pb: The gzip file is cut short."),
        (b"\x1f\x8b\x07garbage", "x.pb: The file is not a valid gzip file."),
    ],
)
def test_an_unreadable_file_is_refused_in_one_sentence_with_its_line(data: bytes, sentence: str) -> None:
    assert told(data).startswith(sentence)


def test_a_million_projects_are_refused_after_the_first_few() -> None:
    rows = "".join(f"{number};1;\n" for number in range(1_000_000))
    assert "more than 20,000 projects" in told(text(projects=rows))


def test_a_file_of_too_many_lines_is_refused_before_it_is_read() -> None:
    assert "more than 1,200,000 lines" in told(text() + b"\n" * 1_200_000)
    assert "more than 1,200,000 lines" in told(text() + b"\r" * 1_200_001)


def test_a_ballot_that_names_ten_thousand_projects_is_refused() -> None:
    """Whether they exist or not, or are one and the same."""
    for names in (",".join(f"p{n}" for n in range(10_000)), ",".join("a" * 10_000)):
        assert told(text(votes=f"1;{names}\n")) == "x.pb, line 13: The ballot names more than 1,000 projects."


def test_of_rows_that_cannot_be_understood_a_thousand_are_enough() -> None:
    assert len(read(text(votes="1;c\n" * 500)).problems) == 999
    assert "More than 1,000 rows before" in told(text(votes="1;c\n" * 5000))


def test_odd_rows_are_listed_up_to_a_number_and_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pabulib, "MAX_ODD", 3)
    file = read(text(votes="1;a\n" * 50))
    assert (len(file.problems), file.instance().size) == (3, 50)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (text(votes="1;" + "a" * 2**20 + "\n"), "x.pb, line 13: The line is longer than 1 MiB."),
        (text(meta="".join(f"k{n};v\n" for n in range(1000))), "x.pb, line 1003: META has more than 1,000 rows."),
        (text().replace(b"cost;name", b"cost;name" + b";x" * 1000), "x.pb, line 8: The section PROJECTS has more than"),
        (gzip.compress(b"") * 2000, "x.pb: The gzip file is made of too many parts."),
    ],
)
def test_what_only_takes_time_and_room_is_refused(data: bytes, sentence: str) -> None:
    assert told(data).startswith(sentence)


def test_a_gzip_bomb_is_not_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    assert "larger than 64 MiB" in told(bomb)


def test_empty_sections_are_an_election_without_projects_and_ballots() -> None:
    file = read(text(projects="", votes=""))
    assert tally(file.instance(), rule_by_name("mes_cost_add1_u")).winners == ()


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_written_and_read_again_is_the_same_election(name: str) -> None:
    file, instance = real(name)
    again = read_pabulib(write_pabulib(file), name=file.name)
    assert (again.meta, again.projects, again.ballots, again.limits) == (
        file.meta,
        file.projects,
        file.ballots,
        file.limits,
    )
    assert again.instance().grouped == instance.grouped


def checked(data: bytes, tmp_path: Path) -> list[str]:
    """Return the errors (not warnings) that Pabulib's own checker finds."""
    path = tmp_path / "Finland_Hamnstad_2025.pb"
    path.write_bytes(data)
    results = Checker().process_files([str(path)])[path.stem]["results"]
    return [] if isinstance(results, str) else list(results.get("errors", {}))


@pytest.mark.parametrize(
    "name", ["Poland_Warszawa_2023_Wesola", "Poland_Gdansk_2020_Chelm", "Poland_Krakow_2021_Podgorze"]
)
def test_what_we_write_passes_the_checker_of_pabulib(name: str, tmp_path: Path) -> None:
    file, _ = real(name)
    won = [project.id for project in file.projects if project.selected]
    assert checked(write_pabulib(file.with_selected(won) if won else file), tmp_path) == []


def test_a_file_composed_of_rows_passes_the_checker_of_pabulib(tmp_path: Path) -> None:
    meta = {
        "description": "Municipal PB in Hamnstad", "country": "Finland", "unit": "Hamnstad", "instance": "2025",
        "num_projects": "2", "num_votes": "2", "budget": "100", "vote_type": "approval", "rule": "greedy",
        "date_begin": "01.03.2025", "date_end": "31.03.2025", "currency": "EUR",
    }  # fmt: skip
    projects = [
        {"project_id": "a", "cost": "60", "votes": "2", "name": 'Bänk; "liten"', "selected": "1"},
        {"project_id": "b", "cost": "50", "votes": "1", "name": "Silta", "selected": "0"},
    ]
    data = compose_pabulib(meta, projects, [{"voter_id": "1", "vote": "a,b"}, {"voter_id": "2", "vote": "a"}])
    assert checked(data, tmp_path) == []
    assert read(data).projects[0].name == 'Bänk; "liten"'


def test_the_column_selected_is_added_or_replaced() -> None:
    file = read(text()).with_selected(["b"])
    assert file.project_columns == ("project_id", "cost", "name", "selected")
    again = read(write_pabulib(file)).with_selected(["a"])
    assert [project.selected for project in again.projects] == [1, 0]
    assert again.project_columns == file.project_columns


def test_grouped_ballots_are_those_of_the_file_one_by_one() -> None:
    file, instance = real("Netherlands_Assen_2024")
    one_by_one = [Instance(file.instance().projects, file.budget, file.fmt, [ballot]) for ballot in file.ballots]
    assert instance.votes == tuple(map(sum, zip(*(single.votes for single in one_by_one), strict=True)))


def test_the_city_threshold_is_known() -> None:
    assert (real("Poland_Lodz_2023")[0].threshold, read(text()).threshold) == (100, None)
