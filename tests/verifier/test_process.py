"""P1 to P5: an honest process passes, and what somebody who holds all keys could publish is found by its check."""

import copy
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pb_service.verifier import log
from pb_service.verifier.__main__ import main
from pb_service.verifier.checks import Report, Verifier
from pb_service.verifier.process import STEPS
from pb_service.verifier.report import as_json, as_text
from tests.verifier import builder, process
from tests.verifier.builder import LOG_KEY, b64u, cj, sha
from tests.verifier.process import AINO, CARL, ORIGIN, Step, Story, amended, cost, digest, made, received, signed, story

KEY = log.parse_vkey(builder.vkey(LOG_KEY, ORIGIN))


def found(members: dict[str, bytes]) -> dict[str, set[str]]:
    """What each check that failed found, by code; whatever was found, there are words for it in three languages."""
    verifier = Verifier(members, key=KEY, cores=1)
    checks = verifier.run()
    report = Report("", 0, checks, verifier.manifest, verifier.checkpoint, [], is_before_vote=verifier.is_before_vote)
    assert all("P5" in as_text(report, language) and as_json(report, language) for language in ("en", "fi", "sv"))
    return {check.id: {problem.code for problem in check.problems} for check in checks if check.problems}


def changed(change: Callable[[Story], Any], base: Callable[[], Story] = story) -> dict[str, set[str]]:
    told = base()
    change(told)
    return found(told.seal())


@pytest.mark.parametrize("base", [story, amended])
def test_an_honest_process_passes(base: Callable[[], Story]) -> None:
    assert found(base().seal()) == {}


def test_before_the_list_is_fixed_what_is_about_it_does_not_apply() -> None:
    told = story()
    told.drop("list.fixed")
    checks = {check.id: check for check in Verifier(told.seal(), key=KEY, cores=1).run()}
    assert [checks[name].status for name in ("P1", "P2", "P3", "P4", "P5")] == [
        "pass",
        *["not_applicable"] * 3,
        "pass",
    ]


P1: list[tuple[Callable[[Story], Any], str]] = [
    (lambda s: s.drop("proposal.received", "p2"), "act_state"),
    (lambda s: s.after("proposal.published", Step("proposal.published", "p1", {"number": 1}), "p1"), "act_state"),
    (lambda s: s.drop("proposal.published", "p5"), "act_state"),
    (lambda s: s.after("proposal.received", received(1), "p1"), "act_state"),
    (lambda s: s.find("proposal.changed").content.update(version=3), "act_version"),
    (lambda s: s.find("proposal.changed").content.update(number=2), "act_object"),
    (lambda s: s.drop("assessment.decided", "p8"), "act_state"),
    (lambda s: s.find("proposal.merged").content.update({"from": [7]}), "act_state"),
    (lambda s: s.find("proposal.split").content.update({"from": 7}), "act_state"),
    (lambda s: s.steps.insert(s.place("list.fixed"), made("104", 5)), "act_state"),
    (lambda s: s.after("review.requested", Step("review.requested", "p3", {"number": 3}), "p3"), "asked_twice"),
    (lambda s: s.find("cost.set", "p3").content.update(version=2), "act_version"),
    (lambda s: s.find("cost.signed", "p3").content.update(version=1), "act_version"),
    (lambda s: s.find("proposal.received").content.pop("text_sha256"), "misshapen"),
    (lambda s: s.find("proposal.received", "p7").content.update(version=True), "misshapen"),
    (lambda s: s.after("proposal.published", Step("proposal.unmerged", "p1", {"from": [2], "into": 1})), "act_state"),
]


@pytest.mark.parametrize(("change", "code"), P1)
def test_an_act_that_the_table_does_not_have_fails_p1(change: Callable[[Story], Any], code: str) -> None:
    assert code in changed(change)["P1"]


def _project(told: Story, code: str, name: str = "first") -> dict[str, Any]:
    return next(p for contest in told.lists[name]["contests"] for p in contest["projects"] if p["id"] == code)


P2: list[tuple[Callable[[Story], Any], str]] = [
    (lambda s: _project(s, "101").update(cost=4_999_999), "cost_differs"),
    (lambda s: _project(s, "101").update(upkeep=0), "cost_differs"),
    (lambda s: _project(s, "103").pop("low"), "cost_differs"),
    (lambda s: _project(s, "102").update(cost=900_000), "cost_differs"),
    (lambda s: s.drop("cost.signed", "p1"), "cost_not_signed"),
    (lambda s: s.find("cost.signed", "p1").content.update(signer=process.BERIT), "cost_own_hand"),
    (lambda s: s.after("cost.signed", cost("p1", 6_000_000, version=2), "p1"), "cost_reason"),
]


@pytest.mark.parametrize(("change", "code"), P2)
def test_a_cost_that_nobody_signed_fails_p2(change: Callable[[Story], Any], code: str) -> None:
    assert changed(change) == {"P2": {code}}


def test_the_last_signed_cost_counts_not_a_newer_one_that_waits() -> None:
    waits = cost("p1", 6_000_000, version=2, reason_sha256=digest("news"))
    assert changed(lambda s: s.after("cost.signed", waits, "p1")) == {}

    def sign(told: Story) -> None:
        told.after("cost.signed", signed("p1", version=2), "p1")
        told.after("cost.signed", waits, "p1")

    assert changed(sign) == {"P2": {"cost_differs"}}


SHEET = {
    "lines": [
        {"what": "Penkki", "quantity": 2_500, "unit": "kpl", "price": 148_050, "source": "Offer"},
        {"what": "Työ", "quantity": 1_000, "unit": "h", "price": 4_000_001, "source": "Offer"},
    ],
    "contingency": 100,
    "round_to": 1_000,
    "upkeep": [{"what": "Huolto", "quantity": 1_000, "unit": "v", "price": 100, "source": ""}],
}
#: 370,125 and 4,000,001, a tenth of them (437,013 rounded half up), and up to whole thousands.
SHEET_COMES_TO = 4_808_000


def with_sheet(change: Callable[[dict[str, Any]], Any] = lambda _: None) -> Callable[[Story], None]:
    """The cost of project 101 with its sheet; the change is made to the sheet alone."""

    def put(told: Story) -> None:
        sheet = copy.deepcopy(SHEET)
        change(sheet)
        body = cj(sheet)
        told.more[f"process/{sha(body).hex()}.json"] = body
        told.find("cost.set", "p1").content.update(lines_sha256=sha(body).hex(), amount=SHEET_COMES_TO)
        _project(told, "101").update(cost=SHEET_COMES_TO)

    return put


def test_a_sheet_comes_to_the_cost_that_was_signed() -> None:
    assert changed(with_sheet()) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda s: s["lines"].pop(), "cost_sheet"),
        (lambda s: s["lines"][0].update(price=148_850), "cost_sheet"),
        (lambda s: s.update(contingency=101), "cost_sheet"),
        (lambda s: s.update(round_to=1), "cost_sheet"),
        (lambda s: s["upkeep"][0].update(price=99), "cost_sheet"),
        (lambda s: s["lines"][0].update(quantity=-1), "misshapen"),
        (lambda s: s.update(more=1), "misshapen"),
    ],
)
def test_a_sheet_that_does_not_come_to_the_signed_cost_fails_p2(
    change: Callable[[dict[str, Any]], Any], code: str
) -> None:
    assert changed(with_sheet(change)) == {"P2": {code}}


def test_a_sheet_outside_of_its_range_or_beside_the_end_that_counts_fails_p2() -> None:
    def ranged(low: int, high: int, counts: str = "highest") -> dict[str, set[str]]:
        def put(told: Story) -> None:
            with_sheet()(told)
            for where in (told.find("cost.set", "p1").content, _project(told, "101")):
                where.update(low=low, high=high)
            told.lists["first"]["costs"].update(kind="range", counts=counts)

        return changed(put)

    assert ranged(4_000_000, SHEET_COMES_TO) == {}
    assert ranged(4_000_000, SHEET_COMES_TO, "lowest") == {"P2": {"cost_sheet"}}
    assert ranged(SHEET_COMES_TO + 1, SHEET_COMES_TO + 2) == {"P2": {"cost_sheet"}}


def test_a_project_of_several_proposals_needs_a_cost_of_its_own() -> None:
    def without(told: Story) -> None:
        told.drop("cost.set", "103")
        told.drop("cost.signed", "103")

    assert changed(without) == {"P2": {"cost_not_signed"}}


P3: list[tuple[Callable[[Story], Any], set[str]]] = [
    (lambda s: s.drop("project.made", "101"), {"project_unknown", "source_state"}),
    (lambda s: _project(s, "103").update(proposals=[8]), {"project_sources"}),
    (lambda s: s.find("project.made", "103").content.update(contest="north"), {"project_unknown"}),
    (lambda s: s.lists["first"]["contests"][0]["projects"].pop(), {"project_left_out"}),
    (lambda s: s.steps.insert(s.place("list.fixed"), made("101", 3)), {"project_twice", "project_sources"}),
]


@pytest.mark.parametrize(("change", "codes"), P3)
def test_a_project_from_nowhere_fails_p3(change: Callable[[Story], Any], codes: set[str]) -> None:
    assert codes <= changed(change)["P3"]


def test_a_project_whose_proposals_changed_is_followed() -> None:
    def fewer(told: Story) -> None:
        told.after("project.made", Step("project.changed", "103", {"code": "103", "proposals": [8]}), "103")
        _project(told, "103")["proposals"] = [8]

    assert changed(fewer) == {}


@pytest.mark.parametrize(("into", "code"), [(2, "circle"), (99, "source_unknown")])
def test_a_merge_that_leads_nowhere_fails_p3_beside_p1(into: int, code: str) -> None:
    again = Step("proposal.merged", f"p{into}", {"from": [1], "into": into})
    failed = changed(lambda s: s.after("proposal.merged", again))
    assert (code in failed["P3"], failed["P1"]) == (True, {"act_state"})


P4: list[tuple[Callable[[Story], Any], str]] = [
    (lambda s: s.find("list.fixed").content.update(confirmed=[CARL, CARL]), "list_one_person"),
    (lambda s: s.find("list.fixed").content.update(confirmed=[CARL]), "list_one_person"),
    (lambda s: s.steps.append(copy.deepcopy(s.find("list.fixed"))), "list_order"),
    (lambda s: setattr(s.find("list.fixed"), "kind", "list.amended"), "list_order"),
    (lambda s: s.steps.append(received(10)), "change_after_list"),
    (lambda s: s.steps.append(Step("proposal.withdrawn", "p1", {"number": 1})), "change_after_list"),
    (lambda s: s.steps.append(process.assessed(1, feasible=False)), "change_after_list"),
    (lambda s: s.lost.add("first"), "missing"),
    (lambda s: s.lists["first"].update(extra=1), "misshapen"),
    (lambda s: s.lists["first"]["contests"][0]["projects"].clear(), "misshapen"),
]


@pytest.mark.parametrize(("change", "code"), P4)
def test_a_change_of_the_fixed_list_fails_p4(change: Callable[[Story], Any], code: str) -> None:
    assert code in changed(change)["P4"]


def test_an_amendment_needs_its_reason_and_two_people() -> None:
    assert changed(lambda s: s.find("list.amended").content.pop("reason_sha256"), amended) == {
        "P4": {"amendment_reason"}
    }
    assert changed(lambda s: s.find("list.amended").content.update(confirmed=[AINO, AINO]), amended) == {
        "P4": {"list_one_person"}
    }


def test_an_amendment_that_keeps_the_old_cost_fails_p2() -> None:
    assert changed(lambda s: s.find("list.amended").content.update(list="first"), amended) == {"P2": {"cost_differs"}}


def test_hiding_what_is_illegal_and_asking_for_a_review_are_no_changes_of_the_list() -> None:
    def late(told: Story) -> None:
        told.steps += [
            Step("proposal.hidden", "p7", {"number": 7, "reason_sha256": digest("illegal")}),
            Step("review.requested", "p6", {"number": 6}),
        ]

    assert changed(late) == {}


P5: list[tuple[Callable[[Story], Any], str]] = [
    (lambda s: s.find("proposal.rejected").content.pop("reason_sha256"), "no_reason"),
    (lambda s: s.find("proposal.rejected").content.pop("criterion"), "no_criterion"),
    (lambda s: s.find("assessment.decided", "p5").content["criteria"][1].pop("reason_sha256"), "no_reason"),
    (lambda s: s.find("assessment.decided", "p5").content["criteria"][1].update(ok=True), "no_criterion"),
    (lambda s: s.find("assessment.decided", "p1").content["criteria"][1].update(ok=False), "no_criterion"),
    (lambda s: s.find("review.decided", "p3").content.pop("reason_sha256"), "no_reason"),
    (lambda s: s.find("review.decided", "p3").content.update(decider=AINO), "same_decider"),
    (lambda s: s.find("review.decided", "p5").content.update(decider=AINO), "same_decider"),
    (lambda s: s.drop("review.requested", "p3"), "not_asked"),
]


@pytest.mark.parametrize(("change", "code"), P5)
def test_a_refusal_without_reason_or_reviewed_by_the_same_hand_fails_p5(
    change: Callable[[Story], Any], code: str
) -> None:
    assert code in changed(change)["P5"]


def test_a_file_that_is_missing_or_exchanged_is_found() -> None:
    members = story().seal()
    name = next(name for name, body in members.items() if b'"k":"proposal.withdrawn"' in body)
    assert found({key: body for key, body in members.items() if key != name}) == {"P1": {"missing"}}
    other = json.loads(members[name]) | {"salt": b64u(sha(b"another salt"))}
    assert found(members | {name: cj(other)}) == {"P1": {"act_file"}}
    assert found(members | {name: members[name] + b"\n"}) == {"P1": {"not_canonical"}}


def test_a_file_that_no_act_names_does_not_belong() -> None:
    told = story()
    told.more[f"process/{'0' * 64}.json"] = b"{}"
    assert found(told.seal()) == {"V3": {"extra"}}


def test_a_text_that_is_there_must_have_its_hash() -> None:
    told = story()
    body = cj({"fi": "Ei ole kaupungin maata"})
    told.find("proposal.rejected").content["reason_sha256"] = sha(body).hex()
    name = f"process/{sha(body).hex()}.json"
    told.more[name] = body
    assert found(told.seal()) == {}
    assert found(told.seal() | {name: b"{}"}) == {"P1": {"act_file"}}


def with_vote(told: Story, change: Callable[[builder.Plan], Any] = lambda _: None) -> dict[str, bytes]:
    """A bundle in which the vote followed the process."""
    entries, files = told.parts()
    contests = [
        builder.contest(
            contest["id"],
            [project["cost"] for project in contest["projects"]],
            contest["rule"],
            fmt=contest["fmt"],
            budget=contest["budget"],
            cost=contest["budget"],
        )
        | {"pro": [[project["id"], project["cost"]] for project in contest["projects"]]}
        for contest in told.lists["first"]["contests"]
    ]
    plan = builder.plan([(contest, [[0], []]) for contest in contests])
    plan.manifest["opens"] = 1_800_000_000
    plan.entries = [*(json.loads(entry) for entry in entries), *plan.entries[1:]]
    for entry in plan.entries[len(entries) :]:
        for name in ("t", "ts"):
            if name in entry:
                entry[name] += 100_000_000
    change(plan)
    return plan.seal() | files


def found_after_vote(told: Story, change: Callable[[builder.Plan], Any] = lambda _: None) -> dict[str, set[str]]:
    verifier = Verifier(with_vote(told, change), cores=1)
    return {check.id: {problem.code for problem in check.problems} for check in verifier.run() if check.problems}


def test_after_the_vote_both_parts_are_checked_together() -> None:
    assert found_after_vote(story()) == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.manifest["contests"][0]["pro"][0].__setitem__(1, 4_000_000),
        lambda p: p.manifest["contests"][0].update(budget=9_000_000),
        lambda p: p.manifest["contests"][0]["limits"].update(k=1),
        lambda p: p.manifest["contests"][0]["rule"].update(skip=False),
    ],
)
def test_a_manifest_that_is_not_the_list_fails_p4(change: Callable[[builder.Plan], Any]) -> None:
    assert found_after_vote(story(), change)["P4"] == {"manifest_differs"}


def test_a_manifest_with_other_contests_than_the_list_fails_p4() -> None:
    def fewer(plan: builder.Plan) -> None:
        plan.manifest["contests"].pop()

    assert "manifest_contests" in found_after_vote(story(), fewer)["P4"]


def test_a_list_that_was_exchanged_fails_p4() -> None:
    members = story().seal()
    name = next(name for name, body in members.items() if b'"contests":' in body and name.startswith("process/"))
    assert found(members | {name: members[name].replace(b"5000000", b"4000000")})["P4"] == {"act_file"}


@pytest.mark.parametrize(
    "late",
    [cost("p1", 1, version=2, reason_sha256=digest("x")), Step("project.changed", "101", {"code": "101"})],
)
def test_a_change_that_no_list_took_up_fails_p4_once_the_vote_is_open(late: Step) -> None:
    told = story()
    told.steps.append(late)
    assert found(told.seal()) == {}
    assert found_after_vote(told) == {"P4": {"change_not_amended"}}


def test_an_act_after_the_vote_was_opened_fails_p4() -> None:
    told = story()
    told.steps.append(Step("cost.set", "p1", cost("p1", 1, version=2, reason_sha256=digest("x")).content))

    def late(plan: builder.Plan) -> None:
        act = plan.entries.pop(len(told.steps) - 1)
        act["t"] += 200_000_000
        plan.entries.append(act)

    assert found_after_vote(told, late)["P4"] == {"change_after_manifest"}


def test_without_a_manifest_the_command_asks_for_the_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "process.zip"
    path.write_bytes(builder.container(story().seal()))
    assert zipfile.ZipFile(path).testzip() is None
    assert main([str(path), "--key", KEY.vkey]) == 0
    assert "P5   PASS" in capsys.readouterr().out
    assert main([str(path), "--lang", "fi"]) == 1
    assert "--key" in capsys.readouterr().out


def test_every_kind_of_act_of_the_process_is_in_the_story_or_tried_here() -> None:
    told = {step.kind for step in amended().steps} | {"proposal.hidden", "proposal.unmerged", "proposal.unsplit"}
    assert told | {"project.changed"} == set(STEPS)
