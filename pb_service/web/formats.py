"""Numbers, money, dates and places as each language writes them (CLDR, through Babel); texts from the catalogues."""

import datetime as dt
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, get_currency_symbol

from pb_service.web.locales import Language

#: Between the thousands of fi and sv stands a narrow no-break space; before a unit a whole one, as CLDR has it.
NARROW, NO_BREAK = "\u202f", "\u00a0"
_DASH = "\u2013"

#: Between a day and a time of day.
_AT = {"fi": f" klo{NO_BREAK}", "sv": f" kl.{NO_BREAK}", "en": ", "}

#: British English writes days before months, as everything else in Europe does.
_LOCALES = {"fi": "fi", "sv": "sv_FI", "en": "en_GB"}

#: The language whose sign for a currency is the one people use at home: zł, €, kr.
_AT_HOME = {"PLN": "pl", "EUR": "fi", "SEK": "sv", "DKK": "da", "NOK": "nb", "GBP": "en", "CZK": "cs", "CHF": "de"}


class Catalogue(Protocol):
    """The texts of one language (gettext's own interface)."""

    def gettext(self, message: str, /) -> str: ...

    def ngettext(self, singular: str, plural: str, number: int, /) -> str: ...


class Reader:
    """Words and numbers of one reader's language.

    Amounts are integer minor units, ``unit`` of which (a power of ten, at least 100) make one unit of ``currency``
    (ISO 4217). Moments are seconds since 1970 or aware datetimes, and are written in ``zone`` (IANA). UTC is named
    beside every time; of any other zone the page says once that its times are local.
    """

    def __init__(
        self, language: Language, catalogue: Catalogue, *, currency: str = "EUR", unit: int = 100, zone: str = "UTC"
    ) -> None:
        self.language = language
        self.locale = Locale.parse(_LOCALES[language])
        self._catalogue = catalogue
        self._unit = unit
        self._code = currency
        self._zone = ZoneInfo(zone)

    def gettext(self, message: str, /) -> str:
        return self._catalogue.gettext(message)

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        return self._catalogue.ngettext(singular, plural, number)

    @property
    def unit(self) -> int:
        """How many minor units make one of the currency."""
        return self._unit

    @property
    def currency(self) -> str:
        """The currency's sign as its own country writes it, else its code."""
        home = _AT_HOME.get(self._code)
        return get_currency_symbol(self._code, home) if home else self._code

    def number(self, value: int | Decimal, /) -> str:
        """A number with the language's separators: 2,427,140 or 2 427 140."""
        return self._narrow(format_decimal(value, "#,##0.###", locale=self.locale))

    def decimal(self, value: Fraction, places: int) -> str:
        """A number rounded half even to ``places`` decimals, all of them shown."""
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
        return self._narrow(format_decimal(rounded, "#,##0." + "0" * places, locale=self.locale))

    def money(self, amount: int | Fraction, /) -> str:
        """An amount with its currency behind it; cents only when there are any. Fractions are rounded half even."""
        cents = round(amount)
        places = len(str(self._unit)) - 1
        pattern = "#,##0" if cents % self._unit == 0 else "#,##0." + "0" * places
        value = Decimal(cents).scaleb(-places)
        return f"{self._narrow(format_decimal(value, pattern, locale=self.locale))}{NO_BREAK}{self.currency}"

    def percent(self, part: Fraction, /) -> str:
        """A part of one in whole per cent; with one decimal below one per cent."""
        places = 1 if 0 < part < Fraction(1, 100) else 0
        number = self.decimal(part * 100, places) if places else self.number(round(part * 100))
        return f"{number}%" if self.language == "en" else f"{number}{NO_BREAK}%"

    def date(self, moment: int | datetime, /) -> str:
        """A day: 30 June 2022."""
        return format_date(self._local(moment).date(), "long", locale=self.locale)

    def date_of(self, day: dt.date, /) -> str:
        """A day that is no moment: 30 June 2022."""
        return format_date(day, "long", locale=self.locale)

    def short_date(self, moment: int | datetime, /) -> str:
        """A day in digits: 30.6.2022, 30/06/2022."""
        return format_date(self._local(moment), "dd/MM/y" if self.language == "en" else "d.M.y", locale=self.locale)

    def moment(self, moment: int | datetime, /) -> str:
        """A day and a time: 30 June 2022, 20:00 UTC, and klo 20.00, kl. 20.00; a zone of one's own is not named."""
        name = f"{NO_BREAK}UTC" if self._zone.key == "UTC" else ""
        return f"{self.date(moment)}{_AT[self.language]}{self.clock(moment)}{name}"

    def clock(self, moment: int | datetime, /) -> str:
        """A time of day, to the minute: 20:00, 20.00."""
        return format_time(self._local(moment).time(), "short", locale=self.locale)

    def dates(self, first: int | datetime, last: int | datetime, /) -> str:
        """The days from one moment to another, both included, with a dash between them."""
        start, end = self._local(first), self._local(last)
        if start.date() == end.date():
            return self.date(end)
        if start.year != end.year:
            return f"{self.date(start)} {_DASH} {self.date(end)}"
        if start.month != end.month:
            return f"{format_skeleton('MMMMd', start, locale=self.locale)} {_DASH} {self.date(end)}"
        return f"{start.day}{'.' if self.language == 'fi' else ''}{_DASH}{self.date(end)}"

    def listed(self, items: Sequence[str], /) -> str:
        """Several things in one sentence: "387, 949 and 1359"."""
        return format_list(list(items), locale=self.locale)

    def metres(self, distance: int) -> str:
        """A distance in metres, from one kilometre in kilometres."""
        if distance < 1000:
            return f"{self.number(distance)}{NO_BREAK}m"
        if distance < 10_000 and round(distance, -2) % 1000:
            return f"{self.decimal(Fraction(distance, 1000), 1)}{NO_BREAK}km"
        return f"{self.number(round(Fraction(distance, 1000)))}{NO_BREAK}km"

    def size(self, octets: int) -> str:
        """The size of a file: 184 kB, 2.1 MB; in Finnish kt and Mt."""
        byte = "t" if self.language == "fi" else "B"
        if octets < 1_000_000:
            return f"{self.number(max(1, round(Fraction(octets, 1000))))}{NO_BREAK}k{byte}"
        return f"{self.decimal(Fraction(octets, 1_000_000), 1)}{NO_BREAK}M{byte}"

    def degrees(self, value: float, positive: str, negative: str) -> str:
        """A latitude or longitude as short as it can be written, e.g. 52.2° N."""
        plain = Decimal(str(abs(value))).normalize()
        return f"{format_decimal(plain, '0.###', locale=self.locale)}°{NO_BREAK}{positive if value >= 0 else negative}"

    def coordinates(self, place: tuple[str, str]) -> str:
        """Latitude and longitude to five decimals, about a metre."""
        latitude, longitude = (Decimal(text) for text in place)
        north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
        return f"{abs(latitude):.5f}° {north}, {abs(longitude):.5f}° {east}"

    def part(self, amount: int, whole: int, width: int) -> str:
        """The length of a bar of ``width`` pixels for a part of a whole, to a tenth of a pixel."""
        return f"{max(0.0, min(1.0, amount / whole)) * width:.1f}" if whole > 0 else "0"

    def _local(self, moment: int | datetime) -> datetime:
        aware = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment
        return aware.astimezone(self._zone)

    @staticmethod
    def _narrow(text: str) -> str:
        return text.replace(NO_BREAK, NARROW)


def text_in(texts: Sequence[Sequence[str]], language: str) -> tuple[str, str]:
    """The text in the wanted language, or else the first one, with its language: (language, text)."""
    code, text = next((pair for pair in texts if pair[0] == language), texts[0])
    return code, text
