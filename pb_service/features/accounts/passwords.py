"""Passwords: argon2id in two threads of its own, and what makes one too easy to guess.

Hashing takes its time on purpose (19 MiB, two passes: OWASP Password Storage Cheat Sheet), so it must neither stop the
event loop nor be asked for without bound: at most two are computed at once and a few wait; who comes later is told to
come back. A password has 10 to 1,024 characters of any kind; there are no rules about kinds of characters and no
regular changes (NIST SP 800-63B), only a short list of what everybody tries first.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import ClassVar, Literal, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from pb_service.platform.errors import DomainError

T = TypeVar("T")

LEAST = 10
MOST = 1024

_THREADS = 2
#: Two at work and so many waiting: the last of them waits for about half a second.
_MOST_WAITING = 16

Weakness = Literal["short", "long", "common", "own"]


class TooBusy(DomainError):
    """More people sign in at this moment than passwords can be checked. Trying again in a moment helps."""

    status: ClassVar[int] = 503
    type: ClassVar[str] = "too-busy"


class Passwords:
    """The bounded pool. One for a process; ``close`` it at the end."""

    def __init__(self, *, memory_kib: int = 19 * 1024) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._asked = 0
        # What a password is compared with when there is no account: the same work, and never equal.
        self._nobody = self._hasher.hash("nobody's")

    async def hash(self, password: str) -> str:
        """Return what is stored of a password. Raises TooBusy."""
        return await self._run(self._hasher.hash, _plain(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; without a stored one it never is, after just as much work. Raises TooBusy."""
        equal = await self._run(self._verify, stored or self._nobody, _plain(password))
        return equal and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with weaker parameters than today's, so that it should be made anew."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._asked >= _THREADS + _MOST_WAITING:
            raise TooBusy("Very many people are signing in just now. Try again in a moment.")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._asked -= 1


def weakness(password: str, *, email: str = "", own: Sequence[str] = ()) -> Weakness | None:
    """Return why a new password is refused, or None. ``own``: other names that belong to the reader or the service.

    ``common``: one or two words of the list, once or again and again, with figures, marks, capitals or the usual
    exchanges of letters in and around them; rows of the keyboard or of the alphabet; figures and marks alone (a date, a
    telephone number). ``own``: the same of words of the address or the names. Three words and more are nobody's first
    try, known or not.
    """
    if len(password) < LEAST:
        return "short"
    if len(password) > MOST:
        return "long"
    text = _plain(password).casefold()
    local = email.casefold().partition("@")[0]
    if text in (email.casefold(), local + local):
        return "own"
    names = frozenset(word for name in (email, *own) for word in _words(_plain(name)) if len(word) >= _TILE)
    return _familiar(text, names)


def _familiar(text: str, names: Set[str]) -> Weakness | None:
    """Whether a text is made of what everybody knows."""
    words = _words(text)
    if _is_run(text) or len(set(text)) < 4 or (len(words) <= 2 and all(word in _common() for word in words)):
        return "common"
    for letters in {re.sub(_NO_LETTER, "", text), re.sub(_NO_LETTER, "", text.translate(_EXCHANGED))}:
        tiles, bare = _tiled(letters[:_LOOKED_AT], _common() | names)
        found = {tile for tile in tiles if not _in_row(tile)}
        if tiles and bare < _TILE and len(found) <= 2:
            return "own" if found & names else "common"
    return "common" if _core(text) in _common() else None


#: What people put in place of letters, and belongs to no word of the list.
_EXCHANGED = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_NO_LETTER = r"[\W\d_]+"
#: Shorter words say nothing: they are in every other word.
_TILE = 4
_LONGEST = 32
#: Nobody types more than this again and again.
_LOOKED_AT = 200
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyzåäöabc",
    "qwertyuiopåasdfghjklöäzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
)


def _plain(password: str) -> str:
    """The same password from every keyboard: Unicode NFKC (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _core(text: str) -> str:
    """The word in a password: without figures and marks around it, with exchanged letters put back."""
    return re.sub(rf"^{_NO_LETTER}|{_NO_LETTER}$", "", text).translate(_EXCHANGED)


def _words(text: str) -> list[str]:
    return [word for word in re.split(_NO_LETTER, text.casefold()) if word]


def _tiled(letters: str, known: Set[str]) -> tuple[set[str], int]:
    """Lay known words and rows of keys over a text from its beginning, the longest first.

    Return what was laid, and how many letters lie bare.
    """
    tiles, bare, at = set(), 0, 0
    while at < len(letters):
        ends = range(min(len(letters), at + _LONGEST), at + _TILE - 1, -1)
        tile = next((letters[at:end] for end in ends if letters[at:end] in known or _in_row(letters[at:end])), "")
        if tile:
            tiles.add(tile)
        bare += not tile
        at += len(tile) or 1
    return tiles, bare


def _in_row(text: str) -> bool:
    return any(text in row or text[::-1] in row for row in _ROWS)


def _is_run(text: str) -> bool:
    """Whether it is a row of keys, forwards or backwards, or one short part again and again."""
    if _in_row(text):
        return True
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, min(4, len(text) // 2) + 1))


@cache
def _common() -> frozenset[str]:
    """The words of common_passwords.txt: see its head for where they come from."""
    text = resources.files("pb_service.features.accounts").joinpath("common_passwords.txt").read_text("utf-8")
    words = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    return frozenset(words | {word.translate(_EXCHANGED) for word in words})
