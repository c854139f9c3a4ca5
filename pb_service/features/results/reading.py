"""From the published documents of a contest to the view that its pages show: pure functions, nothing else."""

from fractions import Fraction
from typing import cast

from pb_service.core.rounds.documents import (
    ListedProject,
    Loading,
    OutcomeDocument,
    ProjectOutcome,
    Purchase,
    RuleDocument,
    Turn,
)
from pb_service.core.tally.explain import Comparison, Explanation
from pb_service.features.results.documents import ContestDocuments
from pb_service.features.results.views import (
    ComparisonView,
    ContestResultView,
    EqualView,
    FairnessView,
    PaidView,
    ProjectRow,
    PurseView,
    Rival,
    Texts,
    ThemeView,
    TieView,
    Together,
    TurnView,
    World,
    score_of,
)


def contest_result(documents: ContestDocuments) -> ContestResultView:
    """The view of one counted contest."""
    manifest, contest, outcome = documents.manifest, documents.contest, documents.outcome
    rows = _rows(documents)
    chosen = sorted((row for row in rows if row.won), key=_in_turn)
    explanation = documents.explanation
    return ContestResultView(
        slug=documents.slug,
        contest_id=contest["id"],
        title=_texts(documents.ballot_list["title"]),
        round_name=_texts(manifest["names"]),
        mode=manifest["mode"],
        state=documents.state,
        changes=documents.changes,
        source=manifest["source"],
        licence=manifest["licence"],
        currency=manifest["currency"],
        unit=manifest["unit"],
        opens=manifest["opens"],
        closes=manifest["closes"],
        fmt=contest["fmt"],
        ballots=outcome["counts"]["ballots"],
        blank=outcome["counts"]["blank"],
        over=outcome["counts"]["over"],
        budget=outcome["budget"],
        cost=outcome["cost"],
        rule=contest["rule"],
        projects=rows,
        chosen=chosen,
        not_chosen=sorted((row for row in rows if not row.won), key=_in_turn),
        turns=_turns(outcome, rows, explanation),
        ties=_ties(explanation, outcome, rows) if explanation else [],
        comparison=_comparison(explanation["comparison"], outcome, rows)
        if explanation and "comparison" in explanation
        else None,
        equals=_equals(explanation, rows) if explanation else [],
        fairness=_fairness(explanation, rows) if explanation else None,
        purses=_purses(explanation, rows) if explanation else {},
        together=_together(explanation, rows) if explanation else {},
        compared=outcome.get("compare"),
        endowment=Fraction(outcome["endowment"]) if "endowment" in outcome else None,
        increments=outcome.get("increments"),
        official=None if documents.official is None else sorted(documents.official) == outcome["winners"],
        fingerprint=documents.fingerprint,
        downloads=documents.downloads,
        siblings=documents.siblings,
    )


def _texts(pairs: Texts) -> Texts:
    return [(language, text) for language, text in pairs]


def _in_turn(row: ProjectRow) -> tuple[int, int, int]:
    """By rank; under Equal Shares what was funded with the money left over last; projects without a turn by score."""
    if row.rank is None:
        return 2, -row.score, row.number
    return 1 if row.why["c"] == "added" else 0, row.rank, row.number


def _rows(documents: ContestDocuments) -> list[ProjectRow]:
    contest, outcome = documents.contest, documents.outcome
    results, rule = outcome["projects"], contest["rule"]
    listed = documents.ballot_list["projects"]
    needed = dict(documents.explanation["needed"]) if documents.explanation else {}
    needs = dict(documents.explanation.get("needs", [])) if documents.explanation else {}
    weak = _weak(documents)
    rivals = _rivals(documents)
    # Whoever won in a turn with a lower score came later, unless turns go by score for the cost.
    by_score = not (rule["name"] == "greedy" and "density" in rule)
    winning_scores = [r["score"] for r in results if r["won"] and r["why"]["c"] == "chosen" and by_score]
    shares_rounds = len(outcome["steps"]) if "endowment" in outcome else 0
    by = score_of(rule, outcome.get("compare"))
    rounds = [*outcome["steps"], *outcome.get("after", [])]
    supporters = {step["i"]: step["supporters"] for step in rounds if "supporters" in step}
    missed_ranks = [r["why"]["rank"] for r in results if r["why"]["c"] == "too_dear"]
    official = None if documents.official is None else set(documents.official)

    def row(number: int, cost: int, result: ProjectOutcome, entry: ListedProject) -> ProjectRow:
        why = result["why"]
        rank = why.get("rank", why.get("round"))
        if why["c"] == "loaded" and rank is not None:
            rank += shares_rounds  # Phragmen after Equal Shares counts its own rounds
        return ProjectRow(
            number=number,
            project_id=entry["id"],
            title=entry["title"],
            language=documents.ballot_list["language"],
            cost=cost,
            votes=result["votes"],
            score=result["score"],
            by=by,
            ballots=outcome["counts"]["ballots"],
            budget=outcome["budget"],
            won=result["won"],
            why=why,
            rank=rank,
            left=why.get("left"),
            passed_over=sum(missed < (rank or 0) for missed in missed_ranks),
            cheaper_winners=sum(score < result["score"] for score in winning_scores),
            needed=needed.get(number),
            rival=rivals.get(number),
            payment=_payment(rule, cost, why["price"]) if "price" in why else None,
            money=Fraction(why["money"]) if "money" in why else None,
            load=Fraction(why["load"]) if "load" in why else None,
            need=needs.get(number),
            weak=number in weak,
            by_points=rule["name"] == "equal_shares" and rule["utility"] in ("points", "borda"),
            supporters=supporters.get(number, result["votes"]),
            stopped_by=listed[why["by"]]["id"] if "by" in why else "",
            official=None if official is None else number in official,
            categories=tuple(entry["categories"]),
            targets=tuple(entry["targets"]),
            place=entry.get("place"),
        )

    return [row(number, cost, results[number], listed[number]) for number, (_, cost) in enumerate(contest["pro"])]


def _payment(rule: RuleDocument, cost: int, price: str) -> Fraction:
    """The most that one supporter pays: price times utility, in minor units; by the point where points are read."""
    return Fraction(price) * (cost if rule["name"] == "equal_shares" and rule["utility"] == "cost" else 1)


def _weak(documents: ContestDocuments) -> set[int]:
    """The projects that lacked the support for their cost that the rule demands (bundle.md section 8)."""
    contest, outcome = documents.contest, documents.outcome
    if "per_cost" not in contest["rule"]:
        return set()
    demanded, ballots = Fraction(contest["rule"]["per_cost"]), outcome["counts"]["ballots"]
    return {
        number
        for number, ((_, cost), result) in enumerate(zip(contest["pro"], outcome["projects"], strict=True))
        if result["votes"] * contest["budget"] < demanded * cost * ballots
    }


def _rivals(documents: ContestDocuments) -> dict[int, Rival]:
    """For each project in a decisive tie the one of the other fate that stood nearest to it in the order."""
    found: dict[int, Rival] = {}
    results, pro = documents.outcome["projects"], documents.contest["pro"]
    for tie in documents.explanation["ties"] if documents.explanation else []:
        for place, number in enumerate(tie["order"]):
            others = [
                (abs(place - other_place), other_place, other)
                for other_place, other in enumerate(tie["order"])
                if results[other]["won"] != results[number]["won"]
            ]
            if others:
                _, other_place, other = min(others)
                by = next(
                    part
                    for part in documents.contest["rule"]["ties"]
                    if part in ("draw", "id")
                    or (part in ("cost", "cost_desc") and pro[other][1] != pro[number][1])
                    or (part == "votes" and results[other]["votes"] != results[number]["votes"])
                )
                found[number] = Rival(other, pro[other][0], place < other_place, by)
    return found


def _turns(outcome: OutcomeDocument, rows: list[ProjectRow], explanation: Explanation | None) -> list[TurnView]:
    turns: list[TurnView] = []

    def take_turn(step: Turn, *, leftover: bool) -> None:
        project = rows[step["i"]]
        after = step["left"] - (project.cost if step["ok"] else 0)
        turns.append(TurnView(len(turns) + 1, project, step["left"], after, step["ok"], leftover=leftover))

    def take_load(step: Loading, *, leftover: bool) -> None:
        project, left = rows[step["i"]], step["left"]
        turns.append(
            TurnView(
                len(turns) + 1,
                project,
                left + project.cost,
                left,
                True,
                step["supporters"],
                load=Fraction(step["load"]) if "load" in step else None,
                leftover=leftover,
            )
        )

    if "endowment" not in outcome:
        for step in outcome["steps"]:
            if "ok" in step:
                take_turn(cast(Turn, step), leftover=False)
            else:
                take_load(cast(Loading, step), leftover=False)
        return turns
    payments = explanation["payments"]["rounds"] if explanation and "payments" in explanation else []
    paid = {row["i"]: row for row in payments}
    for purchase in cast(list[Purchase], outcome["steps"]):
        project = rows[purchase["i"]]
        before = purchase["left"] + project.cost
        who = paid.get(purchase["i"])
        turns.append(
            TurnView(
                len(turns) + 1,
                project,
                before,
                purchase["left"],
                True,
                purchase["supporters"],
                project.payment,
                paid=PaidView(who["full"], who["rest"], who["gave"]) if who else None,
            )
        )
    for loading in outcome.get("after", []):
        take_load(loading, leftover=True)
    for step in outcome.get("then", []):
        take_turn(step, leftover=True)
    return turns


def _equals(explanation: Explanation, rows: list[ProjectRow]) -> list[EqualView]:
    """The ties of a count that is not plain greedy, those first that decided something."""
    views = [
        EqualView([rows[number] for number in tie["order"]], tie["by"][-1], tie.get("round"), tie["changes"])
        for tie in explanation.get("equals", [])
    ]
    return sorted(views, key=lambda view: {True: 0, None: 1, False: 2}[view.changes])


def _fairness(explanation: Explanation, rows: list[ProjectRow]) -> FairnessView | None:
    if "fairness" not in explanation:
        return None
    found = explanation["fairness"]
    fails = found["ejr"].get("fails")
    return FairnessView(
        own=found["own"],
        spending=Fraction(found["spending"]),
        themes=sorted(
            (ThemeView(each["name"], Fraction(each["votes"]), Fraction(each["money"])) for each in found["themes"]),
            key=lambda theme: (-theme.votes, theme.name),
        ),
        ejr=found["ejr"],
        claimed=rows[fails["project"]] if fails else None,
        due=Fraction(fails["due"]) if fails else Fraction(),
    )


def _purses(explanation: Explanation, rows: list[ProjectRow]) -> dict[int, PurseView]:
    purses = explanation["payments"]["purses"] if "payments" in explanation else []
    return {
        purse["i"]: PurseView(
            start=purse["start"],
            spent=[(rows[number], amount) for number, amount in purse["spent"]],
            others=max(0, purse["start"] - purse["left"] - sum(amount for _, amount in purse["spent"])),
            left=purse["left"],
        )
        for purse in purses
    }


def _together(explanation: Explanation, rows: list[ProjectRow]) -> dict[int, list[Together]]:
    return {
        number: [Together(rows[number], rows[other], both) for other, both in pairs]
        for number, pairs in enumerate(explanation.get("together", []))
    }


def _ties(explanation: Explanation, outcome: OutcomeDocument, rows: list[ProjectRow]) -> list[TieView]:
    views = []
    winners = set(outcome["winners"])
    for tie in explanation["ties"]:
        group = [rows[number] for number in tie["order"]]
        worlds = [
            World(
                group[0], True, [rows[number] for number in tie["turns"]], [], [], outcome["budget"] - outcome["cost"]
            )
        ]
        fates: set[int] = set()
        for other in tie["others"]:
            there = set(other["winners"])
            fates |= winners ^ there
            worlds.append(
                World(
                    first=rows[other["order"][0]],
                    actual=False,
                    turns=[rows[number] for number in other["turns"]],
                    out=sorted((rows[number] for number in winners - there), key=_in_turn),
                    new=sorted((rows[number] for number in there - winners), key=_in_turn),
                    left_over=outcome["budget"] - other["cost"],
                )
            )
        costs = [row.cost for row in group]
        views.append(
            TieView(
                score=tie["score"],
                group=group,
                by=tie["by"][-1],
                left=tie["left"],
                either=max(costs) <= tie["left"] < sum(costs),
                others=len(fates - set(tie["order"])),
                worlds=worlds,
            )
        )
    return views


def _comparison(compared: Comparison, outcome: OutcomeDocument, rows: list[ProjectRow]) -> ComparisonView:
    def named(numbers: list[int]) -> list[ProjectRow]:
        return sorted((rows[number] for number in numbers), key=lambda row: (-row.cost, row.number))

    return ComparisonView(
        rule=compared["rule"],
        winners=len(compared["winners"]),
        cost=compared["cost"],
        left_over=outcome["budget"] - compared["cost"],
        both=named(compared["both"]),
        here=named(compared["here"]),
        there=named(compared["there"]),
        own_here=compared["own_here"],
        own_there=compared["own_there"],
    )
