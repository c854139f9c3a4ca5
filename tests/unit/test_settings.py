"""Settings: what the environment may say, and what is refused with which words."""

from pathlib import Path

import pytest

from pb_service.settings import TEST_VARIABLES, VARIABLES, Settings, SettingsError


def read(**environ: str) -> Settings:
    return Settings.from_environment(environ)


def test_nothing_has_to_be_set() -> None:
    assert read() == Settings()


def test_other_programs_variables_do_not_matter() -> None:
    assert read(HOME="/home/me", PBX="1") == Settings()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read(PB_PORT="", PB_DATABASE_URL=" ") == Settings()


@pytest.mark.parametrize(("wrong", "right"), [("PB_PROT", "PB_PORT"), ("PB_DATABASE", "PB_DATABASE_URL")])
def test_an_unknown_variable_is_refused_with_the_nearest_name(wrong: str, right: str) -> None:
    with pytest.raises(SettingsError, match=f"{wrong} is not a setting; did you mean {right}"):
        read(**{wrong: "1"})


def test_the_tests_own_variables_do_not_stop_the_service() -> None:
    assert Settings.from_environment(dict.fromkeys(TEST_VARIABLES, "1")) == Settings()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8000.0", "eight", "٨"])
def test_a_port_is_a_whole_number_that_exists(port: str) -> None:
    with pytest.raises(SettingsError, match="PB_PORT must be a whole number from 1 to 65535"):
        read(PB_PORT=port)


def test_addresses_are_read_in_order() -> None:
    assert read(PB_LISTEN="::1, 192.0.2.7").listen == ("::1", "192.0.2.7")


@pytest.mark.parametrize("listen", ["localhost", "127.0.0.1,", "1.2.3"])
def test_only_addresses_can_be_listened_on(listen: str) -> None:
    with pytest.raises(SettingsError, match="PB_LISTEN must be IP addresses"):
        read(PB_LISTEN=listen)


def test_a_data_folder_may_be_relative_and_becomes_absolute() -> None:
    assert read(PB_DATA="here").data == Path.cwd() / "here"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_the_usual_spellings_of_a_database_are_understood(scheme: str) -> None:
    assert read(PB_DATABASE_URL=f"{scheme}://me@db/pb").database_url == "postgresql+asyncpg://me@db/pb"


@pytest.mark.parametrize("url", ["mysql://me:secret@db/pb", "db.example", "postgresql://", "postgresql://[secret"])
def test_another_database_is_refused_without_showing_the_address(url: str) -> None:
    with pytest.raises(SettingsError, match="PB_DATABASE_URL") as refusal:
        read(PB_DATABASE_URL=url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["redis://cache:6379/1", "rediss://cache", "unix:///run/valkey.sock"])
def test_redis_is_reached_by_network_or_socket(url: str) -> None:
    assert read(PB_REDIS_URL=url).redis_url == url


def test_addresses_that_may_hold_passwords_are_never_printed() -> None:
    settings = read(PB_DATABASE_URL="postgresql://me:secret@db/pb", PB_REDIS_URL="redis://:secret@cache")
    assert "secret" not in repr(settings)


def test_a_folder_without_postgresql_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PB_PG_BIN must be the folder of PostgreSQL's programs"):
        read(PB_PG_BIN=str(tmp_path))


@pytest.mark.parametrize(
    "origin", ["Budget.example.org", "https://example.org", "example.org/pb", "a..b", "bü.example"]
)
def test_an_origin_is_a_plain_host_name(origin: str) -> None:
    with pytest.raises(SettingsError, match="PB_ORIGIN must be a host name"):
        read(PB_ORIGIN=origin)


def test_every_field_has_its_variable() -> None:
    assert tuple(Settings.__dataclass_fields__) == tuple(name.removeprefix("PB_").lower() for name in VARIABLES)


def test_the_public_address_follows_the_port_unless_it_is_set() -> None:
    assert Settings.from_environment({"PB_PORT": "9000"}).public_url == "http://localhost:9000"
    given = Settings.from_environment({"PB_PUBLIC_URL": "https://Budget.Example.org/"})
    assert given.public_url == "https://budget.example.org"


@pytest.mark.parametrize(
    "url", ["budget.example.org", "ftp://example.org", "https://example.org/pb", "https://a:b@example.org", "https://"]
)
def test_a_public_address_is_a_scheme_and_a_host(url: str) -> None:
    with pytest.raises(SettingsError, match="PB_PUBLIC_URL"):
        Settings.from_environment({"PB_PUBLIC_URL": url})


MAIL = {"PB_MAIL_FROM": "Town <pb@example.org>"}


@pytest.mark.parametrize(
    "url", ["smtp://mail.example.org", "smtps://pb:p%40ss@mail.example.org:465", "smtp+plain://127.0.0.1:25"]
)
def test_a_mail_server_is_reached_with_or_without_tls(url: str) -> None:
    assert read(PB_SMTP_URL=url, **MAIL).smtp_url == url


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:99999", "smtp://pb:secret@host/path"]
)
def test_what_is_no_mail_server_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError, match="PB_SMTP_URL") as refusal:
        read(PB_SMTP_URL=url, **MAIL)
    assert "secret" not in str(refusal.value)


def test_a_mail_server_needs_a_sender() -> None:
    with pytest.raises(SettingsError, match="PB_MAIL_FROM must say"):
        read(PB_SMTP_URL="smtp://mail.example.org")


@pytest.mark.parametrize(
    "given", ["pb", "Town <pb>", "a@b@c", "Town\nBcc: a@b.fi <pb@example.org>", "<pb@exa mple.org>"]
)
def test_a_sender_is_an_address_with_or_without_a_name(given: str) -> None:
    with pytest.raises(SettingsError, match="PB_MAIL_FROM must be mail addresses"):
        read(PB_MAIL_FROM=given)


def test_alarms_go_to_several_addresses() -> None:
    assert read(PB_ALARM_MAIL="a@example.org, On duty <b@example.org>").alarm_mail == (
        "a@example.org",
        "On duty <b@example.org>",
    )


def test_jobs_run_in_the_server_or_in_a_worker() -> None:
    assert (read().jobs, read(PB_JOBS="worker").jobs) == ("server", "worker")
    with pytest.raises(SettingsError, match="PB_JOBS must be server or worker"):
        read(PB_JOBS="both")


@pytest.mark.parametrize("token", ["short", "with spaces in it, sixteen", "ääääääääääääääää"])
def test_a_token_is_long_and_plain(token: str) -> None:
    with pytest.raises(SettingsError, match="PB_METRICS_TOKEN must be at least 16") as refusal:
        read(PB_METRICS_TOKEN=token)
    assert token not in str(refusal.value)


def test_passwords_and_tokens_of_the_machinery_are_never_printed() -> None:
    settings = read(PB_SMTP_URL="smtp://pb:secret@host", PB_METRICS_TOKEN=3 * "-secret", **MAIL)
    assert "secret" not in repr(settings)
