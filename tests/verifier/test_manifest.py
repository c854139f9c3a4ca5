"""The manifest and the ballot lists: every field has its form, and V3 names the field that has not."""

from typing import Any

import pytest

from pb_service.verifier.findings import Problem
from tests.verifier import builder
from tests.verifier.judge import checks, failed

ABSENT = object()


def put(document: Any, path: str, value: Any) -> None:
    """Sets the value at a path like `contests.0.rule.name`, or takes it away."""
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in parents:
        document = document[step]
    if value is ABSENT:
        del document[last]
    else:
        document[last] = value


TIES: dict[str, Any] = {"ties": ["draw", "id"]}
CROWDED = builder.GREEDY | {"mandatory": [0, 1]}
MALFORMED_RULES: list[dict[str, Any]] = [
    builder.ADD_ONE | {"compare": "greedy", "then": "greedy"},
    builder.SHARES | {"completion": "phragmen", "compare": "greedy"},
    builder.SHARES | {"completion": "phragmen", "step": 1},
    builder.SHARES | {"completion": "percent"},
    builder.SHARES | {"completion": "percent", "percent": 0},
    builder.SHARES | {"completion": "percent", "percent": 101},
    {"name": "phragmen", "ties": ["id"]},
    {"name": "phragmen", "ties": ["id"], "unsupported": True, "threshold": 1},
    {"name": "max_welfare", "ties": ["id"], "utility": "votes"},
    {"name": "max_welfare", "ties": ["id"], "utility": "cost", "then": "greedy"},
    builder.GREEDY | TIES | {"draw": builder.draw() | {"lot": "another"}},
    builder.GREEDY | TIES | {"draw": builder.draw("")},
    builder.GREEDY | TIES | {"draw": builder.draw("x" * 1001)},
    CROWDED | {"exclusive": [[0, 1]]},
    CROWDED | {"categories": [{"i": [0, 1, 2], "budget": 799}]},
]
MANIFEST = [
    ("v", 2),
    ("v", True),
    ("v", "1"),
    ("extra", 1),
    ("source", ABSENT),
    ("origin", ""),
    ("origin", "a b"),
    ("origin", "a+b"),
    ("origin", "a\nb"),
    ("mode", "self"),
    ("mode", 1),
    ("names", "Round"),
    ("names", [["en"]]),
    ("names", [["en", 1]]),
    ("licence", 1),
    ("source", []),
    ("currency", "euro"),
    ("currency", "€"),
    ("unit", 1),
    ("unit", 10),
    ("unit", 150),
    ("unit", "100"),
    ("opens", "2026"),
    ("opens", -1),
    ("closes", True),
    ("wit", {"k": 1, "vkeys": []}),
    ("wit", {"k": 0, "vkeys": ["x"]}),
    ("keys", []),
    ("keys.0.id", "op"),
    ("keys.0.role", "operator"),
    ("keys.1.pk", "AAAA"),
    ("keys.1.extra", 1),
    ("groups", []),
    ("groups.0.open", False),
    ("groups.0.cls", ["idt"]),
    ("groups.0.cls", []),
    ("groups.0.id", "other"),
    ("contests", []),
    ("contests.0.g", "other"),
    ("contests.0.id", "Alfa"),
    ("contests.0.id", ""),
    ("contests.0.id", "a" * 65),
    ("contests.0.id", "../alfa"),
    ("contests.0.id", "-a"),
    ("contests.1.id", "alfa"),
    ("contests.0.fmt", "choose"),
    ("contests.0.pro.1.0", "p0"),
    ("contests.0.pro.0.0", ""),
    ("contests.0.pro.0.0", "x" * 201),
    ("contests.0.pro.0.1", 0),
    ("contests.0.pro.0.1", -5),
    ("contests.0.pro.0", ["p0"]),
    ("contests.0.budget", -1),
    ("contests.0.budget", "10"),
    ("contests.0.breach", "refuse"),
    ("contests.0.limits", []),
    ("contests.0.limits.k", -1),
    ("contests.0.limits.other", 1),
    ("contests.0.limits.blank", 1),
    ("contests.0.limits.sum", 10),
    ("contests.0.limits.smin", 0),
    ("contests.0.limits.cats", [{"i": [0, 9]}]),
    ("contests.0.limits.cats", [{"i": [1, 0]}]),
    ("contests.0.limits.cats", [{"k": 1}]),
    ("contests.0.rule", {}),
    ("contests.0.rule.name", "lottery"),
    ("contests.0.rule.name", ["greedy"]),
    ("contests.0.rule.by", "cost"),
    ("contests.0.rule.by", "points"),
    ("contests.0.rule.by", "borda"),
    ("contests.0.rule.skip", 1),
    ("contests.0.rule.ties", []),
    ("contests.0.rule.ties", ["cost"]),
    ("contests.0.rule.ties", ["id", "cost"]),
    ("contests.0.rule.ties", ["cost", "cost", "id"]),
    ("contests.0.rule.ties", ["lot", "id"]),
    ("contests.0.rule.threshold", "5"),
    ("contests.0.rule.step", 1),
    ("contests.1.rule.utility", "votes"),
    ("contests.1.rule.completion", "percent"),
    ("contests.1.rule.completion", "none"),
    ("contests.1.rule.step", 0),
    ("contests.1.rule.start", "zero"),
    ("contests.1.rule.stop", "never"),
    ("contests.1.rule.stop", ABSENT),
    ("contests.1.rule.then", "phragmen"),
    ("contests.1.rule.skip", True),
    ("contests.0.rule.density", False),
    ("contests.0.rule.utility", "cost"),
    ("contests.0.rule.per_cost", "0"),
    ("contests.0.rule.per_cost", "2/4"),
    ("contests.0.rule.per_cost", "-1/3"),
    ("contests.0.rule.per_cost", "0.5"),
    ("contests.0.rule.per_cost", "1/0"),
    ("contests.0.rule.per_cost", "4/1"),
    ("contests.0.rule.ties", ["draw", "id"]),
    ("contests.0.rule.draw", builder.draw()),
    ("contests.0.rule.mandatory", []),
    ("contests.0.rule.mandatory", [1, 0]),
    ("contests.0.rule.mandatory", [4]),
    ("contests.0.rule.mandatory", [0, 1, 2]),
    ("contests.0.rule.exclusive", []),
    ("contests.0.rule.exclusive", [[0]]),
    ("contests.0.rule.exclusive", [[0, 0]]),
    ("contests.0.rule.exclusive", [[0, 4]]),
    ("contests.0.rule.categories", []),
    ("contests.0.rule.categories", [{"i": [], "budget": 1}]),
    ("contests.0.rule.categories", [{"i": [0]}]),
    ("contests.0.rule.categories", [{"i": [0], "budget": -1}]),
    ("contests.0.rule.categories", [{"i": [4], "budget": 1}]),
    ("contests.1.rule.utility", "points"),
    ("contests.1.rule.utility", "borda"),
    ("contests.1.rule.threshold", 2),
    ("contests.1.rule.percent", 1),
    ("contests.1.rule.compare", "phragmen"),
    *(("contests.1.rule", rule) for rule in MALFORMED_RULES),
]


@pytest.mark.parametrize(("path", "value"), MANIFEST, ids=[f"{path}={str(value)[:20]}" for path, value in MANIFEST])
def test_a_malformed_manifest_is_found_where_it_is(path: str, value: Any) -> None:
    """Every check that needs the manifest says that it was not made: nothing passes by not being looked at."""
    members = builder.small().seal()
    document = builder.small()
    document.files()
    put(document.manifest, path, value)
    found = checks(members | {"manifest.json": builder.cj(document.manifest)})
    assert [problem.code for problem in found["V3"].problems][:1] == ["misshapen"]
    assert {found[name].status for name in ("V14", "V16", "V18")} == {"not_checked"}


def test_the_path_of_what_is_malformed_is_reported() -> None:
    plan = builder.small()
    members = plan.seal()
    plan.manifest["contests"][1]["rule"]["step"] = 0
    found = checks(members | {"manifest.json": builder.cj(plan.manifest)})["V3"].problems
    assert found[0] == Problem("misshapen", {"member": "manifest.json", "path": "contests[1].rule.step"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2),
        ("extra", 1),
        ("contest", "beta"),
        ("title", "Alfa"),
        ("language", 1),
        ("projects.0.id", "other"),
        ("projects", []),
        ("projects.0.extra", 1),
        ("projects.0.place", ["1"]),
        ("projects.0.place", [1, 2]),
        ("projects.0.place", ["1e5", "2"]),
        ("projects.0.place", ["1,5", "2"]),
        ("projects.0.categories", "x"),
        ("projects.0.title", ABSENT),
    ],
)
def test_a_malformed_ballot_list_is_found(path: str, value: Any) -> None:
    """Signed as it is, so that only its form is wrong."""
    plan = builder.small()
    put(plan.lists["alfa"], path, value)
    assert failed(plan.seal()) == {"V3"}


def test_a_ballot_list_in_another_order_is_found() -> None:
    plan = builder.small()
    plan.lists["alfa"]["projects"].reverse()
    assert failed(plan.seal()) == {"V3"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("contests.0.rule.threshold", -3),
        ("contests.0.limits.blank", False),
        ("contests.1.rule.then", "greedy"),
        ("contests.1.rule.stop", "exhaustive_all"),
        ("names", []),
        ("unit", 1000),
        ("contests.0.limits", {}),
        ("contests.0.pro.0.0", "x" * 200),
        ("opens", 0),
        ("licence", ""),
        ("contests.0.budget", 0),
        ("contests.0.rule.per_cost", "1/3"),
        ("contests.0.rule.mandatory", [0, 1]),
        ("contests.1.rule.compare", "greedy"),
        ("contests.0.rule", builder.GREEDY | TIES | {"draw": builder.draw("x" * 1000)}),
        ("contests.1.rule", CROWDED | {"categories": [{"i": [0, 1, 2], "budget": 800}]}),
        ("contests.1.rule", builder.SHARES | {"completion": "percent", "percent": 100, "then": "greedy"}),
    ],
)
def test_every_allowed_value_passes(path: str, value: Any) -> None:
    plan = builder.small()
    put(plan.manifest, path, value)
    for contest in plan.manifest["contests"]:
        for project, known in zip(plan.lists[contest["id"]]["projects"], contest["pro"], strict=True):
            project["id"] = known[0]
    assert failed(plan.seal()) == set()
