"""What somebody who holds all keys could publish, and the check that finds it all the same."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.verifier import log
from pb_service.verifier.findings import Problem
from tests.verifier import builder
from tests.verifier.builder import LOG_KEY, ORIGIN, Plan, stage
from tests.verifier.judge import checks, failed, problems

STRANGER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)


def changed(change: Callable[[Plan], Any]) -> Plan:
    """The small round after a change, not yet signed."""
    plan = builder.small()
    change(plan)
    return plan


def with_outcome(change: Callable[[dict[str, Any]], Any]) -> Plan:
    """The small round with a changed outcome of alfa."""
    plan = builder.small()
    plan.files()
    plan.outcomes["alfa"] = plan.outcome("alfa")
    change(plan.outcomes["alfa"])
    return plan


@pytest.mark.parametrize(
    "change",
    [
        lambda o: o.update(winners=[0, 1, 2]),
        lambda o: o.update(cost=o["cost"] + 1),
        lambda o: o.update(budget=o["budget"] + 1),
        lambda o: o["projects"][2].update(votes=9),
        lambda o: o["projects"][2].update(won=not o["projects"][2]["won"]),
        lambda o: o["projects"][0]["why"].update(left=1),
        lambda o: o["steps"].reverse(),
        lambda o: o.update(ties=[]),
        lambda o: o.update(extra=1),
        lambda o: o.pop("steps"),
        lambda o: o.update(v=True),
        lambda o: o.update(d="beta"),
    ],
)
def test_a_wrong_outcome_fails_the_recount(change: Callable[[dict[str, Any]], Any]) -> None:
    assert failed(with_outcome(change).seal()) == {"V16"}


LIMITED: dict[str, Any] = builder.GREEDY | {"exclusive": [[0, 1]], "categories": [{"i": [1, 2], "budget": 300}]}
VARIED: dict[str, dict[str, Any]] = {
    "density": LIMITED | {"density": True, "mandatory": [3]},
    "loads": builder.SHARES | {"completion": "phragmen", "then": "greedy", "exclusive": [[2, 3]]},
    "compare": builder.SHARES | {"compare": "greedy"},
    "phragmen": {"name": "phragmen", "unsupported": True, "ties": ["id"]},
    "welfare": {"name": "max_welfare", "utility": "cost", "ties": ["id"], "per_cost": "1/2"},
}


def varied(rule: str) -> Plan:
    """One contest under a rule of VARIED."""
    known = builder.contest("alfa", [300, 350, 400, 200], VARIED[rule])
    return builder.plan([(known, [[0, 1], [0, 2], [1], [0, 1, 2], [3], [], [2, 3]])])


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all numbers, strings and truths of a document."""
    if not isinstance(value, dict | list):
        return [path]
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for name, item in inside for leaf in leaves(item, (*path, name))]


@pytest.mark.parametrize("rule", VARIED)
def test_no_part_of_an_outcome_can_be_another(rule: str) -> None:
    """Every number, string and truth of outcomes under rules with constraints, loads and comparisons."""
    plan = varied(rule)
    plan.files()
    right = plan.outcome("alfa")
    assert failed(plan.seal()) == set()
    for *parents, last in leaves(right):
        plan.outcomes["alfa"] = copy.deepcopy(right)
        document: Any = plan.outcomes["alfa"]
        for step in parents:
            document = document[step]
        value = document[last]
        other = value + "1" if isinstance(value, str) else value + 1
        document[last] = not value if isinstance(value, bool) else other
        assert "V16" in failed(plan.seal()), (*parents, last)


def test_the_report_says_where_an_outcome_differs() -> None:
    plan = with_outcome(lambda o: o["projects"][2].update(score=9))
    found = checks(plan.seal())["V16"].problems
    assert found == [Problem("outcome", {"contest": "alfa", "path": "projects[2].score"})]


@pytest.mark.parametrize("field", ["ballots", "blank", "over"])
def test_wrong_counts_fail_twice(field: str) -> None:
    """They are recomputed apart from the outcome, which holds them too."""
    plan = with_outcome(lambda o: o["counts"].update({field: o["counts"][field] + 1}))
    assert failed(plan.seal()) == {"V14", "V16"}
    assert problems(plan, "V14") == {"counts"}


def ballots(fmt: str, *given: Any) -> set[str]:
    """What V14 finds in a ballots file with these ballots, as they stand."""
    plan = builder.plan([(builder.contest("a", [6, 5, 4], builder.GREEDY, fmt=fmt), [])])
    plan.files()
    plan.ballot_files["a"] = {"v": 1, "e": plan.eid(), "d": "a", "open": list(given)}
    plan.outcomes["a"] = plan.outcome("a")
    return problems(plan, "V14")


@pytest.mark.parametrize(
    ("fmt", "ballot"),
    [
        ("approval", [3]),
        ("approval", [-1]),
        ("approval", [1, 0]),
        ("approval", [1, 1]),
        ("approval", ["1"]),
        ("approval", 1),
        ("approval", [True]),
        ("approval", [[0, 1]]),
        ("approval", {}),
        ("knapsack", [2, 1]),
        ("ordinal", [2, 2]),
        ("ordinal", [3]),
        ("points", [0]),
        ("points", [[0]]),
        ("points", [[0, 1, 1]]),
        ("points", [[0, -1]]),
        ("points", [[1, 1], [0, 1]]),
        ("points", [[0, 1], [0, 1]]),
        ("points", [[3, 1]]),
        ("points", [[0, "1"]]),
        ("points", [[0, True]]),
        ("scores", [["0", 1]]),
    ],
)
def test_a_malformed_ballot_is_found(fmt: str, ballot: Any) -> None:
    assert ballots(fmt, ballot) == {"ballot_form"}


@pytest.mark.parametrize(
    ("fmt", "given"),
    [
        ("approval", [[0], []]),
        ("approval", [[1], [0, 2]]),
        ("ordinal", [[2, 0], [2]]),
        ("points", [[[0, 2]], [[0, 1], [1, 9]]]),
    ],
)
def test_unsorted_ballots_are_found(fmt: str, given: list[Any]) -> None:
    """Their order could say who voted when."""
    assert "ballots_unsorted" in ballots(fmt, *given)
    assert "ballots_unsorted" not in ballots(fmt, *sorted(given))


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"v": True}, {"d": "b"}, {"e": "A" * 43}, {"e": 1}, {"open": {}}, {"open": None}, {"extra": 1}]
)
def test_a_malformed_ballots_file_is_found(change: dict[str, Any]) -> None:
    plan = builder.small()
    plan.files()
    file = {"v": 1, "e": plan.eid(), "d": "alfa", "open": []} | change
    plan.ballot_files["alfa"] = {name: value for name, value in file.items() if value is not None}
    assert {"V14", "V16"} <= failed(plan.seal())


def reorder(*places: int) -> Callable[[Plan], None]:
    """The entries at these places of the small round, in this order."""

    def change(plan: Plan) -> None:
        plan.entries = [plan.entries[place] for place in places]

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (reorder(0, 3, 1, 4, 5), "entry_order"),
        (reorder(1, 4, 3, 5), "entry_order"),
        (reorder(4, 5, 1, 3), "entry_order"),
        (reorder(1, 1, 3, 4, 5), "entry_order"),
        (reorder(1, 3, 3, 4, 5), "entry_order"),
        (reorder(1, 3, 4, 5, 1), "entry_order"),
        (reorder(1, 3, 4, 5, 3), "entry_order"),
        (reorder(1, 3, 4, 5, 4), "result_twice"),
        (reorder(1, 3, 4), "result_missing"),
        (reorder(1, 4, 5), "entry_missing"),
        (reorder(3, 4, 5), "entry_missing"),
        (reorder(0), "entry_missing"),
    ],
)
def test_entries_out_of_order_are_found(change: Callable[[Plan], None], code: str) -> None:
    plan = changed(change)
    assert code in problems(plan, "V3")
    assert "V3" in failed(plan.seal())


def entry(index: int, **fields: Any) -> Callable[[Plan], None]:
    """Fields of the entry at this place; None takes one away."""

    def change(plan: Plan) -> None:
        kept = plan.entries[index] | fields
        plan.entries[index] = {name: value for name, value in kept.items() if value is not None}

    return change


def signed_by(key: Ed25519PrivateKey) -> Callable[[Plan], None]:
    """The entries signed by another key than the manifest's."""

    def change(plan: Plan) -> None:
        plan.keys = plan.keys | {"op": key}

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (entry(3, n=2), "close_index"),
        (entry(3, n=4), "close_index"),
        (entry(3, e="A" * 43), "entry_other_election"),
        (entry(1, e="A" * 43), "entry_other_election"),
        (entry(1, f="A" * 43), "file_hash"),
        (entry(4, bal="A" * 43), "file_hash"),
        (entry(4, out="A" * 43), "file_hash"),
        (entry(4, d="gamma"), "result_unknown"),
        (entry(3, ts=1_700_000_100 - 301), "entry_time"),
        (entry(2, t=1_700_000_000 - 301), "entry_time"),
        (entry(3, v=2), "entry_misshapen"),
        (entry(3, k="open"), "entry_misshapen"),
        (entry(3, extra=1), "entry_misshapen"),
        (entry(3, ts=None), "entry_misshapen"),
        (entry(3, ts="1700700000"), "entry_misshapen"),
        (entry(3, sg=[]), "entry_misshapen"),
        (entry(3, sg=[["log", "A" * 86]]), "entry_misshapen"),
        (entry(3, sg=[["op", "A" * 85]]), "entry_misshapen"),
        (entry(3, sg=[["op", "A" * 86]] * 2), "entry_misshapen"),
        (entry(3, sg=[["op", "A" * 86]]), "entry_signature"),
        (signed_by(STRANGER), "entry_signature"),
        (signed_by(LOG_KEY), "entry_signature"),
        (entry(0, k="round."), "entry_misshapen"),
        (entry(0, k="Round.created"), "entry_misshapen"),
        (entry(0, e="A" * 43), "entry_misshapen"),
        (entry(0, o="a b"), "entry_misshapen"),
        (entry(0, o="a" * 129), "entry_misshapen"),
        (entry(0, by="Staff"), "entry_misshapen"),
        (entry(0, h="A" * 42), "entry_misshapen"),
        (entry(0, t=True), "entry_misshapen"),
    ],
)
def test_a_wrong_entry_is_found(change: Callable[[Plan], None], code: str) -> None:
    assert code in problems(changed(change), "V3")


def test_an_entry_that_is_no_object_is_found() -> None:
    members = builder.small().seal()
    for data in (b"[]", b"{}", b"", b"null", b'{"k":[]}', b'{"k":7}', b'{"a":1 }'):
        entries = [*log.read_entries(members), data]
        tiles = {name: content for name, content in members.items() if not name.startswith("tile/")}
        assert failed(tiles | builder.record(entries, LOG_KEY, ORIGIN)) == {"V3"}


def test_clocks_may_disagree_by_five_minutes() -> None:
    assert failed(changed(entry(2, t=1_700_000_000 - 300)).seal()) == set()


def test_entries_of_the_process_may_stand_anywhere() -> None:
    plan = builder.small()
    own = [entry | ({"ts": 1_700_000_000} if entry["k"] == "close" else {}) for entry in plan.entries[1:-1]]
    plan.entries = [stage("feedback.closed", 1_700_000_000)]
    for entry in own:
        plan.entries += [entry, stage("feedback.closed", 1_700_000_000)]
    assert failed(plan.seal()) == set()


def test_long_records_pass() -> None:
    """More than two tiles, so with a second level."""
    plan = builder.small()
    plan.entries[1:1] = [stage("feedback.closed", 1_700_000_000 + number) for number in range(600)]
    plan.entries[602:603] = []
    members = plan.seal()
    assert {"tile/0/001", "tile/1/000.p/2", "tile/entries/001"} < members.keys()
    assert failed(members) == set()


@pytest.mark.parametrize(
    "checkpoint",
    [
        lambda leaves: builder.checkpoint(leaves, STRANGER),
        lambda leaves: builder.checkpoint(leaves, LOG_KEY, "example.org/pb/other"),
        lambda leaves: builder.checkpoint(leaves[:-1], LOG_KEY),
        lambda leaves: builder.checkpoint([*leaves, leaves[0]], LOG_KEY),
        lambda leaves: builder.checkpoint(leaves[::-1], LOG_KEY),
        lambda leaves: builder.checkpoint(leaves, LOG_KEY).replace(b"\n7\n", b"\n8\n"),
    ],
)
def test_a_checkpoint_of_another_tree_or_key_fails(checkpoint: Callable[[list[bytes]], bytes]) -> None:
    members = builder.small().seal()
    leaves = [log.leaf_hash(entry) for entry in log.read_entries(members)]
    assert failed(members | {"checkpoint": checkpoint(leaves)}) == {"V1"}


def test_a_published_key_other_than_the_manifest_s_fails() -> None:
    """A whole bundle under keys of one's own passes by itself, and is found by the published key."""
    plan = builder.small()
    plan.keys = {"log": STRANGER, "op": STRANGER}
    for key in plan.manifest["keys"]:
        key["pk"] = builder.b64u(STRANGER.public_key().public_bytes_raw())
    members = plan.seal()
    assert failed(members) == set()
    assert failed(members, key=log.parse_vkey(builder.vkey(LOG_KEY))) == {"V1"}
    assert failed(builder.small().seal(), key=log.parse_vkey(builder.vkey(LOG_KEY))) == set()


class TestOlderCheckpoint:
    """V2: a checkpoint kept from an earlier day is a prefix of the record, or the record was changed."""

    members = builder.small().seal()
    leaves = tuple(log.leaf_hash(entry) for entry in log.read_entries(members))

    def verdict(self, leaves: list[bytes], key: Ed25519PrivateKey = LOG_KEY) -> list[str]:
        older = log.parse_checkpoint(builder.checkpoint(leaves, key))
        check = checks(self.members, older=older)["V2"]
        assert (check.status == "pass") == (not check.problems)
        return [problem.code for problem in check.problems]

    @pytest.mark.parametrize("size", range(8))
    def test_a_prefix_passes(self, size: int) -> None:
        assert self.verdict(list(self.leaves[:size])) == []

    @pytest.mark.parametrize("size", range(1, 8))
    def test_a_fork_fails(self, size: int) -> None:
        assert self.verdict([*self.leaves[: size - 1], bytes(32)]) == ["older_fork"]

    def test_a_newer_one_fails(self) -> None:
        assert self.verdict([*self.leaves, bytes(32)]) == ["older_newer"]

    def test_one_of_another_key_fails(self) -> None:
        assert self.verdict(list(self.leaves[:3]), STRANGER) == ["older_signature"]

    def test_without_a_readable_record_it_was_not_checked(self) -> None:
        """And what was not checked did not pass."""
        older = log.parse_checkpoint(builder.checkpoint(list(self.leaves), LOG_KEY))
        without = {name: data for name, data in self.members.items() if not name.startswith("tile/entries/")}
        assert checks(without, older=older)["V2"].status == "not_checked"

    def test_without_one_there_is_nothing_to_check(self) -> None:
        assert checks(self.members)["V2"].status == "not_applicable"
