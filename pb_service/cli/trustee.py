"""`pb trustee`: the offline tool of a person who holds a part of the key. Folder, paper and record; nothing else."""

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from pb_service.cli.files import printable
from pb_service.core.record.canonical import b64u, decode
from pb_service.core.record.checkpoint import CheckpointError, parse_vkey
from pb_service.core.record.signatures import public_bytes
from pb_service.core.record.witness import Witness
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.core.sealing.election import Election, RecordError, Sources
from pb_service.core.sealing.group import times_base
from pb_service.core.sealing.trusteeship import TrusteeRefusal
from pb_service.trustee import words
from pb_service.trustee.errand import Errand, next_errand, number_in
from pb_service.trustee.paper import PaperError, rows_of, share_of
from pb_service.trustee.sources import Files, Source, SourceError, source_of
from pb_service.trustee.transcript import Transcript
from pb_service.trustee.vault import Vault, VaultError
from pb_service.trustee.watch import RecordAlarm, Trust, read_record

_PATIENCE_SECONDS = 5.0


class Stopped(click.ClickException):
    """The tool cannot go on; a person can mend it."""

    exit_code = 2


class Alarmed(click.ClickException):
    """The record cannot be trusted."""

    exit_code = 3


@dataclass
class Desk:
    """What one sitting works with: the vault, the record, the language, and how the person is asked."""

    vault: Vault
    source: Source
    trust: Trust
    language: str
    confirm: Callable[[str], bool]
    transcript: Transcript

    def say(self, text: words.Text, **values: str | int) -> None:
        told = words.say(text, self.language, **values)
        click.echo(told)
        self.transcript.add(told)


def _passphrase(given: Path | None, *, anew: bool = False) -> str:
    if given is not None:
        return given.read_text(encoding="utf-8").rstrip("\n")
    told: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=anew)
    return told


folder_argument = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True), help="Read the passphrase from a file instead."
)
language_option = click.option("--language", type=click.Choice(words.LANGUAGES), default="en", show_default=True)


@click.group()
def trustee() -> None:
    """Hold a part of the key: ceremony, mixing, opening. Works offline but for reading the record."""


@trustee.command()
@folder_argument
@click.option("--name", required=True, help="Your name, as the other trustees know you.")
@passphrase_option
@language_option
def new(folder: Path, name: str, passphrase_file: Path | None, language: str) -> None:
    """Make your folder, sealed with a passphrase, and show the key to give to the operator."""
    try:
        vault = Vault.create(folder, _passphrase(passphrase_file, anew=True), name)
    except (VaultError, OSError) as error:
        raise Stopped(str(error)) from error
    click.echo(words.say(words.MADE, language, folder=str(folder)))
    click.echo(b64u(public_bytes(vault.trustee.key)))


@trustee.command(name="go")
@folder_argument
@click.argument("record")
@click.option("--log", "log_key", required=True, metavar="VKEY", help="Verifier key of the record, from the poster.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Verifier key of a witness; several.")
@click.option("--quorum", type=click.IntRange(min=0), default=0, help="Witnesses that must have seen the newest head.")
@click.option("--without", type=click.IntRange(1, 15), multiple=True, help="A trustee who will not come any more.")
@click.option(
    "--yes", is_flag=True, help="Do not ask before each step (the backup on paper is asked for all the same)."
)
@click.option("--skip-paper", is_flag=True, help="Rehearsals only: no backup of the share on paper.")
@click.option("--once", is_flag=True, help="Do what is due now and end, instead of waiting for the others.")
@passphrase_option
@language_option
def go(
    folder: Path,
    record: str,
    log_key: str,
    witnesses: tuple[str, ...],
    quorum: int,
    without: tuple[int, ...],
    yes: bool,
    skip_paper: bool,
    once: bool,
    passphrase_file: Path | None,
    language: str,
) -> None:
    """Read the RECORD (an address or a folder) and do what is due, step after step, until the votes are opened."""
    try:
        origin, key = parse_vkey(log_key)
        trust = Trust(origin, key, tuple(Witness.parse(each) for each in witnesses), quorum)
        desk = Desk(
            vault=Vault.open(folder, _passphrase(passphrase_file)),
            source=source_of(record),
            trust=trust,
            language=language,
            confirm=(lambda _: True) if yes else click.confirm,
            transcript=Transcript(folder / "transcript.txt"),
        )
        if skip_paper:
            desk.vault.backed_up = True
        _sit(desk, frozenset(without), once=once, place=record)
    except (VaultError, SourceError, CheckpointError, OSError) as error:
        raise Stopped(str(error)) from error
    except TrusteeRefusal as error:
        raise Stopped(words.say(words.REFUSED, language, fault=str(error))) from error
    except (RecordAlarm, RecordError) as error:
        raise Alarmed(words.say(words.ALARM, language, fault=str(error))) from error


@trustee.command()
@folder_argument
@passphrase_option
@language_option
def backup(folder: Path, passphrase_file: Path | None, language: str) -> None:
    """Show your share for paper, and have it typed back."""
    try:
        vault = Vault.open(folder, _passphrase(passphrase_file))
    except VaultError as error:
        raise Stopped(str(error)) from error
    if vault.trustee.share is None:
        raise Stopped("There is no share yet: it comes with step 3 of the ceremony.")
    _on_paper(vault, language)


@trustee.command()
@folder_argument
@passphrase_option
@language_option
def restore(folder: Path, passphrase_file: Path | None, language: str) -> None:
    """Type a share back from paper, after a loss. The signing key must be restored from its own copy."""
    try:
        vault = Vault.open(folder, _passphrase(passphrase_file))
        vault.trustee.share = _typed(language)
        vault.backed_up = True
        vault.save()
    except VaultError as error:
        raise Stopped(str(error)) from error
    click.echo(words.say(words.RESTORED, language))
    click.echo(b64u(times_base(vault.trustee.share)))


def _sit(desk: Desk, missing: frozenset[int], *, once: bool, place: str) -> None:
    told: Errand | None = None
    welcomed = False
    while True:
        election = _read(desk)
        person = desk.vault.trustee
        person.number = number_in(person, election, public_bytes(person.key))
        if not welcomed and person.number:
            name = printable(desk.vault.name)
            desk.say(words.WELCOME, number=person.number, name=name, place=place)
            welcomed = True
        errand = next_errand(person, election, backed_up=desk.vault.backed_up, missing=missing)
        match errand.step:
            case "done":
                desk.say(words.DONE)
                return
            case "wait":
                if errand != told:
                    _tell_waiting(desk, errand)
                told = errand
                if once:
                    return
                time.sleep(_PATIENCE_SECONDS if os.isatty(0) else 0.3)
            case "backup":
                _on_paper(desk.vault, desk.language)
            case _:
                told = None
                _do(desk, election, errand)


def _read(desk: Desk) -> Election:
    """Read the record through its witnesses and follow it entry by entry; remember the head that was seen."""
    seen = read_record(desk.source, desk.trust, desk.vault.head)
    files = Files(desk.source)
    election = Election(Sources(files.__getitem__, lambda group: _roll(desk.source, group)))
    for body in seen.entries:
        election.append(body)
    if seen.head != desk.vault.head:
        desk.vault.head = seen.head
        desk.vault.save()
    return election


def _roll(source: Source, group: str) -> bytes:
    try:
        return source.read(f"roll/{group}")
    except SourceError as error:
        raise KeyError(group) from error


def _do(desk: Desk, election: Election, errand: Errand) -> None:
    """Take one step: say it, ask, compute, keep what must not be lost, and only then hand it in."""
    person = desk.vault.trustee
    progress = election.progress.get(errand.contest)
    rows = progress.rows or 0 if progress else 0
    desk.say(words.STEPS[errand.step], contest=errand.contest, rows=f"{rows:,}")
    if errand.step == "confirm" and election.manifest is not None:
        click.echo(f"\n    {fingerprint(election.manifest.eid)}\n")
    if not desk.confirm(words.say(words.ASK, desk.language)):
        raise Stopped("")
    files = Files(desk.source)
    given: list[bytes] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        match errand.step:
            case "promise":
                entry = person.promise(election, secrets.token_bytes)
            case "deal":
                entry = person.deal(election, secrets.token_bytes)
            case "acknowledge":
                entry = person.acknowledge(election)
            case "confirm":
                entry = person.confirm(election)
            case "mix":
                entry, *given = person.mix(election, errand.contest, files, secrets.token_bytes, pool.map)
            case _:
                entry, *given = person.decrypt(election, errand.contest, files, secrets.token_bytes, pool.map)
    desk.vault.save()
    for body in given:
        desk.source.hand_in("file", body)
    desk.source.hand_in("entry", entry)
    desk.say(words.LOGGED, index=election.size)
    if accused := decode(entry).get("bad"):
        desk.say(words.ACCUSED, numbers=", ".join(map(str, accused)))


def _tell_waiting(desk: Desk, errand: Errand) -> None:
    others = [str(number) for number in errand.waiting if number]
    if others:
        desk.say(words.WAITING_TRUSTEES, numbers=", ".join(others))
    else:
        desk.say(words.WAITING_OPERATOR)


def _on_paper(vault: Vault, language: str) -> None:
    """Show the share, and have it typed back from the paper: a copy that nobody tried is none."""
    share = vault.trustee.share
    assert share is not None  # noqa: S101 # asked for only then
    click.echo(words.say(words.STEPS["backup"], language) + "\n")
    for row in rows_of(share):
        click.echo(f"    {row}")
    click.echo()
    if _typed(language) != share:
        raise Stopped("This is another share.")
    vault.backed_up = True
    vault.save()
    click.echo(words.say(words.BACKED_UP, language))


def _typed(language: str) -> int:
    click.echo(words.say(words.TYPE_BACK, language))
    rows = [""] * 4
    row = 0
    while row < len(rows):
        rows[row] = click.prompt(words.say(words.ROW, language, row=row + 1))
        try:
            return share_of("".join(rows))
        except PaperError as error:
            if error.row == row + 1:
                click.echo(words.say(words.ROW_WRONG, language, row=row + 1))
            else:
                row += 1
    raise Stopped("This is no share of a key.")
