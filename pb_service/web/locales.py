"""Languages of the interface and their catalogues.

Every room keeps its texts beside its templates: `pb_service/web/locales/` and `pb_service/features/<stage>/locales/`
hold `fi.po` and `sv.po`; the message ids are the English texts. The catalogues are read at start and merged.

    python -m pb_service.web.locales --check    fails on a missing, empty, fuzzy or obsolete entry
    python -m pb_service.web.locales --update   adds what is missing and drops what is gone
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal, cast, get_args

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations

Language = Literal["fi", "sv", "en"]
LANGUAGES = cast(tuple[Language, ...], get_args(Language))
#: Message ids are English, so only the others have catalogues.
TRANSLATED: tuple[Language, ...] = ("fi", "sv")

#: One text, or its singular and plural.
_Texts = str | list[str] | tuple[str, ...]

PACKAGE = Path(__file__).resolve().parents[1]

_JINJA = {"trimmed": "false", "silent": "false", "newstyle_gettext": "true"}
_METHODS = [("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2"), ("**.py", "python")]
_OPTIONS: dict[str, dict[str, str]] = {"**/templates/**.html": _JINJA, "**/templates/**.txt": _JINJA}


def rooms() -> list[Path]:
    """Return the folders that may hold texts: the look itself, then every stage."""
    return [PACKAGE / "web", *sorted(path for path in (PACKAGE / "features").iterdir() if path.is_dir())]


@cache
def translations(language: Language) -> NullTranslations:
    """Return the merged catalogue of one language; English is the message ids themselves."""
    merged = NullTranslations()
    for room in rooms() if language in TRANSLATED else []:
        path = room / "locales" / f"{language}.po"
        if path.is_file():
            buffer = BytesIO()
            write_mo(buffer, _read(path, language))
            buffer.seek(0)
            loaded = Translations(buffer)
            merged = merged.merge(loaded) if isinstance(merged, Translations) else loaded
    return merged


def messages_of(room: Path) -> Catalog:
    """Return the template catalogue of one room: every text that its templates and its code show."""
    catalog = Catalog(project="pb-service", charset="utf-8")
    found = extract_from_dir(room, _METHODS, _OPTIONS, comment_tags=("Note:",))
    for filename, line, message, comments, context in found:
        catalog.add(message, locations=[(filename, line)], auto_comments=comments, context=context)
    return catalog


def problems() -> Iterator[str]:
    """Yield one line for each entry that keeps a language from being whole."""
    for room in rooms():
        wanted = messages_of(room)
        for language in TRANSLATED:
            path = room / "locales" / f"{language}.po"
            have = _read(path, language) if path.is_file() else Catalog(locale=language)
            yield from _problems(path, wanted, have)
    for language in TRANSLATED:
        yield from _disagreements(language)


def _disagreements(language: Language) -> Iterator[str]:
    """The catalogues are merged, so one text has one translation wherever it stands."""
    known: dict[str, object] = {}
    for path in (room / "locales" / f"{language}.po" for room in rooms()):
        for entry in _read(path, language) if path.is_file() else []:
            if entry.id and known.setdefault(_source(entry.id), entry.string) != entry.string:
                yield f"{path.relative_to(PACKAGE.parent)}: translated otherwise in another room: {_source(entry.id)}"


def _problems(path: Path, wanted: Catalog, have: Catalog) -> Iterator[str]:
    where = path.relative_to(PACKAGE.parent)
    for message in wanted:
        if not message.id:
            continue
        entry = have.get(message.id, message.context)
        if entry is None:
            yield f"{where}: missing: {_source(message.id)}"
        elif entry.fuzzy:
            yield f"{where}: fuzzy: {_source(message.id)}"
        elif not _whole(entry.string):
            yield f"{where}: not translated: {_source(message.id)}"
        elif not set(_fields(entry.string)) <= set(_fields(message.id)):
            yield f"{where}: names a field that the source has not: {_source(message.id)}"
    for entry in have:
        if entry.id and wanted.get(entry.id, entry.context) is None:
            yield f"{where}: no longer used: {_source(entry.id)}"
    yield from (f"{where}: no longer used: {_source(entry.id)}" for entry in have.obsolete.values())


def _source(message: _Texts) -> str:
    return message if isinstance(message, str) else message[0]


def _whole(texts: _Texts | None) -> bool:
    return bool(texts) if isinstance(texts, str) else all(texts or [""])


def _fields(texts: _Texts | None) -> Iterator[str]:
    for text in [texts] if isinstance(texts, str) else texts or ():
        for piece in text.split("%(")[1:]:
            yield piece.partition(")")[0]


def update() -> None:
    """Bring every catalogue up to date with the texts; new entries are left empty for the translator."""
    for room in rooms():
        wanted = messages_of(room)
        if not any(message.id for message in wanted):
            continue
        for language in TRANSLATED:
            path = room / "locales" / f"{language}.po"
            have = _read(path, language) if path.is_file() else Catalog(locale=language, charset="utf-8")
            _write(path, language, wanted, have)


def _write(path: Path, language: Language, wanted: Catalog, have: Catalog) -> None:
    """Write one catalogue in the order of the source, without line numbers and dates: a diff shows texts alone."""
    fresh = Catalog(locale=language, charset="utf-8", header_comment=f"# {_TITLES[language]}", fuzzy=False)
    for message in wanted:
        if message.id:
            entry = have.get(message.id, message.context)
            fresh.add(message.id, entry.string if entry else "", context=message.context)
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=120, omit_header=True, no_location=True)
    header = f'# {_TITLES[language]}\nmsgid ""\nmsgstr ""\n"Language: {language}\\n"\n'
    header += '"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    path.write_text(header + path.read_text(encoding="utf-8"), encoding="utf-8")


_TITLES: Mapping[Language, str] = {"fi": "Suomenkieliset tekstit", "sv": "Svenska texter", "en": "English texts"}


def _read(path: Path, language: Language) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def main(arguments: list[str]) -> int:
    """Run the check (the default) or the update; return the exit status."""
    if arguments == ["--update"]:
        update()
        return 0
    found = list(problems())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
