"""`pb key`: signing keys in files, for people who sign on a machine without any network. Needs no database."""

import os
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from pb_service.cli.console import fail, say
from pb_service.cli.files import printable
from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode
from pb_service.core.record.entries import signed_entry
from pb_service.core.record.forms import ABANDON_REASONS
from pb_service.core.record.signatures import fingerprint, public_bytes, sign_entry
from pb_service.core.sealing.ceremony import abandonment
from pb_service.core.sealing.manifest import ManifestError, Setup

#: What a statement of the page of keys holds; nothing else is signed by `prove`, so nobody can slip in what counts.
_STATEMENT = {"v", "k", "t", "c"}

#: What pages ask officials to sign: each kind has its words in features/accounts/templates/accounts/signing.html.
STEPS = frozenset(
    {
        "abandon", "contest.voided", "env", "extend", "key", "key.trial", "late", "manifest", "paper", "paperlist",
        "result.amended", "result.confirmed", "roll.fixed", "strike",
    }
)  # fmt: skip


@click.group("key")
def key() -> None:
    """Make and prove a signing key in a file (for the offline way of enrolment), and sign with it as an official."""


@key.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.password_option("--passphrase", prompt="Passphrase of the key", help="Asked for when it is not given.")
def make(file: Path, passphrase: str) -> None:
    """Make a new key in FILE, locked with a passphrase."""
    made = Ed25519PrivateKey.generate()
    if not passphrase:
        fail("a key without a passphrase is anybody's")
    content = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{file} is there already; a key is never written over")
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
    say(f"Fingerprint: {fingerprint(public_bytes(made))}")


@key.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("statement", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--passphrase", prompt="Passphrase of the key", hide_input=True, help="Asked for when it is not given.")
def prove(file: Path, statement: Path, passphrase: str) -> None:
    """Sign the STATEMENT of the page of keys with the key in FILE; the signed statement goes to standard output."""
    loaded = _load(file, passphrase)
    try:
        fields = decode(statement.read_bytes().strip())
    except CanonicalError as error:
        fail(f"{statement}: {error}")
    if not isinstance(fields, dict) or fields.keys() != _STATEMENT or fields["k"] != "key.enrolment":
        fail(f"{statement} is not the statement of the page of keys")
    public_key = public_bytes(loaded)
    click.echo(encode(sign_entry({**fields, "pk": b64u(public_key)}, {"p": loaded})))
    say(f"Fingerprint: {fingerprint(public_key)}")


@key.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("entry", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--passphrase", prompt="Passphrase of the key", hide_input=True, help="Asked for when it is not given.")
def sign(file: Path, entry: Path, yes: bool, passphrase: str) -> None:
    """As an official, sign the ENTRY of a page of staff with the key in FILE; the signature goes to standard output.

    Only what pages ask officials to sign is signed: the roll, the manifest, steps of the vote and of the desk, states
    of the result.
    """
    loaded = _load(file, passphrase)
    try:
        fields = decode(entry.read_bytes().strip())
    except CanonicalError as error:
        fail(f"{entry}: {error}")
    is_theirs = isinstance(fields, dict) and fields.get("k") in STEPS and "sg" not in fields
    if not is_theirs or (fields["k"] == "env" and fields.get("y") != "desk"):
        fail(f"{entry} is nothing that officials sign")
    for name in sorted(fields):
        say(f"{printable(name)}: {printable(str(fields[name]))}")
    if not yes:
        click.confirm("Sign?", abort=True, err=True)
    signature = sign_entry(fields, {"p": loaded})["sg"][0][1]
    click.echo(encode({"key": b64u(public_bytes(loaded)), "signature": signature}))


@key.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("setup", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--why", required=True, type=click.Choice(ABANDON_REASONS), help="Nobody answers, a key is lost, ...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--passphrase", prompt="Passphrase of the key", hide_input=True, help="Asked for when it is not given.")
def abandon(file: Path, setup: Path, why: str, yes: bool, passphrase: str) -> None:
    """As its registrar, give up the key ceremony of SETUP that has stalled; the signed entry goes to standard output.

    SETUP is the file setup.json of the ceremony under way. It can only be begun again, with everything drawn afresh.
    """
    loaded = _load(file, passphrase)
    try:
        found = Setup.read(setup.read_bytes())
    except ManifestError as error:
        fail(f"{setup}: {error}")
    if found.registrar != public_bytes(loaded):
        fail("this key is not the registrar's of that setup")
    names = ", ".join(printable(name) for name in found.names)
    say(f"Ceremony {found.attempt} of {printable(found.origin)}, with {names}: given up for the reason {why!r}.")
    if not yes:
        click.confirm("Sign?", abort=True, err=True)
    click.echo(signed_entry("abandon", found.sid, abandonment(found.attempt, why), {"reg": loaded}))


def _load(file: Path, passphrase: str) -> Ed25519PrivateKey:
    """Return the key of a file, or end the command saying what is wrong with it."""
    try:
        loaded = load_pem_private_key(file.read_bytes(), passphrase.encode())
    except (TypeError, ValueError):
        fail(f"{file} does not open with this passphrase, or is no key")
    if not isinstance(loaded, Ed25519PrivateKey):
        fail(f"{file} holds a key of another kind than Ed25519")
    return loaded
