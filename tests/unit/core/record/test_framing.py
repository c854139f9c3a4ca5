"""Framing: hashing of several parts without ambiguity."""

from pb_service.core.record.framing import frame, h32


def test_frame_puts_the_length_before_each_part() -> None:
    """A frame is the length as 4 bytes, big-endian, then the bytes."""
    assert frame(b"pb/test", b"", b"a") == bytes.fromhex("0000000770622f74657374" + "00000000" + "0000000161")


def test_h32_is_sha256_of_the_frames() -> None:
    """A fixed example, so that no later change can alter the hash in silence."""
    assert h32("pb/test", b"", b"a").hex() == "81eaec34a6a9461be65a185e64a859368a2e3582443ac2eba29773f7fc3f7202"


def test_parts_cannot_be_shifted() -> None:
    """Moving a byte from one part to the next gives another hash."""
    assert len({h32("pb/test", b"ab", b"c"), h32("pb/test", b"a", b"bc"), h32("pb/test", b"abc")}) == 3
