"""The key ceremony computed again: section 4 of docs/protocol.md."""

from typing import Any

from pb_service.verifier.canonical import from_b64u, h32
from pb_service.verifier.edwards import L
from pb_service.verifier.findings import Problem
from pb_service.verifier.sealed.group import Group
from pb_service.verifier.sealed.hashes import hs, scalar, u32
from pb_service.verifier.sealed.record import Attempt
from pb_service.verifier.sealed.terms import Setup, Terms


def check_ceremony(group: Group, attempt: Attempt, terms: Terms, confirmed: set[int]) -> list[Problem]:
    """What is wrong with the last ceremony, the keys of the manifest and the trustees' confirmations."""
    setup = attempt.setup
    if setup is None or any(len(found) != len(setup.keys) for found in attempt.entries.values()) or attempt.is_over:
        return [Problem("ceremony_missing")]
    problems = [Problem("ceremony_setup")] if setup.sid != terms.setup else []
    try:
        commitments = {j: _commitments(attempt, j, setup, problems) for j in range(1, len(setup.keys) + 1)}
        elements = {j: [group.read(point) for point in own] for j, own in commitments.items()}
        shares = {i: _share(group, elements, i) for i in elements}
        joint = group.sum([1] * len(elements), [own[0] for own in elements.values()])
    except ValueError:
        return [*problems, Problem("ceremony_form")]
    problems += _proofs(group, attempt, setup, commitments, elements)
    for j, (_, entry) in sorted(attempt.entries["tk3"].items()):
        if entry["y"] == "" or from_b64u(entry["y"], 32) != group.write(shares[j]):
            problems.append(Problem("ceremony_share", {"trustee": j}))
    stated = [group.write(shares[j]) for j in sorted(shares)]
    if group.write(joint) != terms.joint_key or not any(terms.joint_key):
        problems.append(Problem("ceremony_key"))
    if stated != terms.public_shares or not all(any(share) for share in stated):
        problems.append(Problem("ceremony_shares"))
    problems += [Problem("ceremony_confirmed", {"trustee": j}) for j in sorted(elements) if j not in confirmed]
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


def _commitments(attempt: Attempt, j: int, setup: Setup, problems: list[Problem]) -> list[bytes]:
    """C_j0.., and whether they are those that trustee j had hidden before any were shown. Raises ValueError."""
    entry = attempt.entries["tk2"][j][1]
    points = [from_b64u(point, 32) for point in entry["c"]]
    shares = entry["sh"]
    is_shares = len(shares) == len(setup.keys) and all((s == "") == (i == j) for i, s in enumerate(shares, 1))
    if len(points) != setup.quorum or not is_shares:
        raise ValueError("tk2")
    if from_b64u(attempt.entries["tk1"][j][1]["h"], 32) != h32("pb/tk", setup.sid, u32(j), *points):
        problems.append(Problem("ceremony_hash", {"trustee": j}))
    return points


def _proofs(
    group: Group, attempt: Attempt, setup: Setup, commitments: dict[int, list[bytes]], elements: dict[int, list[Any]]
) -> list[Problem]:
    first = h32("pb/tk1", *(attempt.entries["tk1"][j][0] for j in sorted(commitments)))
    problems = []
    for j, own in commitments.items():
        try:
            c, z = (scalar(from_b64u(number, 32)) for number in attempt.entries["tk2"][j][1]["pf"])
        except ValueError:
            problems.append(Problem("ceremony_proof", {"trustee": j}))
            continue
        r = group.write(group.commitment(z, c, elements[j][0]))
        if c != hs("pb/tkpok", setup.sid, u32(j), first, own[0], r):
            problems.append(Problem("ceremony_proof", {"trustee": j}))
    return problems


def _share(group: Group, elements: dict[int, list[Any]], i: int) -> Any:
    """Y_i, the sum over trustees and k of i^k C_jk."""
    pairs = [(pow(i, k, L), element) for own in elements.values() for k, element in enumerate(own)]
    return group.sum([factor for factor, _ in pairs], [element for _, element in pairs])
