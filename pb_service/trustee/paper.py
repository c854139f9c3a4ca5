"""A trustee's secrets on paper: symbols that a person can type back, with a check in every row, and a QR code of them.

Her share of the joint key and her signing key together, so that the paper alone brings her back after a loss: seven
rows of sixteen symbols of Crockford's base32, in groups of four; a row ends with the check symbol of its content
(modulo 37, as on code letters), so a slip of the pen is found in the row where it is. The code holds the same symbols.
"""

from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record.framing import h32
from pb_service.core.rounds.fingerprint import SYMBOLS, crockford
from pb_service.core.sealing.group import GroupError, read_scalar, scalar_bytes

ROWS = 7
#: What the text of the code begins with: it says what follows, and which form it has.
MARK = "PB1:"
_ROW = 16
SYMBOLS_IN_ROW = _ROW + 1  # with its check
_SECRET = 32
_HASH = 6  # 70 bytes in all: 560 bits, so seven whole rows
_CHECK = SYMBOLS + "*~$=U"
_LOOKALIKES = {"O": "0", "I": "1", "L": "1"}


class PaperError(ValueError):
    """What was typed is not on any paper. ``row`` is the row with the slip, from 1; 0 if it cannot be told."""

    def __init__(self, message: str, row: int = 0) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True)
class Row:
    """A row on paper: its groups, and the check symbol at its end."""

    groups: tuple[str, ...] = field(repr=False)
    check: str = field(repr=False)

    def __str__(self) -> str:
        return f"{' '.join(self.groups)}  {self.check}"


@dataclass(frozen=True)
class Paper:
    """What one paper holds: a share of the joint key, and the 32 bytes of a signing key."""

    share: int = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, share: int, key: Ed25519PrivateKey) -> Self:
        return cls(share, key.private_bytes_raw())

    @property
    def rows(self) -> list[Row]:
        symbols = self._symbols
        rows = [symbols[start : start + _ROW] for start in range(0, len(symbols), _ROW)]
        return [Row(tuple(row[at : at + 4] for at in range(0, _ROW, 4)), check_symbol(row)) for row in rows]

    @property
    def code(self) -> str:
        """The text of the QR code, of its alphanumeric characters alone."""
        return MARK + self._symbols

    @property
    def _symbols(self) -> str:
        secrets = scalar_bytes(self.share) + self.key
        return crockford(secrets + h32("pb/paper", secrets)[:_HASH])

    @classmethod
    def read(cls, typed: str) -> Self:
        """Return what was typed: the rows one after the other, or the text of the code.

        Raises PaperError, for rows saying which of them has the first slip.
        """
        text = "".join(typed.upper().split())
        if text.startswith(MARK):
            symbols = _signs(text.removeprefix(MARK))
            if len(symbols) != ROWS * _ROW or any(sign not in SYMBOLS for sign in symbols):
                raise PaperError("This is not the whole text of the code.")
            return cls._of_symbols(symbols)
        signs, parts = _signs(text), []
        for row in range(1, ROWS + 1):
            part, check, signs = signs[:_ROW], signs[_ROW : _ROW + 1], signs[_ROW + 1 :]
            if not check or any(sign not in SYMBOLS for sign in part) or check_symbol(part) != check:
                raise PaperError(f"Row {row} does not fit its check symbol.", row)
            parts.append(part)
        if signs:
            raise PaperError("There is more here than a paper holds.")
        return cls._of_symbols("".join(parts))

    @classmethod
    def _of_symbols(cls, symbols: str) -> Self:
        value = 0
        for sign in symbols:
            value = value * 32 + SYMBOLS.index(sign)
        data = value.to_bytes(2 * _SECRET + _HASH, "big")
        secrets, told = data[: 2 * _SECRET], data[2 * _SECRET :]
        if h32("pb/paper", secrets)[:_HASH] != told:
            raise PaperError("This is no trustee's paper.")
        try:
            return cls(read_scalar(secrets[:_SECRET]), secrets[_SECRET:])
        except GroupError:
            raise PaperError("This is no trustee's paper.") from None


def check_symbol(symbols: str) -> str:
    """Return Crockford's check symbol: the number modulo 37."""
    value = 0
    for sign in symbols:
        value = (value * 32 + SYMBOLS.index(sign)) % 37
    return _CHECK[value]


def _signs(text: str) -> str:
    return "".join(_LOOKALIKES.get(sign, sign) for sign in text if sign != "-")
