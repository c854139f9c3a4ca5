"""Forms of pages: what was typed, the values meant by it, and one sentence for each field that cannot be used.

A page shows a `Form`; a post parses one. Each reading method returns the value, or notes an error and returns an empty
value of the same type: look at `form.errors` before using any of them. When there are errors the page is shown again
with status 422 and the same form, so that nothing typed is lost; success answers 303 (see `done`).

    form = await parse(request)
    title = form.text("title", label=words.gettext("Title"), most=80)
    if form.errors:
        return page(request, "…", locale=language, status_code=422, form=form)
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload
from urllib.parse import parse_qsl, quote, urlencode
from uuid import uuid4

from litestar import MediaType, Request, Response
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException
from litestar.status_codes import HTTP_303_SEE_OTHER

from pb_service.core.rounds.texts import composed
from pb_service.web.formats import Catalogue
from pb_service.web.languages import language_of_request
from pb_service.web.locales import translations

#: Most fields of one form: 200 districts have some 2 200. The framework bounds the bytes (`request_max_body_size`).
MOST_FIELDS = 5000

#: Names of fields that hold secrets. Nothing but `Form.secret` reads them, and no page ever holds what was typed there.
SECRETS = frozenset({"password", "current", "confirm", "code", "recovery", "answer"})

_PARSED = "pb_form_fields"
#: Control characters but tabulator and line feed, and lone surrogates.
_UNSHOWN = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160), *range(0xD800, 0xE000)])
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009\u2007")


@dataclass(frozen=True)
class Upload:
    """A file as it was sent. Its name is the sender's claim: for showing, never for paths."""

    filename: str
    body: bytes


class FormErrors:
    """The fields that cannot be used, in the order of the form, each with one sentence in the reader's language."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}

    def add(self, name: str, sentence: str) -> None:
        """Note a sentence; the first one of a field stays."""
        self._sentences.setdefault(name, sentence)

    def get(self, name: str) -> str:
        """The sentence of a field, or an empty text."""
        return self._sentences.get(name, "")

    def __bool__(self) -> bool:
        return bool(self._sentences)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._sentences.items())

    def __len__(self) -> int:
        return len(self._sentences)


class Form:
    """What was typed, by field. Texts are Unicode NFC, lines end with a line feed, outer white space is gone."""

    def __init__(
        self, fields: Mapping[str, Sequence[str]], files: Mapping[str, Sequence[Upload]], words: Catalogue
    ) -> None:
        self._raw = fields
        self._fields = {name: [_plain(value) for value in values] for name, values in fields.items()}
        self._files = files
        self._words = words
        self.errors = FormErrors()

    @classmethod
    def filled(cls, words: Catalogue, **values: object) -> "Form":
        """A form to show first, with the values of today: texts, numbers, truth, or lists of texts."""
        return cls.of(values, words)

    @classmethod
    def of(cls, values: Mapping[str, object], words: Catalogue) -> "Form":
        """As `filled`, for names that are no identifiers."""
        return cls({name: list(_shown(value)) for name, value in values.items()}, {}, words)

    def with_fields(self, fields: Mapping[str, Sequence[str]]) -> "Form":
        """A form with other fields for the same reader, without errors and files."""
        return Form(fields, {}, self._words)

    def without(self, name: str) -> "Form":
        """This form with its errors, and without what was typed in a field that no page shows again."""
        shown = self.with_fields({each: self.values(each) for each in self.names() if each != name})
        for field, sentence in self.errors:
            shown.refuse(field, sentence)
        return shown

    def value(self, name: str) -> str:
        """What was typed in a field, to show it again; empty when nothing was."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def values(self, name: str) -> list[str]:
        """Everything sent under a repeated name, in the order of the page."""
        return list(self._fields.get(name, ()))

    def names(self) -> list[str]:
        """The names of the fields that were sent."""
        return list(self._fields)

    @property
    def has_files(self) -> bool:
        """Whether files were sent along."""
        return any(file.filename or file.body for files in self._files.values() for file in files)

    def refuse(self, name: str, sentence: str) -> None:
        """Note an error that only the caller could find."""
        self.errors.add(name, sentence)

    def text(
        self, name: str, *, label: str = "", required: bool = True, least: int = 0, most: int = 200, lines: bool = False
    ) -> str:
        """A text of ``least`` to ``most`` characters; on one line unless ``lines``."""
        value = self.value(name)
        if not value:
            self._missing(name, label, required)
            return ""
        if len(value) > most:
            sentence = self._words.ngettext(
                "Too long: at most %(count)s character", "Too long: at most %(count)s characters", most
            )
            self._wrong(name, label, sentence % {"count": most})
            return ""
        if len(value) < least:
            sentence = self._words.ngettext(
                "Too short: at least %(count)s character", "Too short: at least %(count)s characters", least
            )
            self._wrong(name, label, sentence % {"count": least})
            return ""
        if not lines and "\n" in value:
            self._wrong(name, label, self._words.gettext("Write this on one line"))
            return ""
        return value

    def secret(self, name: str, *, label: str = "", most: int = 1000) -> str:
        """A password exactly as it was typed: nothing trimmed, nothing normalised by this class."""
        if name not in SECRETS:
            raise ValueError(f"{name!r} is not among the names of secret fields")
        value = next(iter(self._raw.get(name, ())), "")
        if not value:
            self._missing(name, label, required=True)
            return ""
        if len(value) > most:
            self._wrong(name, label, self._words.gettext("Too long"))
            return ""
        return value

    @overload
    def whole(self, name: str, *, label: str = ..., least: int = ..., most: int = ...) -> int: ...

    @overload
    def whole(
        self, name: str, *, label: str = ..., required: Literal[False], least: int = ..., most: int = ...
    ) -> int | None: ...

    def whole(
        self, name: str, *, label: str = "", required: bool = True, least: int = 0, most: int = 10**12
    ) -> int | None:
        """A whole number from ``least`` to ``most``; spaces between its digits are allowed."""
        typed = self.value(name).translate(_SPACES)
        if not typed:
            self._missing(name, label, required)
            return 0 if required else None
        if not re.fullmatch(r"-?[0-9]{1,15}", typed):
            self._wrong(name, label, self._words.gettext("Write a whole number, such as 1200"))
            return 0
        if not least <= int(typed) <= most:
            sentence = self._words.gettext("The number must be from %(least)s to %(most)s")
            self._wrong(name, label, sentence % {"least": least, "most": most})
            return 0
        return int(typed)

    @overload
    def money(self, name: str, *, label: str = ..., most: int = ...) -> int: ...

    @overload
    def money(self, name: str, *, label: str = ..., required: Literal[False], most: int = ...) -> int | None: ...

    def money(self, name: str, *, label: str = "", required: bool = True, most: int = 10**13) -> int | None:
        """An amount in integer cents: ``12 000``, ``12000,50`` or ``12000.5``. A guess at ``12,000`` is not made."""
        typed = self.value(name).translate(_SPACES).removesuffix("€")
        if not typed:
            self._missing(name, label, required)
            return 0 if required else None
        found = re.fullmatch(r"([0-9]{1,13})(?:[.,]([0-9]{1,2}))?", typed)
        if not found:
            self._wrong(name, label, self._words.gettext("Write the sum in euros, for example 12000"))
            return 0
        cents = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
        if cents > most:
            self._wrong(name, label, self._words.gettext("The sum is too large"))
            return 0
        return cents

    @overload
    def date(self, name: str, *, label: str = ...) -> dt.date: ...

    @overload
    def date(self, name: str, *, label: str = ..., required: Literal[False]) -> dt.date | None: ...

    def date(self, name: str, *, label: str = "", required: bool = True) -> dt.date | None:
        """A day as the browser sends it (2027-03-21) or as people type it (21.3.2027)."""
        typed = self.value(name).translate(_SPACES)
        if not typed:
            self._missing(name, label, required)
            return dt.date.min if required else None
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", typed)
        parts = found.groups() if found else ()
        if not parts and (found := re.fullmatch(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})", typed)):
            parts = found.groups()[::-1]
        try:
            return dt.date(*map(int, parts))
        except (TypeError, ValueError):
            self._wrong(name, label, self._words.gettext("Write a day, for example 21.3.2027"))
            return dt.date.min

    @overload
    def time(self, name: str, *, label: str = ...) -> dt.time: ...

    @overload
    def time(self, name: str, *, label: str = ..., required: Literal[False]) -> dt.time | None: ...

    def time(self, name: str, *, label: str = "", required: bool = True) -> dt.time | None:
        """A time of the day to the minute or second: ``20:00``, ``20.00`` or ``20:00:30``."""
        typed = self.value(name).translate(_SPACES)
        if not typed:
            self._missing(name, label, required)
            return dt.time.min if required else None
        found = re.fullmatch(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?", typed)
        try:
            hour, minute, second = (int(part or 0) for part in found.groups()) if found else (-1, 0, 0)
            return dt.time(hour, minute, second)
        except ValueError:
            self._wrong(name, label, self._words.gettext("Write a time of day, for example 20:00"))
            return dt.time.min

    def choice(self, name: str, options: Iterable[str], *, label: str = "", required: bool = True) -> str:
        """One of ``options``; what the page does not offer is refused like nothing."""
        value = self.value(name)
        if value in set(options):
            return value
        if value or required:
            self._wrong(name, label, self._words.gettext("Choose one of these"))
        return ""

    def choices(self, name: str, options: Iterable[str], *, label: str = "", least: int = 0) -> list[str]:
        """Some of ``options``, in the order of the page, each once."""
        allowed, chosen = set(options), list(dict.fromkeys(self.values(name)))
        if not allowed.issuperset(chosen):
            self._wrong(name, label, self._words.gettext("Choose from these"))
            return []
        if len(chosen) < least:
            sentence = self._words.ngettext("Choose at least %(count)s", "Choose at least %(count)s", least)
            self._wrong(name, label, sentence % {"count": least})
        return chosen

    def checked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.value(name))

    def upload(self, name: str, *, label: str = "", required: bool = True, most: int = 8_000_000) -> Upload | None:
        """A file of at most ``most`` bytes, or None. What is in it is for the caller to find out."""
        files = [file for file in self._files.get(name, ()) if file.filename or file.body]
        if not files:
            if required:
                self._wrong(name, label, self._words.gettext("Choose a file"))
            return None
        if len(files[0].body) > most:
            sentence = self._words.gettext("The file is too large: at most %(count)s MB")
            self._wrong(name, label, sentence % {"count": most // 1_000_000})
            return None
        return files[0]

    def uploads(self, name: str, *, label: str = "", most_files: int, most: int) -> list[Upload]:
        """At most so many files of a field that takes several, together of at most ``most`` bytes; none is no error."""
        files = [file for file in self._files.get(name, ()) if file.filename or file.body]
        if len(files) > most_files:
            self._wrong(name, label, self._words.gettext("At most %(count)s files") % {"count": most_files})
            return []
        if sum(len(file.body) for file in files) > most:
            sentence = self._words.gettext("The files are too large: at most %(count)s MB together")
            self._wrong(name, label, sentence % {"count": most // 1_000_000})
            return []
        return files

    def _missing(self, name: str, label: str, required: bool) -> None:
        if required:
            self._wrong(name, label, self._words.gettext("Fill this in"))

    def _wrong(self, name: str, label: str, sentence: str) -> None:
        """Note an error under the field's label: in the summary the sentence stands without the field."""
        self.errors.add(name, f"{label}: {sentence[:1].lower()}{sentence[1:]}" if label else sentence)


async def parse(request: Request[Any, Any, Any], words: Catalogue | None = None) -> Form:
    """Return the form that a request carries, urlencoded or multipart; its sentences are in the page's language.

    May be called more than once in a request (a guard reads the CSRF field before the page reads the rest).
    Raises ClientException (400) for a malformed body; the framework answers 413 for one that is too large.
    """
    parsed = request.scope["state"].get(_PARSED)
    if parsed is None:
        parsed = request.scope["state"][_PARSED] = await _read(request)
    fields, files = parsed
    return Form(fields, files, words or translations(language_of_request(request)))


def posted(request: Request[Any, Any, Any]) -> Form | None:
    """Return the form of a request that was parsed before, to show what was typed to its sender once more.

    None when there is none, or when one of its fields holds a secret.
    """
    fields, files = request.scope["state"].get(_PARSED) or ({}, {})
    if not fields or not SECRETS.isdisjoint(fields):
        return None
    return Form(fields, files, translations(language_of_request(request)))


async def _read(request: Request[Any, Any, Any]) -> tuple[dict[str, list[str]], dict[str, list[Upload]]]:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    kind, _ = request.content_type
    try:
        if kind == "application/x-www-form-urlencoded":
            # Not request.form(): it drops empty fields, and a cache inside it would keep passwords in memory.
            body = (await request.body()).decode("ascii")
            for name, text in parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS):
                fields.setdefault(name, []).append(text)
        elif kind == "multipart/form-data":
            for name, part in (await request.form()).multi_items():
                if isinstance(part, UploadFile):
                    files.setdefault(name, []).append(Upload(part.filename, await part.read()))
                else:
                    fields.setdefault(name, []).append(str(part))
    except (ValueError, LookupError):  # not text, too many fields, or an unknown character set
        raise ClientException("The form cannot be read.") from None
    return fields, files


def done(address: str, flag: str = "saved", **more: str) -> Response[None]:
    """Answer a post that succeeded: 303 to a page of ours, whose notice the query ``?done=flag`` names.

    ``address`` is a path of this service (never what a reader sent), without a query; ``#fragment`` may follow.
    """
    path, _, fragment = address.partition("#")
    location = f"{quote(path, safe='/-._~')}?{urlencode({'done': flag, **more})}" + (f"#{fragment}" if fragment else "")
    return Response(
        None,
        media_type=MediaType.TEXT,
        status_code=HTTP_303_SEE_OTHER,
        headers={"location": location, "cache-control": "no-store"},
    )


def once() -> str:
    """A key for a form that creates something: sent twice, it creates one."""
    return str(uuid4())


def _plain(value: str) -> str:
    """One text without what no page can show: control characters go, line ends become line feeds."""
    return composed(value.replace("\r\n", "\n").replace("\r", "\n")).translate(_UNSHOWN).strip()


def _shown(value: object) -> Iterator[str]:
    """How a value of today stands in its field; one of a list stands under a repeated name."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _shown(one)
    elif isinstance(value, bool):
        yield from ["yes"] if value else []
    elif value is not None:
        yield value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
