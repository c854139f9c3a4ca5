"""Secrets on paper: typed back or scanned they are the same, and a slip of the pen is found in its row."""

import secrets
from pathlib import Path

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.record.framing import h32
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.sealing.group import ORDER
from pb_service.trustee import sheet
from pb_service.trustee.paper import MARK, ROWS, Paper, PaperError
from pb_service.trustee.words import LANGUAGES

PAPERS = st.builds(Paper, st.integers(0, ORDER - 1), st.binary(min_size=32, max_size=32))
ONE = Paper(ORDER - 12345 * 2**200, bytes(range(100, 132)))
HOLDER = sheet.Holder(2, "Anna <Andersson>", "example.org/pb/spring", "public-half", is_rehearsal=False)


def on_paper(paper: Paper) -> str:
    return "\n".join(map(str, paper.rows))


@given(PAPERS)
def test_secrets_come_back_from_typed_rows(paper: Paper) -> None:
    assert Paper.read(on_paper(paper)) == paper
    assert Paper.read(on_paper(paper).lower().replace("0", "o").replace("1", "l").replace(" ", "-")) == paper


@given(PAPERS)
def test_secrets_come_back_from_the_text_of_the_code(paper: Paper) -> None:
    """Scanned, or typed with spaces and line breaks; its characters are those of the compact kind of code."""
    assert Paper.read(paper.code) == paper
    assert Paper.read(f" {paper.code[:40].lower()}\n{paper.code[40:]}\n") == paper
    assert set(paper.code) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@given(PAPERS, st.integers(0, ROWS - 1), st.integers(0, 15))
def test_a_wrong_symbol_is_found_in_its_row(paper: Paper, row: int, at: int) -> None:
    lines = [str(each).replace(" ", "") for each in paper.rows]
    lines[row] = lines[row][:at] + ("3" if lines[row][at] != "3" else "4") + lines[row][at + 1 :]
    with pytest.raises(PaperError) as error:
        Paper.read("\n".join(lines))
    assert error.value.row == row + 1


@given(PAPERS, st.integers(0, 111))
def test_a_wrong_symbol_of_the_code_is_noticed(paper: Paper, at: int) -> None:
    at += len(MARK)
    wrong = paper.code[:at] + ("3" if paper.code[at] != "3" else "4") + paper.code[at + 1 :]
    with pytest.raises(PaperError):
        Paper.read(wrong)


TOO_LARGE = ORDER.to_bytes(32, "little") + bytes(32)


NO_PAPERS = ("", "????", "0" * 119, on_paper(ONE) + "0", MARK, ONE.code[:-1], ONE.code + "0", "PB2:" + ONE.code[4:])


@pytest.mark.parametrize("typed", [*NO_PAPERS, MARK + crockford(TOO_LARGE + h32("pb/paper", TOO_LARGE)[:6])])
def test_something_else_is_no_paper_and_is_not_repeated(typed: str) -> None:
    """What somebody typed in the wrong place may be a secret, so no message has it."""
    with pytest.raises(PaperError) as error:
        Paper.read(typed)
    assert not typed or typed not in str(error.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_two_copies_with_rows_and_code_and_loads_nothing(language: str) -> None:
    page = sheet.page(ONE, HOLDER, language)
    for row in ONE.rows:
        assert page.count(str(row)) == sheet.COPIES
    assert page.count("<svg") == sheet.COPIES
    assert "Anna &lt;Andersson&gt;" in page
    assert not any(outside in page for outside in ("http:", "https:", "<script", "src=", "url(", "@import"))


def test_the_code_of_the_page_is_the_text_that_restores() -> None:
    """Drawn by the same library with the same modules: what a scanner reads is `Paper.code`."""
    drawn = sheet._code(ONE)
    assert (drawn.mode, drawn.error) == ("alphanumeric", "M")
    assert drawn == segno.make_qr(ONE.code, error="m")
    assert len(sheet.terminal_picture(ONE).splitlines()) > 20


def test_a_rehearsals_paper_says_so_on_each_copy() -> None:
    rehearsal = sheet.Holder(1, "Anna", "example.org/pb/rehearsal-x", "y", is_rehearsal=True)
    assert sheet.page(ONE, rehearsal, "fi").count("HARJOITUS") == sheet.COPIES
    assert "HARJOITUS" not in sheet.page(ONE, HOLDER, "fi")


def test_the_page_is_its_owners_alone_and_leaves_no_bytes(tmp_path: Path) -> None:
    path = tmp_path / sheet.NAME
    path.write_text("left behind, and readable by all")
    path.chmod(0o644)
    sheet.write(path, "secret")
    assert path.stat().st_mode & 0o777 == 0o600
    same_disk_place = path.open("rb")
    sheet.erase(path)
    with same_disk_place:
        assert same_disk_place.read() == bytes(6)
    assert not path.exists()
    sheet.erase(path)


def test_the_page_is_never_written_through_a_link(tmp_path: Path) -> None:
    """Whoever could lay a link would get the secrets where she likes, or have her file overwritten."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("another's")
    (tmp_path / sheet.NAME).symlink_to(elsewhere)
    sheet.write(tmp_path / sheet.NAME, secrets.token_hex())
    assert elsewhere.read_text() == "another's"
    assert not (tmp_path / sheet.NAME).is_symlink()


def test_nothing_secret_is_shown_when_printed() -> None:
    assert repr(ONE) == "Paper()"
    assert repr(ONE.rows[0]) == "Row()"
