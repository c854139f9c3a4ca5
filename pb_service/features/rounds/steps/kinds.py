"""How each kind of value of a set-up step stands in a form, both ways.

A field's name is its path in the step (``districts.2.population``), so that a problem found by the rules of the
set-up leads straight to the field. A kind notes what it cannot read as an error of the form; what the value may be is
not its business.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, get_args

from pb_service.core.rounds.money import decimal_text
from pb_service.core.rounds.setup import LANGUAGES, WordingState
from pb_service.web.forms import Form

#: From a path to what people call it.
LabelOf = Callable[[str], str]

_LONGEST = 20_000
_STATES = get_args(WordingState)


class Kind(Protocol):
    """A kind of value: ``show`` yields form fields for a plain value, ``read`` returns the plain value of a form."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]: ...

    def read(self, form: Form, path: str, label: LabelOf) -> object: ...


@dataclass(frozen=True)
class Line:
    """A text as it is; also one of a few, where what the page does not offer is refused by the step itself."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        yield path, value or ""

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        return form.text(path, label=label(path), required=False, most=_LONGEST, lines=True)


@dataclass(frozen=True)
class Whole:
    """A whole number, or nothing."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        yield path, value

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        return form.whole(path, label=label(path), required=False)


@dataclass(frozen=True)
class Money:
    """An amount in minor units, a hundred to one; an empty field is nothing."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        whole, point, rest = decimal_text(value, 100).partition(".") if value is not None else ("", "", "")
        yield path, (f"{int(whole):,}".replace(",", " ") + (f",{rest.ljust(2, '0')}" if point else "")) if whole else ""

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        return form.money(path, label=label(path), required=False)


@dataclass(frozen=True)
class Box:
    """Yes or no."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        yield path, bool(value)

    def read(self, form: Form, path: str, label: LabelOf) -> object:  # noqa: ARG002 - as every kind
        return form.checked(path)


@dataclass(frozen=True)
class Day:
    """A date, ``2027-12-31``; an empty field is an empty text."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        yield path, value or ""

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        day = form.date(path, label=label(path), required=False)
        return day.isoformat() if day else ""


@dataclass(frozen=True)
class Moment:
    """A wall-clock time in two fields, ``.date`` and ``.time``; without a date it is an empty text."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        day, _, clock = (value or "").partition("T")
        yield f"{path}.date", day
        yield f"{path}.time", clock

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        day = form.date(f"{path}.date", label=label(path), required=False)
        if day is None:
            return ""
        clock = form.time(f"{path}.time", label=label(path))
        return f"{day.isoformat()}T{clock.isoformat(timespec='seconds').removesuffix(':00')}"


@dataclass(frozen=True)
class Words:
    """A text by language, with the state of each: ``.sv.text`` and ``.sv.state``."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        for language in LANGUAGES:
            wording = (value or {}).get(language, {})
            yield f"{path}.{language}.text", wording.get("text", "")
            yield f"{path}.{language}.state", wording.get("state", "missing")

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        found: dict[str, dict[str, str]] = {}
        for language in LANGUAGES:
            name = f"{path}.{language}"
            text = form.text(f"{name}.text", label=label(name), required=False, most=_LONGEST, lines=True)
            if text:
                state = form.value(f"{name}.state")
                found[language] = {"text": text, "state": state if state in _STATES else "missing"}
        # Whoever types into an empty field need not say what it is: the first text is the original.
        for wording in found.values():
            if wording["state"] == "missing":
                has_original = any(other["state"] == "original" for other in found.values())
                wording["state"] = "translated" if has_original else "original"
        return found


@dataclass(frozen=True)
class Grades:
    """Whole numbers in one field, with commas or blanks between them."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        yield path, ", ".join(map(str, value or ()))

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        typed = form.value(path).replace(",", " ").split()
        if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in typed):
            form.refuse(path, label(path))
            return []
        return [int(part) for part in typed]


@dataclass(frozen=True)
class Several:
    """Some of a few, or all of them in an order: a repeated name."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        yield path, list(value or ())

    def read(self, form: Form, path: str, label: LabelOf) -> object:  # noqa: ARG002 - as every kind
        return form.values(path)


@dataclass(frozen=True)
class Amounts:
    """An amount for each key: ``amounts.north``; keys without an amount are left out."""

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        for key, amount in (value or {}).items():
            yield from Money().show(f"{path}.{key}", amount)

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        names = [name for name in form.names() if name.startswith(f"{path}.")]
        amounts = {name.removeprefix(f"{path}."): Money().read(form, name, label) for name in names}
        return {key: amount for key, amount in amounts.items() if amount is not None}


@dataclass(frozen=True)
class Record:
    """Several fields under one name. What is None is left out, as in a stored step."""

    fields: Mapping[str, Kind]

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        for name, kind in self.fields.items():
            yield from kind.show(_join(path, name), (value or {}).get(name))

    def read(self, form: Form, path: str, label: LabelOf) -> dict[str, object]:
        found = {name: kind.read(form, _join(path, name), label) for name, kind in self.fields.items()}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Rows:
    """Several records of one kind, in the order of their numbers: ``classes.0.lowest``."""

    record: Record

    def show(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        for number, item in enumerate(value or ()):
            yield from self.record.show(f"{path}.{number}", item)

    def read(self, form: Form, path: str, label: LabelOf) -> object:
        return [self.record.read(form, f"{path}.{number}", label) for number in numbers_of(form, path)]


#: Whom people may ask.
CONTACT = Record({"name": Line(), "email": Line(), "phone": Line()})


def numbers_of(form: Form, path: str) -> list[int]:
    """The numbers of the rows that a form has under a name, in their order."""
    found = set()
    for name in form.names():
        number, dot, _ = name.removeprefix(f"{path}.").partition(".")
        if name.startswith(f"{path}.") and dot and number.isascii() and number.isdigit() and len(number) < 5:
            found.add(int(number))
    return sorted(found)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
