"""The count in TypeScript says the same as the service's tally, byte for byte, and finds the known winners."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pb_service.cli import main
from pb_service.core.tally import RULE_NAMES, Instance, rule_by_name, tally
from tests.recount.conftest import Recount
from tests.unit.core.tally.elections import FILES, expected, path_of, real
from tests.verifier import builder, naive

EID = builder.b64u(bytes(32))
#: Elections whose add-one counts take some seconds in each program; they are made in `scripts/test --long`.
SLOW = ["France_Toulouse_2022", "Poland_Warszawa_2021_Bielany"]
#: Elections whose counts under all rules together take some seconds; `scripts/test --long` runs them too.
LARGE = [
    "France_Toulouse_2019",
    "France_Toulouse_2022",
    "Hungary_Budapest_2023_VIII_Jozsefvaros",
    "Netherlands_Amsterdam_166",
    "Netherlands_Amsterdam_252",
    "Netherlands_Amsterdam_332",
    "Poland_Czestochowa_2020",
    "Poland_Katowice_2021",
    "Poland_Krakow_2021_Podgorze",
    "Poland_Lodz_2023",
    "Poland_Warszawa_2018_Bielany",
    "Poland_Warszawa_2021_Bielany",
    "Poland_Wieliczka_2023_Green_Budget",
]


def task(instance: Instance, rules: list[Any]) -> dict[str, Any]:
    """An election as the bundle would hold it, to be counted under each of some rules."""
    pairs = instance.fmt in ("points", "scores")
    return {
        "contest": {
            "id": instance.contest,
            "fmt": instance.fmt,
            "pro": [[project.id, project.cost] for project in instance.projects],
            "budget": instance.budget,
            "limits": {"blank": True},
            "unit": instance.unit,
        },
        "rules": rules,
        "eid": EID,
        "ballots": [
            [list(pair) for pair in ballot] if pairs else list(ballot)
            for ballot, count in instance.grouped.items()
            for _ in range(count)
        ],
    }


def published(instance: Instance, rule: Any) -> str:
    """The outcome that the service would publish, as canonical JSON."""
    counts = {"ballots": instance.size, "blank": instance.blank, "over": 0}
    document = {**tally(instance, rule).document(), "v": 1, "e": EID, "d": instance.contest, "counts": counts}
    return builder.cj(document).decode()


def counted(name: str, *, slow: bool) -> list[str]:
    """The rules for a file that this program counts. Those with greedy afterwards stand for those without as well."""
    rules = {rule for rule in expected(name)["rules"] if rule in RULE_NAMES and "maxwelfare" not in rule}
    return sorted(rule for rule in rules if f"{rule}_u" not in rules and (name in SLOW and "add1" in rule) is slow)


def check(recount: Recount, name: str, rules: list[str]) -> None:
    file, instance = real(name)
    documents = [rule_by_name(rule, unit=file.unit) for rule in rules]
    [answer] = recount([task(instance, documents)])
    for rule, document, outcome in zip(rules, documents, answer["outcomes"], strict=True):
        winners = sorted(instance.projects[number].id for number in json.loads(outcome)["winners"])
        assert winners == expected(name)["rules"][rule].get("winners", winners), rule
        assert outcome == published(instance, document), rule


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name in LARGE else []) for name in FILES]
)
def test_real_elections_have_the_known_winners_and_the_outcome_of_the_service(recount: Recount, name: str) -> None:
    """Every rule but maximum welfare, whose optimum a browser does not prove. A few counts have no known winners."""
    check(recount, name, counted(name, slow=False))


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_elections_with_many_ties_too(recount: Recount, name: str) -> None:
    check(recount, name, counted(name, slow=True))


def test_random_elections_agree_with_a_literal_count(recount: Recount) -> None:
    """Every format, rule but maximum welfare, completion, constraint, limit and tie order, with fixed seeds."""
    tasks, outcomes = [], []
    for seed in range(600):
        known, ballots = builder.random_contest(seed)
        if known["rule"]["name"] == "max_welfare":
            continue
        tasks.append({"contest": known | {"unit": 100}, "eid": EID, "ballots": sorted(ballots)})
        outcomes.append([builder.cj(naive.outcome(known, 100, EID, sorted(ballots))).decode()])
    assert [answer["outcomes"] for answer in recount(tasks)] == outcomes


@pytest.mark.parametrize("rule", ["greedy_density", "mes_cost_add1_u", "phragmen"])
def test_the_command_line_names_the_same_winners(recount: Recount, rule: str) -> None:
    name = "Poland_Swiecie_2023"
    told = CliRunner().invoke(main, ["tally", str(path_of(name)), "--rule", rule, "--format", "json"])
    document = json.loads(told.stdout)
    file, instance = real(name)
    [answer] = recount([task(instance, [rule_by_name(rule, unit=file.unit)])])
    outcome = json.loads(answer["outcomes"][0])
    ids = [project.id for project in instance.projects]
    assert sorted(ids[number] for number in outcome["winners"]) == document["winners"]
    assert [ids[step["i"]] for step in outcome["steps"]] == [step["project"] for step in document["steps"]]


def test_the_folder_of_the_recount_needs_no_page() -> None:
    """Only the panel touches the page; the rest runs in Node and in a worker."""
    folder = Path(__file__).parents[2] / "frontend_static" / "src" / "recount"
    touching = {file.name for file in folder.glob("*.ts") if "HTMLElement" in file.read_text(encoding="utf-8")}
    assert touching == {"panel.ts"}
