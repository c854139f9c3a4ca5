"""Asks the verifier about members, without a file between."""

from typing import Any

from pb_service.verifier.checks import NOT_APPLICABLE, PASS, Check, Report, Verifier
from pb_service.verifier.report import as_json, as_text
from tests.verifier.builder import Plan


def checks(members: dict[str, bytes], **options: Any) -> dict[str, Check]:
    """Every check by its number; whatever was found, there are words for it."""
    verifier = Verifier(members, cores=1, **options)
    found = verifier.run()
    report = Report("", 0, found, verifier.manifest, verifier.checkpoint, verifier.districts, verifier.sealed)
    assert all(name in as_text(report, "fi") and name in as_json(report, "sv") for name in ("V1", "V18"))
    return {check.id: check for check in found}


def failed(members: dict[str, bytes], **options: Any) -> set[str]:
    """The numbers of the checks that did not pass."""
    found = checks(members, **options)
    return {name for name, check in found.items() if check.status not in (PASS, NOT_APPLICABLE)}


def problems(plan: Plan, check: str) -> set[str]:
    """The codes of what one check finds in a sealed plan."""
    return {problem.code for problem in checks(plan.seal())[check].problems}
