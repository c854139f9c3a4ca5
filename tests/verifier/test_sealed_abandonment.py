"""A ceremony that its registrar gave up: begun again it passes, and whatever else was done about it fails its check.

The core is asked about each of these records too: it refuses what the verifier finds, and takes the others.
"""

from collections.abc import Callable

import pytest

from pb_service.verifier.canonical import loads
from tests.verifier import core, forge, judge
from tests.verifier.builder import Json, b64u, cj, sha
from tests.verifier.forge import Vote

MESSAGES = 9


def failed(members: dict[str, bytes]) -> set[str]:
    """The checks that fail, after the core was asked the same."""
    found = judge.failed(members)
    assert (core.refusal(members) is None) == (found == set())
    return found


class Abandoned(Vote):
    """A first ceremony that stops after ``stops`` messages and is abandoned; `then` acts right after that."""

    def __init__(self, stops: int = 4, then: "Callable[[Abandoned], None] | None" = None, **fields: object) -> None:
        super().__init__()
        self.stops = stops
        self.then = then or (lambda _vote: None)
        self.fields: Json = {"try": 1, "why": "silent", **fields}
        self.signers: Json = {"reg": self.keys["reg"]}
        self.first_sid = b""
        self.late: list[tuple[int, Json]] = []
        self.drawn: list[list[int]] = []
        self.reuses = False

    def setup(self) -> None:
        super().setup()
        if self.attempt > 1:
            return
        self.files["setup-1.json"] = self.files.pop("setup.json")
        self.first_sid = self.sid
        real, self.by_trustee = self.by_trustee, self.stopping  # type: ignore[method-assign]
        self.ceremony()
        self.by_trustee = real  # type: ignore[method-assign]
        self.abandon()
        self.then(self)
        self.attempt = 2
        self.setup()

    def abandon(self) -> None:
        self.add({"k": "abandon", "e": b64u(self.first_sid), **self.fields}, signing=self.signers)

    def stopping(self, j: int, entry: Json) -> int:
        """As `by_trustee`, until the ceremony stops."""
        if self.stops:
            self.stops -= 1
            return Vote.by_trustee(self, j, entry)
        self.late.append((j, entry))
        return -1

    def polynomials(self) -> list[list[int]]:
        if not (self.reuses and self.drawn):
            self.drawn = super().polynomials()
        return self.drawn


@pytest.mark.parametrize("stops", range(MESSAGES + 1))
def test_at_whatever_step_it_stalled_the_vote_passes(stops: int) -> None:
    assert failed(Abandoned(stops).members()) == set()


@pytest.mark.parametrize("why", ["silent", "lost", "setup"])
def test_each_reason_is_taken(why: str) -> None:
    assert failed(Abandoned(why=why).members()) == set()


@pytest.mark.parametrize(("fields", "check"), [({"why": "because"}, "V3"), ({"try": 2}, "V4"), ({"j": 1}, "V3")])
def test_another_reason_number_or_field_fails(fields: Json, check: str) -> None:
    assert check in failed(Abandoned(4, None, **fields).members())


@pytest.mark.parametrize("name", ["op", "aud", "desk1", "vouch", "t1"])
def test_an_abandonment_by_another_role_fails(name: str) -> None:
    """Under the other's own key id, and as if it were the registrar's."""
    for key_id in (name, "reg"):
        vote = Abandoned()
        key = vote.trustees[0] if name == "t1" else vote.keys[name]
        vote.signers = {key_id: key}
        assert "V7" in failed(vote.members())


def test_a_second_abandonment_fails() -> None:
    assert "V3" in failed(Abandoned(4, lambda vote: vote.abandon()).members())


def send_late(vote: Abandoned) -> None:
    Vote.by_trustee(vote, *vote.late[0])


def test_a_late_message_of_the_abandoned_ceremony_fails() -> None:
    assert "V3" in failed(Abandoned(4, send_late).members())


class LateInItsTurn(Abandoned):
    """Trustee 1's promise of the first ceremony stands where her promise of the second is due."""

    def by_trustee(self, j: int, entry: Json) -> int:
        if self.attempt == 2 and entry["k"] == "tk1" and j == 1:
            entry = {**entry, "e": b64u(self.first_sid)}
        return super().by_trustee(j, entry)


def test_a_late_message_in_the_turn_of_a_new_one_fails() -> None:
    assert "V3" in failed(LateInItsTurn().members())


def test_commitments_of_an_abandoned_ceremony_are_used_no_more() -> None:
    vote = Abandoned(5)
    vote.reuses = True
    assert "V4" in failed(vote.members())


class SameReceivingKey(Vote):
    """Two trustees, or one in two ceremonies, with one key for receiving shares."""

    def by_trustee(self, j: int, entry: Json) -> int:
        return super().by_trustee(j, {**entry, "x": b64u(bytes(range(32)))} if entry["k"] == "tk1" else entry)


def test_a_key_for_receiving_shares_stands_once() -> None:
    assert failed(SameReceivingKey().members()) == {"V4"}


class AfterTheManifest(Vote):
    """The registrar abandons when the manifest stands: after none, one or all of the trustees have confirmed it."""

    confirmed = 0

    def by_trustee(self, j: int, entry: Json) -> int:
        if entry["k"] == "tk4" and j == self.confirmed + 1:
            fields = {"k": "abandon", "e": b64u(self.sid), "try": 1, "why": "silent"}
            self.add(fields, signing={"reg": self.keys["reg"]})
        return super().by_trustee(j, entry)


@pytest.mark.parametrize("confirmed", [0, 1, 2])
def test_nothing_is_abandoned_after_the_manifest(confirmed: int) -> None:
    vote = AfterTheManifest()
    vote.confirmed = confirmed
    assert "V3" in failed(vote.members())


class OtherRegistrar(Vote):
    """The setup names somebody as registrar whom the manifest does not know."""

    def setup(self) -> None:
        real, self.keys["reg"] = self.keys["reg"], forge.key("stranger")
        super().setup()
        self.keys["reg"] = real


def test_the_manifest_names_the_registrar_of_the_setup() -> None:
    assert failed(OtherRegistrar().members()) == {"V4"}


def test_an_abandonment_left_out_shows() -> None:
    """Two ceremonies without a reason between them: whoever hides that one was given up breaks the order."""
    vote = Abandoned()
    vote.abandon = lambda: None  # type: ignore[method-assign]
    assert "V3" in failed(vote.members())


@pytest.mark.parametrize(("field", "check"), [("e", "V3"), ("v", "V3"), ("sg", "V7"), ("k", "V3"), ("try", "V7")])
def test_every_field_of_an_abandonment_counts(field: str, check: str) -> None:
    """Changed by somebody without the key: `why` too, by its signature."""
    done: Json = {"e": b64u(sha(b"other")), "v": 2, "k": "abandoned", "try": 2}
    vote = Abandoned()
    honest = Vote.add

    def add(self: Vote, entry: Json, *signers: str, **more: object) -> int:
        index = honest(self, entry, *signers, **more)  # type: ignore[arg-type]
        if entry.get("k") == "abandon":
            logged = loads(self.entries[index])
            if field == "sg":
                logged["sg"][0][1] = b64u(bytes(64))
            else:
                logged[field] = done[field]
            self.entries[index] = cj(logged)
        return index

    vote.add = add.__get__(vote)  # type: ignore[method-assign]
    assert check in failed(vote.members())


class Rehearsed(Vote):
    """Somebody puts a message of the trustees' rehearsal into the record, as it is or dressed as the real one."""

    kind, contest, of_the_vote = "rmix", "_test", False

    def vote(self) -> None:
        super().vote()
        e = self.eid if self.of_the_vote else forge.h32("pb/rehearsal", self.eid)
        hashes = {"out": b64u(sha(b"list")), "pf": b64u(sha(b"proof"))}
        self.by_trustee(1, {"k": self.kind, "e": b64u(e), "d": self.contest, "st": 1, **hashes})


@pytest.mark.parametrize("kind", ["rmix", "mix"])
@pytest.mark.parametrize("contest", ["_test", "alfa"])
@pytest.mark.parametrize("of_the_vote", [False, True])
def test_no_message_of_a_rehearsal_stands_in_a_record(kind: str, contest: str, of_the_vote: bool) -> None:
    vote = Rehearsed()
    vote.kind, vote.contest, vote.of_the_vote = kind, contest, of_the_vote
    assert "V3" in failed(vote.members())
