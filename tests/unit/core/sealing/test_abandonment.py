"""A ceremony that stalls is given up by its registrar and begun again with everything drawn afresh."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, decode, encode
from pb_service.core.record.forms import ABANDON_REASONS
from pb_service.core.record.signatures import public_bytes
from pb_service.core.sealing import simulation
from pb_service.core.sealing.election import RecordError
from pb_service.core.sealing.manifest import ManifestError, Setup
from pb_service.core.sealing.simulation import Vote
from tests.sealing import repeatable, small_contest, small_scenario

MESSAGES = 9  # of three trustees, three each


def stalled(messages: int, seed: str = "stalled") -> tuple[Vote, list[bytes]]:
    """A vote whose ceremony stops after so many messages; and the message that was due, None at the end."""
    vote = simulation.begin(small_scenario(), repeatable(seed))
    simulation.set_up(vote, people(vote))
    for _ in range(messages):
        vote.log(due(vote))
    return vote, [due(vote)] if messages < MESSAGES else []


def people(vote: Vote) -> list[tuple[str, bytes]]:
    return [(f"Trustee {item.number}", public_bytes(item.key)) for item in vote.trustees]


def due(vote: Vote) -> bytes:
    """The next message of the ceremony, by whose turn it is."""
    sent = sum(len(vote.election.messages[kind]) for kind in ("tk1", "tk2", "tk3"))
    person = vote.trustees[sent % 3]
    if sent < 3:
        return person.promise(vote.election, vote.random)
    return person.deal(vote.election, vote.random) if sent < 6 else person.acknowledge(vote.election)


def abandon(vote: Vote, signer: str | Ed25519PrivateKey = "reg", *, name: str = "reg", **fields: Any) -> bytes:
    """An `abandon` entry, not yet logged."""
    setup = vote.election.setup
    assert setup is not None
    key = vote.keys[signer] if isinstance(signer, str) else signer
    fields = {"try": fields.pop("attempt", setup.attempt), "why": "silent", **fields}
    return entries.signed_entry("abandon", fields.pop("sid", setup.sid), fields, {name: key})


def refused(vote: Vote, body: bytes, check: str) -> None:
    size, ended = vote.election.size, vote.election.ended
    with pytest.raises(RecordError) as raised:
        vote.log(body)
    assert (raised.value.check, vote.election.size, vote.election.ended) == (check, size, ended)


@pytest.mark.parametrize("messages", range(MESSAGES + 1))
def test_whatever_step_it_stalls_at_it_is_begun_again_and_ends_in_a_result(messages: int) -> None:
    """After the setup, after any message, and after the last one: a new setup, new secrets, a vote that is counted."""
    vote, late = stalled(messages)
    simulation.abandon(vote, "silent")
    for body in late:
        refused(vote, body, "V3")
    simulation.ceremony(vote)
    for body in late:
        refused(vote, body, "V3")
    assert vote.election.setup is not None
    assert (vote.election.setup.attempt, vote.election.ended) == (2, None)
    voters = simulation.aliases(vote)
    simulation.open_vote(vote)
    simulation.cast_ballot(vote, "north", voters["north"][0], [0])
    simulation.close_vote(vote)
    simulation.count_contest(vote, small_contest(), mixers=[1, 2], openers=[2, 3])
    assert len(vote.opened["north"].online) == 1


def test_a_late_message_of_the_abandoned_ceremony_fails_even_in_its_turn() -> None:
    """Trustee 1's promise of the first ceremony, where hers of the second is due: it is bound to the first setup."""
    vote, late = stalled(0)
    simulation.abandon(vote, "silent")
    simulation.set_up(vote, people(vote))
    refused(vote, late[0], "V3")


@pytest.mark.parametrize("signer", ["op", "aud1", "desk1", "vouch", "log"])
def test_no_other_role_abandons(signer: str) -> None:
    vote, _ = stalled(4)
    refused(vote, abandon(vote, signer), "V7")
    refused(vote, abandon(vote, signer, name="op"), "V7")


def test_no_trustee_and_no_forger_abandons() -> None:
    vote, _ = stalled(4)
    refused(vote, abandon(vote, vote.trustees[0].key, name="t1"), "V7")
    refused(vote, abandon(vote, vote.trustees[0].key), "V7")
    refused(vote, abandon(vote, Ed25519PrivateKey.from_private_bytes(bytes(32))), "V7")


def test_an_abandonment_names_the_ceremony_under_way() -> None:
    vote, _ = stalled(2)
    refused(vote, abandon(vote, attempt=2), "V4")
    refused(vote, abandon(vote, sid=bytes(32)), "V3")


@pytest.mark.parametrize("fields", [{"attempt": 0}, {"attempt": True}, {"why": "because"}, {"why": ""}, {"j": 1}])
def test_an_abandonment_has_one_form(fields: dict[str, Any]) -> None:
    vote, _ = stalled(2)
    with pytest.raises(entries.EntryError):
        abandon(vote, **fields)


@pytest.mark.parametrize("why", ABANDON_REASONS)
def test_two_abandonments_of_one_ceremony_fail_and_one_of_each_does_not(why: str) -> None:
    vote, _ = stalled(5)
    second = abandon(vote, why="lost")
    vote.log(abandon(vote, why=why))
    assert vote.election.ended == why
    refused(vote, second, "V3")
    simulation.set_up(vote, people(vote))
    refused(vote, second, "V3")
    simulation.abandon(vote, why)
    simulation.ceremony(vote)
    assert vote.election.setup is not None
    assert vote.election.setup.attempt == 3


def test_nothing_is_abandoned_before_a_setup_after_an_accusation_or_after_the_manifest() -> None:
    vote, _ = stalled(MESSAGES)
    body = abandon(vote)
    empty = simulation.begin(small_scenario(), repeatable("stalled"))
    refused(empty, body, "V3")
    simulation.aliases(vote)
    confirming, vote.trustees = vote.trustees, []
    simulation.open_vote(vote)
    refused(vote, body, "V3")
    for person in confirming:
        vote.log(person.confirm(vote.election))
        refused(vote, body, "V3")
    accused, _ = stalled(6)
    fields = {"j": 1, "y": "", "bad": [2]}
    setup = accused.election.setup
    assert setup is not None
    accused.log(entries.signed_entry("tk3", setup.sid, fields, {"t1": accused.trustees[0].key}))
    assert accused.election.ended == "accused"
    refused(accused, abandon(accused), "V3")


def test_after_an_abandonment_only_the_next_setup_may_come() -> None:
    vote, _ = stalled(3)
    first = vote.entries[0]
    simulation.abandon(vote, "setup")
    refused(vote, first, "V4")
    refused(vote, entries.setup_entry(bytes(32), bytes(32)), "V3")


@pytest.mark.parametrize(("kind", "messages"), [("tk1", 1), ("tk2", 4)])
def test_what_was_drawn_for_a_ceremony_that_was_given_up_is_used_no_more(kind: str, messages: int) -> None:
    """Neither the key for receiving shares nor a commitment: the secrets behind them may be known by now."""
    vote, _ = stalled(messages)
    kept = vote.trustees[0].secrets
    simulation.abandon(vote, "silent")
    simulation.set_up(vote, people(vote))
    first, *others = vote.trustees
    first.promise(vote.election, vote.random)
    assert first.secrets is not None
    assert kept is not None
    assert first.secrets.coefficients != kept.coefficients
    first.secrets = kept if kind == "tk1" else type(kept)(kept.coefficients, first.secrets.receiving)
    if kind == "tk1":
        refused(vote, first.promise(vote.election, vote.random), "V4")
        return
    for person in (first, *others):
        vote.log(person.promise(vote.election, vote.random))
    refused(vote, first.deal(vote.election, vote.random), "V4")


def test_the_manifest_names_the_setups_registrar() -> None:
    vote, _ = stalled(MESSAGES)
    simulation.aliases(vote)
    vote.keys["reg"] = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x07")
    with pytest.raises(RecordError) as raised:
        simulation.open_vote(vote)
    assert raised.value.check == "V4"


@pytest.mark.parametrize("reg", [b64u(bytes(32)), "short", None])
def test_a_setup_names_a_sound_key_of_its_registrar(reg: str | None) -> None:
    vote, _ = stalled(0)
    setup = next(iter(vote.files.values()))
    document = {**decode(setup), "reg": reg or b64u(public_bytes(vote.trustees[0].key))}
    with pytest.raises(ManifestError):
        Setup.read(encode(document))
