"""The picture that other services show beside a link to a page of ours: drawn here, so that no reader's browser is
sent anywhere for it.

It is set in the fonts of the pages, whose files hold a part of the letters each.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from pb_service.web.assets import DIST

#: What those who show such pictures ask for, in pixels.
WIDTH, HEIGHT = 1200, 630
_EDGE = 80
_PAPER, _INK, _QUIET, _BRAND, _ACCENT = "#f5f7fa", "#14213d", "#46506a", "#0b4f8a", "#8a3a00"
_MOST_LINES = 4
#: Sizes for the title, largest first: the first in which it fits.
_SIZES = (76, 64, 54, 46)
#: Latin with å, ä, ö and punctuation is in one file, further letters of the alphabet in another.
_FURTHER = range(0x100, 0x250)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def _font(family: str, weight: int, part: str, size: int) -> Font:
    found = sorted(DIST.glob(f"assets/{family}-{part}-{weight}-normal-*.woff2"))
    try:
        return ImageFont.truetype(found[0], size)
    except (IndexError, OSError):  # a library of fonts without this format: the picture is plainer
        return ImageFont.load_default(size)


class _Pen:
    """Writes lines in one family and size."""

    def __init__(self, draw: ImageDraw.ImageDraw, family: str, weight: int, size: int) -> None:
        self._draw, self._family, self._weight, self.size = draw, family, weight, size

    def _runs(self, text: str) -> list[tuple[Font, str]]:
        runs = groupby(text, lambda mark: "latin-ext" if ord(mark) in _FURTHER else "latin")
        return [(_font(self._family, self._weight, part, self.size), "".join(marks)) for part, marks in runs]

    def width(self, text: str) -> float:
        return sum(font.getlength(run) for font, run in self._runs(text))

    def write(self, at: tuple[float, float], text: str, fill: str) -> None:
        """Write on a base line that begins at ``at``."""
        x, y = at
        for font, run in self._runs(text):
            anchored = "ls" if isinstance(font, ImageFont.FreeTypeFont) else None
            self._draw.text((x, y), run, font=font, fill=fill, anchor=anchored)
            x += font.getlength(run)

    def lines(self, text: str, width: int) -> list[str]:
        """Break a text into lines no wider than that; a word that is wider is cut."""
        made: list[str] = []
        for word in text.split():
            joined = f"{made[-1]} {word}" if made else word
            if made and self.width(joined) <= width:
                made[-1] = joined
            else:
                made.append(self.cut(word, width))
        return made

    def cut(self, text: str, width: int) -> str:
        """Return a text, or as much of it as fits, with an ellipsis."""
        if self.width(text) <= width:
            return text
        while text and self.width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"


def share_card(title: str, *, above: str, below: Sequence[str]) -> bytes:
    """Return a PNG with a title, a line above it, and up to two lines at the foot. Blocking."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 24, HEIGHT), fill=_BRAND)
    draw.rectangle((0, HEIGHT // 2, 24, HEIGHT), fill=_ACCENT)
    room = WIDTH - 2 * _EDGE
    small = _Pen(draw, "inter", 400, 32)
    small.write((_EDGE, 108), small.cut(above, room), _QUIET)
    pen, lines = _title(draw, title, room)
    y = 150.0
    for line in lines:
        y += pen.size * 1.2
        pen.write((_EDGE, y), line, _INK)
    strong = _Pen(draw, "inter", 600, 34)
    for number, text in enumerate(below[:2]):
        foot = strong if number == 0 else small
        foot.write((_EDGE, HEIGHT - 104 + 48 * number), foot.cut(text, room), _BRAND if number == 0 else _QUIET)
    body = BytesIO()
    image.quantize(64).save(body, "PNG", optimize=True)
    return body.getvalue()


def _title(draw: ImageDraw.ImageDraw, title: str, room: int) -> tuple[_Pen, list[str]]:
    for size in _SIZES:
        pen = _Pen(draw, "vollkorn", 600, size)
        lines = pen.lines(title, room)
        if len(lines) <= _MOST_LINES and len(lines) * size * 1.2 <= 320:
            return pen, lines
    return pen, [*lines[: _MOST_LINES - 1], pen.cut(" ".join(lines[_MOST_LINES - 1 :]), room)]
