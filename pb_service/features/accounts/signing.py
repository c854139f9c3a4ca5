"""Taking a signature from a page: of a key in the browser, or of the file that `pb key sign` made."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import CanonicalError, decode
from pb_service.features.accounts.identity_errors import SignatureRefused
from pb_service.platform.errors import StepRefused
from pb_service.web.formats import Catalogue
from pb_service.web.forms import Form

_MOST_BYTES = 2_000


class Sign(Protocol):
    """Takes one signature under a step; returns whether it was the last that was missing.

    Raises SignatureRefused, StepRefused.
    """

    def __call__(self, *, public_key: str, signature: str) -> Awaitable[bool]: ...


async def take_signature(
    form: Form,
    words: Catalogue,
    session: AsyncSession,
    sign: Sign,
    refusal: Callable[[str, Catalogue], str],
    *,
    name: str = "sign",
) -> bool | None:
    """Take the signature of a form whose other fields are read: whether it was the last, or None when it is refused.

    Then nothing of it is kept, and the form says why at the field ``name``, in the words of ``refusal`` by code.
    """
    key, signature = signature_of(form, words, name)
    if form.errors:
        return None
    try:
        async with session.begin_nested():
            return await sign(public_key=key, signature=signature)
    except SignatureRefused as error:
        form.refuse(name, error.in_words(words))
    except StepRefused as error:
        form.refuse(name, refusal(error.code, words))
    return None


def signature_of(form: Form, words: Catalogue, name: str) -> tuple[str, str]:
    """Return public half and signature from a signing form, which says at the field ``name`` if there is none."""
    if form.value("key"):
        return form.value("key"), form.value("signature")
    file = form.upload("signed", required=False)
    if file is None:
        form.refuse(name, words.gettext("Sign in this browser, or choose the file that the offline tool made."))
        return "", ""
    try:
        read = decode(file.body[:_MOST_BYTES].strip())
        return str(read["key"]), str(read["signature"])
    except (CanonicalError, KeyError, TypeError):
        form.refuse(name, words.gettext("This is no signature from the offline tool."))
        return "", ""
