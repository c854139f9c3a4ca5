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
from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode
from pb_service.core.record.signatures import fingerprint, public_bytes, sign_entry

#: What a statement of the page of keys holds; nothing else is signed here, so nobody can slip in something that counts.
_STATEMENT = {"v", "k", "t", "c"}


@click.group("key")
def key() -> None:
    """Make and prove a signing key in a file (for the offline way of enrolment)."""


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
    try:
        loaded = load_pem_private_key(file.read_bytes(), passphrase.encode())
    except (TypeError, ValueError):
        fail(f"{file} does not open with this passphrase, or is no key")
    if not isinstance(loaded, Ed25519PrivateKey):
        fail(f"{file} holds a key of another kind than Ed25519")
    try:
        fields = decode(statement.read_bytes().strip())
    except CanonicalError as error:
        fail(f"{statement}: {error}")
    if not isinstance(fields, dict) or fields.keys() != _STATEMENT or fields["k"] != "key.enrolment":
        fail(f"{statement} is not the statement of the page of keys")
    public_key = public_bytes(loaded)
    click.echo(encode(sign_entry({**fields, "pk": b64u(public_key)}, {"p": loaded})))
    say(f"Fingerprint: {fingerprint(public_key)}")
