"""The form of a document, said as data: what a value must be, and where it is not."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pb_service.verifier.canonical import LARGEST, NotCanonicalError, from_b64u, loads
from pb_service.verifier.findings import Found

Shape = Callable[[Any, str], None]


class MisshapenError(Exception):
    """A value is not of its shape; the argument is the path to it, such as `contests[2].budget`."""


def document(data: bytes, shape: Shape, member: str) -> Any:
    """The value of a canonical JSON member of this shape. Raises Found."""
    try:
        value = loads(data)
    except NotCanonicalError as error:
        raise Found("not_canonical", member=member) from error
    try:
        shape(value, "")
    except MisshapenError as error:
        raise Found("misshapen", member=member, path=str(error) or ".") from error
    return value


def record(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    """An object with all of the required fields, any of the optional ones, and no other."""
    fields = required | (optional or {})

    def check(value: Any, path: str) -> None:
        if type(value) is not dict:
            raise MisshapenError(path)
        for name in sorted(value.keys() | required.keys()):
            at = f"{path}.{name}" if path else name
            if name not in value or name not in fields:
                raise MisshapenError(at)
            fields[name](value[name], at)

    return check


def array(of: Shape, at_least: int = 0, at_most: int = LARGEST) -> Shape:
    """An array whose members all have one shape."""

    def check(value: Any, path: str) -> None:
        if type(value) is not list or not at_least <= len(value) <= at_most:
            raise MisshapenError(path)
        for index, item in enumerate(value):
            of(item, f"{path}[{index}]")

    return check


def row(*shapes: Shape) -> Shape:
    """An array of fixed length, each place with its own shape."""

    def check(value: Any, path: str) -> None:
        if type(value) is not list or len(value) != len(shapes):
            raise MisshapenError(path)
        for index, (item, shape) in enumerate(zip(value, shapes, strict=True)):
            shape(item, f"{path}[{index}]")

    return check


def integer(least: int = -LARGEST, most: int = LARGEST) -> Shape:
    """An integer within bounds; true and false are not numbers."""

    def check(value: Any, path: str) -> None:
        if type(value) is not int or not least <= value <= most:
            raise MisshapenError(path)

    return check


def text(pattern: str = r"(?s:.*)") -> Shape:
    """A string that matches the whole pattern."""
    form = re.compile(pattern)

    def check(value: Any, path: str) -> None:
        if type(value) is not str or not form.fullmatch(value):
            raise MisshapenError(path)

    return check


def exactly(*values: Any) -> Shape:
    """One of a few values, told apart by type too."""

    def check(value: Any, path: str) -> None:
        if not any(type(value) is type(known) and value == known for known in values):
            raise MisshapenError(path)

    return check


def boolean(value: Any, path: str) -> None:
    """true or false."""
    exactly(True, False)(value, path)


def raw(size: int) -> Shape:
    """Base64url of exactly `size` bytes."""

    def check(value: Any, path: str) -> None:
        try:
            from_b64u(value, size)
        except (ValueError, AttributeError) as error:
            raise MisshapenError(path) from error

    return check


def fraction(value: Any, path: str) -> None:
    """A fraction above zero in lowest terms, `p/q` or, when it is whole, `p`; each of at most 15 digits."""
    text("[1-9][0-9]{0,14}(/[1-9][0-9]{0,14})?")(value, path)
    if str(Fraction(value)) != value:
        raise MisshapenError(path)


def by_field(name: str, shapes: dict[Any, Shape]) -> Shape:
    """An object whose shape hangs on one of its own fields."""

    def check(value: Any, path: str) -> None:
        known = value.get(name) if type(value) is dict else None
        if type(known) is not str or known not in shapes:
            raise MisshapenError(f"{path}.{name}" if path else name)
        shapes[known](value, path)

    return check


def distinct(values: list[Any], path: str) -> None:
    """Raises at the second of two equal values."""
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            raise MisshapenError(f"{path}[{index}]")
        seen.add(value)


def increasing(values: list[int], path: str) -> None:
    """Raises at the first value that is not above the one before it."""
    for index in range(1, len(values)):
        if values[index] <= values[index - 1]:
            raise MisshapenError(f"{path}[{index}]")
