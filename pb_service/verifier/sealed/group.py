"""Which program does the arithmetic of the group: libsodium where it is installed, plain Python everywhere."""

from functools import cache

from pb_service.verifier.sealed.ristretto import Ristretto
from pb_service.verifier.sealed.sodium import Sodium
from pb_service.verifier.sealed.sodium import is_here as has_sodium

Group = Ristretto | Sodium


@cache
def group(is_pure: bool) -> Group:
    """The group; `is_pure` asks for plain Python even where libsodium is."""
    return Ristretto() if is_pure or not has_sodium() else Sodium()
