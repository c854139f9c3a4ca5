"""The recount takes a right bundle and refuses a wrong one at the place that is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pb_service.verifier.manifest import read_manifest
from tests.recount.conftest import Recount
from tests.verifier import builder

SMALL = builder.small()
MEMBERS = SMALL.seal()
GOLDEN = Path(__file__).parents[1] / "data" / "sealing" / "golden"
Check = Callable[[list[bytes]], list[dict[str, Any]]]


def small() -> builder.Plan:
    """Two districts, their manifest complete, so that what is made for it names it."""
    plan = builder.small()
    plan.files()
    return plan


@pytest.fixture
def check(recount: Recount, tmp_path: Path) -> Check:
    """What the recount says of each of some files."""

    def answers(files: list[bytes]) -> list[dict[str, Any]]:
        paths = [tmp_path / f"{number}.zip" for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        return recount({"bundle": str(path)} for path in paths)

    return answers


def test_a_right_bundle_is_equal_in_every_contest(check: Check) -> None:
    [answer] = check([builder.container(MEMBERS)])
    report = answer["report"]
    assert [(each["id"], each["verdict"], each["ballots"]) for each in report["contests"]] == [
        ("alfa", "equal", 7),
        ("beta", "equal", 14),
    ]
    assert report["size"] == len(SMALL.entries)
    assert read_manifest(MEMBERS["manifest.json"]).contests[0].id == report["contests"][0]["id"]
    assert answer["said"][0] == {"stage": "files"}


def test_another_outcome_that_was_signed_differs(check: Check) -> None:
    """Whoever holds the keys can sign what they like; the count shows it."""
    plan = small()
    outcome = plan.outcome("beta")
    plan.outcomes["beta"] = outcome | {"winners": [0]}
    [answer] = check([builder.container(plan.seal())])
    assert [each["verdict"] for each in answer["report"]["contests"]] == ["equal", "differs"]


def test_maximum_welfare_is_left_to_the_checker(check: Check) -> None:
    rule = {"name": "max_welfare", "utility": "cardinality", "ties": ["id"]}
    plan = builder.plan([(builder.contest("a", [60, 50, 50], rule, budget=100), [[0], [0], [1], [2]])])
    [answer] = check([builder.container(plan.seal())])
    assert answer["report"]["contests"][0]["verdict"] == "rule"


@pytest.mark.parametrize("name", MEMBERS)
def test_a_changed_member_is_named(check: Check, name: str) -> None:
    """A byte in every member changed, the container made again: refused there, or where the record says otherwise."""
    size = len(MEMBERS[name])
    files = []
    for place in (0, size // 3, size // 2, size - 1):
        content = bytearray(MEMBERS[name])
        content[place] ^= 1
        files.append(builder.container(MEMBERS | {name: bytes(content)}))
    of_record = name.startswith("tile/") or name == "checkpoint"
    for answer in check(files):
        kind, at = answer["wrong"]
        assert kind in ({"record"} if of_record else {"manifest", "record", "files"}), answer
        assert of_record or name in ("manifest.json", at)


def test_a_missing_and_a_foreign_member_are_named(check: Check) -> None:
    fewer = [builder.container({key: value for key, value in MEMBERS.items() if key != name}) for name in MEMBERS]
    assert all("wrong" in answer for answer in check(fewer))
    [more] = check([builder.container(MEMBERS | {"lists/gamma.json": b"{}"})])
    assert more["wrong"] == ["files", "lists/gamma.json"]


def test_every_changed_byte_of_the_file_is_refused(check: Check) -> None:
    data = builder.container(MEMBERS)
    places = range(0, len(data), 23)
    files = [data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :] for place in places]
    assert {answer["wrong"][0] for answer in check([*files, data[:-1], data + b"\0", b""])} == {"container"}


def test_entries_must_be_signed_by_the_operator(check: Check) -> None:
    plan = small()
    plan.keys = plan.keys | {"op": plan.keys["log"]}
    [answer] = check([builder.container(plan.seal())])
    assert answer["wrong"] == ["record", "entry 1"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rule": builder.GREEDY | {"by": "points"}}, "rule.by"),
        ({"rule": builder.GREEDY | {"weights": {"web": 1}}}, "rule.weights"),
        ({"rule": builder.SHARES | {"step": 1}}, "rule.step"),
        ({"rule": builder.GREEDY | {"mandatory": [0, 1, 2, 3]}}, "rule.mandatory"),
        ({"rule": builder.GREEDY | {"ties": ["id", "cost"]}}, "rule.ties"),
        ({"budget": -1}, "budget"),
    ],
)
def test_a_manifest_that_says_what_no_rule_says_is_refused(check: Check, change: dict[str, Any], field: str) -> None:
    plan = small()
    outcomes = {name: plan.outcome(name) for name in ("alfa", "beta")}
    plan.manifest["contests"][0].update(change)
    plan.outcomes = outcomes
    [answer] = check([builder.container(plan.seal())])
    assert answer["wrong"] == ["manifest", f"manifest.json contests[0].{field}"]


@pytest.mark.parametrize("ballots", [[[1], [0]], [[1, 0]], [[0, 0]], [[9]], [["0"]], [[[0, 1]]]])
def test_ballots_that_are_none_or_out_of_order_are_refused(check: Check, ballots: list[Any]) -> None:
    plan = small()
    plan.outcomes = {"alfa": plan.outcome("alfa")}
    plan.ballot_files["alfa"] = {"v": 1, "e": plan.eid(), "d": "alfa", "open": ballots}
    [answer] = check([builder.container(plan.seal())])
    assert answer["wrong"] == ["ballots", f"ballots/alfa.json open[{len(ballots) - 1}]"]


def test_a_sealed_vote_is_counted_from_what_the_trustees_opened(check: Check) -> None:
    """The payloads of the bundle give its outcome; a list of ballots other than the signed one is refused."""
    good, other = check([(GOLDEN / f"{name}.zip").read_bytes() for name in ("good", "bad-list")])
    assert {each["verdict"] for each in good["report"]["contests"]} == {"equal"}
    assert good["report"]["mode"] != "open"
    assert "report" in other  # what the shuffle proves is for pb-verify
