"""What a proposal came from and what became of it: merges, merges of merged ones, splits, followed to their ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Joint:
    """One merge (several become one, which was there before) or split (one becomes several), by public numbers."""

    kind: Literal["merge", "split"]
    sources: tuple[int, ...]
    targets: tuple[int, ...]


def origins(number: int, joints: Sequence[Joint]) -> list[int]:
    """Return every proposal whose ideas are in this one, itself included, in the order of their numbers."""
    return _reached(number, [(target, joint.sources) for joint in joints for target in joint.targets])


def successors(number: int, joints: Sequence[Joint]) -> list[int]:
    """Return where a proposal went on in the end: those it became that went on as nothing else themselves."""
    onward = [(source, joint.targets) for joint in joints for source in joint.sources]
    further = {source for source, _ in onward}
    return [found for found in _reached(number, onward) if found not in further]


def may_merge(sources: Iterable[int], into: int, joints: Sequence[Joint]) -> bool:
    """Whether a merge leads on: nothing goes on as itself, or as something that itself went on as it."""
    wanted = set(sources)
    return bool(wanted) and into not in wanted and not wanted & set(origins_of_targets(into, joints))


def origins_of_targets(number: int, joints: Sequence[Joint]) -> list[int]:
    """Return what this proposal went on as, all the way."""
    onward = [(source, joint.targets) for joint in joints for source in joint.sources]
    return [found for found in _reached(number, onward) if found != number]


def _reached(start: int, steps: Sequence[tuple[int, Sequence[int]]]) -> list[int]:
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for place, others in steps:
            if place == here:
                waiting += [other for other in others if other not in found]
                found.update(others)
    return sorted(found)
