"""ristretto255 by libsodium, when the package `rbcl` can be imported: the same answers, some thirty times sooner."""

import importlib
from collections.abc import Sequence
from typing import Any

from pb_service.verifier.edwards import L

try:
    rbcl: Any = importlib.import_module("rbcl")
except ImportError:  # pragma: no cover - the checks then run on the standard library alone
    rbcl = None

ZERO = bytes(32)


def is_here() -> bool:
    """Whether libsodium can be used."""
    return rbcl is not None


class Sodium:
    """The group by libsodium. Elements are their 32 bytes."""

    identity = ZERO

    def read(self, data: bytes) -> bytes:
        """The bytes themselves, if canonical and not the identity. Raises ValueError."""
        if not self.is_sound(data):
            raise ValueError("point")
        return data

    def write(self, element: bytes) -> bytes:
        """The 32 bytes of an element."""
        return element

    def derive(self, data: bytes) -> bytes:
        """The element that 64 bytes stand for."""
        return bytes(rbcl.crypto_core_ristretto255_from_hash(data))

    def is_sound(self, data: bytes) -> bool:
        """Whether `read` takes these bytes."""
        # libsodium before 1.0.19 does not look at the highest bit: a second spelling of every element
        is_short = len(data) == 32 and data[31] < 128 and data != ZERO
        return is_short and bool(rbcl.crypto_core_ristretto255_is_valid_point(data))

    def add(self, one: bytes, other: bytes) -> bytes:
        """The sum of two elements."""
        return bytes(rbcl.crypto_core_ristretto255_add(one, other))

    def multiple(self, scalar: int, element: bytes) -> bytes:
        """An element times a scalar."""
        scalar %= L
        if scalar == 0 or element == ZERO:  # libsodium takes these for errors
            return ZERO
        return bytes(rbcl.crypto_scalarmult_ristretto255(scalar.to_bytes(32, "little"), element))

    def commitment(self, z: int, c: int, element: bytes) -> bytes:
        """zG - c times the element: what a prover committed to, out of the answer z and the challenge c."""
        return self.add(self._base(z), self.multiple(-c, element))

    def sum(self, scalars: Sequence[int], elements: Sequence[bytes], base: int = 0) -> bytes:
        """The sum of each element times its scalar, and of G times `base`."""
        total = self._base(base)
        mult, add = rbcl.crypto_scalarmult_ristretto255, rbcl.crypto_core_ristretto255_add
        for scalar, element in zip(scalars, elements, strict=True):
            if (reduced := scalar % L) and element != ZERO:
                total = add(total, mult(reduced.to_bytes(32, "little"), element))
        return bytes(total)

    def is_identity(self, element: bytes) -> bool:
        """Whether an element is the identity."""
        return element == ZERO

    def _base(self, scalar: int) -> bytes:
        scalar %= L
        return bytes(rbcl.crypto_scalarmult_ristretto255_base(scalar.to_bytes(32, "little"))) if scalar else ZERO
