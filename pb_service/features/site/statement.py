"""The accessibility statement as data: what the page says is what the file says."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
import structlog
from msgspec import Struct

from pb_service.web.locales import LANGUAGES

BUILT_IN = Path(__file__).with_name("statement.toml")
OWN_NAME = "statement.toml"


log_event = structlog.get_logger()


class StatementError(ValueError):
    """The statement's file cannot be used. The message names the file and says what is wrong."""


class Gap(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that does not meet the requirements, with the criterion of WCAG and how people get by."""

    criterion: str
    fi: str
    sv: str
    en: str


class Wordings(Struct, frozen=True, forbid_unknown_fields=True):
    """A text in every language of the interface."""

    fi: str
    sv: str
    en: str


class Authority(Struct, frozen=True, forbid_unknown_fields=True):
    """Who supervises, and how to reach them."""

    url: str
    email: str
    phone: str
    name: Wordings


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole statement (Act 306/2019): conformity, what fails, method and date of review, authority."""

    conformity: Literal["full", "most", "not"]
    standard: str
    aim: str
    published: date
    reviewed: date
    method: Wordings
    authority: Authority
    gaps: tuple[Gap, ...] = ()


def read_statement(data: Path) -> Statement:
    """Return the municipality's own statement from its data folder, else the one that comes with the service.

    Raises StatementError for a file that is not one.
    """
    own = data / OWN_NAME
    path = own if own.exists() else BUILT_IN
    try:
        statement = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Statement)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise StatementError(f"{path}: {error}") from error
    if statement.conformity == "full" and statement.gaps:
        raise StatementError(f"{path}: what fails is listed under gaps, so conformity cannot be full")
    if not all(getattr(statement.method, language).strip() for language in LANGUAGES):
        raise StatementError(f"{path}: method must be told in every language")
    return statement


def usable_statement(data: Path) -> Statement | None:
    """Return the statement, or None when its file cannot be used, which is then in the log.

    The built-in one never stands in for the municipality's own: it would say what nobody has said of this service.
    """
    try:
        return read_statement(data)
    except StatementError as error:
        log_event.error("statement.unusable", error=" ".join(str(error).split()))
        return None
