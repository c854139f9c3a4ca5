"""Paper: the ballots of a contest as a PDF to print, and the closing certificate of what was counted.

A ballot sheet comes in variants, each with the projects in another order. The order of a variant follows from the
election and its letter, so that a sheet printed again is the same sheet, and nobody chooses what stands first.
"""

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import segno
import typst

from pb_service.core.record.framing import h32
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.core.rounds.setup import Setup
from pb_service.core.sealing.manifest import Contest
from pb_service.features.assessment.page_parts import reader
from pb_service.features.voting.polling import Polling
from pb_service.web.formats import Reader
from pb_service.web.locales import LANGUAGES

#: Variants are named by letters.
VARIANTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MASK = 3


def order_of(eid: bytes, contest: str, variant: str, codes: Sequence[str]) -> list[str]:
    """Return the projects of a contest in the order of a variant, drawn from the election's id."""
    return sorted(codes, key=lambda code: h32("pb/paper-order", eid, contest.encode(), variant.encode(), code.encode()))


async def ballot_sheets(
    polling: Polling, setup: Setup, name: Sequence[Sequence[str]], contest: str, variants: int, *, rehearsal: bool
) -> bytes:
    """Return the ballots of a contest as a PDF: so many variants, in three languages on one sheet."""
    eid, named = polling.manifest.eid, polling.manifest.contests[contest]
    listed = next(one for one in polling.ballot_list["contests"] if one["id"] == contest)
    projects = {project["id"]: project for project in listed["projects"]}
    words = {language: reader(setup, language) for language in LANGUAGES}
    round_name = {code: text for code, text in name}  # noqa: C416 - pairs may be lists
    sheets = [
        {
            "document": f"{contest} {listed['title'][0][1]}",
            "contest": contest,
            "variant": variant,
            "fingerprint": fingerprint(eid),
            "rehearsal": " / ".join(words[one].gettext("Rehearsal: this is no vote") for one in LANGUAGES)
            if rehearsal
            else "",
            "title": dict(listed["title"]),
            "round": round_name,
            "instructions": {one: instructions(named, words[one]) for one in LANGUAGES},
            "qr": _qr(f"pb-ballot {contest} {variant} {fingerprint(eid)}"),
            "projects": [
                {
                    "code": code,
                    "title": dict(projects[code]["title"]),
                    "cost": words["fi"].money(projects[code]["cost"]),
                }
                for code in order_of(eid, contest, variant, list(projects))
            ],
        }
        for variant in VARIANTS[:variants]
    ]
    return await asyncio.to_thread(_compiled, "ballot.typ", {"sheets": json.dumps(sheets)})


async def certificate(given: Mapping[str, Any]) -> bytes:
    """Return the closing certificate as a PDF: its title, facts, contests with their boxes, and who signs by hand."""
    return await asyncio.to_thread(_compiled, "certificate.typ", {"certificate": json.dumps(given)})


def instructions(contest: Contest, words: Reader) -> list[str]:
    """What stands on a ballot: how to mark it, how much of it, and what to do with the sheet."""
    shape, limits = contest.shape, contest.document["limits"]
    said = [
        {
            "knapsack": words.gettext("Mark the projects that you want with a cross."),
            "approval": words.gettext("Mark the projects that you want with a cross."),
            "points": words.gettext("Write your points beside the projects, in whole numbers."),
            "scores": words.gettext("Write a score beside as many projects as you like."),
            "ordinal": words.gettext("Write 1 beside the best project, 2 beside the next, and so on."),
        }[shape.fmt]
    ]
    if "cost" in limits:
        said.append(words.gettext("Together at most %(sum)s.") % {"sum": words.money(limits["cost"])})
    if "k" in limits:
        most = limits["k"]
        told = words.ngettext("At most %(count)s project.", "At most %(count)s projects.", most)
        said.append(told % {"count": words.number(most)})
    if shape.fmt == "points" and "sum" in limits:
        said.append(words.gettext("You have %(count)s points.") % {"count": words.number(limits["sum"])})
    if shape.fmt == "scores":
        told = words.gettext("Scores go from %(least)s to %(most)s.")
        said.append(told % {"least": words.number(limits["smin"]), "most": words.number(limits["smax"])})
    said.append(words.gettext("Write nothing else: a ballot by which somebody could be known is void."))
    said.append(words.gettext("A mistake? Ask for a new sheet. Fold this one and put it into the box."))
    return said


def _qr(text: str) -> str:
    out = io.BytesIO()
    code = segno.make(text, error="m", mask=_MASK, micro=False, boost_error=False)
    code.save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def _compiled(template: str, given: dict[str, str]) -> bytes:
    source = files("pb_service.features.desk.sheets").joinpath(template).read_bytes()
    made: bytes = typst.compile(source, sys_inputs=given, ignore_system_fonts=True, format="pdf", pdf_standards="ua-1")
    return made
