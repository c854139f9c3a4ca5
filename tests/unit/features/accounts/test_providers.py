"""The file of providers: what it may say, and what is refused with which words, never with a secret in them."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pb_service.features.accounts.identity_errors import SigninConfigError
from pb_service.features.accounts.providers import Provider, read_providers
from pb_service.settings import SettingsError

RIGHT = """
[town]
name = { fi = "Kaupunki", sv = "Staden", en = "Town" }
issuer = "https://id.example.org"
client_id = "budget"
secret_file = "town.secret"
"""


def read(folder: Path, text: str = RIGHT, kept: str = "a secret\n") -> list[Provider]:
    (folder / "signin.toml").write_text(text)
    (folder / "town.secret").write_text(kept)
    return read_providers(folder / "signin.toml")


def test_little_has_to_be_said(tmp_path: Path) -> None:
    (town,) = read(tmp_path)
    assert (town.key, town.scheme, town.scopes, town.login_again) == ("town", town.issuer, ("openid",), True)
    assert (town.client.secret, town.client.key) == ("a secret", None)
    assert not {"none", "HS256"} & set(town.algorithms)


def test_the_order_of_the_file_is_that_of_the_page(tmp_path: Path) -> None:
    text = RIGHT.replace("[town]", "[zebra]") + RIGHT.replace("[town]", "[apple]")
    assert [provider.key for provider in read(tmp_path, text)] == ["zebra", "apple"]


def test_no_secret_is_shown(tmp_path: Path) -> None:
    assert "a secret" not in repr(read(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[town]", "[Town]", "not a name for a provider"),
        ("[town]", "[development]", "not a name for a provider"),
        (', en = "Town"', "", "name lacks en"),
        ("https://id", "http://id", "issuer must be an https"),
        ("https://id.example.org", "https://id.example.org?x=1", "issuer must be an https"),
        ("https://id.example.org", "not an address", "issuer must be an https"),
        ("secret_file", "key_file", "no private key"),
        ('secret_file = "town.secret"', "", "either secret_file or key_file"),
        ("client_id", "cleint_id", "cleint_id|client_id"),
        ("client_id", 'algorithms = ["HS256"]\nclient_id', "HS256"),
        ("client_id", 'algorithms = ["none"]\nclient_id', "none"),
        ("client_id", 'scopes = ["profile"]\nclient_id', "openid"),
        ("client_id", "timeout_s = 0\nclient_id", "timeout_s"),
        ("[town]", "[town", "signin.toml"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SigninConfigError, match=words) as refused:
        read(tmp_path, RIGHT.replace(old, new, 1))
    assert isinstance(refused.value, SettingsError)
    assert "a secret" not in str(refused.value)


def test_an_empty_or_missing_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SigninConfigError, match="is empty"):
        read(tmp_path, kept=" \n")
    with pytest.raises(SigninConfigError, match="cannot be read"):
        read(tmp_path, RIGHT.replace("town.secret", "nowhere.secret"))
    with pytest.raises(SigninConfigError, match="cannot be read"):
        read_providers(tmp_path / "nowhere.toml")


def test_voting_has_a_client_of_its_own(tmp_path: Path) -> None:
    voting = '[town.voting]\nclient_id = "{}"\nsecret_file = "town.secret"\n'
    (town,) = read(tmp_path, RIGHT + voting.format("budget-voting"))
    assert town.voting
    assert town.voting.client_id == "budget-voting"
    with pytest.raises(SigninConfigError, match="client_id of its own"):
        read(tmp_path, RIGHT + voting.format("budget"))


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_client_may_sign_with_a_key_instead(tmp_path: Path) -> None:
    for key, kind in (
        (rsa.generate_private_key(65537, 2048), "RSA"),
        (ec.generate_private_key(ec.SECP256R1()), "EC"),
        (ed25519.Ed25519PrivateKey.generate(), "OKP"),
    ):
        (town,) = read(tmp_path, RIGHT.replace("secret_file", "key_file"), kept=pem(key))
        assert town.client.key
        assert (town.client.key.key_type, town.client.secret) == (kind, None)
    with pytest.raises(SigninConfigError, match="RSA, P-256 or Ed25519"):
        wrong = pem(ec.generate_private_key(ec.SECP384R1()))
        read(tmp_path, RIGHT.replace("secret_file", "key_file"), kept=wrong)
