"""A line that says that long work goes on: only on a terminal, only after two seconds, gone when the work is done."""

import sys
import time
from types import TracebackType

import click

PATIENCE_SECONDS = 2.0
EVERY_SECONDS = 0.2


class Progress:
    """Use as a context manager; call it with a number now and then."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._started = self._told = time.monotonic()
        self._shown = False

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, number: int) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._started > PATIENCE_SECONDS and now - self._told > EVERY_SECONDS:
            self._told, self._shown = now, True
            click.echo(f"\r{self.text} {number:,} …", err=True, nl=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            click.echo("\r\033[K", err=True, nl=False)
