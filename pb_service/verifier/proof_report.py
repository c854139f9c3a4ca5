"""The report on a result of `pb tally`, as text and as JSON (docs/schemas/verify-tally.schema.json)."""

import json
import textwrap

from pb_service.verifier import words
from pb_service.verifier.proof import TallyReport
from pb_service.verifier.report import WIDTH, check_document, check_lines, summary, verdict
from pb_service.verifier.words import LABELS, say


def tally_as_text(report: TallyReport, language: str) -> str:
    """One line a check, what is wrong below it, and what this cannot show."""
    lines = [*textwrap.wrap(_verdict(report, language), WIDTH), summary(report.checks, language), ""]
    lines += [line for check in report.checks for line in check_lines(check, None, language)]
    lines += ["", f"{say(LABELS['result'], language)}: {report.result_sha256}"]
    lines += [f"{say(LABELS['votes'], language)}: {report.votes_sha256}"]
    limits = f"{say(LABELS['limits'], language)}: {say(words.TALLY_CANNOT_SHOW, language)}"
    return "\n".join([*lines, "", *textwrap.wrap(limits, WIDTH), ""])


def tally_as_json(report: TallyReport, language: str) -> str:
    """The report for programs, ASCII only."""
    document = {
        "program": "pb-verify",
        "version": 1,
        "language": language,
        "verdict": "pass" if report.is_pass else "fail",
        "sentence": _verdict(report, language),
        "summary": summary(report.checks, language),
        "quick": report.is_quick,
        "result": {"sha256": report.result_sha256},
        "votes": {"sha256": report.votes_sha256},
        "checks": [check_document(check, None, language) for check in report.checks],
        "cannot_show": say(words.TALLY_CANNOT_SHOW, language),
    }
    return json.dumps(document, indent=2) + "\n"


def _verdict(report: TallyReport, language: str) -> str:
    return verdict(report.checks, language, "pass_quick" if report.is_quick else "pass_tally")
