"""The key ceremony computed again: section 4 of docs/protocol.md."""

from typing import Any

from pb_service.verifier.canonical import from_b64u, h32
from pb_service.verifier.edwards import L, P
from pb_service.verifier.findings import Problem
from pb_service.verifier.sealed.group import Group
from pb_service.verifier.sealed.hashes import hs, scalar, u32
from pb_service.verifier.sealed.record import Attempt
from pb_service.verifier.sealed.terms import Setup, Terms

#: The u of points of Curve25519 and its twist with which every exchange gives zeros (RFC 7748, section 6.1).
SMALL_ORDER = {
    0,
    1,
    P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
}


def check_ceremony(group: Group, attempt: Attempt, terms: Terms, confirmed: set[int]) -> list[Problem]:
    """What is wrong with the last ceremony, the keys of the manifest and the trustees' confirmations."""
    setup = attempt.setup
    if setup is None or any(len(found) != len(setup.keys) for found in attempt.entries.values()) or attempt.is_over:
        return [Problem("ceremony_missing")]
    problems = [Problem("ceremony_setup")] if setup.sid != terms.setup else []
    try:
        elements = {j: [group.read(point) for point in _points(attempt, j, setup)] for j in attempt.entries["tk2"]}
    except ValueError:
        return [*problems, Problem("ceremony_form")]
    stated = [group.write(_share(group, elements, j)) for j in sorted(elements)]
    joint = group.sum([1] * len(elements), [own[0] for own in elements.values()])
    if group.write(joint) != terms.joint_key or not any(terms.joint_key):
        problems.append(Problem("ceremony_key"))
    if stated != terms.public_shares or not all(any(share) for share in stated):
        problems.append(Problem("ceremony_shares"))
    problems += [Problem("ceremony_confirmed", {"trustee": j}) for j in sorted(elements) if j not in confirmed]
    return problems


def check_messages(group: Group, attempt: Attempt) -> list[Problem]:
    """What is wrong with what trustees said in an attempt, the last one or one that was given up."""
    setup = attempt.setup
    if setup is None:
        return []
    first, second, third = (attempt.entries[kind] for kind in ("tk1", "tk2", "tk3"))
    problems = [
        Problem("ceremony_receiving", {"trustee": j})
        for j, (_, entry) in first.items()
        if int.from_bytes(from_b64u(entry["x"], 32), "little") % 2**255 % P in SMALL_ORDER
    ]
    told = h32("pb/tk1", *(first[j][0] for j in sorted(first)))
    elements = {}
    for j, (_, entry) in second.items():
        try:
            points = _points(attempt, j, setup)
            elements[j] = [group.read(point) for point in points]
            c, z = (scalar(from_b64u(number, 32)) for number in entry["pf"])
        except ValueError:
            return [*problems, Problem("ceremony_form")]
        if from_b64u(first[j][1]["h"], 32) != h32("pb/tk", setup.sid, u32(j), *points):
            problems.append(Problem("ceremony_hash", {"trustee": j}))
        r = group.write(group.commitment(z, c, elements[j][0]))
        if c != hs("pb/tkpok", setup.sid, u32(j), told, points[0], r):
            problems.append(Problem("ceremony_proof", {"trustee": j}))
    for j, (_, entry) in third.items():
        if entry["y"] != "" and from_b64u(entry["y"], 32) != group.write(_share(group, elements, j)):
            problems.append(Problem("ceremony_share", {"trustee": j}))
    return problems


def check_freshness(attempts: list[Attempt]) -> list[Problem]:
    """No receiving key and no commitment stands twice in the record: what was given up is used no more."""
    seen: set[str] = set()
    problems = []
    for number, attempt in enumerate(attempts, 1):
        drawn = [(j, entry["x"]) for j, (_, entry) in attempt.entries["tk1"].items()]
        drawn += [(j, point) for j, (_, entry) in attempt.entries["tk2"].items() for point in entry["c"]]
        for j, value in drawn:
            if value in seen:
                problems.append(Problem("ceremony_reused", {"attempt": number, "trustee": j}))
            seen.add(value)
    return problems


def check_accusations(attempts: list[Attempt]) -> list[Problem]:
    """An attempt that was given up ends with an accusation of other trustees, told once each, in order."""
    problems = []
    for number, attempt in enumerate(attempts, 1):
        for j, (_, entry) in sorted(attempt.entries["tk3"].items()):
            bad, known = entry["bad"], len(attempt.setup.keys) if attempt.setup else 0
            is_form = bad == sorted(set(bad)) and all(one <= known and one != j for one in bad)
            if not is_form or (entry["y"] == "") != bool(bad):
                problems.append(Problem("ceremony_accusation", {"attempt": number, "trustee": j}))
    return problems


def _points(attempt: Attempt, j: int, setup: Setup) -> list[bytes]:
    """C_j0.. as trustee j gave them, with a sealed share for each other. Raises ValueError for another form."""
    entry = attempt.entries["tk2"][j][1]
    shares = entry["sh"]
    is_shares = len(shares) == len(setup.keys) and all((s == "") == (i == j) for i, s in enumerate(shares, 1))
    if len(entry["c"]) != setup.quorum or not is_shares:
        raise ValueError("tk2")
    return [from_b64u(point, 32) for point in entry["c"]]


def _share(group: Group, elements: dict[int, list[Any]], i: int) -> Any:
    """Y_i, the sum over trustees and k of i^k C_jk."""
    pairs = [(pow(i, k, L), element) for own in elements.values() for k, element in enumerate(own)]
    return group.sum([factor for factor, _ in pairs], [element for _, element in pairs])
