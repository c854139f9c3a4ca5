"""Adversaries of a sealed vote, each with the keys of its role, and the check that catches it."""

import re
from typing import Any

import pytest

from pb_service.verifier.log import parse_checkpoint
from tests.verifier import forge
from tests.verifier.builder import Json, b64u, cj, sha
from tests.verifier.forge import Row, Vote, base, le, mul, plus, raw
from tests.verifier.judge import checks, failed


def test_an_honest_vote_passes_every_check() -> None:
    found = checks(Vote().members())
    assert {name for name, check in found.items() if check.status == "pass"} == {
        f"V{number}" for number in range(1, 19) if number not in (2, 17)
    }
    figures = found["V14"].figures
    assert figures == {
        "envelopes": 14,
        "counted": 10,
        "superseded": 1,
        "outranked": 1,
        "struck": 1,
        "blocked": 1,
        "blank": 1,
        "invalid": 1,
        "paper": 2,
        "paper_invalid": 0,
    }


# --- mixers


class Drops(Vote):
    """A mixer that puts a ballot of its own in the place of another."""

    def shuffled(self, contest: str, rows: list[Row], order: list[int], rho: list[list[int]]) -> list[Row]:
        after = super().shuffled(contest, rows, order, rho)
        after[0] = [p for n in range(len(after[0]) // 2) for p in (base(7 + n), plus(base(3), mul(7 + n, self.joint)))]
        return after


class Duplicates(Vote):
    """A mixer that lets one ballot count twice, newly encrypted, and another not at all."""

    def shuffled(self, contest: str, rows: list[Row], order: list[int], rho: list[list[int]]) -> list[Row]:
        return super().shuffled(contest, rows, [order[-1], *order[1:]], rho)


class Relinks(Vote):
    """A mixer that swaps the bodies of two ballots."""

    def shuffled(self, contest: str, rows: list[Row], order: list[int], rho: list[list[int]]) -> list[Row]:
        after = super().shuffled(contest, rows, order, rho)
        after[0][1], after[1][1] = after[1][1], after[0][1]
        return after


class SwapsPairs(Vote):
    """A mixer that exchanges one pair of a wide ballot for that of another ballot."""

    def shuffled(self, contest: str, rows: list[Row], order: list[int], rho: list[list[int]]) -> list[Row]:
        after = super().shuffled(contest, rows, order, rho)
        if len(after[0]) > 2:
            after[0][2:4], after[1][2:4] = after[1][2:4], after[0][2:4]
        return after


class Replays(Vote):
    """A second mixer that hands in the list and the proof of the first."""

    def mix(self, contest: str, stage: int, j: int, rows: list[Row]) -> list[Row]:
        if stage == 1:
            self.first = rows, super().mix(contest, stage, j, rows)
            return self.first[1]
        for kind in ("list", "proof"):
            self.files[f"mix/{contest}/{stage}.{kind}"] = self.files[f"mix/{contest}/1.{kind}"]
        out, proof = (sha(self.files[f"mix/{contest}/{stage}.{kind}"]) for kind in ("list", "proof"))
        self.by_trustee(j, self.of("mix", d=contest, st=stage, out=b64u(out), pf=b64u(proof)))
        return rows


class ForAnotherContest(Vote):
    """A mixer whose proof is about another contest."""

    def prove(self, contest: str, *rest: Any) -> bytes:
        return super().prove("gamma" if contest == "alfa" else "alfa", *rest)


class Again(Vote):
    """One trustee mixes twice."""

    def mixers(self, _contest: str) -> list[int]:
        return [2, 2]


class Alone(Vote):
    """Only one trustee mixes."""

    def mixers(self, _contest: str) -> list[int]:
        return [2]


class Gap(Vote):
    """A stage is left out."""

    def mix(self, contest: str, stage: int, j: int, rows: list[Row]) -> list[Row]:
        return super().mix(contest, stage + (stage == 2), j, rows)


# --- trustees


class WrongShare(Vote):
    """A trustee opens with another share than the own one."""

    def parts(self, j: int, heads: list[bytes]) -> list[bytes]:
        return [mul(self.secrets[j - 1] + (j == 3), head) for head in heads]


class OneWrongPart(Vote):
    """A trustee opens one ballot as something else."""

    def parts(self, j: int, heads: list[bytes]) -> list[bytes]:
        parts = super().parts(j, heads)
        return [plus(parts[0], base(5)), *parts[1:]] if j == 2 else parts


class WeightsOfOneElement(Vote):
    """Weights made as in RFC 9497, from each element alone."""

    def weights(self, seed: bytes, heads: list[bytes], parts: list[bytes]) -> list[int]:
        pairs = enumerate(zip(heads, parts, strict=True))
        return [forge.hs("pb/dleq/w", seed[:32], forge.u32(m + 1), a, d) for m, (a, d) in pairs]


class ErrorsThatCancel(Vote):
    """Two wrong parts whose errors cancel under weights that the trustee could know before."""

    def parts(self, j: int, heads: list[bytes]) -> list[bytes]:
        parts = super().parts(j, heads)
        if len(parts) > 1:
            parts[0], parts[1] = plus(parts[0], base(9)), plus(parts[1], base(-9))
        return parts

    def weights(self, _seed: bytes, heads: list[bytes], _parts: list[bytes]) -> list[int]:
        return [1] * len(heads)


class OpensAnotherList(Vote):
    """A trustee says to have opened another list than the last."""

    def by_trustee(self, j: int, entry: Json) -> int:
        return super().by_trustee(j, entry | ({"list": b64u(bytes(32))} if entry["k"] == "dec" and j == 3 else {}))


class OpensTwice(Vote):
    """One trustee stands for two."""

    def openers(self, _contest: str) -> list[int]:
        return [2, 2]


class RogueKey(Vote):
    """The last trustee chooses a part that cancels those of the others."""

    def commitments(self, secrets: list[list[int]]) -> list[list[bytes]]:
        points = super().commitments(secrets)
        points[2][0] = plus(base(secrets[2][0]), *(mul(-1, own[0]) for own in points[:2]))
        return points

    def committed(self, j: int, points: list[bytes]) -> bytes:
        return super().committed(j, points)


class LateKey(Vote):
    """A trustee chooses after having seen the others: the numbers shown are not those promised."""

    def committed(self, j: int, points: list[bytes]) -> bytes:
        return super().committed(j, points[::-1] if j == 3 else points)


class OtherWorld(Vote):
    """The manifest names a key of another ceremony."""

    def on_manifest(self) -> None:
        self.joint = base(4711)
        self.manifest["y"] = b64u(self.joint)


class OtherShares(Vote):
    """The manifest names another share for a trustee."""

    def on_manifest(self) -> None:
        self.manifest["yi"][1] = b64u(base(4711))


MIXERS = [Drops, Duplicates, Relinks, SwapsPairs, Replays, ForAnotherContest, Again, Alone, Gap]
OPENERS = [WrongShare, OneWrongPart, WeightsOfOneElement, ErrorsThatCancel, OpensAnotherList, OpensTwice]


@pytest.mark.parametrize(
    ("adversary", "check"),
    [(one, "V11") for one in MIXERS]
    + [(one, "V12") for one in OPENERS]
    + [(one, "V4") for one in (RogueKey, LateKey, OtherWorld, OtherShares)],
)
def test_a_dishonest_trustee_is_caught(adversary: type[Vote], check: str) -> None:
    assert check in failed(adversary().members())


# --- voters and the server


class Casting(Vote):
    """One more thing at the end of the vote; the check that must fail is in its name."""

    def vote(self) -> None:
        super().vote()
        getattr(self, self.what)()

    what = "nothing"

    def copied_for_another_v6(self) -> None:
        sealed = self.seal("alfa", self.voter("v0"), [1])
        self.cast("acct", sealed | {"a": self.voter("v11")})

    def same_randomness_v8(self) -> None:
        state = self.rng.getstate()
        self.cast("acct", self.seal("alfa", self.voter("v0"), [1]))
        self.rng.setstate(state)
        self.cast("acct", self.seal("alfa", self.voter("v11"), [1]))

    def held_back_v8(self) -> None:
        self.cast("acct", self.seal("alfa", self.voter("v0"), [1], at=3))

    def from_the_future_v8(self) -> None:
        self.cast("acct", self.seal("alfa", self.voter("v0"), [1], at=len(self.entries) + 1))

    def of_another_contest_v6(self) -> None:
        sealed = self.seal("gamma", self.voter("v11"), [0])
        self.cast("acct", sealed | {"d": "alfa"})

    def of_another_election_v6(self) -> None:
        self.cast("acct", self.seal("alfa", self.voter("v11"), [0], election=bytes(32)))

    def of_another_size_v5(self) -> None:
        sealed = self.seal("alfa", self.voter("v11"), [0])
        self.add(self.of("env", y="acct") | sealed | {"d": "beta"}, "vouch")

    def identity_v5(self) -> None:
        sealed = self.seal("alfa", self.voter("v11"), [0])
        self.point(sealed, b64u(bytes(32)))

    def not_canonical_v5(self) -> None:
        sealed = self.seal("alfa", self.voter("v11"), [0])
        self.point(sealed, b64u((2**255 - 19 + 2).to_bytes(32, "little")))

    def scalar_too_large_v5(self) -> None:
        sealed = self.seal("alfa", self.voter("v11"), [0])
        number = int.from_bytes(raw(sealed["pf"][1]), "little") + forge.L
        self.cast("acct", sealed | {"pf": [sealed["pf"][0], b64u(number.to_bytes(32, "little"))]})

    def point(self, sealed: Json, text: str) -> None:
        sealed["ct"][0][1] = text
        self.add(self.of("env", y="acct") | sealed, "vouch")

    def stuffed_v5(self) -> None:
        self.cast("acct", self.seal("alfa", self.voter("nobody"), [0]))

    def class_of_another_group_v5(self) -> None:
        self.cast("desk", self.seal("gamma", self.voter("any 9"), [0]))

    def vouched_by_operator_v7(self) -> None:
        self.add(self.of("env", y="acct") | self.seal("alfa", self.voter("v11"), [0]), "op")

    def code_without_key_v7(self) -> None:
        self.cast("code", self.seal("alfa", self.voter("v11"), [0]))

    def one_desk_officer_v7(self) -> None:
        self.add(self.of("env", y="desk") | self.seal("alfa", self.voter("v11"), [0]), "desk2")

    def officer_taken_off_v7(self) -> None:
        self.add(self.of("paper", d="alfa", a=self.voter("v11"), no="1"), "desk1", "desk2")
        self.papers.append((len(self.entries) - 1, "alfa", self.voter("v11")))

    def signed_by_someone_else_v7(self) -> None:
        self.keys["vouch"] = forge.key("thief")
        self.cast("acct", self.seal("alfa", self.voter("v11"), [0]))

    def alias_swapped_v7(self) -> None:
        """The server changes the alias after the voter has signed."""
        index = self.cast("code", self.seal("alfa", self.voter("v1"), [0]))
        self.entries[index] = self.entries[index].replace(self.voter("v1").encode(), self.voter("v5").encode())
        self.envelopes[-1] = (index, "alfa", self.voter("v5"), 2, self.envelopes[-1][4])

    def struck_under_another_hash_v9(self) -> None:
        self.strike(self.envelopes[0][0], lh=b64u(bytes(32)))

    def struck_entry_is_no_envelope_v9(self) -> None:
        self.strike(0)

    def struck_by_the_desk_alone_v7(self) -> None:
        index = self.envelopes[0][0]
        lh = b64u(sha(b"\0" + self.entries[index]))
        self.struck.add(index)
        self.add(self.of("strike", x=index, lh=lh, why="person"), "desk2", "desk3")

    def paper_for_nobody_v15(self) -> None:
        self.paper("alfa", self.voter("nobody"))

    def paper_twice_v15(self) -> None:
        self.paper("beta", self.voter("v6"))

    def key_of_an_old_name_v7(self) -> None:
        self.add(self.of("key", id="desk1", role="desk", pk=b64u(forge.public(forge.key("new")))), "reg", "aud")

    def late_twice_v5(self) -> None:
        self.add(self.of("late", g="res", a=self.voter("v0")), "reg", "aud")

    def extended_backwards_v3(self) -> None:
        self.add(self.of("extend", closes=forge.CLOSES + 600), "op", "reg", "aud")

    def second_manifest_v3(self) -> None:
        self.add(self.of("manifest", f=b64u(bytes(32))), "op", "reg", "aud")

    def result_before_close_v3(self) -> None:
        self.add(self.of("result", d="alfa", bal=b64u(bytes(32)), out=b64u(bytes(32))), "op")

    def unknown_kind_v3(self) -> None:
        self.add(self.of("vote"), "op")


CASTING = [name for name in vars(Casting) if re.search(r"_v\d+$", name)]


@pytest.mark.parametrize("what", CASTING)
def test_what_must_not_be_in_the_record_is_caught(what: str) -> None:
    vote = Casting()
    vote.what = what
    assert what.rpartition("_")[2].upper() in failed(vote.members())


class MarksPadding(Vote):
    """A voter who marks a ballot in bytes that should be zero."""

    def vote(self) -> None:
        super().vote()
        marked = bytearray(forge.payload(self.contests["alfa"], [1]))
        marked[-1] = 77
        self.cast("acct", self.seal("alfa", self.voter("v11"), bytes(marked)))


class CountsMarked(MarksPadding):
    """A server that counts it all the same."""

    def on_ballots(self, contest: str, ballots: Json) -> None:
        if contest == "alfa":
            good = b64u(forge.payload(self.contests["alfa"], [1]))
            ballots["on"] = [b64u(p) for p in sorted(raw(p) for p in [*ballots["on"], good])]
            ballots["inv"].pop()


class DropsAnEnvelope(Vote):
    """A server that leaves one voter out of the list."""

    def counting(self, contest: str) -> list[Row]:
        return super().counting(contest)[1:] if contest == "alfa" else super().counting(contest)


class CountsStruck(Vote):
    """A server that counts what was struck."""

    def counting(self, contest: str) -> list[Row]:
        self.struck = set()
        return super().counting(contest)


class AddsPaper(Vote):
    """A desk that counts more paper than was given out."""

    def paper_list(self, contest: str) -> tuple[list[bytes], int]:
        paper, spoilt = super().paper_list(contest)
        return paper * 3, spoilt


class OtherBallots(Vote):
    """An operator who publishes other ballots than were opened."""

    def on_ballots(self, contest: str, ballots: Json) -> None:
        if contest == "alfa":
            ballots["on"][0] = b64u(forge.payload(self.contests["alfa"], [3]))
            ballots["on"] = [b64u(p) for p in sorted(map(raw, ballots["on"]))]


class OtherWinners(Vote):
    """An operator who publishes other winners than the ballots have."""

    def on_outcome(self, contest: str, outcome: Json) -> None:
        if contest == "alfa":
            outcome["winners"] = [4]


class OtherCounts(Vote):
    """An operator who publishes another number of ballots."""

    def on_outcome(self, contest: str, outcome: Json) -> None:
        outcome["counts"]["blank"] += contest == "alfa"


class ClosesEarly(Vote):
    """The vote is closed before its time."""

    def close(self) -> None:
        self.add(self.of("close", n=len(self.entries), ts=forge.CLOSES + 599), "op")


class CastsAfterClose(Vote):
    """An envelope after the close."""

    def close(self) -> None:
        super().close()
        self.add(self.of("env", y="acct") | self.seal("alfa", self.voter("v11"), [1]), "vouch")


class StrikesAfterInput(Vote):
    """An envelope is struck when the lists are already fixed."""

    def mix_and_open(self, contest: str, rows: list[Row]) -> list[Any]:
        if contest == "beta":
            index = self.envelopes[0][0]
            lh = b64u(sha(b"\0" + self.entries[index]))
            self.add(self.of("strike", x=index, lh=lh, why="person"), "desk2", "desk3", "reg")
        return super().mix_and_open(contest, rows)


class MixesAfterOpening(Vote):
    """A mix after the first ballots were opened."""

    def mix_and_open(self, contest: str, rows: list[Row]) -> list[Any]:
        found = super().mix_and_open(contest, rows)
        self.mix(contest, 3, 2, rows)
        return found


class OneWitness(Vote):
    """The checkpoint lacks a witness."""

    def record(self) -> dict[str, bytes]:
        members = super().record()
        lines = members["checkpoint"].splitlines(keepends=True)
        return members | {"checkpoint": b"".join(lines[:-1])}


class SameWitnessTwice(Vote):
    """One witness signs twice instead of two."""

    def record(self) -> dict[str, bytes]:
        members = super().record()
        lines = members["checkpoint"].splitlines(keepends=True)
        text = b"".join(lines[:3])
        again = self.cosignature("w1.example", self.witnesses[0], text, forge.CLOSES + 1)
        return members | {"checkpoint": b"".join(lines[:-1]) + again}


@pytest.mark.parametrize(
    ("adversary", "check"),
    [
        (CountsMarked, "V13"),
        (DropsAnEnvelope, "V10"),
        (CountsStruck, "V10"),
        (AddsPaper, "V15"),
        (OtherBallots, "V13"),
        (OtherWinners, "V16"),
        (OtherCounts, "V14"),
        (ClosesEarly, "V3"),
        (CastsAfterClose, "V3"),
        (StrikesAfterInput, "V9"),
        (MixesAfterOpening, "V3"),
        (OneWitness, "V1"),
        (SameWitnessTwice, "V1"),
    ],
)
def test_a_dishonest_server_is_caught(adversary: type[Vote], check: str) -> None:
    assert check in failed(adversary().members())


def test_a_marked_ballot_is_published_as_invalid() -> None:
    """A voter's mark is nobody else's fault: every check passes, and the ballot does not count."""
    found = checks(MarksPadding().members())
    assert {check.status for check in found.values()} == {"pass", "not_applicable"}
    assert found["V14"].figures["invalid"] == 2


class SecondAttempt(Vote):
    """A ceremony that ends with an accusation, and another that succeeds."""

    bad = [2]  # noqa: RUF012 - changed by no one

    def setup(self) -> None:
        super().setup()
        if self.attempt == 1:
            self.files["setup-1.json"] = self.files.pop("setup.json")
            real, self.by_trustee = self.by_trustee, self.accusing  # type: ignore[method-assign]
            self.ceremony()
            self.by_trustee = real  # type: ignore[method-assign]
            self.attempt = 2
            self.setup()

    def accusing(self, j: int, entry: Json) -> int:
        """As `by_trustee`, up to the first accusation."""
        if entry["k"] == "tk3":
            if j > 1:
                return -1
            entry |= {"y": "", "bad": self.bad}
        return Vote.by_trustee(self, j, entry)


def test_a_ceremony_may_fail_and_begin_again() -> None:
    assert failed(SecondAttempt().members()) == set()


@pytest.mark.parametrize("bad", [[1], [3, 2], [2, 2], [4]])
def test_an_accusation_names_others_once(bad: list[int]) -> None:
    vote = SecondAttempt()
    vote.bad = bad
    assert failed(vote.members()) == {"V4"}


def test_a_lost_or_renamed_attempt_is_noticed() -> None:
    members = SecondAttempt().members()
    first = members.pop("setup-1.json")
    assert "V3" in failed(members)
    assert "V3" in failed(members | {"setup-2.json": first})


def test_a_fork_contradicts_an_older_checkpoint() -> None:
    """Two records of one log, both signed: whoever kept a checkpoint of one sees it."""
    other = forge.Vote(seed="another").members()
    assert failed(other) == set()
    kept = parse_checkpoint(other["checkpoint"])
    assert failed(Vote().members(), older=kept) == {"V2"}


def test_dropped_and_reordered_entries_break_the_tree() -> None:
    vote = Vote()
    vote.members()
    signed = vote.record()["checkpoint"]
    for entries in (vote.entries[:20] + vote.entries[21:], [*vote.entries[:20], vote.entries[21], vote.entries[20]]):
        forged = Vote()
        forged.members()
        forged.entries = entries + vote.entries[22:] if len(entries) == 22 else entries
        assert "V1" in failed(forged.files | forged.record() | {"checkpoint": signed})


def test_the_published_program_is_compared() -> None:
    vote = Vote()
    members = vote.members()
    lists = [cj({"v": 1, "files": [["app.js", b64u(sha(b"app 2"))]]})]
    assert failed(members, programs=lists) == {"V17"}
    lists.append(next(data for name, data in members.items() if b"index.html" in data))
    assert failed(members, programs=lists) == set()


def test_plain_python_finds_the_same() -> None:
    assert failed(Vote().members(), is_pure=True) == set()
    assert "V11" in failed(Relinks().members(), is_pure=True)
    assert "V12" in failed(OneWrongPart().members(), is_pure=True)
    assert le(1)[0] == 1
