"""What a file of rules offers to the tally."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.tally.instance import Instance
from pb_service.core.tally.outcome import Outcome

#: Called now and then during long work with the number of completion steps done.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class RuleFamily:
    """Rules that share a name in the manifest.

    ``short_names`` maps the names that people type to rule documents in units of 100 minor units; ``options`` are the
    further fields that may be set beside a short name; ``check`` raises TallyError on an impossible document;
    ``run`` counts an instance under a checked document.
    """

    name: str
    short_names: Mapping[str, RuleDocument]
    options: frozenset[str]
    check: Callable[[RuleDocument], None]
    run: Callable[[Instance, RuleDocument, Progress | None], Outcome]
