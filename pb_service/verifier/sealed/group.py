"""Which program does the arithmetic of the group: libsodium where it is installed, plain Python everywhere."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from pb_service.verifier.sealed.ristretto import Ristretto
from pb_service.verifier.sealed.sodium import Sodium
from pb_service.verifier.sealed.sodium import is_here as has_sodium

Element = Any  # what `read` of a group gives; each group has its own


class Group(Protocol):
    """What both programs do. Scalars may be any integers; they are reduced modulo L."""

    @property
    def identity(self) -> Element:
        """The identity."""

    def read(self, data: bytes) -> Element:
        """The element of an encoding that is canonical and not the identity. Raises ValueError."""

    def write(self, element: Element) -> bytes:
        """The 32 bytes of an element."""

    def derive(self, data: bytes) -> Element:
        """The element that 64 bytes stand for (RFC 9496, 4.3.4)."""

    def is_sound(self, data: bytes) -> bool:
        """Whether `read` takes these bytes."""

    def add(self, one: Element, other: Element) -> Element:
        """The sum of two elements."""

    def multiple(self, scalar: int, element: Element) -> Element:
        """An element times a scalar."""

    def commitment(self, z: int, c: int, element: Element) -> Element:
        """zG - c times the element: what a prover committed to, out of the answer z and the challenge c."""

    def sum(self, scalars: Sequence[int], elements: Sequence[Element], base: int = 0) -> Element:
        """The sum of each element times its scalar, and of G times `base`."""

    def is_identity(self, element: Element) -> bool:
        """Whether an element is the identity."""


@cache
def group(is_pure: bool) -> Group:
    """The group; `is_pure` asks for plain Python even where libsodium is."""
    return Ristretto() if is_pure or not has_sodium() else Sodium()
