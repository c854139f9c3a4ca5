"""The report as text for people and as JSON for programs (docs/schemas/verify-report.schema.json).

Both are a pure function of bundle, options and language: no time of day, no duration, no path of this machine.
"""

import json
import textwrap
from typing import Any

from pb_service.verifier import words, words_process, words_sealed, words_states
from pb_service.verifier.canonical import b64u
from pb_service.verifier.checks import FAIL, NOT_APPLICABLE, NOT_CHECKED, PASS, Check, District, Report, fingerprint
from pb_service.verifier.findings import Problem
from pb_service.verifier.sealed.checks import Electorate
from pb_service.verifier.states import States
from pb_service.verifier.words import LABELS, say

SHOWN = 20  # problems of one check that are shown as text; JSON holds up to a thousand
WIDTH = 100
OPEN = ("open", None)  # modes without sealed ballots, and a check without a mode


def plain(text: str) -> str:
    """Foreign text made safe to show: what does not print is escaped, so that no bundle can write over the report."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    return shown if len(shown) <= 300 else shown[:300] + "…"


def amount(minor: int, unit: int, language: str) -> str:
    """Money in currency units, exactly: 1234567 at 100 to the unit is 12,345.67."""
    whole, rest = divmod(minor, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}" if rest else ""
    point = "." if language == "en" else ","
    return number(whole, language) + (point + digits if digits else "")


def number(value: int, language: str) -> str:
    """A whole number with the separator of the language."""
    return f"{value:,}" if language == "en" else f"{value:,}".replace(",", "\u00a0")


def sentence(problem: Problem, language: str) -> str:
    """What is wrong and where."""
    values = {name: plain(v) if isinstance(v, str) else v for name, v in problem.at.items()}
    return say(words.PROBLEMS[problem.code], language, **values)


def figures(check: Check, mode: str | None, language: str) -> str:
    """What stands behind the title: figures, the mode of a round, or why nothing was checked."""
    if check.reason:
        return say(words.REASONS[check.reason], language)
    if check.id == "V18" and mode:
        return say(words.MODES[mode], language)
    texts = words.FIGURES if mode in OPEN else words.FIGURES | words_sealed.FIGURES
    return say(texts[check.id], language, **{name: number(v, language) for name, v in check.figures.items()})


def verdict(checks: list[Check], language: str, passed: str = "pass", fault: str = "fail") -> str:
    """The finding as a sentence; `passed` and `fault` are the keys of the ones for all and for not all passed."""
    if all(check.status in (PASS, NOT_APPLICABLE) for check in checks):
        return say(words.VERDICT[passed], language)
    failed = ", ".join(check.id for check in checks if check.status == FAIL)
    return say(words.VERDICT[fault], language, checks=failed)


def title(check: Check, mode: str | None, language: str) -> str:
    """What a check shows, in the mode of the round."""
    texts = words.TITLES if mode in OPEN else words.TITLES | words_sealed.TITLES
    return say(texts[check.id], language)


def summary(checks: list[Check], language: str) -> str:
    """How many checks ended how."""
    statuses = [check.status for check in checks]
    return say(
        LABELS["summary"],
        language,
        passed=statuses.count(PASS),
        failed=statuses.count(FAIL),
        missing=statuses.count(NOT_CHECKED),
        idle=statuses.count(NOT_APPLICABLE),
    )


def as_text(report: Report, language: str) -> str:
    """The report for people, one line a check, what is wrong below it."""
    lines = [] if report.sample is None else [say(LABELS["confidential"], language)]
    lines += [*textwrap.wrap(_verdict(report, language), WIDTH), summary(report.checks, language), ""]
    mode = report.manifest.mode if report.manifest else None
    lines += [line for check in report.checks for line in check_lines(check, mode, language)]
    lines += [f"     - {group} {alias} {plain(pid)}" for group, alias, pid in report.sample or ()]
    lines += ["", *_about(report, language)]
    limits = f"{say(LABELS['limits'], language)}: {_cannot_show(report, language)}"
    return "\n".join([*lines, "", *textwrap.wrap(limits, WIDTH), ""])


def check_lines(check: Check, mode: str | None, language: str) -> list[str]:
    """One check as text: its line, and what it found wrong."""
    width = max(len(say(word, language)) for word in words.STATUS.values())
    status = say(words.STATUS[check.status], language)
    lines = [f"{check.id:<4} {status:<{width}}  {title(check, mode, language)}: {figures(check, mode, language)}"]
    lines += [f"     - {sentence(problem, language)}" for problem in check.problems[:SHOWN]]
    if len(check.problems) > SHOWN:
        lines.append(f"     - {say(LABELS['more'], language, number=len(check.problems) - SHOWN)}")
    return lines


def _about(report: Report, language: str) -> list[str]:
    lines = []
    if report.manifest:
        if report.districts:
            lines.append(f"{say(LABELS['counted'], language)}:")
            lines += [f"  {_district_line(report, district, language)}" for district in report.districts]
            lines += (
                [f"  {_group_line(group, language)}" for group in report.sealed.electorates] if report.sealed else []
            )
            lines.append("")
        if report.states and report.states.is_sound:
            lines += [*_state_lines(report, report.states, language), ""]
        lines.append(f"{say(LABELS['round'], language)}: {plain(_name(report.manifest.names, language))}")
    if report.checkpoint:
        record = say(
            LABELS["record_line"],
            language,
            origin=plain(report.checkpoint.origin),
            size=number(report.checkpoint.size, language),
        )
        lines.append(f"{say(LABELS['record'], language)}: {record}")
    if report.manifest:
        spaced = " ".join(textwrap.wrap(fingerprint(report.manifest.eid), 4))
        lines.append(f"{say(LABELS['fingerprint'], language)}: {spaced}")
        lines.append(f"{say(LABELS['key'], language)}: {plain(report.manifest.log_key.vkey)}")
        lines.append(say(LABELS["compare"], language))
    lines.append(f"{say(LABELS['bundle'], language)}: {report.sha256}")
    return lines


def _district_line(report: Report, district: District, language: str) -> str:
    assert report.manifest is not None  # noqa: S101 - nothing is counted without a manifest
    unit = report.manifest.contests[0].unit
    return say(
        LABELS["district"],
        language,
        contest=district.id,
        ballots=number(district.ballots, language),
        winners=len(district.winners),
        cost=amount(district.cost, unit, language),
        budget=amount(district.budget, unit, language),
        currency=report.manifest.currency,
    )


def _state_lines(report: Report, states: States, language: str) -> list[str]:
    """The result as its newest document has it, and the contests that decide nothing."""
    assert report.manifest is not None  # noqa: S101 - no state is examined without a manifest
    lines = []
    if states.newest:
        state = say(words_states.STATES[states.newest], language)
        place = {"number": states.number, "documents": len(states.kinds)}
        lines.append(f"{say(LABELS['stands'], language, state=state, **place)}:")
    for each in states.stands:
        unit, cost = report.manifest.contests[0].unit, sum(price for _, price in each["funded"])
        text = say(
            LABELS["stands_in"],
            language,
            contest=each["id"],
            winners=len(each["funded"]),
            cost=amount(cost, unit, language),
            budget=amount(each["budget"], unit, language),
            currency=report.manifest.currency,
        )
        lines.append(f"  {text}")
    return lines + [f"  {say(LABELS['void'], language, contest=contest)}" for contest in states.void]


def _group_line(group: Electorate, language: str) -> str:
    classes = ", ".join(f"{name} {number(count, language)}" for name, count in group.classes.items())
    values = {"group": plain(group.id), "voters": number(group.voters, language), "classes": classes}
    if group.entitled is None:
        return say(LABELS["open_group"], language, **values)
    return say(LABELS["group"], language, entitled=number(group.entitled, language), **values)


def _verdict(report: Report, language: str) -> str:
    if report.is_before_vote:
        told = verdict(report.checks, language, "pass_process", "fail_process")
    else:
        told = verdict(report.checks, language, "pass_sealed" if report.sealed else "pass")
    return f"{say(LABELS['rehearsal'], language)} {told}" if _is_rehearsal(report) else told


def _is_rehearsal(report: Report) -> bool:
    """Whether the record says by its origin that it is one: docs/protocol.md sections 2 and 17."""
    return report.manifest is not None and report.manifest.log_key.name.rpartition("/")[2].startswith("rehearsal-")


def _cannot_show(report: Report, language: str) -> str:
    if report.is_before_vote:
        return say(words_process.CANNOT_SHOW, language)
    return say(words_sealed.CANNOT_SHOW if report.sealed else words.CANNOT_SHOW, language)


def as_json(report: Report, language: str) -> str:
    """The report for programs. ASCII only, so that no terminal or mail changes a byte."""
    document: dict[str, Any] = {
        "program": "pb-verify",
        "version": 1,
        "language": language,
        "verdict": "pass" if report.is_pass else "fail",
        "sentence": _verdict(report, language),
        "summary": summary(report.checks, language),
        "bundle": {"sha256": report.sha256, "bytes": report.bytes},
    }
    if report.manifest:
        document["round"] = {
            "name": _name(report.manifest.names, language),
            "mode": report.manifest.mode,
            "election": b64u(report.manifest.eid),
            "fingerprint": fingerprint(report.manifest.eid),
            "key": report.manifest.log_key.vkey,
            "currency": report.manifest.currency,
            "unit": report.manifest.contests[0].unit,
        } | ({"rehearsal": True} if _is_rehearsal(report) else {})
    if report.checkpoint:
        head = report.checkpoint
        document["checkpoint"] = {"origin": head.origin, "size": head.size, "root": b64u(head.root)}
    document["checks"] = [
        check_document(check, report.manifest.mode if report.manifest else None, language) for check in report.checks
    ]
    document["contests"] = [
        {
            "id": district.id,
            "budget": district.budget,
            "ballots": district.ballots,
            "blank": district.blank,
            "over": district.over,
            "winners": district.winners,
            "cost": district.cost,
        }
        for district in report.districts
    ]
    if report.sealed:
        document["groups"] = [
            {"id": group.id, "voters": group.voters, "classes": group.classes}
            | ({"open": True} if group.entitled is None else {"entitled": group.entitled})
            for group in report.sealed.electorates
        ]
        for contest in document["contests"]:
            contest["sealed"] = report.sealed.tallies[contest["id"]].figures
    if report.states and report.states.is_sound:
        document["result"] = _result(report.states)
    if report.sample is not None:
        document["sample"] = [{"group": group, "alias": alias, "person": pid} for group, alias, pid in report.sample]
    document["cannot_show"] = _cannot_show(report, language)
    return json.dumps(document, indent=2) + "\n"


def _result(states: States) -> dict[str, Any]:
    """The result as its newest document has it."""
    contests = [
        {
            "id": each["id"],
            "winners": sorted(project for project, _ in each["funded"]),
            "cost": sum(cost for _, cost in each["funded"]),
        }
        for each in states.stands
    ]
    stated = {"state": states.newest.partition(".")[2], "document": states.number} if states.newest else {}
    return {"documents": len(states.kinds), **stated, "contests": contests, "void": states.void}


def check_document(check: Check, mode: str | None, language: str) -> dict[str, Any]:
    """One check as JSON."""
    return {
        "id": check.id,
        "status": check.status,
        "title": title(check, mode, language),
        "detail": figures(check, mode, language),
        "figures": check.figures,
        "problems": [
            {"code": problem.code, "at": problem.at, "text": sentence(problem, language)}
            for problem in check.problems[:1000]
        ],
        "found": len(check.problems),
    }


def _name(names: list[list[str]], language: str) -> str:
    return next((name for tag, name in names if tag == language), names[0][1] if names else "")
