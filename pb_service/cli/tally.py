"""`pb tally`: count one election file under one rule."""

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, cast, get_args

import click

from pb_service.cli.files import printable, problem_lines, read_bytes
from pb_service.core.rounds.documents import Tie
from pb_service.core.tally import RULE_NAMES, Outcome, TallyError, rule_by_name
from pb_service.core.tally import tally as count
from pb_service.core.tally.pabulib import PabulibError, PabulibFile, read_pabulib, write_pabulib

_REASONS = {
    "chosen": "funded",
    "too_dear": "costs more than was left",
    "stopped": "came after the count had stopped",
    "below_threshold": "below the threshold",
    "bought": "its supporters paid for it",
    "short": "its supporters had too little money left",
    "unsupported": "nobody voted for it",
    "added": "funded from what was left over",
}


class Refused(click.ClickException):
    """The file or the rule cannot be counted."""

    exit_code = 2


@click.command(epilog=f"Rules: {', '.join(RULE_NAMES)}.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rule", "name", required=True, metavar="NAME", help="Short name of the rule, see below.")
@click.option(
    "--ties", default="id", show_default=True, metavar="LIST", help=f"Tie rule, of {', '.join(get_args(Tie))}."
)
@click.option("--threshold", type=int, metavar="N", help="Least score that a project needs (greedy rules).")
@click.option("--format", "form", type=click.Choice(["text", "json", "pb"]), default="text", show_default=True)
def tally(file: Path, name: str, ties: str, threshold: int | None, form: str) -> None:
    """Count the Pabulib FILE (.pb or .pb.gz) exactly and print the outcome.

    text is a table, json all steps with money in currency units, pb the file with a column `selected`.
    Exit status 2 means that the file or the rule cannot be counted.
    """
    try:
        election = read_pabulib(read_bytes(file), name=str(file))
        order = cast(list[Tie], [tie.strip() for tie in ties.split(",")])
        instance = election.instance()
        outcome = count(instance, rule_by_name(name, order, threshold=threshold, unit=election.unit))
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}.") from None
    except PabulibError as error:
        raise Refused(str(error)) from None
    except TallyError as error:
        raise Refused(f"{file}: {error}") from None
    if form == "json":
        click.echo(json.dumps(as_json(election, outcome, name), ensure_ascii=False, indent=1))
    elif form == "pb":
        won = (election.projects[number].id for number in outcome.winners)
        click.echo(write_pabulib(election.with_selected(won)), nl=False)
    else:
        click.echo(as_text(election, outcome, name))
    for line in problem_lines(election):
        click.echo(line, err=True)


def as_json(election: PabulibFile, outcome: Outcome, name: str) -> dict[str, Any]:
    """Return the outcome with projects by id; amounts are decimals and prices fractions, both in currency units."""
    ids = [project.id for project in election.projects]

    def money(amount: int) -> str:
        return _decimal(amount, election.unit)

    # A price is money per unit of utility: with cost as utility the currency cancels out, otherwise it does not.
    without_unit = outcome.rule["name"] == "equal_shares" and outcome.rule["utility"] == "cost"
    price_unit = 1 if without_unit else election.unit

    def step(entry: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"project": ids[entry["i"]], "left": money(entry["left"])}
        if "price" in entry:
            return {**told, "price": str(Fraction(entry["price"]) / price_unit), "supporters": entry["supporters"]}
        return {**told, "funded": entry["ok"]}

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
        "tied": [{**tie, "order": [ids[number] for number in tie["order"]]} for tie in outcome.ties],
    }
    if outcome.then is not None:
        found["then"] = [step(turn) for turn in outcome.then]
    return found


def as_text(election: PabulibFile, outcome: Outcome, name: str) -> str:
    """Return a table: a line of totals, then winners and losers in the order in which the count met them."""
    unit = election.unit

    def money(amount: int) -> str:
        return f"{_decimal(amount, unit)} {printable(election.currency)}".strip()

    met = [step["i"] for step in outcome.steps] + [turn["i"] for turn in outcome.then or ()]
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
        lines.append(f"{len(outcome.ties)} ties decided by the tie rule")
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
