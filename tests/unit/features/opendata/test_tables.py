"""Results as tables for spreadsheets."""

import csv
import io

from pb_service.core.tally import rule_by_name
from pb_service.features.opendata.tabular import turns_csv
from pb_service.features.results.reading import contest_result
from tests.contests import documents


def test_the_table_of_turns_has_every_stage_of_the_count() -> None:
    """Of Equal Shares: its purchases, Phragmen's rounds after them, greedy's turns at last; as the pages show them."""
    projects = [("a", 20000), ("b", 20000), ("c", 20000)]
    made = documents(projects, [[0], [0], [1], [2]], 60000, rule_by_name("mes_cost_phragmen_u"))
    rows = list(csv.DictReader(io.StringIO(turns_csv(made))))
    assert [row["project_id"] for row in rows] == ["a", "b", "c"]
    assert len(made.outcome["steps"]) < len(rows) == len(contest_result(made).turns)
