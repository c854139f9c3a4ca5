"""The folder of keys: made at first use, readable by nobody else; signing keys stay, secrets are rotated."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pb_service.platform.keys import KeyFolder, KeyFolderError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "state" / "keys")


def test_key_is_made_once_and_kept(keys: KeyFolder) -> None:
    """The first use makes the key, later ones and other processes get the same."""
    made = keys.ed25519("log").private_bytes_raw()
    assert KeyFolder(keys.path).ed25519("log").private_bytes_raw() == made


def test_keys_differ(keys: KeyFolder) -> None:
    """Each name has a key of its own."""
    assert keys.ed25519("log").private_bytes_raw() != keys.ed25519("op").private_bytes_raw()


def test_only_the_service_can_read_them(keys: KeyFolder) -> None:
    """The folder has mode 0700, the file 0600, whatever the umask; nothing else is left there."""
    old = os.umask(0)
    keys.ed25519("log")
    os.umask(old)
    assert S_IMODE(keys.path.stat().st_mode) == 0o700
    assert [(file.name, S_IMODE(file.stat().st_mode)) for file in keys.path.iterdir()] == [("log.pem", 0o600)]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604])
def test_key_that_others_can_read_is_refused(keys: KeyFolder, mode: int) -> None:
    """A key that others could have read is not used; the message says what to do."""
    keys.ed25519("log")
    (keys.path / "log.pem").chmod(mode)
    with pytest.raises(KeyFolderError, match="chmod 600"):
        keys.ed25519("log")


def test_folder_that_others_can_enter_is_refused(keys: KeyFolder) -> None:
    """Whoever can write to the folder could exchange the key."""
    keys.ed25519("log")
    keys.path.chmod(0o755)
    with pytest.raises(KeyFolderError, match="chmod 700"):
        keys.ed25519("log")


def test_link_is_refused(keys: KeyFolder, tmp_path: Path) -> None:
    """A link could lead to a file that others can write; one that leads nowhere is not followed either."""
    keys.ed25519("op")
    (keys.path / "log.pem").symlink_to(keys.path / "op.pem")
    (keys.path / "void.pem").symlink_to(tmp_path / "void")
    for name in ("log", "void"):
        with pytest.raises(KeyFolderError):
            keys.ed25519(name)


def test_damaged_key_is_refused_and_kept(keys: KeyFolder) -> None:
    """A key that cannot be read is never replaced by a new one, and what is left of it is not shown."""
    keys.ed25519("log")
    (keys.path / "log.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nsecret")
    with pytest.raises(KeyFolderError, match=r"log\.pem is damaged") as caught:
        keys.ed25519("log")
    assert "secret" not in str(caught.value)
    assert b"secret" in (keys.path / "log.pem").read_bytes()


def test_key_of_another_kind_is_refused(keys: KeyFolder) -> None:
    """Only Ed25519 keys sign."""
    keys.ed25519("log")
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (keys.path / "log.pem").write_bytes(other)
    with pytest.raises(KeyFolderError, match="another kind"):
        keys.ed25519("log")


@pytest.mark.parametrize("name", ["", "../log", "Log", "a/b", "a.pem", "a" * 33])
def test_names_lead_nowhere_else(keys: KeyFolder, name: str) -> None:
    """A name is no path."""
    with pytest.raises(ValueError, match="not a name for a key"):
        keys.ed25519(name)


def test_first_use_by_many_at_once(keys: KeyFolder) -> None:
    """Of several that make the key at once, one wins, and all use its key."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: KeyFolder(keys.path).ed25519("log").private_bytes_raw(), range(16)))
    assert len(set(found)) == 1
    assert [file.name for file in keys.path.iterdir()] == ["log.pem"]


def test_a_secret_of_an_earlier_version_is_as_old_as_its_file(keys: KeyFolder) -> None:
    made = keys.secret("cookie")
    file = keys.path / "cookie.key"
    assert file.read_text() == made.hex()
    assert keys.secrets("cookie")[0].made_at.timestamp() == int(file.stat().st_mtime)


def test_after_a_rotation_the_new_secret_is_first_and_the_old_one_has_an_end(keys: KeyFolder) -> None:
    old = keys.secret("cookie")
    new = keys.renew("cookie", NOW, timedelta(days=1))
    first, second = keys.secrets("cookie")
    assert (first, second.key, second.ends_at) == (new, old, NOW + timedelta(days=1))
    assert S_IMODE((keys.path / "cookie.key").stat().st_mode) == 0o600


def test_a_ring_follows_the_file_at_its_next_use(keys: KeyFolder) -> None:
    ring = keys.ring("cookie")
    old = ring.current
    new = KeyFolder(keys.path).renew("cookie", NOW, timedelta(days=1))
    assert ring.accepted(NOW) == [new.key, old]
    assert ring.accepted(NOW + timedelta(days=1)) == [new.key]


def test_a_ring_goes_on_with_what_it_has_when_its_file_is_gone(keys: KeyFolder) -> None:
    ring = keys.ring("cookie")
    old = ring.current
    (keys.path / "cookie.key").unlink()
    assert ring.current == old
    assert not (keys.path / "cookie.key").exists()


def test_the_newest_secret_is_never_dropped(keys: KeyFolder) -> None:
    keys.secret("cookie")
    new = keys.renew("cookie", NOW, timedelta())
    assert keys.drop("cookie", lambda _: True) == 1
    assert keys.secrets("cookie") == (new,)


def test_no_overlap_ends_the_earlier_ones_too(keys: KeyFolder) -> None:
    keys.renew("tokens", NOW, timedelta(days=90))
    new = keys.renew("tokens", NOW, timedelta())
    assert keys.ring("tokens").accepted(NOW) == [new.key]


def test_a_crash_while_a_secret_is_exchanged_leaves_the_old_one(keys: KeyFolder) -> None:
    """What was written beside and never took its place is no key."""
    old = keys.secret("cookie")
    (keys.path / ".cookie.key-0011223344556677").write_bytes(b"half")
    assert [secret.key for secret in keys.secrets("cookie")] == [old]
    keys.renew("cookie", NOW, None)
    assert len(keys.secrets("cookie")) == 2


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 32 + " yesterday", "00" * 32 + "\n" + "11"])
def test_damaged_secrets_are_refused(keys: KeyFolder, text: str) -> None:
    keys.secret("cookie")
    (keys.path / "cookie.key").write_text(text)
    with pytest.raises(KeyFolderError, match=r"cookie\.key is damaged"):
        keys.secrets("cookie")


def test_a_secret_shows_nothing_of_itself(keys: KeyFolder) -> None:
    secret = keys.secrets("cookie")[0]
    assert secret.key.hex() not in repr(secret)
    assert str(secret.key) not in repr(secret)


def test_rotations_at_once_lose_none_another(keys: KeyFolder) -> None:
    keys.secret("cookie")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: KeyFolder(keys.path).renew("cookie", NOW, None), range(8)))
    assert len(keys.secrets("cookie")) == 9
