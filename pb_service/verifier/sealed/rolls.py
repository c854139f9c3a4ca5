"""The roll of a group: who may vote, as aliases. Section 6 of docs/protocol.md."""

from itertools import pairwise

from pb_service.verifier import log
from pb_service.verifier.sealed.terms import Group

RECORD = 64
NO_KEY = bytes(32)


class Roll:
    """The records of a roll file. `problems` are the codes of what is wrong with the file."""

    def __init__(self, data: bytes, group: Group) -> None:
        records = [data[start : start + RECORD] for start in range(0, len(data), RECORD)]
        self._keys = {entry[:32]: entry[32:] for entry in records}
        keys = [key for key in self._keys.values() if key != NO_KEY]
        self.problems = []
        if len(data) % RECORD or any(a[:32] >= b[:32] for a, b in pairwise(records)) or len(set(keys)) != len(keys):
            self.problems.append("roll_form")
        if len(records) != group.count:
            self.problems.append("roll_count")
        self.is_signed = log.root([log.leaf_hash(entry) for entry in records]) == group.roll

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, alias: bytes) -> bytes | None:
        """The code key of an alias, zeros if it has none; None if it is not on the roll."""
        return self._keys.get(alias)
