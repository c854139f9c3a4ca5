"""Which witnesses count, where they are asked, and how many must have signed: a C2SP tlog-policy file.

Of the form, that part is read which k of n witnesses need, as a manifest has them: lines ``witness``, one ``group`` of
witnesses at most, and ``quorum``. Lines ``log`` are left to other readers.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pb_service.core.record.checkpoint import CheckpointError
from pb_service.core.record.witness import Witness


class PolicyError(ValueError):
    """Not a policy that can be used; the sentence names the line."""


@dataclass(frozen=True)
class Asked:
    """A witness and the address that its calls hang on, by TLS except on this machine."""

    witness: Witness
    url: str


@dataclass(frozen=True)
class Policy:
    """Witnesses, distinct in name and key, and how many of them make a quorum (at least one)."""

    witnesses: tuple[Asked, ...]
    quorum: int

    @property
    def keys(self) -> tuple[Witness, ...]:
        """The witnesses without their addresses."""
        return tuple(asked.witness for asked in self.witnesses)

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return the policy of a file. Raises PolicyError."""
        named: dict[str, Asked] = {}
        groups: dict[str, int] = {}
        quorum: str | None = None
        for number, line in enumerate(text.split("\n"), start=1):
            match line.split():
                case [] | ["log", _] | ["log", _, _]:
                    continue
                case [first, *_] if first.startswith("#"):
                    continue
                case ["witness", name, vkey, url] if name not in named:
                    named[name] = Asked(_witness(vkey, number), _address(url, number))
                case ["group", name, least, *members] if set(members) == set(named) and len(members) == len(named):
                    groups[name] = _number(least, len(members), number)
                case ["quorum", name] if quorum is None:
                    quorum = name
                case _:
                    raise PolicyError(
                        f"line {number}: expected witness NAME VKEY URL, one group of all, or quorum NAME"
                    )
        keys = [asked.witness.key for asked in named.values()]
        if len(set(keys)) < len(keys) or len({asked.witness.name for asked in named.values()}) < len(keys):
            raise PolicyError("two witnesses have the same name or key")
        if quorum in groups:
            return cls(tuple(named.values()), groups[quorum])
        if quorum in named and len(named) == 1:
            return cls(tuple(named.values()), 1)
        raise PolicyError("there is no quorum line that names the group, or the one witness")


def _witness(vkey: str, number: int) -> Witness:
    try:
        return Witness.parse(vkey)
    except CheckpointError as error:
        raise PolicyError(f"line {number}: {error}") from error


def _address(url: str, number: int) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in ({"http", "https"} if local else {"https"}):
        raise PolicyError(f"line {number}: an address begins with https:// (http:// on this machine alone)")
    return url


def _number(least: str, members: int, number: int) -> int:
    known = {"all": members, "any": 1} | {str(each): each for each in range(1, members + 1)}
    if least not in known or not members:
        raise PolicyError(f"line {number}: a group needs all, any or a number of its members")
    return known[least]
