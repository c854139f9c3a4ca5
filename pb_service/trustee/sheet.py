"""The paper as a page to print: two copies, words and code, in one file that needs no network and runs no program.

The file is a secret in clear. It is made with rights for its owner alone, in the trustee's own folder, and erased again
as soon as the paper was tried.
"""

import io
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path

import segno

from pb_service.trustee import words
from pb_service.trustee.paper import Paper

NAME = "paper.html"
COPIES = 2
_STYLE = """
body{font:11pt/1.45 sans-serif;color:#000;background:#fff;margin:0}
section{box-sizing:border-box;max-width:180mm;margin:12mm auto;break-after:page;break-inside:avoid}
h1{font-size:17pt;margin:0 0 2mm}
.rehearsal{border:1mm solid #000;font-size:17pt;font-weight:bold;padding:2mm;margin:0 0 4mm}
.secret{display:flex;flex-wrap:wrap;gap:10mm;align-items:center;border:.4mm solid #000;padding:5mm;margin:5mm 0}
ol.rows{font:14pt/1.9 monospace;margin:0;padding-left:9mm}.rows li{white-space:pre}
svg{width:52mm;height:52mm}dt{font-weight:bold}dd{margin:0 0 2mm;overflow-wrap:anywhere}
"""


@dataclass(frozen=True)
class Holder:
    """Whose paper it is: all of it may be read by anybody. ``public`` is the public half of the share, as text."""

    number: int
    name: str
    origin: str
    public: str
    is_rehearsal: bool


def page(paper: Paper, holder: Holder, language: str) -> str:
    """Return the page, two copies of the same paper."""
    copies = "".join(_copy(paper, holder, language, copy) for copy in range(1, COPIES + 1))
    title = escape(words.say(words.PAPER_TITLE, language, number=holder.number))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n{copies}</body></html>\n"
    )


def _copy(paper: Paper, holder: Holder, language: str, copy: int) -> str:
    def told(text: words.Text, **values: str | int) -> str:
        return escape(words.say(text, language, **values))

    mark = f'<p class="rehearsal">{told(words.REHEARSAL_PAPER)}</p>' if holder.is_rehearsal else ""
    rows = "".join(f"<li>{escape(str(row))}</li>" for row in paper.rows)
    facts = (
        (told(words.PAPER_HOLDER), f"{holder.number}, {escape(holder.name)}"),
        (told(words.PAPER_RECORD), escape(holder.origin)),
        (told(words.PAPER_PUBLIC), escape(holder.public)),
    )
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    rules = "".join(f"<li>{told(rule)}</li>" for rule in words.PAPER_RULES)
    return (
        f"<section>{mark}<h1>{told(words.PAPER_TITLE, number=holder.number)}</h1>"
        f"<p>{told(words.PAPER_COPY, copy=copy, copies=COPIES)}</p><dl>{listed}</dl>"
        f'<div class="secret"><ol class="rows">{rows}</ol>{_picture(paper)}</div><ul>{rules}</ul></section>\n'
    )


def _picture(paper: Paper) -> str:
    drawn: str = _code(paper).svg_inline(scale=4, border=4, light="#fff", svgclass=None, lineclass=None, omitsize=True)
    return drawn


def terminal_picture(paper: Paper) -> str:
    """Return the code drawn with characters, for a terminal with dark ground."""
    out = io.StringIO()
    _code(paper).terminal(out, border=2, compact=True)
    return out.getvalue()


def _code(paper: Paper) -> segno.QRCode:
    return segno.make_qr(paper.code, error="m")


def write(path: Path, text: str) -> None:
    """Write a new file that its owner alone can read; one that is left from before is erased first."""
    erase(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def erase(path: Path) -> None:
    """Overwrite a file with zeros and remove it; one that is not there is no fault. What a link points to stays.

    A disk that spreads its wear, or a copy that a backup or a printer's queue made, keeps what it has all the same.
    """
    if path.is_symlink() or not path.exists():
        path.unlink(missing_ok=True)
        return
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
