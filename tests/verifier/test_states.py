"""R1 to R4: an honest chain of states passes, and what somebody who holds the keys could publish is found."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from pb_service.verifier.checks import Report, Verifier
from pb_service.verifier.report import as_json, as_text
from tests.verifier import builder
from tests.verifier.builder import Json, b64u, cj, sha
from tests.verifier.forge import CLOSES, Vote, key, public
from tests.verifier.judge import checks
from tests.verifier.test_command import SCHEMA, misfits

DECISION = {"reference": "KH 1", "by": "Board", "on": "2027-06-01"}
REASON = [["en", "A reason."], ["fi", "Syy."]]


class Told:
    """A counted vote and the documents that follow, to be changed before they are hashed, signed and logged."""

    def __init__(self, vote: Vote) -> None:
        self.vote = vote
        self.contests = [self._counted(contest) for contest in vote.manifest["contests"]]
        preliminary: Json = {"k": "result.preliminary", "contests": self.contests}
        confirmed = {"k": "result.confirmed", "contests": self.contests, "before": "", "decision": DECISION}
        code, cost = self.contests[0]["funded"][0]
        amended = self.without(0, code)
        self.documents: list[Json] = [
            preliminary,
            confirmed,
            {"k": "contest.voided", "contest": "delta", "repeated": True, "reason": REASON},
            {
                "k": "result.amended",
                "contests": amended[:3],
                "before": "",
                "reason": REASON,
                "changes": [{"contest": "alfa", "project": code, "funded": False}],
            },
            {
                "k": "result.amended",
                "contests": self._cheaper(amended[:3], code, cost - 1),
                "before": "",
                "reason": REASON,
                "changes": [{"contest": "alfa", "project": code, "funded": True, "cost": cost - 1}],
                "decision": {"reference": "KH 2"},
            },
        ]
        self.signers: list[list[str]] = [[], *([["reg", "aud"]] * 4)]
        self.salted: dict[int, Json] = {}  # instead of the file of a document
        self.lost: set[int] = set()

    def _counted(self, contest: Json) -> Json:
        outcome = json.loads(self.vote.files[f"outcomes/{contest['id']}.json"])
        funded = [list(contest["pro"][number]) for number in outcome["winners"]]
        named = b64u(sha(self.vote.files[f"outcomes/{contest['id']}.json"]))
        return {"id": contest["id"], "outcome": named, "budget": contest["budget"], "funded": funded}

    def without(self, place: int, code: str) -> list[Json]:
        found = copy.deepcopy(self.contests)
        found[place]["funded"] = [pair for pair in found[place]["funded"] if pair[0] != code]
        return found

    def _cheaper(self, contests: list[Json], code: str, cost: int) -> list[Json]:
        found = copy.deepcopy(contests)
        found[0]["funded"] = sorted([*found[0]["funded"], [code, cost]], key=self._place)
        return found

    def _place(self, pair: list[Any]) -> int:
        return [code for code, _ in self.vote.manifest["contests"][0]["pro"]].index(pair[0])

    def members(self) -> dict[str, bytes]:
        """The bundle of all of it."""
        vote = copy.copy(self.vote)
        vote.entries, vote.files = list(vote.entries), dict(vote.files)
        before = ""
        for number, document in enumerate(self.documents, 1):
            time = CLOSES + 6000 + number
            content: Json = {"v": 1, "e": b64u(vote.eid)} | copy.deepcopy(document)
            if content.get("before") == "":
                content["before"] = before
            signers = self.signers[number - 1]
            if signers:
                message = b"pb/sig/" + content["k"].encode() + b"\0" + cj(content)
                pairs = sorted([name, b64u(vote.keys[name].sign(message))] for name in signers)
                content["sg"] = document.get("sg", pairs)
            content = {"t": time} | content
            salted = {"v": 1, "k": document["k"], "salt": b64u(sha(bytes([number]))), "content": content}
            file = cj(self.salted.get(number, salted))
            if number not in self.lost:
                vote.files[f"states/{number}.json"] = file
            named = b64u(sha(cj(salted)))
            vote.add(builder.stage(document["k"], time) | {"h": named})
            before = before if document["k"] == "contest.voided" else named
        return vote.files | vote.record()


class TakesOff(Vote):
    """A second auditor whose key the record takes off again before the close."""

    def vote(self) -> None:
        self.keys["aud2"] = key("aud2")
        self.add(self.of("key", id="aud2", role="auditor", pk=b64u(public(self.keys["aud2"]))), "reg", "aud")
        self.add(self.of("key", id="aud2", off=True), "reg", "aud")
        super().vote()


@pytest.fixture(scope="module")
def counted() -> Vote:
    return TakesOff().run()


def failed(told: Told) -> dict[str, set[str]]:
    """What each check found that did not pass, by code."""
    found = checks(told.members())
    return {name: {problem.code for problem in check.problems} for name, check in found.items() if check.problems}


def test_an_honest_chain_of_states_passes_and_the_report_says_what_stands(counted: Vote) -> None:
    """Preliminary, confirmed, a contest void, amended twice: the newest document stands, the void contest is named."""
    verifier = Verifier(Told(counted).members(), cores=1)
    found = {check.id: check for check in verifier.run()}
    assert [found[name].status for name in ("R1", "R2", "R3", "R4")] == ["pass"] * 4
    assert found["R2"].figures == {"signatures": 8}
    assert found["R4"].figures == {"contests": 3, "void": 1}
    report = Report("", 0, list(found.values()), verifier.manifest, verifier.checkpoint, [], verifier.sealed)
    report.states = verifier.states
    whole = json.loads(as_json(report, "en"))
    assert misfits(whole, SCHEMA) == []
    said = whole["result"]
    assert (said["state"], said["document"], said["documents"], said["void"]) == ("amended", 5, 5, ["delta"])
    assert said["contests"][0]["cost"] == sum(cost for _, cost in Told(counted).contests[0]["funded"]) - 1
    assert [contest["id"] for contest in said["contests"]] == ["alfa", "beta", "gamma"]
    texts = [as_text(report, language) for language in ("en", "fi", "sv")]
    assert all("delta" in text and "KH 1" not in text for text in texts)
    assert "delta: void; its count decides nothing" in texts[0]


def test_a_record_that_tells_of_no_state_has_no_such_check(counted: Vote) -> None:
    told = Told(counted)
    told.documents, told.signers = [], []
    assert not {"R1", "R2", "R3", "R4"} & checks(told.members()).keys()


def test_a_contest_may_be_void_before_the_count(counted: Vote) -> None:
    """Then no document says what it would have funded."""
    told = Told(counted)
    told.documents[0]["contests"] = told.documents[1]["contests"] = told.contests[:3]
    told.documents = [told.documents[2], *told.documents[:2]]
    told.signers = [told.signers[1], [], told.signers[1]]
    assert failed(told) == {}
    told.documents[1]["contests"] = told.contests
    assert failed(told)["R4"] == {"state_funded"}


def _document(place: int, **fields: Any) -> Callable[[Told], Any]:
    return lambda told: told.documents[place].update(fields)


def _fund(told: Told, place: int) -> None:
    """A document funds a project that nothing gave the money."""
    contests = copy.deepcopy(told.documents[place]["contests"])
    contests[0]["funded"] = contests[0]["funded"][1:]
    told.documents[place]["contests"] = contests


def _drop(told: Told, place: int) -> None:
    del told.documents[place], told.signers[place]


def _again(told: Told, place: int) -> None:
    told.documents.insert(place, copy.deepcopy(told.documents[place]))
    told.signers.insert(place, told.signers[place])


def _change(told: Told, **fields: Any) -> None:
    told.documents[4]["changes"][0].update(fields)


def _over_budget(told: Told) -> None:
    """Everything is put on the list at its own cost."""
    pro = told.vote.manifest["contests"][0]["pro"]
    funded = {code for code, _ in told.documents[3]["contests"][0]["funded"]}
    told.documents[4]["changes"] = [
        {"contest": "alfa", "project": code, "funded": True, "cost": cost} for code, cost in pro if code not in funded
    ]
    told.documents[4]["contests"][0]["funded"] = [list(pair) for pair in pro]


def _another_file(told: Told) -> None:
    told.salted[2] = {"v": 1, "k": "result.confirmed", "salt": b64u(bytes(32)), "content": {}}


def _swap(told: Told) -> None:
    """The file of the amendment stands where the record names the confirmation."""
    honest = decoded(told.members()["states/4.json"])
    told.salted[2] = honest


def _twice(told: Told) -> None:
    told.documents[3]["changes"] *= 2


def decoded(body: bytes) -> Json:
    found: Json = json.loads(body)
    return found


NOTHING = b64u(bytes(64))
FORGERIES: list[tuple[str, Callable[[Told], Any], str, str]] = [
    ("a document is kept back", lambda t: t.lost.add(2), "R1", "missing"),
    ("a document is another than the one logged", _swap, "R1", "act_file"),
    ("a document is none", _another_file, "R1", "misshapen"),
    ("a document of another election", _document(1, e=b64u(bytes(32))), "R1", "other_election"),
    ("a document of another time", _document(1, t=CLOSES), "R1", "state_time"),
    ("no such state", _document(4, k="result.corrected"), "R1", "state_kind"),
    ("one person signs", lambda t: t.signers.__setitem__(1, ["reg"]), "R2", "signers"),
    ("two officers sign", lambda t: t.signers.__setitem__(1, ["desk1", "desk2"]), "R2", "signers"),
    ("the operator signs", lambda t: t.signers.__setitem__(3, ["op", "aud"]), "R2", "signers"),
    ("a key that was taken off signs", lambda t: t.signers.__setitem__(2, ["reg", "aud2"]), "R2", "signers"),
    ("signatures of nothing", _document(1, sg=[["aud", NOTHING], ["reg", NOTHING]]), "R2", "signature"),
    ("no preliminary result", lambda t: _drop(t, 0), "R3", "state_before"),
    ("a second preliminary result", lambda t: _again(t, 0), "R3", "state_again"),
    ("confirmed twice", lambda t: _again(t, 1), "R3", "state_again"),
    ("an amendment passes over the confirmation", _document(3, before=b64u(sha(b"other"))), "R3", "state_before"),
    ("a void contest that is none", _document(2, contest="omega"), "R3", "void_contest"),
    ("void twice", lambda t: _again(t, 2), "R3", "void_contest"),
    ("the count says otherwise", lambda t: _fund(t, 0), "R4", "state_funded"),
    ("the confirmation says otherwise", lambda t: _fund(t, 1), "R4", "state_funded"),
    ("an amendment does more than it says", lambda t: _fund(t, 3), "R4", "state_funded"),
    ("a void contest goes on", lambda t: t.documents[3].update(contests=t.without(0, "x")), "R4", "state_funded"),
    ("dearer than on the ballot", lambda t: _change(t, cost=10**9), "R4", "change_dearer"),
    ("an unknown project", lambda t: _change(t, project="nothing"), "R4", "change_unknown"),
    ("a change that is none", _twice, "R4", "change_nothing"),
    ("more than the budget", _over_budget, "R4", "change_budget"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "check", "code"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES])
def test_a_forged_state_fails_its_check(counted: Vote, change: Callable[[Told], Any], check: str, code: str) -> None:
    told = Told(counted)
    change(told)
    found = failed(told)
    assert code in found[check]
    assert not {name for name in found if name.startswith("V")} - ({"V3"} if check == "R1" else set())


def test_a_document_that_no_entry_names_does_not_belong(counted: Vote) -> None:
    members = Told(counted).members()
    found = checks(members | {"states/6.json": members["states/5.json"]})
    assert [problem.code for problem in found["V3"].problems] == ["extra"]


class Early(Vote):
    """An operator who says the result before it is counted."""

    def close(self) -> None:
        content: Json = {"v": 1, "k": "result.preliminary", "e": b64u(self.eid), "t": CLOSES + 1400, "contests": []}
        file = cj({"v": 1, "k": content["k"], "salt": b64u(bytes(32)), "content": content})
        self.files["states/1.json"] = file
        self.add(builder.stage("result.preliminary", CLOSES + 1400) | {"h": b64u(sha(file))})
        super().close()


def test_no_result_is_stated_before_the_count() -> None:
    found = checks(Early().members())
    assert [problem.code for problem in found["R3"].problems] == ["state_early"]
