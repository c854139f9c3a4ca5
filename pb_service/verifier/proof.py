"""The checks T1 to T7 of a result of `pb tally` against its file of votes (docs/schemas/tally.md)."""

import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pb_service.verifier import counted, tally
from pb_service.verifier.canonical import sha256
from pb_service.verifier.checks import FAIL, NOT_APPLICABLE, NOT_CHECKED, PASS, Check
from pb_service.verifier.container import read_file
from pb_service.verifier.counted import contest_of, decimal, fraction, read_result
from pb_service.verifier.findings import Found, Problem
from pb_service.verifier.manifest import Contest
from pb_service.verifier.tally.election import Election, Progress
from pb_service.verifier.votes import LARGEST, Votes, read_votes
from pb_service.verifier.walk import Walk

CHECKS = ("T1", "T2", "T3", "T4", "T5", "T6", "T7")
SHARED = ("ties", "draw", "per_cost", "mandatory", "exclusive", "categories")
Json = dict[str, Any]


@dataclass
class TallyReport:
    """Everything that was found about one result, without a word of any language."""

    result_sha256: str
    votes_sha256: str
    checks: list[Check]
    is_quick: bool

    @property
    def is_pass(self) -> bool:
        """Whether every check passed or does not apply."""
        return all(check.status in (PASS, NOT_APPLICABLE) for check in self.checks)


def verify_tally(
    result: str, votes: str, *, is_quick: bool = False, progress: Progress = lambda _contest, _increments: None
) -> TallyReport:
    """The report on the result at one path of the votes at another. Raises Unreadable."""
    # Fractions grow with every purchase; their length is bounded by the form of the result instead.
    sys.set_int_max_str_digits(counted.DIGITS + 1)
    data = read_file(result, counted.LARGEST, "too_large_result")
    ballots = read_file(votes, LARGEST, "too_large_votes")
    checks = _checks(data, result, read_votes(ballots, votes), is_quick=is_quick, progress=progress)
    return TallyReport(sha256(data).hex(), sha256(ballots).hex(), checks, is_quick)


def _checks(data: bytes, path: str, votes: Votes, *, is_quick: bool, progress: Progress) -> list[Check]:
    try:
        result = read_result(data, path)
        prover = Prover(result, votes, contest_of(result, votes))
    except Found as found:
        first = Check("T1", FAIL, {"projects": len(votes.ids), "ballots": len(votes.ballots)}, [found.problem])
        return [first, *(Check(name, NOT_CHECKED, reason="no_result") for name in CHECKS[1:])]
    checks = prover.run()
    if is_quick:
        return [*checks, Check("T7", NOT_APPLICABLE, reason="quick")]
    return [*checks, prover.recount(progress)]


class Prover:
    """Holds a result of the right form against its election."""

    def __init__(self, result: Json, votes: Votes, contest: Contest) -> None:
        self.result, self.contest, self.ballots, self.channels = result, contest, votes.ballots, votes.channels
        self.proof = result["certificate"]
        self.election = Election(contest, votes.ballots, votes.channels)
        self.number = {name: number for number, name in enumerate(contest.ids)}

    def run(self) -> list[Check]:
        """T1 to T6."""
        compare, problems = self.result.get("compare"), []
        if (compare is None) != ("other" not in self.proof) or (compare is None) == ("compare" in self.contest.rule):
            problems.append(Problem("stages"))
        is_greedy = compare is not None and compare["taken"] == "greedy"
        main, other = self._walk(self.proof, is_greedy=is_greedy, problems=problems), None
        if compare is not None and "other" in self.proof:
            other = self._walk(self.proof["other"], is_greedy=not is_greedy, problems=problems)
        walks = [walk for walk in (main, other) if walk is not None]
        if main is None or problems:
            unmade = [Check(name, NOT_CHECKED, reason="no_certificate") for name in CHECKS[1:6]]
            return [self._reading(problems or [Problem("stages")]), *unmade]
        if self.proof["method"] == "bound":
            main.won = {self.number[name] for name in self.result["winners"] if name in self.number}
            main.won -= self.election.mandatory
        won = self.election.mandatory | main.won
        further = [problem for walk in walks for problem in walk.further] + self._shown_after()
        stages = Check("T5", NOT_APPLICABLE, reason="no_stages")
        if compare is not None or "after" in self.proof or "then" in self.proof:
            if compare is not None and other is not None:
                further += self._comparison(compare, won, self.election.mandatory | other.won, other)
            stages = _settled(Check("T5", PASS, {"stages": self._stages()}, further))
        return [
            self._reading([]),
            _settled(Check("T2", PASS, self._sums(won), self._winners(won, main))),
            _settled(Check("T3", PASS, {"steps": len(self.proof.get("rounds", ()))}, self._steps(walks))),
            _settled(Check("T4", PASS, {}, [problem for walk in walks for problem in walk.end])),
            stages,
            _settled(Check("T6", PASS, {"ties": len(main.ties)}, self._ties(main))),
        ]

    def recount(self, progress: Progress) -> Check:
        """T7: the whole count, from the first step, by the implementation that counts evidence bundles."""
        outcome = tally.outcome(self.contest, bytes(32), self.ballots, progress, self.channels)
        names = self.contest.ids
        expected: Json = {
            "winners": sorted(names[project] for project in outcome["winners"]),
            "cost": decimal(outcome["cost"], self.contest.unit),
            "steps": [names[step["i"]] for step in outcome["steps"]],
            "endowment": outcome.get("endowment"),
            "increments": outcome.get("increments"),
            "stop": outcome.get("stop"),
            "welfare": outcome.get("welfare"),
            "tied": [[names[project] for project in tie["order"]] for tie in outcome["ties"]],
        }
        stated = {name: self.result.get(name) for name in expected}
        stated["steps"] = [step["project"] for step in self.result["steps"]]
        stated["tied"] = [tie["order"] for tie in self.result["tied"]]
        if expected["endowment"] is not None:
            expected["endowment"] = str(Fraction(expected["endowment"]) / self.contest.unit)
        wrong = [Problem("recount", {"field": name}) for name in expected if stated[name] != expected[name]]
        return _settled(Check("T7", PASS, {"increments": outcome.get("increments") or 0}, wrong))

    def _walk(self, proof: Json, *, is_greedy: bool, problems: list[Problem]) -> Walk | None:
        """The certificate of one outcome gone through; None when it is not of the method that the rule asks for."""
        rule = self.contest.rule
        if is_greedy:
            shared = {name: rule[name] for name in SHARED if name in rule}
            rule = {"name": "greedy", "by": "votes", "skip": True} | shared
        methods = {"greedy": "order", "phragmen": "loads", "max_welfare": "bound", "equal_shares": "payments"}
        increments = self._increments(proof) if proof["method"] == "payments" == methods[rule["name"]] else 0
        if proof["method"] != methods[rule["name"]] or increments is None:
            problems.append(Problem("method", {"method": proof["method"]}))
            return None
        return Walk(Election(replace(self.contest, rule=rule), self.ballots, self.channels), proof, increments)

    def _increments(self, proof: Json) -> int | None:
        """The number of increments after which a ballot has the endowment stated; None if there is none."""
        rule, size = self.contest.rule, self.election.size
        if rule["completion"] not in ("add_one", "percent") or not size:
            return 0
        start = Fraction(self.election.budget, size)
        step = Fraction(rule["step"]) if "step" in rule else start * Fraction(rule["percent"], 100)
        if rule.get("start") == "floor":
            start = Fraction(start // self.contest.unit * self.contest.unit)
        number = (fraction(proof["endowment"]) - start) / step if step else Fraction(0)
        return int(number) if number.denominator == 1 and number >= 0 else None

    def _reading(self, problems: list[Problem]) -> Check:
        """T1: file and result are of one election."""
        result, contest = self.result, self.contest
        blank = sum(not ballot for ballot in self.ballots)
        right = (len(self.ballots), blank, decimal(contest.budget, contest.unit), contest.rule["ties"])
        if (result["ballots"], result["blank"], result["budget"], result["ties"]) != right:
            at: dict[str, str | int] = {"ballots": len(self.ballots), "blank": blank, "budget": right[2]}
            problems = [*problems, Problem("result_counts", at)]
        figures = {"projects": len(contest.ids), "ballots": len(self.ballots)}
        return _settled(Check("T1", PASS, figures, problems))

    def _sums(self, won: set[int] | frozenset[int]) -> dict[str, int]:
        return {"winners": len(won), "projects": len(self.contest.ids)}

    def _winners(self, won: set[int] | frozenset[int], main: Walk) -> list[Problem]:
        """T2: the winners are those that the steps fund, they cost what is said, and keep every limit."""
        problems = []
        cost = self.election.cost(won)
        if sorted(self.contest.ids[project] for project in won) != self.result["winners"]:
            problems.append(Problem("winners"))
        if self.result["cost"] != decimal(cost, self.contest.unit):
            problems.append(Problem("result_cost", {"cost": decimal(cost, self.contest.unit)}))
        if cost > self.contest.budget:
            problems.append(Problem("overspent", {"cost": decimal(cost, self.contest.unit)}))
        problems += [
            Problem("not_allowed", {"project": self.contest.ids[project]})
            for project in sorted(main.won)  # that the mandatory ones go together is part of the rule
            if project in self.election.refused or self.election.bar(project, set(won) - {project})
        ]
        if self.proof["method"] == "bound":
            welfare = sum(main.values[project] for project in main.won)
            if not main.won <= main.possible or not self.result.get("welfare") == self.proof["welfare"] == welfare:
                problems.append(Problem("welfare", {"welfare": welfare}))
        return problems

    def _steps(self, walks: list[Walk]) -> list[Problem]:
        """T3: every step follows, and the result shows the same steps as the certificate."""
        problems = [problem for walk in walks for problem in walk.steps]
        shown, rounds = self.result["steps"], self.proof.get("rounds", [])
        left = self.election.budget
        if len(shown) != len(rounds):
            return [*problems, Problem("step_shown", {"step": min(len(shown), len(rounds)) + 1})]
        for number, (step, entry) in enumerate(zip(shown, rounds, strict=True), 1):
            project = self.number.get(entry["project"])
            left -= self.contest.costs[project] if project is not None else 0
            if step != self._as_shown({"left": left} | entry):
                return [*problems, Problem("step_shown", {"step": number})]
        if "endowment" in self.proof:
            stated = str(fraction(self.proof["endowment"]) / self.contest.unit)
            right = stated, self._increments(self.proof), self.proof["end"]["reason"]
            if (self.result["endowment"], self.result["increments"], self.result["stop"]) != right:
                problems.append(Problem("step_shown", {"step": 0}))
        return problems

    def _as_shown(self, entry: Json) -> Json:
        """A line of the certificate as the steps of the result write it, in currency units."""
        unit = self.contest.unit
        shown: Json = {"project": entry["project"], "left": decimal(max(0, entry["left"]), unit)}
        if "funded" in entry:
            return shown | {"funded": entry["funded"]}
        if "price" in entry:
            project = self.number.get(entry["project"], 0)
            utility = self.contest.rule["utility"]
            shown["price"] = str(fraction(entry["price"]) / (1 if utility == "cost" else unit))
            return shown | {"supporters": self._supporters(utility)[project]}
        if "load" in entry:
            shown["load"] = str(fraction(entry["load"]) / unit)
        return shown | {"supporters": entry["supporters"]}

    def _supporters(self, utility: str) -> list[int]:
        if not hasattr(self, "_numbers"):
            self._numbers = [0] * len(self.contest.ids)
            for values, size in self.election.values(utility).items():
                for project, value in values:
                    self._numbers[project] += size * (value > 0)
        return self._numbers

    def _shown_after(self) -> list[Problem]:
        for stage in ("after", "then"):
            shown = self.result.get(stage)
            entries = self.proof[stage]["rounds"] if stage in self.proof else None
            expected = None if entries is None else [self._as_shown(entry) for entry in entries]
            if shown != expected:
                return [Problem("stage_shown", {"stage": stage})]
        return []

    def _comparison(self, compare: Json, won: Any, left: Any, other: Walk) -> list[Problem]:
        """The ballots that prefer either outcome, counted; and the outcome taken is the one that they say."""
        here, there = (left, won) if compare["taken"] == "greedy" else (won, left)
        for_here = for_there = 0
        for choice, size in self.election.choices.items():
            own, others = len(here.intersection(choice)), len(there.intersection(choice))
            for_here += size * (own > others)
            for_there += size * (own < others)
        right: Json = {
            "equal_shares": for_here,
            "greedy": for_there,
            "taken": "greedy" if for_there > for_here else "equal_shares",
            "cost": decimal(self.election.cost(left), self.contest.unit),
            "other": sorted(self.contest.ids[project] for project in left),
        }
        problems = other.steps + other.end
        return problems if compare == right else [*problems, Problem("comparison", {"taken": right["taken"]})]

    def _stages(self) -> int:
        return sum(name in self.proof for name in ("after", "then", "other"))

    def _ties(self, main: Walk) -> list[Problem]:
        """T6: the ties listed are those that the steps met, each decided by the declared criteria."""
        right = [tie | {"order": [self.contest.ids[project] for project in tie["order"]]} for tie in main.ties]
        stated = [
            {name: tie[name] for name in tie if name not in counted.OF_OTHER_ORDERS} for tie in self.result["tied"]
        ]
        for number, (one, two) in enumerate(zip(stated, right, strict=False), 1):
            if one != two:
                return [Problem("tie_shown", {"tie": number})]
        return [] if len(stated) == len(right) else [Problem("tie_shown", {"tie": min(len(stated), len(right)) + 1})]


def _settled(check: Check) -> Check:
    check.status = FAIL if check.problems else PASS
    return check
