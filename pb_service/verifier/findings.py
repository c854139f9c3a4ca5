"""What a check finds wrong: a code for programs, and where; words.py makes the sentences."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One thing found wrong. `code` is a key of words.PROBLEMS, `at` says where and holds what its sentence needs."""

    code: str
    at: dict[str, str | int] = field(default_factory=dict)


class Found(Exception):
    """A finding that ends the step in hand, because nothing after it would mean anything."""

    def __init__(self, code: str, **at: str | int) -> None:
        super().__init__(code, at)
        self.problem = Problem(code, at)


class Unreadable(Exception):
    """The input cannot be examined at all: no finding, but exit status 2. `code` is a key of words.UNREADABLE."""

    def __init__(self, code: str, **at: str | int) -> None:
        super().__init__(code, at)
        self.code = code
        self.at = at
