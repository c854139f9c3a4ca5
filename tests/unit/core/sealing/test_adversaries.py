"""Who cheats is caught where the entry would be appended, by the check that docs/protocol.md section 13 names."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import entries, merkle
from pb_service.core.record.canonical import b64u, decode, encode, unb64u
from pb_service.core.sealing import ceremony, envelope, shuffle, simulation, threshold
from pb_service.core.sealing.election import RecordError
from pb_service.core.sealing.group import ORDER, combination, hash_to_scalar, times, times_base
from pb_service.core.sealing.opening import open_box
from pb_service.core.sealing.payload import PayloadError
from pb_service.core.sealing.payload import encode as payload_of
from pb_service.core.sealing.simulation import Vote
from pb_service.core.sealing.trusteeship import TrusteeRefusal, checked_list, share_of, stage_of
from tests.sealing import repeatable, small_contest, small_scenario


def opened(seed: str = "vote", *contests: simulation.SimulatedContest) -> tuple[Vote, dict[str, list[bytes]]]:
    """A vote that has just opened, and the aliases of its voters by contest."""
    vote = simulation.begin(small_scenario(*contests), repeatable(seed))
    simulation.ceremony(vote)
    voters = simulation.aliases(vote)
    simulation.open_vote(vote)
    return vote, voters


def closed(seed: str = "vote") -> Vote:
    """A vote of five ballots whose envelopes are listed."""
    vote, voters = opened(seed)
    for alias, ballot in zip(voters["north"], small_contest().ballots, strict=True):
        simulation.cast_ballot(vote, "north", alias, ballot)
    simulation.close_vote(vote)
    return vote


def refused(vote: Vote, body: bytes, check: str) -> str:
    """Assert that an entry fails that check, and that nothing of it stays."""
    size = vote.election.size
    with pytest.raises(RecordError) as raised:
        vote.log(body)
    assert (raised.value.check, vote.election.size) == (check, size)
    return str(raised.value)


def changed(vote: Vote, body: bytes, *signers: str, **fields: object) -> bytes:
    """An entry with other fields, signed anew by the same people."""
    entry = {name: value for name, value in {**decode(body), **fields}.items() if name not in {"v", "k", "e", "sg"}}
    return vote.sign(decode(body)["k"], entry, *signers)


# Voters


def test_a_copied_envelope_fails_under_another_alias() -> None:
    vote, voters = opened()
    one, other = voters["north"][:2]
    body = simulation.envelope_entry(vote, "north", one, [0])
    refused(vote, changed(vote, body, "vouch", a=b64u(other)), "V6")


def test_an_envelope_repeated_by_its_own_voter_fails() -> None:
    vote, voters = opened()
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    vote.log(body)
    refused(vote, body, "V8")


def test_a_base_before_the_last_envelope_fails() -> None:
    """A held-back envelope cannot come after a newer one: whoever replays it has an old base."""
    vote, voters = opened()
    alias = voters["north"][0]
    held_back = simulation.envelope_entry(vote, "north", alias, [1])
    simulation.cast_ballot(vote, "north", alias, [0])
    refused(vote, held_back, "V8")


def test_a_first_point_of_somebody_else_fails() -> None:
    vote, voters = opened()
    one, other = voters["north"][:2]
    body = simulation.envelope_entry(vote, "north", one, [0])
    vote.log(body)
    again = simulation.envelope_entry(vote, "north", other, [1])
    mixed = changed(vote, again, "vouch", ct=decode(body)["ct"], pf=decode(body)["pf"])
    refused(vote, mixed, "V6")


def test_an_alias_that_is_on_no_roll_fails() -> None:
    vote, _ = opened()
    refused(vote, simulation.envelope_entry(vote, "north", b"\x01" * 32, [0]), "V5")


def test_a_point_has_one_spelling() -> None:
    """With its highest bit set the same envelope would look like another."""
    vote, voters = opened()
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    first, second = (unb64u(point) for point in decode(body)["ct"][0])
    again = [[b64u(first[:-1] + bytes([first[-1] | 0x80])), b64u(second)]]
    refused(vote, changed(vote, body, "vouch", ct=again), "V5")


@pytest.mark.parametrize("point", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31)])
def test_identity_and_points_that_are_not_canonical_fail(point: bytes) -> None:
    vote, voters = opened()
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    pair = decode(body)["ct"][0]
    refused(vote, changed(vote, body, "vouch", ct=[[b64u(point), pair[1]]]), "V5")
    refused(vote, changed(vote, body, "vouch", ct=[[pair[0], b64u(point)]]), "V5")


def test_an_envelope_of_another_contest_fails() -> None:
    vote, voters = opened("two", small_contest("north"), small_contest("south"))
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    refused(vote, changed(vote, body, "vouch", d="south"), "V6")


def test_a_class_that_the_group_does_not_have_fails() -> None:
    vote, voters = opened()
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    refused(vote, changed(vote, body, "vouch", y="code"), "V5")


def test_an_envelope_that_nobody_vouched_for_fails() -> None:
    vote, voters = opened()
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    refused(vote, changed(vote, body, "op"), "V7")


@pytest.mark.parametrize("marked", [lambda data: data[:-1] + b"\x01", lambda data: b"\x01\x03" + data[2:]])
def test_a_hidden_mark_makes_a_row_invalid_and_is_published(marked: Callable[[bytes], bytes]) -> None:
    """Whoever sells a vote by a mark in the padding, or by another spelling of the choice, has none."""
    vote, voters = opened()
    manifest = vote.election.manifest
    assert manifest is not None
    payload = marked(payload_of([0], manifest.contests["north"].shape))
    place = envelope.Place(manifest.eid, "north", voters["north"][0], vote.election.size)
    sealed, _ = envelope.seal(payload, place, manifest.key, vote.random)
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    pairs = [[b64u(a), b64u(b)] for a, b in sealed.pairs]
    vote.log(changed(vote, body, "vouch", ct=pairs, pf=[b64u(part) for part in sealed.proof]))
    simulation.cast_ballot(vote, "north", voters["north"][1], [1])
    simulation.close_vote(vote)
    simulation.count_contest(vote, small_contest(), mixers=[1, 2, 3], openers=[1, 2])
    assert len(vote.opened["north"].online) == len(vote.opened["north"].invalid) == 1


def test_whoever_overspends_cannot_even_seal() -> None:
    vote, voters = opened("knapsack", small_contest(fmt="knapsack", limits={"cost": 300_00}, ballots=[[0]]))
    with pytest.raises(PayloadError, match="cost"):
        simulation.envelope_entry(vote, "north", voters["north"][0], [0, 1])


# What counts


def test_the_last_envelope_counts() -> None:
    vote, voters = opened()
    alias = voters["north"][0]
    simulation.cast_ballot(vote, "north", alias, [0])
    last = simulation.envelope_entry(vote, "north", alias, [1])
    vote.log(last)
    assert vote.election.counting_rows("north") == row_of(last)


def test_a_weaker_class_never_overrides_a_stronger() -> None:
    vote, voters = opened()
    alias = voters["north"][0]
    at_desk = changed(vote, simulation.envelope_entry(vote, "north", alias, [0]), "desk1", "desk2", y="desk")
    vote.log(at_desk)
    simulation.cast_ballot(vote, "north", alias, [1])
    assert vote.election.counting_rows("north") == row_of(at_desk)


def test_paper_wins_before_and_after() -> None:
    vote, voters = opened()
    one, other = voters["north"][:2]
    simulation.cast_ballot(vote, "north", one, [0])
    for alias in (one, other):
        vote.log(vote.sign("paper", {"d": "north", "a": b64u(alias), "no": "1"}, "desk1", "desk2"))
    simulation.cast_ballot(vote, "north", other, [0])
    assert vote.election.counting_rows("north") == b""
    assert vote.election.paper_entries("north") == 2


def test_nobody_gets_two_paper_ballots_or_one_without_a_right_to_vote() -> None:
    vote, voters = opened()
    vote.log(vote.sign("paper", {"d": "north", "a": b64u(voters["north"][0]), "no": "1"}, "desk1", "desk2"))
    refused(vote, vote.sign("paper", {"d": "north", "a": b64u(voters["north"][0]), "no": "2"}, "desk1", "desk2"), "V8")
    refused(vote, vote.sign("paper", {"d": "north", "a": b64u(b"\x01" * 32), "no": "2"}, "desk1", "desk2"), "V5")


def test_a_late_alias_is_new() -> None:
    vote, voters = opened()
    refused(vote, vote.sign("late", {"g": "district", "a": b64u(voters["north"][0])}, "reg", "aud1"), "V5")
    vote.log(vote.sign("late", {"g": "district", "a": b64u(b"\x01" * 32)}, "reg", "aud1"))
    simulation.cast_ballot(vote, "north", b"\x01" * 32, [0])


def test_a_struck_entry_is_as_if_never_logged() -> None:
    vote, voters = opened()
    alias = voters["north"][0]
    first = simulation.envelope_entry(vote, "north", alias, [0])
    vote.log(first)
    second = simulation.envelope_entry(vote, "north", alias, [1])
    vote.log(second)
    strike = {"x": vote.election.size - 1, "lh": b64u(merkle.leaf_hash(second)), "why": "person"}
    vote.log(vote.sign("strike", strike, "desk1", "desk2", "reg"))
    assert vote.election.counting_rows("north") == row_of(first)


def row_of(body: bytes) -> bytes:
    return b"".join(unb64u(a) + unb64u(b) for a, b in decode(body)["ct"])


# The desk, the operator and the registrar


@pytest.mark.parametrize("signers", [("desk1",), ("desk1", "op"), ("desk1", "desk2", "reg"), ("vouch", "op")])
def test_paper_needs_exactly_two_desk_officers(signers: tuple[str, ...]) -> None:
    vote, voters = opened()
    refused(vote, vote.sign("paper", {"d": "north", "a": b64u(voters["north"][0]), "no": "1"}, *signers), "V7")


def test_a_strike_must_name_the_entry_by_its_hash() -> None:
    vote, voters = opened()
    simulation.cast_ballot(vote, "north", voters["north"][0], [0])
    strike = {"x": vote.election.size - 1, "lh": b64u(bytes(32)), "why": "roll"}
    refused(vote, vote.sign("strike", strike, "desk1", "desk2", "reg"), "V9")


def test_no_strike_once_the_envelopes_are_listed() -> None:
    vote = closed()
    body = next(body for body in vote.entries if decode(body)["k"] == "env")
    strike = {"x": vote.entries.index(body), "lh": b64u(merkle.leaf_hash(body)), "why": "roll"}
    refused(vote, vote.sign("strike", strike, "desk1", "desk2", "reg"), "V3")


@pytest.mark.parametrize("kind", ["drop", "stuff"])
def test_a_list_that_drops_or_adds_an_envelope_fails(kind: str) -> None:
    vote, voters = opened()
    for alias in voters["north"][:3]:
        simulation.cast_ballot(vote, "north", alias, [0])
    at = vote.election.closes
    vote.log(vote.sign("close", {"n": vote.election.size, "ts": at}, "op"))
    rows = vote.election.counting_rows("north")
    rows = rows[64:] if kind == "drop" else rows + rows[:64]
    fields = {"d": "north", "n": len(rows) // 64, "f": b64u(hashlib.sha256(rows).digest()), "ts": at}
    refused(vote, vote.sign("input", fields, "op"), "V10")


def test_no_vote_before_every_trustee_confirmed() -> None:
    vote = simulation.begin(small_scenario(), repeatable("early"))
    simulation.ceremony(vote)
    voters = simulation.aliases(vote)
    confirmations = iter(vote.trustees)
    trustees, vote.trustees = vote.trustees, []
    simulation.open_vote(vote)
    vote.log(next(confirmations).confirm(vote.election))
    refused(vote, simulation.envelope_entry(vote, "north", voters["north"][0], [0]), "V3")
    vote.trustees = trustees


def test_a_close_before_its_time_or_at_another_place_fails() -> None:
    vote, _ = opened()
    at, size = vote.election.closes, vote.election.size
    refused(vote, vote.sign("close", {"n": size, "ts": at - 1}, "op"), "V3")
    refused(vote, vote.sign("close", {"n": size + 1, "ts": at}, "op"), "V3")


def test_a_manifest_with_another_key_than_the_ceremonys_fails() -> None:
    """The operator cannot have voters seal to a key of its own."""
    vote = simulation.begin(small_scenario(), repeatable("own key"))
    simulation.ceremony(vote)
    simulation.aliases(vote)
    manifest = encode({**simulation.manifest_of(vote), "y": b64u(times_base(12345))})
    fields = {"f": vote.keep(manifest)}
    signers = {name: vote.keys[name] for name in ("op", "reg", "aud1")}
    refused(vote, entries.signed_entry("manifest", entries.election_id(manifest), fields, signers), "V4")


def test_an_entry_of_another_election_fails() -> None:
    vote, voters = opened()
    body = simulation.envelope_entry(vote, "north", voters["north"][0], [0])
    fields = {name: value for name, value in decode(body).items() if name not in {"v", "k", "e", "sg"}}
    refused(vote, entries.signed_entry("env", bytes(32), fields, {"vouch": vote.keys["vouch"]}), "V3")


# Trustees


def test_a_share_that_does_not_fit_is_complained_about() -> None:
    vote = simulation.begin(small_scenario(), repeatable("wrong share"))
    simulation.ceremony(vote)
    liar, setting = vote.trustees[0], vote.election.setup.setting if vote.election.setup else None
    assert setting is not None
    secrets = ceremony.Secrets.draw(setting, vote.random)
    others = [ceremony.Secrets.draw(setting, vote.random) for _ in range(2)]
    promises = [ceremony.promise(setting, place, each) for place, each in enumerate([secrets, *others], start=1)]
    deals = [
        ceremony.deal(setting, place, each, promises, vote.random) for place, each in enumerate([secrets, *others], 1)
    ]
    deals[0]["sh"][1], deals[0]["sh"][2] = deals[0]["sh"][2], deals[0]["sh"][1]
    assert ceremony.receive(setting, 2, others[0], promises, deals) == (0, [liar.number])


def test_a_rogue_key_chosen_after_the_others_fails() -> None:
    """The last trustee cannot cancel the others' parts: her commitments were fixed before she saw any."""
    setting = ceremony.Setting(bytes(32), 3, 2)
    secrets = [ceremony.Secrets.draw(setting, repeatable(f"rogue{place}")) for place in range(3)]
    promises = [ceremony.promise(setting, place, each) for place, each in enumerate(secrets, start=1)]
    rogue = replace(secrets[2], coefficients=(ORDER - secrets[0].coefficients[0], secrets[2].coefficients[1]))
    deals = [ceremony.deal(setting, place, each, promises, repeatable("d")) for place, each in enumerate(secrets, 1)]
    deals[2] = ceremony.deal(setting, 3, rogue, promises, repeatable("r"))
    with pytest.raises(ceremony.CeremonyError, match="trustee 3: the commitments are not those promised"):
        ceremony.check_deals(setting, promises, deals)


def test_a_trustee_refuses_a_manifest_without_her_share() -> None:
    vote, _ = opened("own world")
    stranger = replace(vote.trustees[0], share=7)
    with pytest.raises(TrusteeRefusal, match="share of the key"):
        stranger.confirm(vote.election)


def cheated(rows: bytes, how: str) -> bytes:
    parts = [rows[start : start + 64] for start in range(0, len(rows), 64)]
    match how:
        case "drop":
            return b"".join(parts[1:])
        case "duplicate":
            return b"".join([parts[1], *parts[1:]])
        case "relink":
            return b"".join([parts[0][:32] + parts[1][32:], parts[1][:32] + parts[0][32:], *parts[2:]])
        case _:
            return b"".join([times_base(5) + times_base(6), *parts[1:]])


@pytest.mark.parametrize("how", ["drop", "duplicate", "replace", "relink"])
def test_a_mixer_who_drops_duplicates_replaces_or_relinks_is_caught(how: str) -> None:
    """Whatever she does to the list, the proof does not hold, and no trustee opens it."""
    vote = closed()
    _, after, proof = vote.trustees[0].mix(vote.election, "north", vote.files, vote.random)
    bad = cheated(after, how)
    out, pf = vote.keep(bad), vote.keep(proof)
    fields = {"d": "north", "st": 1, "j": 1, "out": out, "pf": pf}
    signer = {"t1": vote.trustees[0].key}
    vote.log(entries.signed_entry("mix", vote.manifest_id(), fields, signer))
    with pytest.raises(shuffle.ShuffleError):
        shuffle.verify(vote.election.counting_rows("north"), bad, proof, stage_of(vote.election, "north", 1, 1))
    with pytest.raises(TrusteeRefusal, match="Mix 1 does not hold"):
        vote.trustees[1].mix(vote.election, "north", vote.files, vote.random)


def test_a_proof_of_another_stage_or_contest_does_not_hold() -> None:
    vote = closed()
    rows = vote.election.counting_rows("north")
    stage = stage_of(vote.election, "north", 1, 1)
    after, proof = shuffle.shuffle(rows, stage, vote.random)
    for other in (replace(stage, number=2), replace(stage, trustee=2), replace(stage, contest="south")):
        with pytest.raises(shuffle.ShuffleError):
            shuffle.verify(rows, after, proof, other)


def test_a_trustee_opens_one_list_only() -> None:
    vote = closed()
    trustee = vote.trustees[0]
    for number in (1, 2):
        entry, after, proof = vote.trustees[number - 1].mix(vote.election, "north", vote.files, vote.random)
        vote.keep(after)
        vote.keep(proof)
        vote.log(entry)
    trustee.opened["north"] = bytes(32)
    with pytest.raises(TrusteeRefusal, match="a second one never is"):
        trustee.decrypt(vote.election, "north", vote.files, vote.random)


def test_a_trustee_opens_nothing_that_is_not_mixed() -> None:
    vote = closed()
    with pytest.raises(TrusteeRefusal, match="mixed often enough"):
        vote.trustees[0].decrypt(vote.election, "north", vote.files, vote.random)


def test_a_wrong_part_of_the_decryption_is_caught() -> None:
    vote = closed()
    rows = vote.election.counting_rows("north")
    share = share_of(vote.election, "north", 1)
    secret = vote.trustees[0].share
    assert secret is not None
    file = threshold.decrypt(rows, share, secret, vote.random)
    wrong = times_base(9) + file[32:]
    with pytest.raises(threshold.DecryptionError):
        threshold.verify(rows, wrong, share)
    with pytest.raises(threshold.DecryptionError):
        threshold.verify(rows, threshold.decrypt(rows, share, secret + 1, vote.random), share)


def test_weights_that_depend_on_one_element_each_are_refused() -> None:
    """RFC 9497 takes them so; then a trustee who chooses her parts freely could search for a forgery."""
    vote = closed()
    rows = vote.election.counting_rows("north")
    share, secret = share_of(vote.election, "north", 1), vote.trustees[0].share
    assert secret is not None
    firsts = [rows[start : start + 32] for start in range(0, len(rows), 64)]
    parts = [times(secret, point) for point in firsts]
    weights = [hash_to_scalar("Composite", share.key, a, d) for a, d in zip(firsts, parts, strict=True)]
    p, q = combination(weights, firsts), combination(weights, parts)
    nonce = 77
    challenge = hash_to_scalar("pb/dleq/c", b"", p, q, times_base(nonce), times(nonce, p))
    answer = (nonce + challenge * secret) % ORDER
    file = b"".join(parts) + challenge.to_bytes(32, "little") + answer.to_bytes(32, "little")
    with pytest.raises(threshold.DecryptionError, match="equal logarithms"):
        threshold.verify(rows, file, share)


def test_a_vote_goes_on_without_one_of_three_trustees() -> None:
    vote = closed()
    simulation.count_contest(vote, small_contest(), mixers=[3, 1], openers=[3, 1])
    manifest = vote.election.manifest
    assert manifest is not None
    found = vote.opened["north"].ballots(manifest.contests["north"].shape)
    assert sorted(found) == sorted(small_contest().ballots)


def test_too_few_parts_open_nothing() -> None:
    """With one trustee's part alone the points are no blocks of any ballot."""
    vote = closed()
    rows = checked_list(vote.election, "north", vote.files)
    share, secret = share_of(vote.election, "north", 1), vote.trustees[0].share
    manifest = vote.election.manifest
    assert secret is not None
    assert manifest is not None
    parts = threshold.verify(rows, threshold.decrypt(rows, share, secret, vote.random), share)
    points = threshold.combine(rows, {1: parts})
    opened_box = open_box(points, [], manifest.contests["north"].shape)
    assert opened_box.online == ()


def test_keys_of_people_can_be_taken_off() -> None:
    vote, voters = opened()
    vote.log(vote.sign("key", {"id": "desk2", "off": True}, "reg", "aud1"))
    refused(vote, vote.sign("paper", {"d": "north", "a": b64u(voters["north"][0]), "no": "1"}, "desk1", "desk2"), "V7")
    vote.keys["desk3"] = Ed25519PrivateKey.from_private_bytes(vote.random(32))
    public = b64u(vote.keys["desk3"].public_key().public_bytes_raw())
    vote.log(vote.sign("key", {"id": "desk3", "role": "desk", "pk": public}, "reg", "aud1"))
    vote.log(vote.sign("paper", {"d": "north", "a": b64u(voters["north"][0]), "no": "1"}, "desk1", "desk3"))
