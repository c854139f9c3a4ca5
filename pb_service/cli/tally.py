"""`pb tally`: count one election file under one rule, or a folder of files under several."""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast, get_args

import click
from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.cli.files import printable, problem_lines, read_bytes
from pb_service.cli.progress import Progress
from pb_service.core.rounds.documents import RuleDocument, Tie
from pb_service.core.tally import RULE_NAMES, Instance, Outcome, TallyError, check_rule, rule_by_name
from pb_service.core.tally import tally as count
from pb_service.core.tally.certificate import certificate
from pb_service.core.tally.knapsack import Unproved
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, read_pabulib, write_pabulib
from pb_service.core.tally.sensitivity import Examined, affordable, examine, other_optimum

_REASONS = {
    "chosen": "funded",
    "too_dear": "costs more than was left",
    "stopped": "came after the count had stopped",
    "below_threshold": "below the threshold",
    "bought": "its supporters paid for it",
    "short": "its supporters had too little money left",
    "unsupported": "nobody voted for it",
    "added": "funded from what was left over",
    "mandatory": "mandatory",
    "exclusive": "excluded by a funded project",
    "category": "its category's budget was used up",
    "loaded": "next least burden on its supporters",
    "late": "not reached before the money was used up",
    "beyond": "costs more than the budget",
    "best": "in the best set",
    "not_best": "not in the best set",
}


class Refused(click.ClickException):
    """The file or the rule cannot be counted."""

    exit_code = 2


class NotProved(click.ClickException):
    """The best outcome could not be proved within the limits."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """The rule that was asked for, as far as it does not depend on the file."""

    ties: tuple[Tie, ...]
    threshold: int | None
    lot: str | None
    per_cost: str | None
    weights: str | None

    def rule(self, name: str, unit: int) -> RuleDocument:
        """Return the rule document of a short name, or the one in a JSON file. Raises TallyError."""
        if name.endswith(".json"):
            return self._from_file(Path(name))
        rule = rule_by_name(name, self.ties, threshold=self.threshold, lot=self.lot, unit=unit)
        if self.per_cost is not None:
            rule["per_cost"] = self.per_cost
        if self.weights is not None:
            cast(Any, rule)["weights"] = _weights(self.weights)
        check_rule(rule)
        return rule

    def _from_file(self, path: Path) -> RuleDocument:
        if self != Wish(("id",), None, None, None, None):
            raise TallyError("A rule in a file says everything itself; --ties and the like go with short names.")
        try:
            rule = json.loads(read_bytes(path))
        except OSError as error:
            raise TallyError(f"{path}: {error.strerror}.") from None
        except (ValueError, RecursionError):
            raise TallyError(f"{path}: The file is not JSON.") from None
        if not isinstance(rule, dict):
            raise TallyError(f"{path}: A rule is a JSON object.")
        check_rule(cast(RuleDocument, rule))
        return cast(RuleDocument, rule)


def _weights(text: str) -> dict[str, int]:
    """Return the weight of each channel. Raises TallyError."""
    weights: dict[str, int] = {}
    for part in text.split(","):
        channel, _, weight = (piece.strip() for piece in part.partition("="))
        if channel in weights or not (weight.isascii() and weight.isdigit() and len(weight) < 10):
            raise TallyError("Weights are given as channels with whole numbers, such as internet=1,paper=2.")
        weights[channel] = int(weight)
    return weights


@click.command(epilog=f"Rules: {', '.join(RULE_NAMES)}.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--rule",
    "names",
    required=True,
    multiple=True,
    metavar="NAME",
    help="Short name of the rule, see below, or FILE.json.",
)
@click.option(
    "--ties", default="id", show_default=True, metavar="LIST", help=f"Tie rule, of {', '.join(get_args(Tie))}."
)
@click.option("--lot", metavar="TEXT", help="Text of the public lot that the tie rule draw goes by.")
@click.option("--contest", default="", metavar="ID", help="Id of the contest, on which the drawn order depends too.")
@click.option("--threshold", type=int, metavar="N", help="Least score that a project needs (greedy, maximum welfare).")
@click.option("--per-cost", metavar="R", help="Least part of the voters for each part of the budget, such as 1/3.")
@click.option(
    "--weights", metavar="LIST", help="How often a ballot of each channel counts (greedy): internet=1,paper=2."
)
@click.option(
    "--tie-recounts",
    type=click.IntRange(0),
    metavar="N",
    help="At most so many counts with other orders of ties. Default: by the size of the election.",
)
@click.option(
    "--check-ties", is_flag=True, help="As many counts with other orders of ties as it takes to know them all."
)
@click.option("--all", "folder", is_flag=True, help="FILE is a folder: count every file in it under every rule given.")
@click.option("--format", "form", type=click.Choice(["text", "json", "pb"]), default="text", show_default=True)
def tally(
    file: Path,
    names: tuple[str, ...],
    ties: str,
    lot: str | None,
    contest: str,
    threshold: int | None,
    per_cost: str | None,
    weights: str | None,
    tie_recounts: int | None,
    check_ties: bool,
    folder: bool,
    form: str,
) -> None:
    """Count the Pabulib FILE (.pb or .pb.gz) exactly and print the outcome.

    text is a table, json all steps with a certificate (docs/schemas/tally.md), pb the file with a column `selected`. Of
    each tie it is told whether another order would have changed the winners. With --all a folder is counted on all
    processors: a table of files and rules, or one JSON object a line.
    Exit status 2 means that the file or the rule cannot be counted, 3 that the best set could not be proved to be best.
    """
    order = tuple(cast(Tie, tie.strip()) for tie in ties.split(","))
    wish = Wish(order, threshold, lot, per_cost, weights)
    if folder:
        if form == "pb" or check_ties or tie_recounts is not None:
            raise Refused("--all prints text or json, and no other orders of ties.")
        _count_folder(file, names, wish, form)
        return
    if len(names) != 1:
        raise Refused("One file is counted under one rule; --all counts a folder under several.")
    try:
        election = read_pabulib(read_bytes(file), name=str(file))
        _check_not_empty(election)
        rule = wish.rule(names[0], election.unit)
        instance = election.instance(contest, with_channels="weights" in rule)
        outcome, known = _count(file, instance, rule, tie_recounts, check_ties=check_ties)
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}.") from None
    except PabulibError as error:
        raise Refused(str(error)) from None
    except Unproved as error:
        raise NotProved(f"{file}: {error}") from None
    except TallyError as error:
        raise Refused(f"{file}: {error}") from None
    if form == "json":
        document = as_json(election, instance, outcome, names[0], known)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif form == "pb":
        won = (election.projects[number].id for number in outcome.winners)
        click.echo(write_pabulib(election.with_selected(won)), nl=False)
    else:
        click.echo(as_text(election, outcome, names[0], known))
    for line in problem_lines(election):
        click.echo(line, err=True)


@dataclass(frozen=True, slots=True)
class Ties:
    """What is known of other orders of the ties, and the recounts made for it, of at most ``most`` (None: no limit)."""

    examined: list[Examined]
    made: int
    most: int | None
    #: Of maximum welfare: whether the tie rule chose between sets that are as good; None if that is not known.
    other_optimum: bool | None = None


def _count(
    file: Path, instance: Instance, rule: RuleDocument, tie_recounts: int | None, *, check_ties: bool
) -> tuple[Outcome, Ties]:
    """Count, and look at other orders of the ties."""
    runs = 0
    with Progress(f"{file.name}: steps tried") as progress:

        def told(increments: int) -> None:
            nonlocal runs
            runs += 1
            progress(increments)

        outcome = count(instance, rule, progress=told)
    most = None if check_ties else affordable(instance, outcome, runs) if tie_recounts is None else tie_recounts
    with Progress(f"{file.name}: other orders of ties counted") as progress:
        examined, made = examine(instance, outcome, most, progress)
    other = other_optimum(instance, outcome, most) if outcome.welfare is not None else None
    return outcome, Ties(examined, made, most, other)


def _check_not_empty(election: PabulibFile) -> None:
    """Raise PabulibError where there is nothing to count."""
    for section, rows in (("PROJECTS", election.projects), ("VOTES", election.ballots)):
        if not rows:
            raise PabulibError(election.name, 0, f"The section {section} is empty; there is nothing to count.")


def _count_folder(folder: Path, names: tuple[str, ...], wish: Wish, form: str) -> None:
    """Count each file under each rule in processes of their own; print what is done in the order of the files."""
    files = sorted([*folder.glob("*.pb"), *folder.glob("*.pb.gz")])
    if not files:
        raise Refused(f"{folder}: There is no .pb or .pb.gz file here.")
    for name in names:
        try:
            wish.rule(name, 100)
        except TallyError as error:
            raise Refused(str(error)) from None
    found: dict[Path, list[dict[str, Any]]] = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool, Progress(f"of {len(files)} files, counted") as progress:
        # Large files first: the last ones to finish are then short.
        work = {
            pool.submit(_count_file, path, names, wish): path
            for path in sorted(files, key=lambda path: -path.stat().st_size)
        }
        for done in as_completed(work):
            found[work[done]] = done.result()
            progress(len(found))
    rows = [row for path in files for row in found[path]]
    if form == "json":
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    width = max(len(path.name) for path in files)
    wide = max(len(name) for name in names)
    click.echo(
        f"{'file':{width}}  {'rule':{wide}}  {'projects':>8}  {'ballots':>8}  {'won':>4}  {'spent':>6}  {'seconds':>7}"
    )
    for row in rows:
        start = f"{row['file']:{width}}  {row['rule']:{wide}}"
        if "error" in row:
            click.echo(f"{start}  {row['error']}")
        else:
            numbers = f"{row['projects']:8}  {row['ballots']:8}  {len(row['winners']):4}  {row['spent_percent']:>5}%"
            click.echo(f"{start}  {numbers}  {row['seconds']:7.2f}")


def _count_file(path: Path, names: tuple[str, ...], wish: Wish) -> list[dict[str, Any]]:
    """Count one file of a folder; what cannot be counted says why."""
    try:
        election = read_pabulib(read_bytes(path), name=path.name)
        _check_not_empty(election)
        instance = election.instance(with_channels=any("weights" in wish.rule(name, 100) for name in names))
    except OSError as error:
        return [{"file": path.name, "rule": name, "error": f"{error.strerror}."} for name in names]
    except PabulibError as error:
        return [{"file": path.name, "rule": name, "error": str(error)} for name in names]
    rows: list[dict[str, Any]] = []
    for name in names:
        started = perf_counter()
        row: dict[str, Any] = {"file": path.name, "rule": name}
        try:
            outcome = count(instance, wish.rule(name, election.unit))
        except TallyError as error:
            rows.append({**row, "error": str(error)})
            continue
        rows.append(
            {
                **row,
                "projects": len(election.projects),
                "ballots": outcome.ballots,
                "budget": _decimal(outcome.budget, election.unit),
                "cost": _decimal(outcome.cost, election.unit),
                "spent_percent": 100 * outcome.cost // outcome.budget if outcome.budget else 0,
                "winners": sorted(election.projects[number].id for number in outcome.winners),
                "ties": len(outcome.ties),
                "seconds": round(perf_counter() - started, 3),
            }
        )
    return rows


def as_json(
    election: PabulibFile, instance: Instance, outcome: Outcome, name: str, ties: Ties | None = None
) -> dict[str, Any]:
    """Return the outcome in the form of docs/schemas/tally.md; ``ties`` is what is known of their other orders."""
    ids = [project.id for project in election.projects]

    def money(amount: int) -> str:
        return _decimal(amount, election.unit)

    # A price is money per unit of utility: with cost as utility the currency cancels out, otherwise it does not.
    without_unit = outcome.rule["name"] == "equal_shares" and outcome.rule["utility"] == "cost"
    price_unit = 1 if without_unit else election.unit

    def step(entry: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"project": ids[entry["i"]], "left": money(entry["left"])}
        if "price" in entry:
            return {**told, "price": str(mpq(entry["price"]) / price_unit), "supporters": entry["supporters"]}
        if "supporters" in entry:
            load = {"load": str(mpq(entry["load"]) / election.unit)} if "load" in entry else {}
            return {**told, **load, "supporters": entry["supporters"]}
        return {**told, "funded": entry["ok"]}

    tied: list[dict[str, Any]] = [{**tie, "order": [ids[number] for number in tie["order"]]} for tie in outcome.ties]
    for tie, known in zip(tied, ties.examined if ties else [], strict=False):
        tie |= {"another_order_changes_the_winners": known.changes, "examined": known.how}
    found: dict[str, Any] = {
        "file": Path(election.name).name,
        "rule": name,
        "ties": list(outcome.rule["ties"]),
        "currency": election.currency,
        "ballots": outcome.ballots,
        "blank": outcome.blank,
        "budget": money(outcome.budget),
        "cost": money(outcome.cost),
        "winners": sorted(ids[number] for number in outcome.winners),
        "endowment": None if outcome.endowment is None else str(outcome.endowment / election.unit),
        "increments": outcome.increments,
        "stop": outcome.stop,
        "steps": [step(entry) for entry in outcome.steps],
        "tied": tied,
    }
    if ties is not None:
        found["tie_recounts"] = {"made": ties.made, "most": ties.most}
        if outcome.welfare is not None:
            found["other_optimum"] = ties.other_optimum
    for field, turns in (("after", outcome.after), ("then", outcome.then)):
        if turns is not None:
            found[field] = [step(turn) for turn in turns]
    if outcome.compare is not None:
        compare: dict[str, Any] = {**outcome.compare}
        compare |= {"cost": money(compare["cost"]), "other": sorted(ids[number] for number in compare["other"])}
        found["compare"] = compare
    if outcome.welfare is not None:
        found["welfare"] = outcome.welfare
    return {**found, "certificate": certificate(instance, outcome)}


def as_text(election: PabulibFile, outcome: Outcome, name: str, ties: Ties) -> str:
    """Return a table: a line of totals, then winners and losers in the order in which the count met them."""
    unit = election.unit

    def money(amount: int) -> str:
        return f"{_decimal(amount, unit)} {printable(election.currency)}".strip()

    met = [step["i"] for step in (*outcome.steps, *(outcome.after or ()), *(outcome.then or ()))]
    order = list(dict.fromkeys([*met, *range(len(election.projects))]))
    order.sort(key=lambda number: not outcome.projects[number]["won"])
    rows = [("", "project", "cost", "votes", "why", "name")]
    for number in order:
        project, result = election.projects[number], outcome.projects[number]
        sign = "won" if result["won"] else "-"
        why = _REASONS[result["why"]["c"]]
        cost, votes = _decimal(project.cost, unit), str(result["votes"])
        rows.append((sign, printable(project.id), cost, votes, why, printable(project.name)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{Path(election.name).name}: {name}, ties by {', '.join(outcome.rule['ties'])}",
        f"{outcome.ballots} ballots, budget {money(outcome.budget)}, spent {money(outcome.cost)} "
        f"on {len(outcome.winners)} of {len(election.projects)} projects",
    ]
    if outcome.endowment is not None:
        part = float(outcome.endowment / unit)
        lines.append(f"{part:.2f} for each voter after {outcome.increments} increments (stop: {outcome.stop})")
    if outcome.ties:
        changed, unknown = (sum(known.changes is value for known in ties.examined) for value in (True, None))
        told = f"; in {changed} of them another order would have changed the winners"
        told += f", {unknown} were not examined (--check-ties does)" if unknown else ""
        lines.append(f"{len(outcome.ties)} ties decided by the tie rule{told}")
    if outcome.welfare is not None and ties.other_optimum is not False:
        unknown_set = "it was not examined whether another set has the same welfare (--check-ties does)"
        lines.append("another set has the same welfare: the tie rule chose" if ties.other_optimum else unknown_set)
    if outcome.compare is not None:
        shares, line = outcome.compare["equal_shares"], outcome.compare["greedy"]
        taken = outcome.compare["taken"].replace("_", " ")
        lines.append(f"{shares} voters prefer Equal Shares, {line} prefer greedy: {taken} is taken")
    lines.append("")
    for row in rows:
        cells = [
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*cells, row[5]]).rstrip())
    return "\n".join(lines)


def _decimal(amount: int, unit: int) -> str:
    """Return an amount of minor units in currency units, without needless zeros."""
    whole, rest = divmod(amount, unit)
    digits = len(str(unit)) - 1
    return f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".") if rest else str(whole)
