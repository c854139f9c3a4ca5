"""Outcomes counted in the most literal way: docs/schemas/bundle.md sections 7 and 8, voter by voter, in fractions."""

import base64
import hashlib
from fractions import Fraction
from itertools import product
from typing import Any

Json = dict[str, Any]


class Count:
    """A contest of the manifest with its ballots."""

    def __init__(self, contest: Json, unit: int, ballots: list[Any]) -> None:
        self.contest, self.unit, self.ballots = contest, unit, ballots
        self.rule: Json = contest["rule"]
        self.pro: list[Any] = contest["pro"]
        self.all = range(len(self.pro))
        self.n = len(ballots)
        self.pairs = contest["fmt"] in ("points", "scores")
        self.named = [[pair[0] for pair in ballot] if self.pairs else ballot for ballot in ballots]
        self.votes = [sum(p in names for names in self.named) for p in self.all]
        self.mandatory = set(self.rule.get("mandatory", []))
        self.b = contest["budget"] - self.cost(self.mandatory)
        self.why: dict[int, Json] = {p: {"c": "mandatory"} for p in self.mandatory}
        rate = Fraction(self.rule.get("per_cost", "0"))
        for p in self.all:
            asked = rate * self.pro[p][1] * self.n
            if p not in self.mandatory and self.votes[p] * contest["budget"] < asked:
                enough = (v for v in range(10**6) if v * contest["budget"] >= asked)
                self.why[p] = {"c": "below_threshold", "threshold": next(enough) if contest["budget"] else self.n + 1}
        self.open = [p for p in self.all if p not in self.why]

    def cost(self, projects: Any) -> int:
        return sum(self.pro[p][1] for p in projects)

    def value(self, ballot: Any, by: str, p: int) -> int:
        """What a ballot gives a project."""
        if by == "points":
            return sum(value for number, value in ballot if number == p)
        if by == "borda":
            return len(ballot) - 1 - ballot.index(p) if p in ballot else 0
        named = p in ([pair[0] for pair in ballot] if self.pairs else ballot)
        return named * (self.pro[p][1] if by == "cost" else 1)

    def score(self, by: str, p: int) -> int:
        return sum(self.value(ballot, by, p) for ballot in self.ballots)

    def barred(self, p: int, funded: Any) -> Json | None:
        others = {*funded, *self.mandatory}
        shared = [q for group in self.rule.get("exclusive", []) for q in others if p in group and q in group]
        if shared:
            return {"c": "exclusive", "by": min(shared)}
        for category in self.rule.get("categories", []):
            left = category["budget"] - self.cost(q for q in others if q in category["i"])
            if p in category["i"] and self.pro[p][1] > left:
                return {"c": "category", "left": left}
        return None

    def may_be_mandatory(self, projects: list[int]) -> bool:
        """Whether all of these can be funded together."""
        free = all(not self.barred(p, set(projects) - {p}) for p in projects)
        return free and self.cost(projects) <= self.contest["budget"]

    def key(self, p: int, criteria: list[str]) -> list[Any]:
        name, cost = self.pro[p]
        known: Json = {"cost": cost, "cost_desc": -cost, "votes": -self.votes[p], "id": name}
        if "draw" in self.rule:
            seed = base64.urlsafe_b64decode(self.rule["draw"]["seed"] + "=")
            known["draw"] = h32(b"pb/draw", seed, self.contest["id"].encode(), name.encode())
        return [known[criterion] for criterion in criteria]

    def ordered(self, projects: Any) -> list[int]:
        return sorted(projects, key=lambda p: self.key(p, self.rule["ties"]))

    def tie(self, projects: list[int], **at: Any) -> Json:
        ties = self.rule["ties"]
        for length in range(1, len(ties) + 1):
            keys = [self.key(p, ties[:length]) for p in projects]
            if all(keys.count(key) == 1 for key in keys):
                break
        return {"order": projects, "by": ties[:length]} | at

    def shared(self, ordered: list[int], keys: list[Any], name: str) -> list[Json]:
        ties = []
        for key in sorted({keys[p] for p in ordered}, reverse=True):
            projects = [p for p in ordered if keys[p] == key]
            if len(projects) > 1:
                ties.append(self.tie(projects, **{name: str(key) if name == "density" else key}))
        return ties

    def turns(self, ordered: list[int], left: int, before: set[int], skip: bool) -> tuple[list[Json], dict[int, Json]]:
        turns: list[Json] = []
        bars: dict[int, Json] = {}
        for p in ordered:
            bar = self.barred(p, before | {turn["i"] for turn in turns if turn["ok"]})
            turns.append({"i": p, "left": left, "ok": bar is None and self.pro[p][1] <= left})
            if turns[-1]["ok"]:
                left -= self.pro[p][1]
            elif bar:
                bars[p] = bar
            elif not skip:
                break
        return turns, bars

    def greedy(self, rule: Json) -> Json:
        scores = [self.score(rule["by"], p) for p in self.all]
        keys: list[Any] = [Fraction(scores[p], self.pro[p][1]) for p in self.all] if rule.get("density") else scores
        within = [p for p in self.open if "threshold" not in rule or scores[p] >= rule["threshold"]]
        ordered = sorted(within, key=lambda p: (-keys[p], self.key(p, self.rule["ties"])))
        steps, bars = self.turns(ordered, self.b, set(), rule["skip"])
        why = {p: {"c": "below_threshold", "threshold": rule["threshold"]} for p in self.open if p not in within}
        for rank, p in enumerate(ordered, 1):
            turn = next((step for step in steps if step["i"] == p), None)
            if turn is None:
                why[p] = {"c": "stopped", "rank": rank, "by": steps[-1]["i"]}
            else:
                reason = {"c": "chosen" if turn["ok"] else "too_dear", "left": turn["left"]}
                why[p] = bars.get(p, reason) | {"rank": rank}
        ties = self.shared(ordered, keys, "density" if rule.get("density") else "score")
        return self.document({s["i"] for s in steps if s["ok"]}, why, scores) | {"steps": steps, "ties": ties}

    def document(self, won: set[int], why: dict[int, Json], scores: list[int]) -> Json:
        winners = won | self.mandatory
        reasons = why | self.why
        projects = [
            {"votes": self.votes[p], "score": scores[p], "won": p in winners, "why": reasons[p]} for p in self.all
        ]
        return {"projects": projects, "winners": sorted(winners), "cost": self.cost(winners)}

    def rho(self, money: list[Fraction], p: int, by: str) -> Fraction | None:
        """Least rho with sum of min(money, rho x utility) = cost, tried at each number of those who give all."""
        pairs = [(m, self.value(ballot, by, p)) for m, ballot in zip(money, self.ballots, strict=True)]
        ordered = sorted(((m, u) for m, u in pairs if u > 0), key=lambda pair: pair[0] / pair[1])
        for poor in range(len(ordered)):
            needed = Fraction(self.pro[p][1]) - sum(m for m, _ in ordered[:poor])
            rho = needed / sum(u for _, u in ordered[poor:])
            if rho * ordered[poor][1] <= ordered[poor][0]:
                return rho
        return None

    def run(self, endowment: Fraction) -> tuple[list[Any], list[Fraction]]:
        by = self.rule["utility"]
        money = [endowment] * self.n
        rounds: list[Any] = []
        while True:
            funded = [bought for bought, _, _ in rounds]
            free = [p for p in self.open if p not in funded and not self.barred(p, funded)]
            prices = {p: rho for p in free if (rho := self.rho(money, p, by)) is not None}
            if not prices:
                return rounds, money
            tied = self.ordered(p for p, rho in prices.items() if rho == min(prices.values()))
            rho = prices[tied[0]]
            for v, ballot in enumerate(self.ballots):
                money[v] -= min(money[v], rho * max(0, self.value(ballot, by, tied[0])))
            rounds.append((tied[0], rho, tied))

    def supporters(self, p: int) -> list[int]:
        by = self.rule.get("utility", "cardinality")
        return [v for v, ballot in enumerate(self.ballots) if self.value(ballot, by, p) > 0]

    def raised(self) -> tuple[Fraction, int, str, list[Any], list[Fraction]]:
        """Endowment, increments, stop, rounds and money of the run that decides."""
        rule, share = self.rule, Fraction(self.b, self.n) if self.n else Fraction(0)
        if rule["completion"] in ("none", "phragmen") or not self.n:
            return share, 0, "fixed", *self.run(share)
        if rule["completion"] == "percent":
            start, step, stop = share, Fraction(self.b * rule["percent"], 100 * self.n), "exhaustive_all"
        else:
            start = share if rule["start"] == "exact" else Fraction(share // self.unit * self.unit)
            step, stop = Fraction(rule["step"]), rule["stop"]
        j = 0
        while True:
            rounds, money = self.run(start + j * step)
            funded = [p for p, _, _ in rounds]
            rest = [p for p in self.open if p not in funded and not self.barred(p, funded)]
            wanted = [p for p in rest if self.supporters(p)]
            if self.cost(funded) > self.b:
                return start + (j - 1) * step, j - 1, "overspend", *self.run(start + (j - 1) * step)
            fits = [
                p
                for p in (rest if stop == "exhaustive_all" else wanted)
                if self.pro[p][1] <= self.b - self.cost(funded)
            ]
            if stop != "overspend" and not fits:
                return start + j * step, j, "exhaustive", rounds, money
            if not wanted:
                return start + j * step, j, "all", rounds, money
            j += 1

    def equal_shares(self) -> Json:
        rule = self.rule
        endowment, increments, stop, rounds, money = self.raised()
        found: Json = {"endowment": str(endowment), "increments": increments, "stop": stop, "steps": [], "ties": []}
        why: dict[int, Json] = {}
        left, won = self.b, {p for p, _, _ in rounds}
        for number, (p, rho, tied) in enumerate(rounds, 1):
            left -= self.pro[p][1]
            found["steps"].append({"i": p, "price": str(rho), "supporters": len(self.supporters(p)), "left": left})
            why[p] = {"c": "bought", "round": number, "price": str(rho)}
            if len(tied) > 1:
                found["ties"].append(self.tie(tied, round=number))
        if rule["completion"] == "phragmen":
            loads = [endowment - m for m in money]
            found["after"], tied_rounds, _ = self.loading(won, loads, left, unsupported=False, beyond=True)
            for number, (step, tied) in enumerate(zip(found["after"], tied_rounds, strict=True), 1):
                won.add(step["i"])
                left = step["left"]
                why[step["i"]] = {"c": "loaded", "round": number, "load": step["load"]}
                if len(tied) > 1:
                    found["ties"].append(self.tie(tied, round=len(rounds) + number))
        for p in self.open:
            if p not in won:
                held = sum((money[v] for v in self.supporters(p)), Fraction(0))
                lost = {"c": "short", "money": str(held)} if self.supporters(p) else {"c": "unsupported"}
                why[p] = self.barred(p, won) or lost
        scores = [
            self.score(rule["utility"] if rule["utility"] in ("points", "borda") else "votes", p) for p in self.all
        ]
        if "then" in rule:
            rest = [p for p in self.open if p not in won]
            rest.sort(key=lambda p: (-scores[p], self.key(p, rule["ties"])))
            found["then"], _ = self.turns(rest, left, won, skip=True)
            won |= {turn["i"] for turn in found["then"] if turn["ok"]}
            for rank, turn in enumerate(found["then"], 1):
                at = {"rank": rank, "left": turn["left"]}
                bar = self.barred(turn["i"], won - {turn["i"]})
                if bar:
                    why[turn["i"]] = bar | {"rank": rank}
                else:
                    why[turn["i"]] = ({"c": "added"} if turn["ok"] else why[turn["i"]]) | at
            found["ties"] += self.shared(rest, scores, "score")
        return self.document(won, why, scores) | found

    def loading(
        self, before: set[int], loads: list[Fraction], left: int, *, unsupported: bool, beyond: bool = False
    ) -> Any:
        """Rounds of Phragmen, with projects beyond the budget or without: steps, ties of each, loads at the end."""
        steps: list[Json] = []
        ties: list[list[int]] = []
        while True:
            funded = before | {step["i"] for step in steps}
            free = [p for p in self.open if p not in funded and not self.barred(p, funded)]
            free = [p for p in free if beyond or self.pro[p][1] <= self.b]
            load = {p: self.load(p, loads) for p in free if self.supporters(p)}
            tied = [p for p in load if load[p] == min(load.values())]
            if not load and unsupported:
                tied = free
            if not tied or any(self.pro[p][1] > left for p in tied):
                return steps, ties, loads
            first = self.ordered(tied)[0]
            left -= self.pro[first][1]
            steps.append({"i": first, "supporters": len(self.supporters(first)), "left": left})
            ties.append(self.ordered(tied))
            if first in load:
                steps[-1]["load"] = str(load[first])
                for v in self.supporters(first):
                    loads[v] = load[first]

    def load(self, p: int, loads: list[Fraction]) -> Fraction:
        known = [loads[v] for v in self.supporters(p)]
        return (Fraction(self.pro[p][1]) + sum(known)) / len(known)

    def phragmen(self) -> Json:
        steps, tied, loads = self.loading(set(), [Fraction(0)] * self.n, self.b, unsupported=self.rule["unsupported"])
        why: dict[int, Json] = {}
        won = {step["i"] for step in steps}
        for number, step in enumerate(steps, 1):
            why[step["i"]] = {"c": "loaded", "round": number} | {k: v for k, v in step.items() if k == "load"}
        for p in self.open:
            if p in won:
                continue
            if self.pro[p][1] > self.b:
                why[p] = {"c": "beyond", "left": self.b}
            elif bar := self.barred(p, won):
                why[p] = bar
            else:
                late = self.supporters(p)
                why[p] = {"c": "late", "load": str(self.load(p, loads))} if late else {"c": "unsupported"}
        ties = [self.tie(projects, round=number) for number, projects in enumerate(tied, 1) if len(projects) > 1]
        return self.document(won, why, self.votes) | {"steps": steps, "ties": ties}

    def max_welfare(self) -> Json:
        """Every set of candidates, one after the other."""
        by = self.rule["utility"]
        scores = [self.score(by if by in ("points", "borda") else "votes", p) for p in self.all]
        welfare = [self.score(by, p) for p in self.all]
        low = [p for p in self.open if "threshold" in self.rule and scores[p] < self.rule["threshold"]]
        candidates = self.ordered(p for p in self.open if p not in low and welfare[p] > 0)
        rows = []
        for row in product([0, 1], repeat=len(candidates)):
            chosen = [p for p, bit in zip(candidates, row, strict=True) if bit]
            together = all(not self.barred(p, set(chosen) - {p}) for p in chosen)
            if together and self.cost(chosen) <= self.b:
                rows.append((sum(welfare[p] for p in chosen), row, chosen))
        value, _, best = max(rows)
        why: dict[int, Json] = {p: {"c": "best"} for p in best}
        for p in self.open:
            if p in low:
                why[p] = {"c": "below_threshold", "threshold": self.rule["threshold"]}
            elif p not in best:
                why[p] = {"c": "not_best" if p in candidates else "unsupported"}
        return self.document(set(best), why, scores) | {"steps": [], "ties": [], "welfare": value}

    def compared(self, x: Json) -> Json:
        y = self.greedy({"by": "votes", "skip": True})
        pleased = [[sum(p in o["winners"] for p in names) for o in (x, y)] for names in self.named]
        for_x, for_y = sum(a > b for a, b in pleased), sum(b > a for a, b in pleased)
        taken, other = (y, x) if for_y > for_x else (x, y)
        name = "greedy" if taken is y else "equal_shares"
        compare = {
            "equal_shares": for_x,
            "greedy": for_y,
            "taken": name,
            "cost": other["cost"],
            "other": other["winners"],
        }
        return taken | {"compare": compare}

    def over(self, ballot: list[Any], names: list[int]) -> bool:
        limits = self.contest["limits"]
        if not ballot:
            return not limits.get("blank", False)
        held = [
            limits.get("kmin", 0) <= len(names) <= limits.get("k", 10**9),
            limits.get("costmin", 0) <= self.cost(names) <= limits.get("cost", 10**18),
        ]
        if self.pairs:
            values = [value for _, value in ballot]
            held.append(limits.get("summin", -(10**9)) <= sum(values) <= limits.get("sum", 10**9))
            held += [limits.get("eachmin", -(10**9)) <= value <= limits.get("each", 10**9) for value in values]
            held += [limits.get("smin", -(10**9)) <= value <= limits.get("smax", 10**9) for value in values]
        for category in limits.get("cats", []):
            inside = [p for p in names if p in category["i"]]
            held.append(len(inside) <= category.get("k", 10**9))
            held.append(self.cost(inside) <= category.get("cost", 10**18))
        return not all(held)


def outcome(contest: Json, unit: int, eid: str, ballots: list[Any]) -> Json:
    """The outcome document of a contest of the manifest."""
    count = Count(contest, unit, ballots)
    name = contest["rule"]["name"]
    found = count.greedy(contest["rule"]) if name == "greedy" else getattr(count, name)()
    if "compare" in contest["rule"]:
        found = count.compared(found)
    over = [count.over(ballot, names) for ballot, names in zip(ballots, count.named, strict=True)]
    counts = {"ballots": len(ballots), "blank": ballots.count([]), "over": sum(over)}
    return {"v": 1, "e": eid, "d": contest["id"], "counts": counts, "budget": contest["budget"]} | found


def h32(*parts: bytes) -> bytes:
    """SHA-256 of parts, each behind its length."""
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
