"""The base of every domain error: it carries an HTTP status and a problem type, and is rendered once (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class DomainError(Exception):
    """A rule was not kept. The message is a full sentence that the person who caused it can act on.

    ``status`` is the HTTP status; ``type`` names the kind in problem documents, stable for clients.
    """

    status: ClassVar[int] = 400
    type: ClassVar[str] = "bad-request"

    def errors(self) -> Sequence[Mapping[str, object]]:
        """What a program should know beyond the sentence: fields and codes, one line each."""
        return ()


class StepRefused(DomainError):
    """A step cannot be taken, by a rule that its ``code`` names: pages have a sentence of their own for each code.

    ``step`` begins the sentence for programs, where the raiser gives no better ``detail``.
    """

    status: ClassVar[int] = 409
    step: ClassVar[str] = "This step cannot be taken"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or f"{self.step} ({code}).")
        self.code = code

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"code": self.code}]
