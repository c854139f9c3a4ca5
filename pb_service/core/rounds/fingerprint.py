"""The fingerprint of a round: its election id in a form that people compare with a poster (bundle.md section 3)."""

#: Crockford's alphabet: no I, L, O or U.
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crockford(data: bytes) -> str:
    """Return bytes in Crockford's base32: bits from the left in fives, zero bits added at the end."""
    spare = -8 * len(data) % 5
    bits = int.from_bytes(data, "big") << spare
    size = 8 * len(data) + spare
    return "".join(SYMBOLS[(bits >> shift) & 31] for shift in range(size - 5, -1, -5))


def uncrockford(symbols: str) -> bytes:
    """Return the bytes that such symbols spell, in upper case. Raises ValueError for other symbols or spare bits."""
    bits, size = 0, 5 * len(symbols)
    for symbol in symbols:
        bits = bits << 5 | SYMBOLS.index(symbol)
    spare = size % 8
    if spare > 4 or bits & ((1 << spare) - 1):
        raise ValueError("the symbols spell no whole bytes")
    return (bits >> spare).to_bytes(size // 8, "big")


def fingerprint(eid: bytes) -> str:
    """Return the first 16 bytes of an election id in Crockford's base32, 26 symbols in groups of four."""
    symbols = crockford(eid[:16])
    return " ".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))
