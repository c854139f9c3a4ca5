"""The texts of mails: the templates of every room, rendered as plain text and as HTML in the reader's language."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, Template

from pb_service.platform.mail import Letter
from pb_service.web.languages import language_of
from pb_service.web.locales import Language
from pb_service.web.render import environment


def render_mail(template: str, language: str, context: Mapping[str, Any]) -> Letter:
    """Return the mail ``stage/name`` in one language: the block ``subject`` of its text, its text, its HTML."""
    locale = language_of(language)
    stage, _, name = template.partition("/")
    plain = _plain(locale).get_template(f"{stage}/mail/{name}.txt")
    return Letter(
        subject=_block(plain, "subject", context),
        text=plain.render(context).strip() + "\n",
        html=environment(locale).get_template(f"{stage}/mail/{name}.html").render(context),
    )


@cache
def _plain(language: Language) -> Environment:
    """The same templates and texts, without the escapes of HTML."""
    return environment(language).overlay(autoescape=False)


def _block(template: Template, name: str, context: Mapping[str, Any]) -> str:
    return "".join(template.blocks[name](template.new_context(dict(context)))).strip(" \n")
