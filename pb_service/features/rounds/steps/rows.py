"""Lists in a form are changed by buttons: a row more, one less, one up, one down. Works without script.

The button's value says what to do: ``districts.add``, ``districts.2.remove``, ``ties.1.up``;
``ties.add=draw`` adds a plain value. What was typed elsewhere
stays; nothing is stored until the form is saved.
"""

import re

from pb_service.features.rounds.steps.kinds import numbers_of
from pb_service.web.forms import Form

_ADD_VALUE = re.compile(r"([a-z_]+)\.add=([a-z_]+)")
_ACTION = re.compile(r"([a-z_]+)\.(?:(add)|([0-9]{1,4})\.(remove|up|down))")


def rearranged(form: Form, action: str) -> tuple[Form, str] | None:
    """Return the form after an action with the name of the row to go on with, or None for what is no action."""
    values = {name: form.values(name) for name in form.names()}
    if added := _ADD_VALUE.fullmatch(action):
        texts = [*values.get(added[1], []), added[2]]
        return form.with_fields({**values, added[1]: texts}), f"{added[1]}.{len(texts) - 1}"
    found = _ACTION.fullmatch(action)
    if found is None:
        return None
    path, number, what = found[1], int(found[3] or 0), found[2] or found[4]
    if path in values:  # a list of plain values under one name
        order = _changed(list(range(len(values[path]))), number, what)
        values[path] = [values[path][old] for old in order if old < len(values[path])]
        return form.with_fields(values), f"{path}.{_place(number, what, len(order))}"
    rows = numbers_of(form, path)
    order = [rows[place] if place < len(rows) else -1 for place in _changed(list(range(len(rows))), number, what)]
    fresh = {name: value for name, value in values.items() if not _row_of(name, path)}
    for new, old in enumerate(order):
        prefix = f"{path}.{old}."
        fresh |= {f"{path}.{new}.{n.removeprefix(prefix)}": v for n, v in values.items() if n.startswith(prefix)}
        if old == -1:
            fresh[f"{path}.{new}.new"] = ["yes"]
    return form.with_fields(fresh), f"{path}.{_place(number, what, len(order))}"


def _changed(order: list[int], number: int, what: str) -> list[int]:
    """The places after the action; one that is not there yet is the number of places."""
    if what == "add":
        return [*order, len(order)]
    if number >= len(order):
        return order
    if what == "remove":
        return [place for place in order if place != number]
    other = number + (1 if what == "down" else -1)
    if 0 <= other < len(order):
        order[number], order[other] = order[other], order[number]
    return order


def _place(number: int, what: str, count: int) -> int:
    """Where to go on: at the new row, at the one that moved, or at the one after what is gone."""
    wanted = {"add": count - 1, "remove": number, "up": number - 1, "down": number + 1}[what]
    return max(0, min(wanted, count - 1))


def _row_of(name: str, path: str) -> bool:
    number, dot, _ = name.removeprefix(f"{path}.").partition(".")
    return name.startswith(f"{path}.") and bool(dot) and number.isdigit()
