"""The catalogues: whole in every language, and a check that notices when they are not."""

from pathlib import Path

import pytest

from pb_service.web import locales

_HEAD = 'msgid ""\nmsgstr ""\n"Language: fi\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A room with one text in a template, in a package of its own."""
    found = tmp_path / "package" / "web"
    (found / "templates").mkdir(parents=True)
    (found / "locales").mkdir()
    (tmp_path / "package" / "features").mkdir()
    (found / "templates" / "page.html").write_text('{{ _("%(count)s trees", count=3) }}')
    monkeypatch.setattr(locales, "PACKAGE", tmp_path / "package")
    monkeypatch.setattr(locales, "TRANSLATED", ("fi",))
    return found


def write(room: Path, *entries: str) -> None:
    (room / "locales" / "fi.po").write_text(_HEAD + "\n\n".join(entries) + "\n", encoding="utf-8")


def test_every_text_of_the_service_stands_in_finnish_and_swedish() -> None:
    assert list(locales.problems()) == []


def test_a_whole_catalogue_has_no_problem(room: Path) -> None:
    write(room, 'msgid "%(count)s trees"\nmsgstr "%(count)s puuta"')
    assert list(locales.problems()) == []


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "missing: %(count)s trees"),
        (['msgid "%(count)s trees"\nmsgstr ""'], "not translated"),
        (['#, fuzzy\nmsgid "%(count)s trees"\nmsgstr "%(count)s puuta"'], "fuzzy"),
        (['msgid "%(count)s trees"\nmsgstr "%(number)s puuta"'], "names a field"),
        (
            ['msgid "%(count)s trees"\nmsgstr "%(count)s puuta"', 'msgid "Bushes"\nmsgstr "Pensaita"'],
            "no longer used: Bushes",
        ),
    ],
)
def test_each_kind_of_flaw_is_named(room: Path, entries: list[str], problem: str) -> None:
    write(room, *entries)
    [found] = locales.problems()
    assert problem in found


def test_update_adds_what_is_missing_and_drops_what_is_gone(room: Path) -> None:
    write(room, 'msgid "Bushes"\nmsgstr "Pensaita"')
    locales.update()
    assert [problem.split(": ")[1] for problem in locales.problems()] == ["not translated"]


def test_plurals_follow_the_language() -> None:
    texts = locales.translations("fi")
    assert texts.ngettext("%(count)s district", "%(count)s districts", 1) == "%(count)s alue"
    assert texts.ngettext("%(count)s district", "%(count)s districts", 2) == "%(count)s aluetta"
