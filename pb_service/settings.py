"""Everything an operator can set, read once from the environment; docs/operate.md explains each variable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

#: The checkout (or the image's copy of it) that holds this package, alembic/ and frontend_static/.
CHECKOUT = Path(__file__).resolve().parents[1]

#: Read by the tests alone; known here so that a shell in which they are set can still start the service.
TEST_VARIABLES = ("PB_CHROMIUM", "PB_TEST_NO_BROWSER")

#: Names by which a browser reaches the machine that it runs on.
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class SettingsError(ValueError):
    """A variable that cannot be used as it stands. The message names it and says what it must be, without secrets."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process. Field `x` is read from the variable `PB_X` unless VARIABLES says otherwise."""

    port: int = 8000
    listen: tuple[str, ...] = ("127.0.0.1", "::1")
    data: Path = CHECKOUT / ".pb-data"
    # Both addresses may hold a password: neither is shown when settings are printed or logged.
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    pg_bin: Path | None = None
    origin: str = "localhost"
    public_url: str = "http://localhost:8000"
    keep_addresses_days: int = 14
    keep_access_log_months: int = 60
    keep_idle_accounts_months: int = 24
    idle_notice_days: int = 30
    # Neither is shown: the first may hold a password, the second is one.
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "Participatory budgeting <noreply@localhost>"
    alarm_mail: tuple[str, ...] = ()
    jobs: str = "server"
    metrics_token: str | None = field(default=None, repr=False)
    files_url: str | None = field(default=None, repr=False)
    scan_command: str | None = None
    signin: Path | None = None
    witnesses: Path | None = None
    #: None: not decided; `pb run` turns it on where nobody else can come (`is_this_machine_alone`).
    development: bool | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read every `PB_` variable of `environ`; an empty one counts as not set.

        Raises SettingsError for an unknown variable (naming the nearest known one) and for an unusable value.
        """
        given = {name: value.strip() for name, value in environ.items() if name.startswith("PB_")}
        for name in sorted(given):
            if name not in VARIABLES and name not in TEST_VARIABLES:
                near = get_close_matches(name, VARIABLES, n=1, cutoff=0)[0]
                raise SettingsError(f"{name} is not a setting; did you mean {near}? docs/operate.md lists them all")
        values = {name: given[name] for name in VARIABLES if given.get(name)}
        made = cls(
            port=_number(values, "PB_PORT", cls.port, 1, 65535),
            listen=_addresses(values, "PB_LISTEN", cls.listen),
            data=_path(values, "PB_DATA") or cls.data,
            database_url=_database_url(values, "PB_DATABASE_URL"),
            redis_url=_url(values, "PB_REDIS_URL", ("redis", "rediss", "unix")),
            pg_bin=_pg_bin(values, "PB_PG_BIN"),
            origin=_origin(values, "PB_ORIGIN", cls.origin),
            public_url=_public_url(values, "PB_PUBLIC_URL"),
            keep_addresses_days=_number(values, "PB_KEEP_ADDRESSES_DAYS", cls.keep_addresses_days, 0, 366),
            keep_access_log_months=_number(values, "PB_KEEP_ACCESS_LOG_MONTHS", cls.keep_access_log_months, 6, 240),
            keep_idle_accounts_months=_number(
                values, "PB_KEEP_IDLE_ACCOUNTS_MONTHS", cls.keep_idle_accounts_months, 6, 120
            ),
            idle_notice_days=_number(values, "PB_IDLE_NOTICE_DAYS", cls.idle_notice_days, 7, 366),
            smtp_url=_smtp_url(values, "PB_SMTP_URL"),
            mail_from=_mail_addresses(values, "PB_MAIL_FROM", (cls.mail_from,))[0],
            alarm_mail=_mail_addresses(values, "PB_ALARM_MAIL", ()),
            jobs=_choice(values, "PB_JOBS", cls.jobs, ("server", "worker")),
            metrics_token=_token(values, "PB_METRICS_TOKEN"),
            signin=_path(values, "PB_SIGNIN"),
            witnesses=_path(values, "PB_WITNESSES"),
            files_url=_url(values, "PB_FILES_URL", ("s3", "s3+https", "s3+http")),
            scan_command=values.get("PB_SCAN_COMMAND"),
            development=_yes_or_no(values, "PB_DEVELOPMENT"),
        )
        if made.development and not made.is_this_machine_alone:
            raise SettingsError(
                "PB_DEVELOPMENT signs anybody in as anybody: it needs PB_LISTEN on loopback (127.0.0.1, ::1) and "
                "PB_PUBLIC_URL on localhost"
            )
        return made

    @property
    def is_this_machine_alone(self) -> bool:
        """Whether nobody but a user of this machine can reach the service: loopback addresses, public on localhost."""
        host = urlsplit(self.public_url).hostname
        return all(ip_address(address).is_loopback for address in self.listen) and host in LOCAL_HOSTS


#: Every variable the service reads; docs/operate.md has one row for each, which a test compares.
VARIABLES = tuple(f"PB_{name.upper()}" for name in Settings.__dataclass_fields__)


def _number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = values.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _yes_or_no(values: Mapping[str, str], name: str) -> bool | None:
    text = values.get(name)
    if text not in (None, "0", "1"):
        raise SettingsError(f"{name} must be 1 or 0, not {text!r}")
    return None if text is None else text == "1"


def _addresses(values: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    if name not in values:
        return default
    addresses = tuple(part.strip() for part in values[name].split(","))
    for address in addresses:
        try:
            ip_address(address)
        except ValueError:
            raise SettingsError(f"{name} must be IP addresses separated by commas, not {address!r}") from None
    return addresses


def _path(values: Mapping[str, str], name: str) -> Path | None:
    return Path(values[name]).expanduser().absolute() if name in values else None


def _pg_bin(values: Mapping[str, str], name: str) -> Path | None:
    folder = _path(values, name)
    for program in ("initdb", "postgres"):
        if folder and not (folder / program).is_file():
            raise SettingsError(f"{name} must be the folder of PostgreSQL's programs; {folder} has no {program}")
    return folder


def _url(values: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    if name not in values:
        return None
    try:
        parts = urlsplit(values[name])
    except ValueError:
        raise SettingsError(f"{name} is not a URL") from None
    if parts.scheme not in schemes or not (parts.netloc or parts.path.strip("/")):
        raise SettingsError(f"{name} must be a URL that begins with {' or '.join(f'{s}://' for s in schemes)}")
    return values[name]


def _public_url(values: Mapping[str, str], name: str) -> str:
    """The address that readers see, without a path: links in mails begin with it. Unset, the port's on localhost."""
    if name not in values:
        return f"http://localhost:{_number(values, 'PB_PORT', Settings.port, 1, 65535)}"
    url = _url(values, name, ("http", "https")) or ""
    parts = urlsplit(url)
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(f"{name} must be an address without a path, such as https://budget.example.org")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _smtp_url(values: Mapping[str, str], name: str) -> str | None:
    url = _url(values, name, ("smtp", "smtps", "smtp+plain"))
    try:
        parts = urlsplit(url or "smtp://localhost")
        usable = bool(parts.hostname) and not parts.path.strip("/") and (parts.port or 1) > 0
    except ValueError:  # of the port
        usable = False
    if not usable:
        raise SettingsError(
            f"{name} must be a mail server's address, such as smtp://user:password@mail.example.org:587"
        )
    if url and "PB_MAIL_FROM" not in values:
        raise SettingsError(f"{name} is set, so PB_MAIL_FROM must say from which address the mails come")
    return url


def _mail_addresses(values: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses, perhaps with names, separated by commas; what mail can be sent to is platform.mail's matter."""
    if name not in values:
        return default
    found = tuple(part.strip() for part in values[name].split(","))
    if not all(
        part.isprintable() and re.fullmatch(r"[^@<>]+@[^@<>]+|[^@<>]*<[^@<>\s]+@[^@<>\s]+>", part) for part in found
    ):
        raise SettingsError(f"{name} must be mail addresses, such as pb@example.org or Town of X <pb@example.org>")
    return found


def _choice(values: Mapping[str, str], name: str, default: str, known: tuple[str, ...]) -> str:
    found = values.get(name, default)
    if found not in known:
        raise SettingsError(f"{name} must be {' or '.join(known)}, not {found!r}")
    return found


def _token(values: Mapping[str, str], name: str) -> str | None:
    token = values.get(name)
    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,}", token):
        raise SettingsError(f"{name} must be at least 16 letters, digits and . _ ~ + / = - without spaces")
    return token


def _database_url(values: Mapping[str, str], name: str) -> str | None:
    """Accept the usual spellings of a PostgreSQL address and name the driver that the service uses."""
    url = _url(values, name, ("postgresql", "postgres", "postgresql+asyncpg"))
    return url and "postgresql+asyncpg://" + url.partition("://")[2]


def _origin(values: Mapping[str, str], name: str, default: str) -> str:
    origin = values.get(name, default)
    labels = origin.split(".")
    if len(origin) > 253 or not all(
        label and label.replace("-", "").isalnum() and label.isascii() and label == label.lower() for label in labels
    ):
        raise SettingsError(f"{name} must be a host name in small letters, such as budget.example.org, not {origin!r}")
    return origin
