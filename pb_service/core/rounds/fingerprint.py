"""The fingerprint of a round: its election id in a form that people compare with a poster (bundle.md section 3)."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def fingerprint(eid: bytes) -> str:
    """Return the first 16 bytes of an election id in Crockford's base32, 26 symbols in groups of four."""
    bits = int.from_bytes(eid[:16], "big") << 2  # 128 bits fill 26 symbols of 5 with two zero bits at the end
    symbols = "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(125, -1, -5))
    return " ".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))
