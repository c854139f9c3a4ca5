"""A share of the key on paper: symbols that a person can type back, with a check in every row, and a picture of them.

Thirteen groups of four symbols of Crockford's base32, in rows of four groups; a row ends with the check symbol of its
content (modulo 37, as on code letters), so a slip of the pen is found in the row where it is.
"""

from dataclasses import dataclass

from pb_service.core.record.framing import h32
from pb_service.core.rounds.fingerprint import SYMBOLS, crockford
from pb_service.core.sealing.group import GroupError, read_scalar, scalar_bytes

_CHECK = SYMBOLS + "*~$=U"
_ROW = 16
_CONTENT = 56  # 32 bytes of the share and 3 of its hash: 280 bits


class PaperError(ValueError):
    """What was typed is not the share. ``row`` is the row with the slip, from 1; 0 if it cannot be told."""

    def __init__(self, message: str, row: int = 0) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True)
class Row:
    """A row on paper: its groups, and the check symbol at its end."""

    groups: tuple[str, ...]
    check: str

    def __str__(self) -> str:
        return f"{' '.join(self.groups)}  {self.check}"


def rows_of(share: int) -> list[Row]:
    """Return a share as rows to be printed."""
    raw = scalar_bytes(share)
    symbols = crockford(raw + h32("pb/paper", raw)[:3])
    rows = [symbols[start : start + _ROW] for start in range(0, len(symbols), _ROW)]
    return [Row(tuple(row[at : at + 4] for at in range(0, len(row), 4)), check_symbol(row)) for row in rows]


def share_of(typed: str) -> int:
    """Return the share that was typed, rows one after the other. Raises PaperError saying which row has a slip."""
    symbols = "".join(_LOOKALIKES.get(sign, sign) for sign in typed.upper() if not sign.isspace() and sign != "-")
    parts, at = [], 0
    for row, size in enumerate([_ROW, _ROW, _ROW, _CONTENT - 3 * _ROW], start=1):
        part, check = symbols[at : at + size], symbols[at + size : at + size + 1]
        if len(part) < size or not check or any(sign not in SYMBOLS for sign in part) or check_symbol(part) != check:
            raise PaperError(f"Row {row} does not fit its check symbol.", row)
        parts.append(part)
        at += size + 1
    if at != len(symbols):
        raise PaperError("There is more than a share here.")
    value = 0
    for sign in "".join(parts):
        value = value * 32 + SYMBOLS.index(sign)
    data = value.to_bytes(35, "big")
    try:
        share = read_scalar(data[:32])
    except GroupError as error:
        raise PaperError("This is no share of a key.") from error
    if h32("pb/paper", data[:32])[:3] != data[32:]:
        raise PaperError("This is no share of a key.")
    return share


def check_symbol(symbols: str) -> str:
    """Return Crockford's check symbol: the number modulo 37."""
    value = 0
    for sign in symbols:
        value = (value * 32 + SYMBOLS.index(sign)) % 37
    return _CHECK[value]


_LOOKALIKES = {"O": "0", "I": "1", "L": "1"}
