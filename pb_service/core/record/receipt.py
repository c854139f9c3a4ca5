"""A receipt: proof, in a text that stands alone, that an entry is in the record. C2SP tlog-proof."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.core.record import checkpoint, merkle
from pb_service.core.record.checkpoint import CheckpointError, unbase64

_FIRST = "c2sp.org/tlog-proof@v1"
_EXTRA = re.compile(r"extra ([A-Za-z0-9+/]+={0,2})")
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_LONGEST_PATH = 63


class ReceiptError(ValueError):
    """Not a receipt, or not one of this log."""


@dataclass(frozen=True)
class Receipt:
    """An entry, its index, the path to the root, and the signed checkpoint with that root."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]
    note: bytes

    def text(self) -> str:
        """Return the receipt as a voter keeps it."""
        lines = [_FIRST, f"extra {_base64(self.entry)}", f"index {self.index}", *map(_base64, self.path)]
        return "\n".join(lines) + "\n\n" + self.note.decode()

    @classmethod
    def make(cls, leaves: Sequence[bytes], entry: bytes, index: int, note: bytes) -> "Receipt":
        """Return the receipt of an entry among the leaf hashes that the checkpoint's root is over."""
        return cls(entry, index, tuple(merkle.inclusion_proof(leaves, index)), note)

    @classmethod
    def parse(cls, text: str) -> "Receipt":
        """Return the receipt of a text. Raises ReceiptError for any other form; nothing is verified yet."""
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        extra, index = (_EXTRA.fullmatch(lines[1]), _INDEX.fullmatch(lines[2])) if len(lines) > 2 else (None, None)
        if not blank or lines[0] != _FIRST or extra is None or index is None or len(lines) > 3 + _LONGEST_PATH:
            raise ReceiptError("not a receipt")
        try:
            path = tuple(unbase64(line) for line in lines[3:])
            receipt = cls(unbase64(extra[1]), int(index[1]), path, note.encode())
            checkpoint.parse(receipt.note)
        except CheckpointError as error:
            raise ReceiptError(str(error)) from error
        if any(len(node) != merkle.HASH_SIZE for node in path):
            raise ReceiptError("not a receipt")
        return receipt

    def verify(self, origin: str, log_key: bytes) -> checkpoint.Checkpoint:
        """Return the tree head if the log of this origin signed it and it holds the entry. Raises ReceiptError."""
        try:
            head = checkpoint.verify(self.note, origin, log_key)
        except CheckpointError as error:
            raise ReceiptError(str(error)) from error
        leaf = merkle.leaf_hash(self.entry)
        if not merkle.verify_inclusion(leaf, self.index, head.size, self.path, head.root):
            raise ReceiptError("the entry is not in the tree that the checkpoint states")
        return head


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
