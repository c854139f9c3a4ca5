"""Choices as bytes and as points: section 5 of docs/protocol.md."""

from pb_service.verifier.ballots import Ballot, is_over
from pb_service.verifier.manifest import Contest
from pb_service.verifier.sealed.group import Group
from pb_service.verifier.sealed.terms import BLOCK


def read_payload(payload: bytes, contest: Contest) -> Ballot | None:
    """The ballot of a payload; None unless it is valid in its contest."""
    if len(payload) != BLOCK * contest.blocks or payload[:2] != bytes([1, contest.encoding]):
        return None
    ballot = _read(payload[2:], contest)
    if ballot is None or is_over(ballot, contest):
        return None
    return ballot


def _read(body: bytes, contest: Contest) -> Ballot | None:
    projects = len(contest.costs)
    slots = min(contest.limits.get("k", projects), projects)
    match contest.encoding:
        case 1:
            bits = int.from_bytes(body, "little")
            return None if bits >> projects else [number for number in range(projects) if bits >> number & 1]
        case 2:
            values = [[number, _value(v, contest)] for number, v in enumerate(body[:projects]) if v]
            return None if any(body[projects:]) else values
        case 3:
            places = _slots(body, slots, 2)
            return None if places is None else _numbers(places, contest)
        case _:
            places = _slots(body, slots, 3)
            numbers = None if places is None else _numbers([place[:2] for place in places], contest)
            if places is None or numbers is None or any(place[2] == 0 for place in places):
                return None
            return [[number, _value(place[2], contest)] for number, place in zip(numbers, places, strict=True)]


def _slots(body: bytes, slots: int, size: int) -> list[bytes] | None:
    """The used slots; None unless all that follows the first unused one is zero."""
    places = [body[start : start + size] for start in range(0, slots * size, size)]
    used = next((index for index, place in enumerate(places) if not any(place)), len(places))
    return None if any(body[used * size :]) else places[:used]


def _numbers(places: list[bytes], contest: Contest) -> list[int] | None:
    numbers = [int.from_bytes(place, "big") - 1 for place in places]
    if any(not 0 <= number < len(contest.costs) for number in numbers) or len(set(numbers)) != len(numbers):
        return None
    return numbers if contest.fmt == "ordinal" or numbers == sorted(numbers) else None


def _value(v: int, contest: Contest) -> int:
    return v + int(contest.limits["smin"]) - 1 if contest.fmt == "scores" else v


def row_payload(group: Group, points: list[bytes]) -> bytes | None:
    """The payload in a decrypted row; None unless each point is the one block of its bytes."""
    return b"".join(point[1:31] for point in points) if all(_is_block(group, point) for point in points) else None


def _is_block(group: Group, point: bytes) -> bool:
    """Whether an element is the first, of the 128 that its 30 bytes could become, that is an element."""
    if not any(point) or point[31]:
        return False
    return not any(group.is_sound(bytes([2 * c]) + point[1:]) for c in range(point[0] // 2))
