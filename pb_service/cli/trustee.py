"""`pb trustee`: the offline tool of a person who holds a part of the key. Folder, paper and record; nothing else."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.cli.files import printable
from pb_service.cli.outside import Alarmed, Stopped, language_option
from pb_service.cli.trustee_paper import clear_screen, erase_page, mark, mark_of, put_on_paper, read_paper
from pb_service.core.record.canonical import b64u, decode
from pb_service.core.record.checkpoint import CheckpointError, parse_vkey
from pb_service.core.record.signatures import public_bytes
from pb_service.core.record.witness import Witness
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.core.sealing.election import Election, RecordError, Sources
from pb_service.core.sealing.group import times_base
from pb_service.core.sealing.rehearsal import CONTEST, ROWS, Rehearsal, RehearsalError, is_rehearsal
from pb_service.core.sealing.trusteeship import TrusteeRefusal
from pb_service.trustee import words
from pb_service.trustee.errand import Errand, next_errand, number_in
from pb_service.trustee.parcel import Parcel, record_of
from pb_service.trustee.sources import Files, Source, SourceError
from pb_service.trustee.transcript import Transcript
from pb_service.trustee.vault import Vault, VaultError
from pb_service.trustee.watch import RecordAlarm, Trust, read_record

_PATIENCE_SECONDS = 5.0
#: From here on starting processes is quicker than doing without.
_MANY_ROWS = 500


@dataclass
class Desk:
    """What one sitting works with: the vault, the record, the language, and how the person is asked."""

    vault: Vault
    source: Source
    trust: Trust
    language: str
    confirm: Callable[[str], bool]
    transcript: Transcript
    #: What every line on the screen and in the transcript begins with in a rehearsal; else empty.
    mark: str

    def say(self, text: words.Text, **values: str | int) -> None:
        told = self.mark + words.say(text, self.language, **values)
        click.echo(told)
        self.transcript.add(told)

    def ask(self) -> None:
        """Have the person say that she wants the step. Raises Stopped if she does not."""
        if not self.confirm(self.mark + words.say(words.ASK, self.language)):
            raise Stopped("")


def _passphrase(given: Path | None, *, anew: bool = False) -> str:
    if given is not None:
        return given.read_text(encoding="utf-8").rstrip("\n")
    told: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=anew)
    return told


folder_argument = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True), help="Read the passphrase from a file instead."
)


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


def record_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what both commands that read a record ask: where it is, and whose word about it counts."""
    for option in (
        language_option,
        passphrase_option,
        click.option("--once", is_flag=True, help="Do what is due now and end, instead of waiting for the others."),
        click.option(
            "--yes", is_flag=True, help="Do not ask before each step (the backup on paper is asked for all the same)."
        ),
        click.option("--quorum", type=click.IntRange(min=0), default=0, help="Witnesses that must have seen the head."),
        click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Verifier key of a witness."),
        click.option(
            "--log", "log_key", required=True, metavar="VKEY", help="Verifier key of the record, from the poster."
        ),
        click.argument("record"),
        folder_argument,
    ):
        command = option(command)
    return command


@contextmanager
def _at_desk(given: "Given", *, rehearses: bool = False) -> Iterator[Desk]:
    """Open the folder for a record, and tell a person what is wrong when something is."""
    language, marked = given.language, mark(given.language) if rehearses else ""
    try:
        origin, key = parse_vkey(given.log_key)
        vault = Vault.open(given.folder, _passphrase(given.passphrase_file))
        vault.bind(origin)
        marked = marked or mark_of(vault, language)
        erase_page(vault, language)
        yield Desk(
            vault=vault,
            source=record_of(given.record),
            trust=Trust(origin, key, tuple(Witness.parse(each) for each in given.witnesses), given.quorum),
            language=language,
            confirm=(lambda _: True) if given.yes else click.confirm,
            transcript=Transcript(given.folder / "transcript.txt"),
            mark=marked,
        )
    except (VaultError, SourceError, CheckpointError, OSError) as error:
        raise Stopped(str(error)) from error
    except (TrusteeRefusal, RehearsalError) as error:
        raise Stopped(marked + words.say(words.REFUSED, language, fault=str(error))) from error
    except (RecordAlarm, RecordError) as error:
        raise Alarmed(marked + words.say(words.ALARM, language, fault=str(error))) from error


@dataclass(frozen=True)
class Given:
    """What was given on the command line."""

    folder: Path
    record: str
    log_key: str
    witnesses: tuple[str, ...]
    quorum: int
    yes: bool
    once: bool
    passphrase_file: Path | None
    language: str


@trustee.command(name="go")
@click.option("--without", type=click.IntRange(1, 15), multiple=True, help="A trustee who will not come any more.")
@click.option("--skip-paper", is_flag=True, help="Rehearsals only: no backup of the secrets on paper.")
@record_options
def go(without: tuple[int, ...], skip_paper: bool, **given: Any) -> None:
    """Read the RECORD and do what is due, step after step, until the votes are opened.

    RECORD is an address, a folder, or an errand file from the trustee's page; the answer then stands in a file beside
    it, to be uploaded there.
    """
    with _at_desk(Given(**given)) as desk:
        if skip_paper and not is_rehearsal(desk.vault.origin):
            raise Stopped("--skip-paper is for rehearsals: the share of a real vote needs its paper.")
        _sit(desk, frozenset(without), once=given["once"], place=given["record"], skip_paper=skip_paper)


@trustee.command()
@record_options
def rehearse(**given: Any) -> None:
    """Before the vote opens, mix and open three test votes with the other trustees, with the real shares."""
    with _at_desk(Given(**given), rehearses=True) as desk:
        _rehearse(desk, once=given["once"])


@trustee.command()
@folder_argument
@passphrase_option
@language_option
def backup(folder: Path, passphrase_file: Path | None, language: str) -> None:
    """Show your secrets for paper, print them if you like, and have them typed back."""
    try:
        vault = Vault.open(folder, _passphrase(passphrase_file))
        erase_page(vault, language)
        if vault.trustee.share is None:
            raise Stopped("There is no share yet: it comes with step 3 of the ceremony.")
        put_on_paper(vault, language)
    except (VaultError, OSError) as error:
        raise Stopped(str(error)) from error


@trustee.command()
@folder_argument
@click.option("--name", required=True, help="Your name, as the other trustees know you.")
@passphrase_option
@language_option
def restore(folder: Path, name: str, passphrase_file: Path | None, language: str) -> None:
    """Make your folder anew from paper after a loss: type the rows, or the text of the code."""
    try:
        paper = read_paper(language)
        key = Ed25519PrivateKey.from_private_bytes(paper.key)
        vault = Vault.create(folder, _passphrase(passphrase_file, anew=True), name, key)
        vault.trustee.share = paper.share
        vault.put_on_paper()
        vault.save()
    except (VaultError, OSError) as error:
        raise Stopped(str(error)) from error
    clear_screen()
    click.echo(words.say(words.RESTORED, language, folder=str(folder)))
    click.echo(b64u(times_base(paper.share)))


def _sit(desk: Desk, missing: frozenset[int], *, once: bool, place: str, skip_paper: bool) -> None:
    told: Errand | None = None
    welcomed = False
    answered: set[str] = set()
    parcel = desk.source if isinstance(desk.source, Parcel) else None
    while True:
        election = _read(desk)
        person = desk.vault.trustee
        _give_up(desk, election)
        person.number = number_in(person, election, public_bytes(person.key))
        if not welcomed and person.number:
            name = printable(desk.vault.name)
            desk.say(words.WELCOME, number=person.number, name=name, place=place)
            welcomed = True
        backed_up = skip_paper or desk.vault.backed_up
        errand = next_errand(person, election, backed_up=backed_up, missing=missing, answered=frozenset(answered))
        if parcel and parcel.has_answer and (errand.step in {"wait", "done"} or not answered):
            desk.say(words.ANSWER, path=str(parcel.answer))
            return
        match errand.step:
            case "done":
                desk.say(words.DONE)
                return
            case "wait" if parcel:
                desk.say(words.NOTHING_DUE)
                return
            case "wait":
                if errand != told:
                    _tell_waiting(desk, errand)
                told = errand
                if once:
                    return
                _pause()
            case "backup":
                put_on_paper(desk.vault, desk.language)
            case _:
                told = None
                _do(desk, election, errand)
                answered |= {errand.contest} if parcel and errand.contest else set()


def _pause() -> None:
    time.sleep(_PATIENCE_SECONDS if os.isatty(0) else 0.3)


def _give_up(desk: Desk, election: Election) -> None:
    """Delete what belongs to a ceremony that was given up, before anything else is done."""
    person, setup = desk.vault.trustee, election.setup
    is_over = setup is not None and person.sid != b"" and (election.ended is not None or person.sid != setup.sid)
    if is_over and (person.secrets is not None or person.share is not None):
        person.forget()
        desk.vault.save()
        desk.say(words.GIVEN_UP)


def _rehearse(desk: Desk, *, once: bool) -> None:
    """Take part in a rehearsal: its messages come from the operator, and each is checked before anything else."""
    person, files = desk.vault.trustee, Files(desk.source)
    election = _read(desk)
    if election.setup is None:
        raise RehearsalError("There is no setup in the record yet.")
    person.number = number_in(person, election, public_bytes(person.key))
    desk.say(words.REHEARSAL_BEGINS)
    told = 0
    while True:
        rehearsal = Rehearsal(election)
        messages = desk.source.read("rehearsal").splitlines()
        for message in messages:
            rehearsal.append(message, files)
        if rehearsal.turn is None:
            desk.say(words.REHEARSAL_DONE, sets=rehearsal.check_opened())
            return
        kind, number = rehearsal.turn
        if number != person.number:
            if number != told:
                desk.say(words.WAITING_TRUSTEES, numbers=str(number))
            told = number
            if once or isinstance(desk.source, Parcel):
                return
            _pause()
            continue
        desk.say(words.STEPS["mix" if kind == "rmix" else "decrypt"], contest=CONTEST, rows=str(ROWS))
        desk.ask()
        if kind == "rmix":
            message, *given = rehearsal.mix(person.number, person.key, secrets.token_bytes)
        elif person.share is None:
            raise RehearsalError("This trustee has no share of the key.")
        else:
            message, *given = rehearsal.decrypt(person.number, person.key, person.share, secrets.token_bytes)
        for body in given:
            desk.source.hand_in("file", body)
        desk.source.hand_in("rehearsal", message)
        total = 2 * election.setup.setting.trustees
        if isinstance(desk.source, Parcel):
            desk.say(words.ANSWER, path=str(desk.source.answer))
            return
        desk.say(words.REHEARSAL_SENT, number=len(messages) + 1, messages=total)


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
        desk.say(words.MAY_REHEARSE)
    desk.ask()
    files = Files(desk.source)
    given: list[bytes] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        spread = pool.map if rows >= _MANY_ROWS else map
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
                entry, *given = person.mix(election, errand.contest, files, secrets.token_bytes, spread)
            case _:
                entry, *given = person.decrypt(election, errand.contest, files, secrets.token_bytes, spread)
    desk.vault.save()
    for body in given:
        desk.source.hand_in("file", body)
    desk.source.hand_in("entry", entry)
    if not isinstance(desk.source, Parcel):
        desk.say(words.LOGGED, index=election.size)
    if accused := decode(entry).get("bad"):
        desk.say(words.ACCUSED, numbers=", ".join(map(str, accused)))


def _tell_waiting(desk: Desk, errand: Errand) -> None:
    others = [str(number) for number in errand.waiting if number]
    if others:
        desk.say(words.WAITING_TRUSTEES, numbers=", ".join(others))
    else:
        desk.say(words.WAITING_OPERATOR)
