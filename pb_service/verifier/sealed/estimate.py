"""How long the checks of a bundle take, before they are made."""

from collections.abc import Mapping

from pb_service.verifier import openssl
from pb_service.verifier.manifest import Manifest
from pb_service.verifier.sealed import sodium
from pb_service.verifier.sealed.work import speed

#: Microseconds on one core of the machine that `speed` takes as 1: plain Python, and with the libraries.
ENVELOPE = (2600, 150)  # a pair of an envelope
MIX = (2600, 800)  # a pair, and stage
OPENING = (700, 190)  # a pair, and trustee
COMBINATION = (5000, 260)  # a pair
SIGNATURE = (2000, 150)
ENTRY = 700  # bytes of a sealed ballot in the record


class Costs:
    """Seconds for each unit of work, and in all."""

    def __init__(self, members: Mapping[str, bytes], manifest: Manifest, *, is_pure: bool) -> None:
        self.is_slow = is_pure or not sodium.is_here()
        one = 0 if self.is_slow else 1
        factor = speed() / 1e6
        self.mix, self.opening, self.combination, pair = (
            cost[one] * factor for cost in (MIX, OPENING, COMBINATION, ENVELOPE)
        )
        self.signature = SIGNATURE[0 if is_pure or not openssl.is_here() else 1] * factor
        self.envelope = pair * max(contest.blocks for contest in manifest.contests)
        size = {name: len(data) for name, data in members.items()}
        entries = sum(n for name, n in size.items() if name.startswith("tile/entries/")) / ENTRY
        lists = {name: n / 64 for name, n in size.items() if name.startswith("mix/") and name.endswith(".list")}
        parts = sum(n / 32 for name, n in size.items() if name.startswith("dec/"))
        pairs = sum(n for name, n in lists.items() if name.endswith("/1.list"))
        self.seconds = (
            entries * (self.envelope + self.signature)
            + sum(lists.values()) * self.mix
            + parts * self.opening
            + pairs * self.combination
        )
