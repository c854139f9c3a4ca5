"""The checks P1 to P5 of the process before the vote: docs/schemas/process.md.

What happened to proposals, costs, projects and the ballot list stands in the record as entries; each names a salted
file by its hash. This walks them in order with a table of states of its own, and compares what comes out with the
list that two people fixed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pb_service.verifier.canonical import NotCanonicalError, from_b64u, loads, sha256
from pb_service.verifier.findings import Problem
from pb_service.verifier.manifest import CONTEST_ID, LIMITS, MONEY, RULE, WORDS, Manifest
from pb_service.verifier.shapes import MisshapenError, array, exactly, integer, raw, record, row, text

FOLDER = "process/"
Json = dict[str, Any]

NUMBER = integer(1)
PERSON = text("[0-9a-f]{16}")  # the same person within a round, and nothing else about her
HASH = text("[0-9a-f]{64}")  # in the form that people compare, unlike that of an entry
SALTED = record({"v": exactly(1), "k": text(), "salt": raw(32), "content": lambda _value, _path: None})
LINE = record(
    {"what": text("(?s:.+)"), "quantity": NUMBER, "unit": text("(?s:.*)"), "price": MONEY, "source": text("(?s:.*)")}
)
SHEET = record(
    {"lines": array(LINE), "contingency": MONEY, "round_to": NUMBER, "upkeep": array(LINE)},
    {"low": MONEY, "high": MONEY},
)
LIST = record(
    {
        "v": exactly(1),
        "round": text(),
        "currency": text("[A-Z]{3}"),
        "unit": integer(1),
        "costs": record(
            {"kind": exactly("exact", "class", "range"), "upkeep": exactly("none", "shown", "added")},
            {"counts": exactly("highest", "lowest"), "upkeep_years": NUMBER},
        ),
        "contests": array(
            record(
                {
                    "id": CONTEST_ID,
                    "title": WORDS,
                    "fmt": text(),
                    "budget": MONEY,
                    "limits": LIMITS,
                    "rule": RULE,
                    "projects": array(
                        record(
                            {
                                "id": text(r"(?s:.{1,200})"),
                                "title": WORDS,
                                "text": WORDS,
                                "cost": integer(1),
                                "upkeep": MONEY,
                                "proposals": array(NUMBER, at_least=1),
                                "themes": array(text()),
                            },
                            {
                                "low": MONEY,
                                "high": MONEY,
                                "picture": text(),
                                "alt": WORDS,
                                "place": row(text(), text()),
                            },
                        ),
                        at_least=1,
                    ),
                }
            ),
            at_least=1,
        ),
    }
)

#: States that staff may hide a proposal from.
SEEN = (
    *("received", "returned", "published", "rejected", "assessed", "infeasible"),
    *("on_ballot", "merged", "split", "withdrawn"),
)
#: For each kind that moves one proposal: from which states, to which (None: it stays).
MOVES: dict[str, tuple[tuple[str | None, ...], str | None]] = {
    "proposal.received": ((None,), "received"),
    "proposal.published": (("received",), "published"),
    "proposal.returned": (("received", "published"), "returned"),
    "proposal.rejected": (("received", "returned", "published"), "rejected"),
    "proposal.withdrawn": (("received", "returned", "published", "assessed"), "withdrawn"),
    "proposal.hidden": (SEEN, "hidden"),
    "review.requested": (("rejected", "infeasible"), None),
}
#: The states in which a text may change; an answer to a return brings the proposal back.
CHANGED = {"received": None, "published": None, "assessed": None, "returned": "received"}
TOGETHER = ("published", "assessed")  # states in which proposals are merged and split

#: What may still stand in the record after the list is fixed. Costs and projects then need a list that amends it.
LATE = ("proposal.hidden", "review.requested")
AMENDED = ("cost.set", "cost.signed", "project.changed")


@dataclass(frozen=True)
class Act:
    """An entry of the process with what its file says; an empty content when the file is missing or wrong."""

    index: int
    kind: str
    object: str
    content: Json


@dataclass
class Cost:
    """The cost sheets of one proposal or project: the newest, and the newest that a second person signed."""

    newest: Json
    signed: Json | None = None


@dataclass
class Project:
    """A project: its contest, and the proposals it came from."""

    contest: str
    proposals: list[int]


@dataclass
class Listed:
    """A ballot list as fixed or amended: at which entry, and its document if the bundle has it."""

    index: int
    document: Json | None


@dataclass
class Refusal:
    """A decision against a proposal: by whom, and the review that was asked for, if any."""

    entry: int
    decider: str
    is_asked: bool = False


@dataclass
class Process:
    """Walks the record once. Afterwards ``problems`` and ``figures`` hold what each check found."""

    CHECKS: ClassVar = ("P1", "P2", "P3", "P4", "P5")

    entries: Sequence[bytes]
    members: Mapping[str, bytes]
    manifest: Manifest | None = None
    problems: dict[str, list[Problem]] = field(default_factory=lambda: {name: [] for name in Process.CHECKS})
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)  # members that an act names
    acts: list[Act] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)
    texts: dict[int, int] = field(default_factory=dict)  # the newest version of each proposal
    goes_on: dict[int, list[int]] = field(default_factory=dict)  # as which others a proposal goes on
    refusals: dict[int, Refusal] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    lists: list[Listed] = field(default_factory=list)
    loose: list[Act] = field(default_factory=list)  # changes after the list that no amendment has taken up
    has_manifest: bool = False

    def run(self) -> None:
        """Every check, as far as the one before allows."""
        for index, data in enumerate(self.entries):
            self._read(index, data)
        if self.has_manifest:
            for act in self.loose:
                self._problem("P4", "change_not_amended", entry=act.index, kind=act.kind, object=act.object)
        final = self.lists[-1].document if self.lists else None
        if final is not None:
            self._manifest(final)
        for number in self.states:
            self._goes_on(number)
        projects = sum(len(contest["projects"]) for contest in final["contests"]) if final else 0
        self.figures = {
            "P1": {"acts": len(self.acts), "proposals": len(self.states)},
            "P2": {"projects": projects},
            "P3": {"projects": projects, "proposals": len(self.states)},
            "P4": {"lists": len(self.lists), "waiting": len(self.loose)},
            "P5": {"refusals": self._count("proposal.rejected", "assessment.decided", "review.decided")},
        }

    @property
    def is_fixed(self) -> bool:
        """Whether the ballot list is fixed."""
        return bool(self.lists)

    def _count(self, *kinds: str) -> int:
        return sum(act.kind in kinds and act.content.get("feasible") is not True for act in self.acts)

    # --- reading

    def _read(self, index: int, data: bytes) -> None:
        try:
            entry = loads(data)
        except NotCanonicalError:
            return  # V3 says so
        kind = entry.get("k") if type(entry) is dict else None
        if kind == "manifest":
            self.has_manifest = True
        steps = STEPS.get(kind) if type(kind) is str else None
        if steps is None or type(entry.get("o")) is not str:
            return
        act = Act(index, str(kind), entry["o"], self._content(index, entry, steps[0]))
        self.acts.append(act)
        self._after_the_list(act)
        steps[1](self, act)

    def _content(self, index: int, entry: Json, shape: Callable[[Any, str], None]) -> Json:
        """What the file of an act says. Without it only the kind of the act is known."""
        try:
            name = self._name(from_b64u(entry.get("h", ""), 32).hex())
        except (ValueError, AttributeError):
            return {}  # V3 says so
        if name not in self.members:
            self._problem("P1", "missing", member=name)
            return {}
        try:
            salted = loads(self.members[name])
            SALTED(salted, "")
            shape(salted["content"], "content")
        except NotCanonicalError:
            self._problem("P1", "not_canonical", member=name)
            return {}
        except MisshapenError as error:
            self._problem("P1", "misshapen", member=name, path=str(error) or ".")
            return {}
        if sha256(self.members[name]) != from_b64u(entry["h"], 32) or salted["k"] != entry["k"]:
            self._problem("P1", "act_file", entry=index, member=name)
            return {}
        content: Json = salted["content"]
        return content

    def _name(self, digest: str) -> str:
        """The member that holds a file of this hash; whoever names it makes it belong to the bundle."""
        name = f"{FOLDER}{digest}.json"
        self.known.add(name)
        return name

    def _text(self, act: Act, name: str) -> None:
        """A text or sheet that an act names by hash need not be in the bundle; if it is, it has that hash."""
        member = self._name(act.content[name])
        if member in self.members and sha256(self.members[member]).hex() != act.content[name]:
            self._problem("P1", "act_file", entry=act.index, member=member)

    # --- P1: the acts of each object follow the table of states

    def number(self, act: Act) -> int | None:
        """The proposal that an act is about."""
        digits = act.object.removeprefix("p")
        if digits.isascii() and digits.isdecimal() and digits != act.object and act.content.get("number") in (
            None,
            int(digits),
        ):  # fmt: skip
            return int(digits)
        self._problem("P1", "act_object", entry=act.index, object=act.object)
        return None

    def move(self, act: Act, number: int, sources: Sequence[str | None], target: str | None) -> bool:
        """Takes a proposal to a state, if it may go there from where it stands."""
        state = self.states.get(number)
        if state not in sources:
            at: dict[str, str | int] = {"entry": act.index, "kind": act.kind, "object": f"p{number}"}
            self._problem("P1", "act_state", **at, state=state or "-")
            return False
        if target is not None:
            self.states[number] = target
        return True

    def simple(self, act: Act) -> None:
        """An act on one proposal that the table tells whole."""
        number = self.number(act)
        if number is None:
            return
        self.move(act, number, *MOVES[act.kind])
        for name in ("text_sha256", "reason_sha256"):
            if name in act.content:
                self._text(act, name)
        if act.kind == "proposal.received" and act.content:
            self.texts[number] = act.content["version"]
        if act.kind == "proposal.rejected" and act.content:
            self._has(act, "criterion", "no_criterion")
            self._has(act, "reason_sha256", "no_reason")
            self._refused(act, number, act.content["decider"])
        if act.kind == "review.requested":
            self._asked(act, number)

    def changed(self, act: Act) -> None:
        """A new version of a proposal's text."""
        number = self.number(act)
        if number is None:
            return
        self.move(act, number, tuple(CHANGED), CHANGED.get(self.states.get(number, "")))
        if act.content:
            self._text(act, "text_sha256")
            if act.content["version"] != self.texts.get(number, 0) + 1:
                self._problem("P1", "act_version", entry=act.index, object=act.object, version=act.content["version"])
            self.texts[number] = act.content["version"]

    def merged(self, act: Act) -> None:
        """Several proposals go on as one of them or as another."""
        if not act.content:
            return
        into = act.content["into"]
        self.move(act, into, TOGETHER, None)
        for number in act.content["from"]:
            if number != into and self.move(act, number, TOGETHER, "merged"):
                self.goes_on[number] = [into]

    def unmerged(self, act: Act) -> None:
        """A merge is undone: what had gone on as another goes on by itself."""
        for number in act.content.get("from", ()):
            if self.move(act, number, ("merged",), "published"):
                self.goes_on.pop(number, None)

    def split(self, act: Act) -> None:
        """One proposal goes on as several new ones."""
        if not act.content:
            return
        if self.move(act, act.content["from"], TOGETHER, "split"):
            self.goes_on[act.content["from"]] = list(act.content["into"])
        for number in act.content["into"]:
            self.move(act, number, (None,), "published")
            self.texts[number] = 1

    def unsplit(self, act: Act) -> None:
        """A split is undone: the proposal goes on by itself, and its parts as the proposal."""
        if not act.content:
            return
        whole = act.content["from"]
        if self.move(act, whole, ("split",), "published"):
            self.goes_on.pop(whole, None)
        for number in act.content["into"]:
            if self.move(act, number, TOGETHER, "merged"):
                self.goes_on[number] = [whole]

    def assessed(self, act: Act) -> None:
        """The decision on feasibility."""
        number = self.number(act)
        if number is None or not act.content:
            return
        feasible = act.content["feasible"]
        self.move(act, number, TOGETHER, "assessed" if feasible else "infeasible")
        failed = [point for point in act.content["criteria"] if not point["ok"]]
        if feasible == bool(failed):
            self._problem("P5", "no_criterion", entry=act.index, object=act.object)
        for point in failed:
            if "reason_sha256" not in point:
                self._problem("P5", "no_reason", entry=act.index, object=act.object)
            else:
                self._name(point["reason_sha256"])
        if not feasible:
            self._refused(act, number, act.content["decider"])

    def reviewed(self, act: Act) -> None:
        """The decision of a review: another person's, on a request, with a reason."""
        number = self.number(act)
        if number is None:
            return
        refusal = self.refusals.get(number)
        if refusal is None or not refusal.is_asked:
            self._problem("P5", "not_asked", entry=act.index, object=act.object)
        if not act.content:
            return
        reinstated = act.content["outcome"] == "reinstated"
        self.move(act, number, ("rejected", "infeasible"), "published" if reinstated else None)
        if self._has(act, "reason_sha256", "no_reason"):
            self._text(act, "reason_sha256")
        if refusal is not None:
            refusal.is_asked = False
            if refusal.decider == act.content["decider"]:
                self._problem("P5", "same_decider", entry=act.index, first=refusal.entry, object=act.object)

    def _has(self, act: Act, name: str, code: str) -> bool:
        if name not in act.content:
            self._problem("P5", code, entry=act.index, object=act.object)
        return name in act.content

    def _refused(self, act: Act, number: int, decider: str) -> None:
        self.refusals[number] = Refusal(act.index, decider)

    def _asked(self, act: Act, number: int) -> None:
        refusal = self.refusals.get(number)
        if refusal is None or refusal.is_asked:
            self._problem("P1", "asked_twice", entry=act.index, object=act.object)
        else:
            refusal.is_asked = True

    # --- P2: costs

    def cost_set(self, act: Act) -> None:
        """A new version of a cost sheet; after a signed one it needs a reason."""
        if not act.content:
            return
        self._text(act, "lines_sha256")
        before = self.costs.get(act.object)
        if act.content["version"] != (before.newest["version"] if before else 0) + 1:
            self._problem("P1", "act_version", entry=act.index, object=act.object, version=act.content["version"])
        if before and before.signed and "reason_sha256" not in act.content:
            self._problem("P2", "cost_reason", entry=act.index, object=act.object)
        self.costs[act.object] = Cost(act.content, before.signed if before else None)

    def cost_signed(self, act: Act) -> None:
        """A second person signs the newest version of a cost sheet."""
        if not act.content:
            return
        cost = self.costs.get(act.object)
        if cost is None or cost.newest["version"] != act.content["version"] or cost.signed is cost.newest:
            self._problem("P1", "act_version", entry=act.index, object=act.object, version=act.content["version"])
            return
        if cost.newest["by"] == act.content["signer"]:
            self._problem("P2", "cost_own_hand", entry=act.index, object=act.object)
        cost.signed = cost.newest

    def _costs_of_list(self, final: Json) -> None:
        for contest in final["contests"]:
            for listed in contest["projects"]:
                signed = self._signed_cost(listed)
                if signed is None:
                    self._problem("P2", "cost_not_signed", project=listed["id"])
                    continue
                expected = {name: signed[name] for name in ("low", "high", "upkeep") if name in signed}
                stated = {name: listed[name] for name in ("low", "high", "upkeep") if name in listed}
                if listed["cost"] != signed["amount"] or stated != expected:
                    at: dict[str, str | int] = {"cost": listed["cost"], "signed": signed["amount"]}
                    self._problem("P2", "cost_differs", project=listed["id"], **at)
                self._sheet(listed["id"], signed, final["costs"])

    def _sheet(self, code: str, signed: Json, terms: Json) -> None:
        """A sheet that is there comes to the amount and the upkeep that were signed, under the terms of the list."""
        name = f"{FOLDER}{signed['lines_sha256']}.json"
        if name not in self.members:
            return
        try:
            sheet = loads(self.members[name])
            SHEET(sheet, "")
        except (NotCanonicalError, MisshapenError):
            self._problem("P2", "misshapen", member=name, path=".")
            return
        total, upkeep = sheet_total(sheet), sum(map(line_sum, sheet["upkeep"]))
        low, high = signed.get("low"), signed.get("high")
        within = True
        if terms["kind"] != "exact":
            within = low is not None and high is not None and low <= total <= high
            total = (high if terms.get("counts") == "highest" else low) or 0
        if terms["upkeep"] == "added":
            total += upkeep * terms.get("upkeep_years", 1)
        if not within or (total, upkeep) != (signed["amount"], signed["upkeep"]):
            self._problem("P2", "cost_sheet", project=code, cost=signed["amount"], computed=total)

    def _signed_cost(self, listed: Json) -> Json | None:
        """The last signed cost of a project: its own, or that of the one proposal that it came from."""
        own = self.costs.get(listed["id"])
        if own is None and len(listed["proposals"]) == 1:
            own = self.costs.get(f"p{listed['proposals'][0]}")
        return own.signed if own else None

    # --- P3: projects and the proposals they came from

    def project_made(self, act: Act) -> None:
        """Proposals found feasible become a project of a ballot."""
        if not act.content:
            return
        if act.content["code"] != act.object or act.object in self.projects:
            self._problem("P3", "project_twice", entry=act.index, project=act.object)
        self.projects[act.object] = Project(act.content["contest"], list(act.content["proposals"]))
        for number in act.content["proposals"]:
            self.move(act, number, ("assessed",), "on_ballot")

    def project_changed(self, act: Act) -> None:
        """A project changes; with `proposals` others stand behind it, none when it is taken off."""
        project = self.projects.get(act.object)
        if project is None:
            self._problem("P3", "project_unknown", entry=act.index, project=act.object)
            return
        project.contest = act.content.get("contest", project.contest)
        now = act.content.get("proposals", project.proposals)
        for number in project.proposals:
            if number not in now:
                self.move(act, number, ("on_ballot",), "assessed")
        for number in now:
            if number not in project.proposals:
                self.move(act, number, ("assessed",), "on_ballot")
        project.proposals = list(now)

    def _sources(self, final: Json) -> None:
        listed_codes = set()
        for contest in final["contests"]:
            for listed in contest["projects"]:
                listed_codes.add(listed["id"])
                project = self.projects.get(listed["id"])
                if project is None or project.contest != contest["id"]:
                    self._problem("P3", "project_unknown", entry=self.lists[-1].index, project=listed["id"])
                elif sorted(project.proposals) != listed["proposals"]:
                    self._problem("P3", "project_sources", project=listed["id"])
                for number in listed["proposals"]:
                    if self.states.get(number) not in ("on_ballot", "hidden"):
                        self._problem("P3", "source_state", project=listed["id"], object=f"p{number}")
        for code, project in self.projects.items():
            if project.proposals and code not in listed_codes:
                self._problem("P3", "project_left_out", project=code)

    def _goes_on(self, number: int) -> None:
        """Every proposal that was merged or split goes on as one that is there, not in a circle."""
        seen, waiting = set(), [number]
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            others = self.goes_on.get(current, [])
            if number in others:
                self._problem("P3", "circle", object=f"p{number}")
                return
            waiting += others
            for other in others:
                if other not in self.states:
                    self._problem("P3", "source_unknown", object=f"p{current}", other=f"p{other}")

    # --- P4: the list

    def listed(self, act: Act) -> None:
        """The list is fixed by two people, once, or amended."""
        first = act.kind == "list.fixed"
        if first == self.is_fixed:
            self._problem("P4", "list_order", entry=act.index, kind=act.kind)
        if not act.content:
            return
        if len(set(act.content["confirmed"])) != 2:
            self._problem("P4", "list_one_person", entry=act.index)
        if "reason_sha256" in act.content:
            self._text(act, "reason_sha256")
        elif not first:
            self._problem("P4", "amendment_reason", entry=act.index)
        listed = Listed(act.index, self._list(act))
        self.lists.append(listed)
        self.loose.clear()
        if listed.document is not None:
            self._costs_of_list(listed.document)
            self._sources(listed.document)

    def _list(self, act: Act) -> Json | None:
        name = self._name(act.content["list_sha256"])
        if name not in self.members:
            self._problem("P4", "missing", member=name)
            return None
        if sha256(self.members[name]).hex() != act.content["list_sha256"]:
            self._problem("P4", "act_file", entry=act.index, member=name)
            return None
        try:
            document = loads(self.members[name])
            LIST(document, "")
        except NotCanonicalError:
            self._problem("P4", "not_canonical", member=name)
            return None
        except MisshapenError as error:
            self._problem("P4", "misshapen", member=name, path=str(error) or ".")
            return None
        return dict(document)

    def _after_the_list(self, act: Act) -> None:
        """Nothing changes after the list is fixed except by amendment, and nothing at all after the manifest.

        Until there is a manifest a change may still wait for the list that takes it up.
        """
        harmless = act.kind in LATE or (act.kind == "review.decided" and act.content.get("outcome") == "upheld")
        if harmless:
            return
        at: dict[str, str | int] = {"entry": act.index, "kind": act.kind, "object": act.object}
        if self.has_manifest:
            self._problem("P4", "change_after_manifest", **at)
        elif self.is_fixed and act.kind in AMENDED:
            self.loose.append(act)
        elif self.is_fixed and act.kind not in ("list.fixed", "list.amended"):
            self._problem("P4", "change_after_list", **at)

    def _manifest(self, final: Json) -> None:
        """The manifest takes the last list as it stands: projects, order, costs, budgets, limits and rules."""
        if self.manifest is None:
            return
        stated = {contest.id: contest for contest in self.manifest.contests}
        if list(stated) != [contest["id"] for contest in final["contests"]]:
            self._problem("P4", "manifest_contests")
            return
        for listed in final["contests"]:
            contest = stated[listed["id"]]
            rule = {name: value for name, value in contest.rule.items() if name != "draw"}
            same = (
                list(contest.ids) == [project["id"] for project in listed["projects"]]
                and list(contest.costs) == [project["cost"] for project in listed["projects"]]
                and contest.budget == listed["budget"]
                and contest.fmt == listed["fmt"]
                and contest.limits == listed["limits"]
                and rule == listed["rule"]
            )
            if not same:
                self._problem("P4", "manifest_differs", contest=listed["id"])

    def _problem(self, check: str, code: str, **at: str | int) -> None:
        self.problems[check].append(Problem(code, at))


def line_sum(line: Json) -> int:
    """What a line of a sheet costs: its quantity in thousandths by its price, rounded half up."""
    return int((2 * line["quantity"] * line["price"] + 1000) // 2000)


def sheet_total(sheet: Json) -> int:
    """What a sheet comes to: its lines, the contingency rounded half up, and rounding up to whole steps."""
    lines = sum(map(line_sum, sheet["lines"]))
    whole = lines + (2 * lines * sheet["contingency"] + 1000) // 2000
    return int(whole + -whole % sheet["round_to"])


# --- what each kind of act says, and what it does

ANY: dict[str, Any] = {"number": NUMBER}
COST_OF: dict[str, Any] = {"number": NUMBER, "project": text()}
STEPS: dict[str, tuple[Callable[[Any, str], None], Callable[[Process, Act], None]]] = {}


def _open(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Callable[[Any, str], None]:
    """An object with these fields; what else is in it does not matter here."""
    known = required | (optional or {})
    strict = record(required, optional)

    def check(value: Any, path: str) -> None:
        if type(value) is not dict:
            raise MisshapenError(path)
        strict({name: item for name, item in value.items() if name in known}, path)

    return check


def _define() -> None:
    numbers = array(NUMBER, at_least=1)
    version = {"version": NUMBER, "text_sha256": HASH}
    reason = {"reason_sha256": HASH}
    criteria = array(_open({"key": text(), "ok": exactly(True, False)}, reason))
    merge = _open({"from": numbers, "into": NUMBER})
    part = _open({"from": NUMBER, "into": numbers})
    lists = {"list_sha256": HASH, "confirmed": array(PERSON)}
    costs = {"version": NUMBER, "amount": integer(1), "upkeep": MONEY, "lines_sha256": HASH, "by": PERSON}
    STEPS.update(
        {
            "proposal.received": (_open(version, ANY), Process.simple),
            "proposal.changed": (_open(version, ANY), Process.changed),
            "proposal.published": (_open({}, ANY), Process.simple),
            "proposal.returned": (_open(reason, ANY), Process.simple),
            "proposal.rejected": (_open({"decider": PERSON}, ANY | reason | {"criterion": text()}), Process.simple),
            "proposal.withdrawn": (_open({}, ANY), Process.simple),
            "proposal.hidden": (_open(reason, ANY), Process.simple),
            "proposal.merged": (merge, Process.merged),
            "proposal.unmerged": (merge, Process.unmerged),
            "proposal.split": (part, Process.split),
            "proposal.unsplit": (part, Process.unsplit),
            "assessment.decided": (
                _open({"feasible": exactly(True, False), "criteria": criteria, "decider": PERSON}, ANY),
                Process.assessed,
            ),
            "review.requested": (_open({}, ANY), Process.simple),
            "review.decided": (
                _open({"outcome": exactly("reinstated", "upheld"), "decider": PERSON}, ANY | reason),
                Process.reviewed,
            ),
            "cost.set": (_open(costs, COST_OF | reason | {"low": MONEY, "high": MONEY}), Process.cost_set),
            "cost.signed": (_open({"version": NUMBER, "signer": PERSON}), Process.cost_signed),
            "project.made": (
                _open({"code": text(), "proposals": numbers, "contest": CONTEST_ID}),
                Process.project_made,
            ),
            "project.changed": (
                _open({"code": text()}, reason | {"proposals": array(NUMBER), "contest": CONTEST_ID}),
                Process.project_changed,
            ),
            "list.fixed": (_open(lists), Process.listed),
            "list.amended": (_open(lists, reason), Process.listed),
        }
    )


_define()
