"""What a code letter says, in the language of its receiver, and its printing in a process of its own."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pb_service.core.rounds import calendar
from pb_service.core.rounds.setup import Contact, Setup
from pb_service.core.voting.codes import printed
from pb_service.features.assessment.page_parts import reader
from pb_service.features.proposals.reading import spoken
from pb_service.features.roll.letters import Made
from pb_service.platform.errors import DomainError
from pb_service.web.locales import PACKAGE, Language

#: A thousand letters take a few seconds.
_PATIENCE_SECONDS = 120


class PrintingFailed(DomainError):
    """The letters could not be printed; none was made."""

    status = 500
    type = "printing-failed"


@dataclass(frozen=True)
class Sheet:
    """What all letters of a round share. ``sender``: who writes, and the address to which letters come back."""

    slug: str
    setup: Setup
    contact: Contact
    sender: str
    return_address: str
    public_url: str
    now: datetime


async def print_letters(made: Sequence[Made], sheet: Sheet) -> bytes:
    """Return the PDF of letters. Raises PrintingFailed.

    The codes go through a pipe into a process that ends with the PDF; nothing is written to a disk.
    """
    given = json.dumps([letter_of(one, sheet) for one in made]).encode()
    printer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pb_service.features.roll.letter",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # whatever it said could hold a code
        cwd=PACKAGE.parent,
    )
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            body, _ = await printer.communicate(given)
    except TimeoutError as error:
        raise PrintingFailed("Printing took too long.") from error
    finally:
        if printer.returncode is None:
            printer.kill()
            await printer.wait()
    if printer.returncode != 0 or not body.startswith(b"%PDF"):
        raise PrintingFailed("The letters could not be printed.")
    return body


def letter_of(made: Made, sheet: Sheet) -> dict[str, Any]:
    """Return what one letter says, as the printer takes it."""
    language: Language = made.recipient.language
    words = reader(sheet.setup, language)
    title = spoken(sheet.setup.texts.name, language)
    name = title.text if title else sheet.slug
    link = f"{sheet.public_url}/{language}/rounds/{sheet.slug}/vote/identify"
    code = printed(made.code)
    opens, closes = vote_times(sheet.setup)
    before = [
        words.gettext("With the code in this letter you can vote in %(round)s, without an account.") % {"round": name}
    ]
    if opens and closes:
        when = {"opens": words.moment(opens), "closes": words.moment(closes)}
        before.append(words.gettext("Voting is open from %(opens)s to %(closes)s.") % when)
    before.append(
        words.gettext(
            "Read the square with the camera of a phone, or type the address into a browser and then the code."
        )
    )
    after = [
        words.gettext(
            "The code is yours alone. Whoever has it can vote in your place: give it to nobody, and do not take a "
            "picture of it for others to see."
        ),
        words.gettext(
            "You can vote again until voting ends; the latest vote counts. A vote on paper, at a desk or with strong "
            "identification goes before one with this code."
        ),
    ]
    asked = ", ".join(part for part in (sheet.contact.name, sheet.contact.phone, sheet.contact.email) if part)
    if asked:
        after.append(words.gettext("Do you need help, or is the letter lost? Ask: %(contact)s") % {"contact": asked})
    return {
        "language": language,
        "sender": sheet.sender,
        "return_address": sheet.return_address,
        "date": words.short_date(sheet.now),
        "address": list(made.recipient.address),
        "heading": words.gettext("Your code for voting"),
        "before": before,
        "code_label": words.gettext("Your code"),
        "code_lines": [code[:15], code[15:]],
        "address_label": words.gettext("The address"),
        "link": f"{urlsplit(sheet.public_url).netloc}{urlsplit(link).path}",
        "scanned": f"{link}#{made.code}{code[-1]}",
        "qr_label": words.gettext(
            "A square to be read with a camera: it leads to the page for voting, with your code."
        ),
        "after": after,
        "number": words.gettext("Letter %(number)s") % {"number": words.number(made.number)},
    }


def vote_times(setup: Setup) -> tuple[datetime | None, datetime | None]:
    """Return when the vote opens and closes by the timetable, as far as it says."""
    planned = {item.phase: calendar.starts(item, setup.dates.time_zone) for item in setup.dates.phases}
    return planned.get("voting"), planned.get("counting")
