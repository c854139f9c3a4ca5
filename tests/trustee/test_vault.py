"""A trustee's folder: opened by her passphrase alone, and whole after every step."""

from pathlib import Path

import pytest

from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.sealing import simulation
from pb_service.core.sealing.ceremony import Secrets, Setting
from pb_service.trustee.vault import _ARGON, Vault, VaultError
from tests.sealing import repeatable, small_scenario


def test_everything_is_kept(tmp_path: Path) -> None:
    vault = Vault.create(tmp_path / "anna", "a good passphrase", "Anna")
    vault.trustee.number, vault.trustee.share, vault.trustee.sid = 2, 12345, bytes(32)
    vault.trustee.secrets = Secrets.draw(Setting(bytes(32), 3, 2), repeatable("vault"))
    vault.trustee.opened = {"north": bytes(32), "pohjoinen-2": b"\x01" * 32}
    vault.head = Checkpoint("example.org/pb/spring", 7, bytes(32))
    vault.bind("example.org/pb/spring")
    vault.put_on_paper()
    vault.save()
    again = Vault.open(tmp_path / "anna", "a good passphrase")
    assert (again.trustee.number, again.trustee.share, again.trustee.opened) == (2, 12345, vault.trustee.opened)
    assert again.trustee.key.private_bytes_raw() == vault.trustee.key.private_bytes_raw()
    assert again.trustee.secrets is not None
    assert again.trustee.secrets.coefficients == vault.trustee.secrets.coefficients
    assert (again.head, again.backed_up, again.name) == (vault.head, True, "Anna")
    again.trustee.sid = bytes([1]) * 32
    assert not again.backed_up, "the paper of one ceremony is none of the next"
    with pytest.raises(VaultError, match="new folder for each record"):
        again.bind("example.org/pb/autumn")


def test_a_passphrase_is_slow_to_try() -> None:
    """RFC 9106, second recommended choice."""
    assert _ARGON == {"time_cost": 3, "memory_cost": 64 * 1024, "parallelism": 4}


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    Vault.create(tmp_path / "anna", "a good passphrase", "Anna")
    with pytest.raises(VaultError, match="passphrase"):
        Vault.open(tmp_path / "anna", "another passphrase")


def test_the_folder_is_private_and_made_once(tmp_path: Path) -> None:
    Vault.create(tmp_path / "anna", "a good passphrase", "Anna")
    assert (tmp_path / "anna").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "anna" / "trustee.sealed").stat().st_mode & 0o777 == 0o600
    with pytest.raises(VaultError, match="already"):
        Vault.create(tmp_path / "anna", "a good passphrase", "Anna")


@pytest.mark.parametrize("damaged", [b"", b"{}", b"not json"])
def test_a_damaged_file_says_so(tmp_path: Path, damaged: bytes) -> None:
    Vault.create(tmp_path / "anna", "a good passphrase", "Anna")
    (tmp_path / "anna" / "trustee.sealed").write_bytes(damaged)
    with pytest.raises(VaultError, match="damaged"):
        Vault.open(tmp_path / "anna", "a good passphrase")


def test_nothing_secret_is_shown_when_printed() -> None:
    vote = simulation.begin(small_scenario(), repeatable("repr"))
    simulation.ceremony(vote)
    shown = repr(vote.trustees[0])
    assert str(vote.trustees[0].share) not in shown
    assert vote.trustees[0].key.private_bytes_raw().hex() not in shown
