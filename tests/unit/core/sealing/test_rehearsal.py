"""The trustees' rehearsal before the vote opens: it works with the real key, and nothing of it fits the vote."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pb_service.core.record import entries, signatures
from pb_service.core.record.canonical import b64u, decode, encode, unb64u
from pb_service.core.sealing import simulation, threshold
from pb_service.core.sealing.rehearsal import CONTEST, Rehearsal, RehearsalError, is_rehearsal, known_rows
from pb_service.core.sealing.simulation import Vote
from pb_service.verifier.sealed.mixing import Stage, start_mix
from pb_service.verifier.sealed.opening import start_opening
from pb_service.verifier.sealed.work import Work
from tests.sealing import repeatable, small_scenario
from tests.verifier import forge


def before_the_opening(trustees: int = 3, quorum: int = 2) -> Vote:
    """A vote whose manifest is logged and that no trustee has confirmed."""
    vote = simulation.begin(small_scenario(trustees=trustees, quorum=quorum), repeatable("rehearsal"))
    simulation.ceremony(vote)
    simulation.aliases(vote)
    people, vote.trustees = vote.trustees, []
    simulation.open_vote(vote)
    vote.trustees = people
    return vote


def message(vote: Vote, rehearsal: Rehearsal) -> bytes:
    """The next message, its files kept."""
    assert rehearsal.turn is not None
    kind, number = rehearsal.turn
    person = vote.trustees[number - 1]
    assert person.share is not None
    if kind == "rmix":
        body, *given = rehearsal.mix(number, person.key, vote.random)
    else:
        body, *given = rehearsal.decrypt(number, person.key, person.share, vote.random)
    for file in given:
        vote.keep(file)
    return body


@pytest.mark.parametrize(("trustees", "quorum"), [(3, 2), (2, 2), (4, 3)])
def test_every_quorum_of_neighbours_finds_the_three_votes(trustees: int, quorum: int) -> None:
    vote = before_the_opening(trustees, quorum)
    rehearsal = Rehearsal(vote.election)
    while rehearsal.turn is not None:
        rehearsal.append(message(vote, rehearsal), vote.files)
    assert rehearsal.check_opened() == trustees


def test_no_message_can_stand_in_the_record() -> None:
    vote = before_the_opening()
    rehearsal = Rehearsal(vote.election)
    body = message(vote, rehearsal)
    with pytest.raises(entries.EntryError, match="unknown kind"):
        entries.parse(body)
    for name in ("mix", "rmix"):
        with pytest.raises(entries.EntryError):
            entries.parse(encode({**decode(body), "k": name, "e": b64u(vote.manifest_id())}))
    assert rehearsal.rid != vote.manifest_id()
    assert known_rows(rehearsal.rid, rehearsal._manifest.key) != known_rows(vote.manifest_id(), rehearsal._manifest.key)


def test_a_part_of_the_rehearsal_opens_nothing_else() -> None:
    """Her proof is about the rehearsal's id: with the election's own it does not hold."""
    vote = before_the_opening()
    rehearsal = Rehearsal(vote.election)
    while rehearsal.turn != ("rdec", 1):
        rehearsal.append(message(vote, rehearsal), vote.files)
    file = vote.files[unb64u(decode(message(vote, rehearsal))["f"], 32)]
    manifest = vote.election.manifest
    assert manifest is not None
    share = threshold.Share(manifest.eid, CONTEST, 1, manifest.shares[0], 1)
    with pytest.raises(threshold.DecryptionError):
        threshold.verify(rehearsal.rows, file, share)


def resigned(vote: Vote, body: bytes, signer: int = 1, **fields: Any) -> bytes:
    entry = {name: value for name, value in {**decode(body), **fields}.items() if name != "sg"}
    return encode(signatures.sign_entry(entry, {f"t{signer}": vote.trustees[signer - 1].key}))


CHANGES: dict[str, Callable[[Vote, bytes], bytes]] = {
    "not canonical": lambda _vote, body: body + b" ",
    "another trustee's turn": lambda vote, body: resigned(vote, body, 2, j=2),
    "signed by another": lambda vote, body: resigned(vote, body, 2),
    "another stage": lambda vote, body: resigned(vote, body, st=2),
    "a contest of the vote": lambda vote, body: resigned(vote, body, d="north"),
    "the election's id": lambda vote, body: resigned(vote, body, e=b64u(vote.manifest_id())),
    "a field more": lambda vote, body: resigned(vote, body, ts=1),
    "no such file": lambda vote, body: resigned(vote, body, out=b64u(bytes(32))),
    "another proof": lambda vote, body: resigned(vote, body, pf=vote.keep(b"\x01" * 32 * 24)),
    "a truth for a number": lambda vote, body: resigned(vote, body, j=True),
    "no signatures": lambda _vote, body: encode({**decode(body), "sg": [[]]}),
    "no object": lambda _vote, _body: b"[]",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_message_that_does_not_fit_is_refused_and_changes_nothing(change: str) -> None:
    vote = before_the_opening()
    rehearsal = Rehearsal(vote.election)
    body = message(vote, rehearsal)
    with pytest.raises(RehearsalError):
        rehearsal.append(CHANGES[change](vote, body), vote.files)
    assert rehearsal.turn == ("rmix", 1)
    rehearsal.append(body, vote.files)


def test_nobody_opens_before_all_have_mixed_or_with_a_share_of_another_key() -> None:
    vote = before_the_opening()
    rehearsal = Rehearsal(vote.election)
    person = vote.trustees[0]
    assert person.share is not None
    with pytest.raises(RehearsalError, match="mixed yet"):
        rehearsal.decrypt(1, person.key, person.share, vote.random)
    while rehearsal.turn != ("rdec", 1):
        rehearsal.append(message(vote, rehearsal), vote.files)
    with pytest.raises(RehearsalError, match="not the one that the manifest states"):
        rehearsal.decrypt(1, person.key, person.share + 1, vote.random)
    with pytest.raises(RehearsalError, match="Not every trustee"):
        rehearsal.check_opened()


def test_a_rehearsal_comes_after_the_manifest_and_before_the_opening() -> None:
    vote = simulation.begin(small_scenario(), repeatable("when"))
    with pytest.raises(RehearsalError, match="no manifest"):
        Rehearsal(vote.election)
    vote = before_the_opening()
    for trustee in vote.trustees:
        Rehearsal(vote.election)
        vote.log(trustee.confirm(vote.election))
    with pytest.raises(RehearsalError, match="comes before"):
        Rehearsal(vote.election)


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("example.org/pb/rehearsal-spring-x1y2", True),
        ("example.org/pb/spring", False),
        ("rehearsal-town.org/pb/spring", False),
        ("example.org/pb/spring-rehearsal-1", False),
    ],
)
def test_an_origin_says_whether_a_whole_record_is_a_rehearsal(origin: str, told: bool) -> None:
    assert is_rehearsal(origin) is told


def test_a_stranger_who_has_the_page_alone_finds_the_same() -> None:
    """Rows, mixes and parts by docs/protocol.md section 17, made and checked by the code of tests and verifier."""
    vote = before_the_opening()
    manifest = vote.election.manifest
    assert manifest is not None
    rid = forge.h32("pb/rehearsal", manifest.eid)
    rows = []
    for number in (1, 2, 3):
        data = b"\x01\x00" + f"rehearsal {number}".encode()
        known = forge.hs("pb/rehearsal/r", rid, forge.u32(number))
        sealed = forge.plus(forge.block(data.ljust(30, b"\0")), forge.mul(known, manifest.key))
        rows.append(forge.base(known) + sealed)
    before = b"".join(sorted(rows))
    rehearsal = Rehearsal(vote.election)
    assert rehearsal.rows == before
    with Work(0, 1) as work:
        for j in (1, 2, 3):
            body = message(vote, rehearsal)
            out, proof = (vote.files[unb64u(decode(body)[name], 32)] for name in ("out", "pf"))
            about = Stage(rid, b"_test", j, j, manifest.key, 1, before, out)
            assert start_mix(work, True, about, proof, 1)()
            assert not start_mix(work, True, replace(about, eid=manifest.eid), proof, 1)()
            rehearsal.append(body, vote.files)
            before = out
        for j in (1, 2, 3):
            body = message(vote, rehearsal)
            about = Stage(rid, b"_test", j, j, manifest.shares[j - 1], 1, b"", before)
            assert start_opening(work, True, about, vote.files[unb64u(decode(body)["f"], 32)], 1)()
            rehearsal.append(body, vote.files)
