"""The accessibility statement: what comes with the service is whole, and a municipality's own is held to the same."""

from pathlib import Path

import pytest

from pb_service.features.site.statement import BUILT_IN, StatementError, read_statement


def test_the_statement_that_comes_with_the_service_is_whole_in_every_language(tmp_path: Path) -> None:
    statement = read_statement(tmp_path)
    assert statement.conformity == "most"
    assert all(gap.fi and gap.sv and gap.en and gap.criterion for gap in statement.gaps)
    assert statement.reviewed >= statement.published
    assert statement.authority.url.startswith("https://")


def test_a_municipality_puts_its_own_in_its_place(tmp_path: Path) -> None:
    own = BUILT_IN.read_text(encoding="utf-8").replace("Traficom", "Ålands landskapsregering")
    (tmp_path / "statement.toml").write_text(own, encoding="utf-8")
    assert "Åland" in read_statement(tmp_path).authority.name.sv


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('conformity = "most"', 'conformity = "full"'),
        ('conformity = "most"', 'conformity = "splendid"'),
        ("reviewed = 2026-11-22", 'reviewed = "lately"'),
        ("[authority]", "[authorities]"),
        ("[method]", "[method"),
    ],
)
def test_a_statement_that_contradicts_itself_or_is_not_whole_is_refused_by_name(
    tmp_path: Path, old: str, new: str
) -> None:
    text = BUILT_IN.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "statement.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StatementError, match=r"statement\.toml"):
        read_statement(tmp_path)
