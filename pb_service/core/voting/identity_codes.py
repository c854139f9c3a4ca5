"""The Finnish personal identity code: its form, its check character, the day of birth in it.

DDMMYYCZZZQ: day of birth, a sign for the century, an individual number, and a check character that is the number of all
nine digits modulo 31 in an alphabet of its own. Signs: ``+`` for the 1800s; ``-`` and U to Y for the 1900s; A to F for
the 2000s (Act 1215/2009 on the population information system, decree 128/2010 as amended by 690/2022).
"""

import datetime as dt
import re

_FORM = re.compile(r"([0-9]{6})([-+A-FU-Y])([0-9]{3})([0-9A-FHJ-NPR-Y])")
_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CENTURIES = {"+": 1800, **dict.fromkeys("-UVWXY", 1900), **dict.fromkeys("ABCDEF", 2000)}


class IdentityCodeError(ValueError):
    """It is no personal identity code. The message never holds what was given."""


def born(code: str) -> dt.date:
    """Return the day of birth in a code that is in upper case and trimmed. Raises IdentityCodeError."""
    found = _FORM.fullmatch(code)
    if found is None:
        raise IdentityCodeError("not in the form of a personal identity code")
    day, century, number, check = found.groups()
    if _CHECKS[int(day + number) % 31] != check or int(number) < 2:
        raise IdentityCodeError("a character of the personal identity code is wrong")
    try:
        return dt.date(_CENTURIES[century] + int(day[4:]), int(day[2:4]), int(day[:2]))
    except ValueError:
        raise IdentityCodeError("there is no such day of birth") from None
