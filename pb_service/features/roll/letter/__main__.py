"""Prints letters: reads them as JSON, writes a PDF. A process of its own, so that with its end every code is gone.

    python -m pb_service.features.roll.letter < letters.json > letters.pdf

Nothing is written to a disk. Each letter has `link`, without the code, and `scanned`, the address in its QR code.
"""

import io
import json
import sys
from importlib.resources import files

import segno
import typst

#: Any mask makes a code that can be read; choosing among them takes most of the time.
_MASK = 3


def printed(letters: list[dict[str, object]]) -> bytes:
    """Return the PDF, with one page a letter."""
    drawn = [{**letter, "qr": _drawn(str(letter["scanned"]))} for letter in letters]
    template = files(__package__).joinpath("letter.typ").read_bytes()
    given = {"letters": json.dumps(drawn)}
    made: bytes = typst.compile(
        template, sys_inputs=given, ignore_system_fonts=True, format="pdf", pdf_standards="ua-1"
    )
    return made


def _drawn(address: str) -> str:
    """The QR code of an address as SVG."""
    out = io.BytesIO()
    code = segno.make(address, error="m", mask=_MASK, micro=False, boost_error=False)
    code.save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


if __name__ == "__main__":
    sys.stdout.buffer.write(printed(json.load(sys.stdin)))
