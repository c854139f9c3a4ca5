"""The certificate of one outcome, gone through step by step (docs/schemas/tally.md): whole numbers and fractions only.

Each step is held against the ballots: what supporters pay or carry is added up anew, and every other project that could
have come instead is looked at. Nothing is searched for; what was decided is taken from the certificate and judged.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pb_service.verifier.counted import fraction
from pb_service.verifier.findings import Problem
from pb_service.verifier.tally import greedy
from pb_service.verifier.tally.election import Election
from pb_service.verifier.tally.market import Market

Json = dict[str, Any]


class Walk:
    """What was found about one outcome: `steps`, `end` and `further` hold what is wrong with these parts of it.

    `won` are the projects funded, `ties` those that were met, in the order of the result.
    """

    def __init__(self, election: Election, proof: Json, increments: int) -> None:
        self.election = election
        self.rule = election.rule
        self.proof = proof
        self.increments = increments
        self.steps: list[Problem] = []
        self.end: list[Problem] = []
        self.further: list[Problem] = []
        self.won: set[int] = set()
        self.ties: list[Json] = []
        self.number = {name: number for number, name in enumerate(election.contest.ids)}
        self.left = election.budget
        self.money: dict[int, Fraction] = {}
        match proof["method"]:
            case "order":
                self._order()
            case "payments":
                self._payments()
            case "loads":
                self._loads()
            case "bound":
                self._bound()

    def _name(self, project: int) -> str:
        return self.election.contest.ids[project]

    def _fund(self, project: int) -> None:
        self.won.add(project)
        self.left -= self.election.costs[project]

    def _order(self) -> None:
        election, rule = self.election, self.rule
        scores = election.scores(rule["by"])
        threshold = rule.get("threshold")
        keys: list[Any] = [Fraction(score) for score in scores]
        if rule.get("density"):
            keys = [Fraction(score, cost) for score, cost in zip(scores, election.costs, strict=True)]
        allowed = (p for p in election.candidates if threshold is None or scores[p] >= threshold)
        line = greedy.by_score(election, allowed, keys)
        stated = self.proof["rounds"]
        last = self._turns(line, scores, stated, self.steps)
        reason = "all"
        if last is not None and not rule["skip"]:
            reason = "misfit"
        elif len(stated) < len(line):
            self.end.append(Problem("turns_missing", {"turns": len(stated), "projects": len(line)}))
        if self.proof["end"]["reason"] != reason:
            self.end.append(Problem("stop_reason", {"reason": self.proof["end"]["reason"], "right": reason}))
        elif reason == "misfit" and self.proof["end"]["project"] != stated[-1]["project"]:
            self.end.append(Problem("stop_project", {"project": self.proof["end"]["project"]}))
        for value, tied in election.shared(line, keys.__getitem__):
            at = {"density": str(value)} if rule.get("density") else {"score": int(value)}
            self.ties.append(election.tie(tied, **at))

    def _turns(self, line: list[int], scores: list[int], stated: list[Json], problems: list[Problem]) -> int | None:
        """Turns in the order of the line. Returns the project of the last turn if it did not fit and was not barred."""
        last = None
        for turn, said in enumerate(stated, 1):
            expected: int | None = line[turn - 1] if turn <= len(line) else None
            if expected is None or said["project"] != self._name(expected) or said["score"] != scores[expected]:
                problems.append(Problem("turn_order", {"turn": turn, "project": said["project"]}))
                return None
            barred = self.election.bar(expected, self.won) is not None
            funded = self.election.costs[expected] <= self.left and not barred
            if said["left"] != self.left or said["funded"] != funded:
                problems.append(Problem("turn_money", {"turn": turn, "project": said["project"], "left": self.left}))
                return None
            last = None if funded or barred else expected
            if funded:
                self._fund(expected)
        return last

    def _payments(self) -> None:
        election, proof = self.election, self.proof
        market = Market(election, self.rule["utility"])
        endowment = fraction(proof["endowment"])
        if endowment != self._endowment(self.increments):
            self.end.append(Problem("endowment", {"increments": self.increments}))
        run = Purses(market, endowment)
        for number, said in enumerate(proof["rounds"], 1):
            tied = self._purchase(run, number, said, self.steps)
            if tied is None:
                return
            self._fund(tied[0])
            if len(tied) > 1:
                self.ties.append(election.tie(tied, round=number))
        self._nothing_left(market, run)
        self._stop(market)
        self._further_stages(market, run)
        self._short(market)

    def _further_stages(self, market: Market, run: "Purses") -> None:
        """Phragmen's rounds and greedy, where the rule has them, with what is left."""
        election, proof = self.election, self.proof
        if ("after" in proof) != (self.rule["completion"] == "phragmen") or ("then" in proof) != ("then" in self.rule):
            self.further.append(Problem("stages"))
            return
        if "after" in proof:
            given = run.endowment * run.scale
            loads = [int(given) - money for money in run.money]
            carried = Carried(market, loads, run.scale)
            projects = [project for project in election.candidates if project not in self.won]
            self._rounds_of_loads(carried, proof["after"], projects, (self.further,) * 2, len(proof["rounds"]))
        if "then" in proof:
            scores = election.scores(self.rule["utility"] if self.rule["utility"] in ("points", "borda") else "votes")
            line = greedy.by_score(election, (p for p in election.candidates if p not in self.won), scores)
            self._turns(line, scores, proof["then"]["rounds"], self.further)
            if len(proof["then"]["rounds"]) < len(line):
                turns = len(proof["then"]["rounds"])
                self.further.append(Problem("turns_missing", {"turns": turns, "projects": len(line)}))
            for score, tied in election.shared(line, scores.__getitem__):
                self.ties.append(election.tie(tied, score=score))

    def _endowment(self, increments: int) -> Fraction:
        rule, election = self.rule, self.election
        start = Fraction(election.budget, election.size) if election.size else Fraction(0)
        if rule["completion"] == "percent":
            return start + increments * start * Fraction(rule["percent"], 100)
        if rule["completion"] == "add_one" and election.size:
            unit = election.contest.unit
            first = start if rule["start"] == "exact" else Fraction(start // unit * unit)
            return first + Fraction(increments * rule["step"])
        return start

    def _purchase(self, run: "Purses", number: int, said: Json, problems: list[Problem]) -> list[int] | None:
        """One purchase: returns the projects of the least price, the one bought first. None when something is wrong."""
        at: dict[str, str | int] = {"round": number, "project": said["project"]}
        project = self.number.get(said["project"])
        price = fraction(said["price"])
        if project is None or project not in run.waiting or price <= 0:
            problems.append(Problem("not_for_sale", at))
            return None
        paid = run.paid(project, price)
        if paid.total != self.election.costs[project]:
            problems.append(Problem("payment", at))
            return None
        if (said["full"], said["utility"], fraction(said["rest"])) != (paid.full, paid.utility, paid.rest):
            problems.append(Problem("payment_line", at))
            return None
        cheaper: list[int] = []
        tied = self.election.order([project, *run.equal(project, price, cheaper)])
        if cheaper:
            problems.append(Problem("undercut", at | {"other": self._name(cheaper[0])}))
            return None
        if tied[0] != project:
            problems.append(Problem("tie_order", at | {"other": self._name(tied[0])}))
            return None
        run.buy(project, price)
        return tied

    def _nothing_left(self, market: Market, run: "Purses") -> None:
        """What the supporters of every project that was not bought have left is less than its cost."""
        for project in self.election.candidates:
            if project in self.won or not market.supporters[project]:
                continue
            self.money[project] = run.together(project)
            if self.money[project] >= self.election.costs[project] and not self.election.bar(project, self.won):
                self.end.append(Problem("could_buy", {"project": self._name(project)}))

    def _short(self, market: Market) -> None:
        """Of each project that lost for want of money it is stated what its supporters had left after the purchases."""
        stated = {entry["project"]: fraction(entry["money"]) for entry in self.proof["short"]}
        right = {self._name(p): self.money[p] for p in self._waiting(self.election.candidates) if market.supporters[p]}
        wrong = sorted(name for name in stated.keys() | right.keys() if stated.get(name) != right.get(name))
        self.end += [Problem("short_money", {"project": name}) for name in wrong]

    def _stop(self, market: Market) -> None:
        """The reason is the one that the rule gives at these winners; where it is overspending, the next step does."""
        election, rule = self.election, self.rule
        stated = self.proof["end"]["reason"]
        open_ = [p for p in election.candidates if p not in self.won and not election.bar(p, self.won)]
        supported = [p for p in open_ if market.supporters[p]]
        way = "exhaustive_all" if rule["completion"] == "percent" else rule.get("stop")
        tested = {"exhaustive": supported, "exhaustive_all": open_}.get(str(way))
        if rule["completion"] in ("none", "phragmen") or not election.size:
            right = "fixed"
        elif tested is not None and all(election.costs[p] > self.left for p in tested):
            right = "exhaustive"
        else:
            right = "overspend" if supported else "all"
        if stated != right:
            self.end.append(Problem("stop_reason", {"reason": stated, "right": right}))
        elif stated == "exhaustive":
            cheapest = min((election.costs[p] for p in tested or ()), default=None)
            named = self.number.get(self.proof["end"].get("cheapest", ""))
            if self.proof["end"]["left"] != self.left or (None if named is None else election.costs[named]) != cheapest:
                self.end.append(Problem("exhausted", {"left": self.left}))
        elif stated == "overspend":
            self._next_step(market)

    def _next_step(self, market: Market) -> None:
        following = self.proof.get("next")
        if following is None or fraction(following["endowment"]) != self._endowment(self.increments + 1):
            self.end.append(Problem("endowment", {"increments": self.increments + 1}))
            return
        run = Purses(market, fraction(following["endowment"]))
        cost = 0
        for number, said in enumerate(following["rounds"], 1):
            tied = self._purchase(run, number, said, self.end)
            if tied is None:
                return
            cost += self.election.costs[tied[0]]
        if cost != following["cost"] or cost <= self.election.budget:
            self.end.append(Problem("next_within", {"increments": self.increments + 1, "cost": cost}))

    def _loads(self) -> None:
        market = Market(self.election, "cardinality")
        projects = [p for p in self.election.candidates if self.election.costs[p] <= self.election.budget]
        carried = Carried(market, [0] * len(market.sizes), 1)
        self._rounds_of_loads(carried, self.proof, projects, (self.steps, self.end))

    def _rounds_of_loads(
        self,
        carried: "Carried",
        proof: Json,
        projects: list[int],
        found: tuple[list[Problem], list[Problem]],
        before: int = 0,
    ) -> None:
        """Rounds of Phragmen and their end; `found` takes what is wrong with either. `before` rounds came earlier."""
        steps, end = found
        unsupported = bool(self.rule.get("unsupported"))
        for number, said in enumerate(proof["rounds"], 1):
            at: dict[str, str | int] = {"round": number, "project": said["project"]}
            waiting = self._waiting(projects)
            least, tied = carried.least(waiting, unsupported=unsupported)
            if not tied or said["project"] != self._name(tied[0]):
                steps.append(Problem("lighter", at | {"other": self._name(tied[0]) if tied else "-"}))
                return
            project = tied[0]
            if misfits := [p for p in tied if self.election.costs[p] > self.left]:
                steps.append(Problem("should_stop", at | {"other": self._name(misfits[0])}))
                return
            total = carried.together(project)
            stated = fraction(said["load"]) if "load" in said else None
            self._fund(project)
            shown = (said["supporters"], fraction(said["carried"]), stated, said["left"])
            if shown != (carried.market.number(project), total, least, self.left):
                steps.append(Problem("load", at))
                return
            if least is not None:
                carried.fund(project, least)
            if len(tied) > 1:
                self.ties.append(self.election.tie(tied, round=before + number))
        self._end_of_loads(carried, proof["end"], projects, end, unsupported=unsupported)

    def _end_of_loads(
        self, carried: "Carried", stated: Json, projects: list[int], end: list[Problem], *, unsupported: bool
    ) -> None:
        least, tied = carried.least(self._waiting(projects), unsupported=unsupported)
        misfits = {self._name(p) for p in tied if self.election.costs[p] > self.left}
        if tied and not misfits:
            end.append(Problem("could_fund", {"project": self._name(tied[0])}))
        elif (stated["reason"] == "misfit") != bool(tied):
            right = "misfit" if tied else "none_left"
            end.append(Problem("stop_reason", {"reason": stated["reason"], "right": right}))
        elif tied:
            load = fraction(stated["load"]) if "load" in stated else None
            if stated["project"] not in misfits or load != least:
                end.append(Problem("stop_project", {"project": stated["project"]}))

    def _waiting(self, projects: Iterable[int]) -> list[int]:
        return [p for p in projects if p not in self.won and not self.election.bar(p, self.won)]

    def _bound(self) -> None:
        """The set is that of the result; what is looked at here is that no other can be worth more than the bound."""
        election, rule = self.election, self.rule
        utility, threshold = rule["utility"], rule.get("threshold")
        scores = election.scores(utility if utility in ("points", "borda") else "votes")
        values = [s * c for s, c in zip(scores, election.costs, strict=True)] if utility == "cost" else scores
        self.values = values
        self.possible = {
            p for p in election.candidates if values[p] > 0 and (threshold is None or scores[p] >= threshold)
        }
        worth = fraction(self.proof["worth"])
        total = worth * election.budget
        sets: dict[int, Fraction] = {}
        for project in self.possible:
            if election.costs[project] > election.budget or election.bar(project, ()):
                continue
            beyond = values[project] - worth * election.costs[project]
            groups = [number for number, group in enumerate(rule.get("exclusive", ())) if project in group]
            if groups:
                sets[groups[0]] = max(beyond, sets.get(groups[0], Fraction(0)))
            else:
                total += max(beyond, Fraction(0))
        total += sum(sets.values(), Fraction(0))
        proved = int(total) == self.proof["welfare"]
        if total != fraction(self.proof["bound"]) or (self.proof["proof"] == "bound") != proved:
            self.end.append(Problem("bound"))

    @property
    def is_proved(self) -> bool:
        """Whether nothing more than these steps is needed: no earlier step and no search stands behind them."""
        return self.increments == 0 and self.proof["method"] != "bound"


class Paid:
    """What one purchase takes: how many pay in full, the sum of their utilities, and what the others give."""

    def __init__(self, full: int, utility: int, rest: Fraction, price: Fraction) -> None:
        self.full, self.utility, self.rest = full, utility, rest
        self.total = price * utility + rest


class Purses:
    """The money of each group of equal ballots during one run, as numerators over `scale`.

    `waiting` has for each project that could still be bought a price that it surely exceeds or has: prices never fall.
    """

    def __init__(self, market: Market, endowment: Fraction) -> None:
        self.market = market
        self.endowment = endowment
        self.scale = endowment.denominator
        self.money = [endowment.numerator] * len(market.sizes)
        self.funded: list[int] = []
        election = market.election
        self.waiting = {p: Fraction(0) for p in election.candidates if market.supporters[p] and not election.bar(p, ())}

    def paid(self, project: int, price: Fraction) -> Paid:
        """What the supporters give at this price."""
        worth = self.market.worth[project]
        level = price * worth * self.scale
        full = units = rest = 0
        for group, weight in self.market.weights[project].items():
            size, money = self.market.sizes[group], self.money[group]
            if money * level.denominator >= level.numerator * weight:
                full += size
                units += size * weight * worth
            else:
                rest += size * money
        return Paid(full, units, Fraction(rest, self.scale), price)

    def equal(self, bought: int, price: Fraction, cheaper: list[int]) -> list[int]:
        """The other projects of exactly this price; those that cost less are put into `cheaper`."""
        found = []
        for project in [p for p, least in self.waiting.items() if p != bought and least <= price]:
            worth = self.market.worth[project]
            level = price * worth * self.scale
            above, below = level.numerator, level.denominator
            given = payers = 0
            is_reached = False
            for group, weight in self.market.weights[project].items():
                money, asked, size = self.money[group] * below, above * weight, self.market.sizes[group]
                given += size * min(money, asked)
                is_reached |= money >= asked
                if money > asked:
                    payers += size * weight
            missing = self.market.election.costs[project] * self.scale * below - given
            if missing < 0 or (missing == 0 and not is_reached):
                cheaper.append(project)
            elif missing == 0:
                found.append(project)
            elif payers:
                # Each further unit of price brings at most what those pay who have more.
                self.waiting[project] = price + Fraction(missing, below * self.scale * payers * worth)
            else:
                del self.waiting[project]
        return found

    def buy(self, project: int, price: Fraction) -> None:
        """Takes the money, and what can no longer be bought out of the way."""
        level = price * self.market.worth[project] * self.scale
        if level.denominator > 1:
            self.scale *= level.denominator
            self.money = [money * level.denominator for money in self.money]
        for group, weight in self.market.weights[project].items():
            self.money[group] = max(0, self.money[group] - level.numerator * weight)
        self.funded.append(project)
        del self.waiting[project]
        election = self.market.election
        for other in [other for other in self.waiting if election.bar(other, self.funded)]:
            del self.waiting[other]

    def together(self, project: int) -> Fraction:
        """What the supporters of a project have together."""
        sizes = self.market.sizes
        return Fraction(sum(sizes[group] * self.money[group] for group in self.market.supporters[project]), self.scale)


class Carried:
    """What each group of equal ballots carries, as numerators over `scale`."""

    def __init__(self, market: Market, loads: list[int], scale: int) -> None:
        self.market, self.loads, self.scale = market, loads, scale
        #: For each project a load that it surely reaches: loads never fall.
        self.bounds: dict[int, Fraction] = {}

    def together(self, project: int) -> Fraction:
        """What the supporters of a project carry together."""
        sizes = self.market.sizes
        return Fraction(sum(sizes[group] * self.loads[group] for group in self.market.supporters[project]), self.scale)

    def least(self, projects: list[int], *, unsupported: bool) -> tuple[Fraction | None, list[int]]:
        """The least load and the projects that have it, in tie order; without any supported project all, or none."""
        election = self.market.election
        supported = [p for p in projects if self.market.supporters[p]]
        if not supported:
            return None, election.order(projects) if unsupported else []
        least: Fraction | None = None
        tied: list[int] = []
        for project in sorted(supported, key=lambda p: self.bounds.get(p, Fraction(0))):
            if least is not None and self.bounds.get(project, Fraction(0)) > least:
                break
            load = (election.costs[project] + self.together(project)) / self.market.number(project)
            self.bounds[project] = load
            if least is None or load < least:
                least, tied = load, []
            if load == least:
                tied.append(project)
        return least, election.order(tied)

    def fund(self, project: int, load: Fraction) -> None:
        """Gives the supporters their new load."""
        factor = (load * self.scale).denominator
        if factor > 1:
            self.scale *= factor
            self.loads = [amount * factor for amount in self.loads]
        new = int(load * self.scale)
        for group in self.market.supporters[project]:
            self.loads[group] = new
