"""How a trustee's secrets come to paper and back: shown, printed, typed. Nothing of it reaches the transcript."""

import sys

import click

from pb_service.cli.outside import Stopped
from pb_service.core.record.canonical import b64u
from pb_service.core.sealing.group import times_base
from pb_service.core.sealing.rehearsal import is_rehearsal
from pb_service.trustee import sheet, words
from pb_service.trustee.paper import MARK, ROWS, SYMBOLS_IN_ROW, Paper, PaperError
from pb_service.trustee.vault import Vault


def put_on_paper(vault: Vault, language: str) -> None:
    """Show the secrets, make a page of them if asked to, and have them typed back: a copy that nobody tried is none.

    The page is erased again whatever happens meanwhile.
    """
    person, mark = vault.trustee, mark_of(vault, language)
    assert person.share is not None  # noqa: S101 # asked for only then
    paper = Paper.of(person.share, person.key)
    click.echo(mark + words.say(words.STEPS["backup"], language) + "\n")
    for row in paper.rows:
        click.echo(f"    {row}")
    click.echo("\n" + sheet.terminal_picture(paper))
    page = vault.folder / sheet.NAME
    try:
        if click.confirm(mark + words.say(words.PRINT, language)):
            public = b64u(times_base(person.share))
            holder = sheet.Holder(person.number, vault.name, vault.origin, public, is_rehearsal(vault.origin))
            sheet.write(page, sheet.page(paper, holder, language))
            click.echo(mark + words.say(words.PRINT_NOW, language, path=str(page.absolute())))
        # Without a terminal both do nothing: then nobody could copy from the screen what she should read from paper.
        click.pause(mark + words.say(words.ON_PAPER, language))
        clear_screen()
        if read_paper(language, mark) != paper:
            raise Stopped(words.say(words.NO_PAPER, language))
    finally:
        if page.exists():
            sheet.erase(page)
            click.echo(mark + words.say(words.PAGE_ERASED, language))
    vault.put_on_paper()
    vault.save()
    clear_screen()
    click.echo(mark + words.say(words.BACKED_UP, language))


def clear_screen() -> None:
    """Take secrets off the screen. A terminal may keep what scrolled away, so the person is told to close it."""
    if sys.stdout.isatty():
        click.clear()


def read_paper(language: str, mark: str = "") -> Paper:
    """Return what a person types from a paper: row after row, each checked at once, or the text of the code."""
    click.echo(mark + words.say(words.TYPE_BACK, language))
    rows: list[str] = []
    while len(rows) < ROWS:
        row = len(rows) + 1
        typed = click.prompt(mark + words.say(words.ROW, language, row=row))
        is_code = typed.strip().upper().startswith(MARK)
        try:
            return Paper.read(typed if is_code else "".join([*rows, typed]))
        except PaperError as error:
            if is_code or not error.row:
                break
            if error.row > row and len("".join(typed.split()).replace("-", "")) == SYMBOLS_IN_ROW:
                rows.append(typed)
            else:
                click.echo(mark + words.say(words.ROW_WRONG, language, row=row))
    raise Stopped(words.say(words.NO_PAPER, language))


def erase_page(vault: Vault, language: str) -> None:
    """Erase a page that a sitting left behind which ended too early."""
    page = vault.folder / sheet.NAME
    if page.exists():
        sheet.erase(page)
        click.echo(mark_of(vault, language) + words.say(words.PAGE_ERASED, language))


def mark_of(vault: Vault, language: str) -> str:
    """Return what every line begins with in a record that is a rehearsal, else nothing."""
    return mark(language) if is_rehearsal(vault.origin) else ""


def mark(language: str) -> str:
    """Return the mark of a rehearsal."""
    return words.say(words.REHEARSAL, language) + "  "
