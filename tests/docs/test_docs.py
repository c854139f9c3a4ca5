"""The documentation tells the truth: settings, commands, decisions and links are compared with the code."""

import re
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pb_service.cli import main
from pb_service.settings import CHECKOUT, TEST_VARIABLES, VARIABLES, Settings

DOCS = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
OPERATE = (CHECKOUT / "docs" / "operate.md").read_text(encoding="utf-8")
DECISIONS = sorted((CHECKOUT / "docs" / "adr").glob("*.md"))


def rows(text: str, pattern: str) -> list[tuple[str, ...]]:
    """The cells of every table row whose first cell matches."""
    found = [tuple(cell.strip() for cell in line.strip("| \n").split(" | ")) for line in text.splitlines()]
    return [cells for cells in found if re.fullmatch(f"`{pattern}`", cells[0])]


def commands(group: click.Command, name: str) -> list[str]:
    if not isinstance(group, click.Group):
        return [name]
    context = click.Context(group)
    return [
        found
        for child in group.list_commands(context)
        for found in commands(group.get_command(context, child), f"{name} {child}")  # type: ignore[arg-type]
    ]


def test_every_setting_has_one_row_and_no_row_is_left_over() -> None:
    assert [cells[0].strip("`") for cells in rows(OPERATE, "PB_[A-Z_]+")] == [*VARIABLES, *TEST_VARIABLES]


def test_the_defaults_in_the_table_are_those_of_the_code() -> None:
    table = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(OPERATE, "PB_[A-Z_]+")}
    settings = Settings()
    assert table["PB_PORT"] == str(settings.port)
    assert table["PB_LISTEN"] == ",".join(settings.listen)
    assert table["PB_DATA"] == settings.data.relative_to(CHECKOUT).as_posix()
    assert table["PB_ORIGIN"] == settings.origin


def test_every_command_is_explained_and_no_other() -> None:
    assert sorted(cells[0].strip("`") for cells in rows(OPERATE, "pb .*")) == sorted(commands(main, "pb"))


def test_every_script_is_named_in_the_docs() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS)
    scripts = [path.name for path in (CHECKOUT / "scripts").iterdir() if path.is_file() and not path.suffix]
    assert [name for name in sorted(scripts) if f"scripts/{name}" not in text] == []


def test_the_count_shown_in_the_readme_can_be_made() -> None:
    """With the file, rule and tie rule as they stand there."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^    \.venv/bin/pb (tally .+)$", readme, re.MULTILINE)
    assert len(shown) == 1
    _, path, *options = shown[0].split()
    result = CliRunner().invoke(main, ["tally", str(CHECKOUT / path), *options])
    assert (result.exit_code, "won" in result.output) == (0, True)


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_in_the_title_and_four_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert re.findall(r"^([A-Z][a-z]+): ", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_measurements_name_themselves() -> None:
    """A newcomer asks what there is before anything is made; a slip of the pen is a sentence, not a traceback."""
    bench = CHECKOUT / "scripts" / "bench"
    listed = subprocess.run([bench, "--help"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines()} >= {"tally", "sealing", "browse", "read", "cast", "city"}
    wrong = subprocess.run([bench, "tallly"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr[:6]) == (2, "error:")
