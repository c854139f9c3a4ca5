"""Makes small processes from docs/schemas/process.md alone: proposals, costs, projects and a list, in a record.

`Story` is a list of acts that tests change and `seal`, as somebody who holds the keys could.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.verifier.builder import LOG_KEY, Json, b64u, cj, record, sha

ORIGIN = "example.org/pb/story"
AINO, BERIT, CARL, DORIS = (f"{number:016x}" for number in range(1, 5))
RULE: Json = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"]}


def digest(text: str) -> str:
    """The hash of a text that the bundle does not hold."""
    return sha(text.encode()).hex()


@dataclass
class Step:
    """An act: its kind, what it is about, and what its file says. ``salted``: the file, if it shall be another."""

    kind: str
    object: str
    content: Json
    salted: Json | None = None


@dataclass
class Story:
    """Acts in order, and the lists that they name by ``list`` instead of a hash."""

    steps: list[Step]
    lists: dict[str, Json] = field(default_factory=dict)
    more: dict[str, bytes] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)  # lists that the bundle lacks

    def find(self, kind: str, of: str = "") -> Step:
        """The first act of a kind, about one object or any."""
        return next(step for step in self.steps if step.kind == kind and of in ("", step.object))

    def place(self, kind: str, of: str = "") -> int:
        return self.steps.index(self.find(kind, of))

    def after(self, kind: str, step: Step, of: str = "") -> None:
        """Put an act right behind another."""
        self.steps.insert(self.place(kind, of) + 1, step)

    def drop(self, kind: str, of: str = "") -> None:
        self.steps.remove(self.find(kind, of))

    def parts(self) -> tuple[list[bytes], dict[str, bytes]]:
        """The entries and the files that they name."""
        entries, files = [], dict(self.more)
        for number, step in enumerate(self.steps):
            content = dict(step.content)
            if "list" in content:
                name = content.pop("list")
                body = cj(self.lists[name])
                content["list_sha256"] = sha(body).hex()
                if name not in self.lost:
                    files[f"process/{sha(body).hex()}.json"] = body
            body = cj(
                step.salted or {"v": 1, "k": step.kind, "salt": b64u(sha(str(number).encode())), "content": content}
            )
            files[f"process/{sha(body).hex()}.json"] = body
            fields = {"v": 1, "k": step.kind, "t": 1_700_000_000 + number, "o": step.object, "by": "staff"}
            entries.append(cj(fields | {"h": b64u(sha(body))}))
        return entries, files

    def seal(self) -> dict[str, bytes]:
        """All members of a bundle from before the vote."""
        entries, files = self.parts()
        return files | record(entries, LOG_KEY, ORIGIN)


def received(number: int) -> Step:
    return Step("proposal.received", f"p{number}", {"number": number, "version": 1, "text_sha256": digest(f"{number}")})


def assessed(number: int, *, feasible: bool = True) -> Step:
    point = {"key": "land", "ok": True} if feasible else {"key": "land", "ok": False, "reason_sha256": digest("no")}
    content = {"number": number, "feasible": feasible, "criteria": [{"key": "lawful", "ok": True}, point]}
    return Step("assessment.decided", f"p{number}", content | {"decider": AINO})


def cost(of: str, amount: int, *, version: int = 1, upkeep: int = 100, by: str = BERIT, **more: Any) -> Step:
    content = {"version": version, "kind": "exact", "amount": amount, "upkeep": upkeep, "by": by}
    return Step("cost.set", of, content | {"lines_sha256": digest(f"{of}/{version}")} | more)


def signed(of: str, *, version: int = 1, signer: str = CARL) -> Step:
    return Step("cost.signed", of, {"object": of, "version": version, "signer": signer})


def made(code: str, *numbers: int, contest: str = "north") -> Step:
    return Step(
        "project.made", code, {"code": code, "number": int(code), "proposals": list(numbers), "contest": contest}
    )


def listed(code: str, price: int, *numbers: int) -> Json:
    texts = [["fi", f"Hanke {code}"], ["sv", f"Projekt {code}"]]
    project: Json = {"id": code, "title": texts, "text": texts, "cost": price, "upkeep": 100}
    return project | {"proposals": list(numbers), "themes": []}


def ballot_list(*contests: tuple[str, list[Json]]) -> Json:
    return {
        "v": 1,
        "round": "story",
        "currency": "EUR",
        "unit": 100,
        "costs": {"kind": "exact", "upkeep": "shown"},
        "contests": [
            {
                "id": name,
                "title": [["fi", name]],
                "fmt": "knapsack",
                "budget": 10_000_000,
                "limits": {"blank": True, "cost": 10_000_000},
                "rule": copy.deepcopy(RULE),
                "projects": projects,
            }
            for name, projects in contests
        ],
    }


def story() -> Story:
    """Eight proposals: two merged, one split, one rejected and reinstated, one refused and upheld, one withdrawn."""
    steps = [
        *(received(number) for number in range(1, 8)),
        Step("proposal.returned", "p1", {"number": 1, "reason_sha256": digest("more")}),
        Step("proposal.changed", "p1", {"number": 1, "version": 2, "text_sha256": digest("1/2")}),
        *(Step("proposal.published", f"p{number}", {"number": number}) for number in (1, 2, 4, 5, 6)),
        Step(
            "proposal.rejected",
            "p3",
            {"number": 3, "criterion": "land", "reason_sha256": digest("not ours"), "decider": AINO},
        ),
        Step("review.requested", "p3", {"number": 3}),
        Step(
            "review.decided",
            "p3",
            {"number": 3, "outcome": "reinstated", "decider": DORIS, "reason_sha256": digest("ours")},
        ),
        Step("proposal.withdrawn", "p7", {"number": 7}),
        Step("proposal.merged", "p1", {"from": [2], "into": 1, "supporters": 12}),
        Step("proposal.split", "p4", {"from": 4, "into": [8, 9]}),
        *(assessed(number) for number in (1, 3, 8, 9)),
        *(assessed(number, feasible=False) for number in (5, 6)),
        Step("review.requested", "p5", {"number": 5}),
        Step(
            "review.decided",
            "p5",
            {"number": 5, "outcome": "upheld", "decider": DORIS, "reason_sha256": digest("still")},
        ),
        cost("p1", 5_000_000),
        signed("p1"),
        cost("p3", 900_000),
        cost("p3", 800_000, version=2),
        signed("p3", version=2),
        made("101", 1),
        made("102", 3),
        made("103", 8, 9, contest="south"),
        cost("103", 2_000_000, low=1_000_000, high=2_000_000),
        signed("103"),
        Step("list.fixed", "list", {"list": "first", "confirmed": [CARL, DORIS]}),
    ]
    south = listed("103", 2_000_000, 8, 9) | {"low": 1_000_000, "high": 2_000_000}
    first = ballot_list(("north", [listed("101", 5_000_000, 1), listed("102", 800_000, 3)]), ("south", [south]))
    return Story(steps, {"first": first})


def amended() -> Story:
    """The same story, then a cost that changed after the list was fixed, and the list that takes it up."""
    told = story()
    told.lists["second"] = copy.deepcopy(told.lists["first"])
    told.lists["second"]["contests"][0]["projects"][1]["cost"] = 850_000
    told.steps += [
        cost("p3", 850_000, version=3, reason_sha256=digest("prices rose")),
        signed("p3", version=3),
        Step(
            "list.amended",
            "list",
            {"list": "second", "reason_sha256": digest("prices rose"), "confirmed": [CARL, DORIS]},
        ),
    ]
    return told
