"""What the pages about a whole round show, as typed values: no words and no formatting here.

Money is in minor units; texts are pairs [language, text]; times are aware datetimes in UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.rounds.phases import Phase

Texts = Sequence[Sequence[str]]

#: Chosen projects named on the front page before "and n others".
NAMED_WINNERS = 3


@dataclass(frozen=True)
class WinnerView:
    """A chosen project: its number in the manifest, and its title in the language of the ballot list."""

    number: int
    title: str
    language: str
    cost: int


@dataclass(frozen=True)
class CountView:
    """What the count of a district says. ``first_winners`` are the chosen ones with the highest scores."""

    ballots: int
    chosen: int
    cost: int
    counted_at: datetime
    first_winners: tuple[WinnerView, ...] = ()


@dataclass(frozen=True)
class DistrictView:
    """A round's vote in one district; ``count`` is None before the count."""

    key: str
    title: Texts
    projects: int
    budget: int
    rule: RuleDocument
    count: CountView | None = None

    @property
    def left(self) -> int:
        return self.budget - (self.count.cost if self.count else 0)

    @property
    def others(self) -> int:
        """Chosen projects beyond those that are named."""
        return self.count.chosen - len(self.count.first_winners) if self.count else 0


@dataclass(frozen=True)
class RoundView:
    """A published round with its districts. ``entries`` counts the indexed entries of its public record."""

    slug: str
    names: Texts
    mode: str
    phase: Phase
    currency: str
    unit: int
    opens_at: datetime
    closes_at: datetime
    created_at: datetime
    licence: str
    source: str
    origin: str
    fingerprint: str
    entries: int
    districts: tuple[DistrictView, ...]
    verified_at: datetime | None = None
    verdict: Literal["pass", "fail"] | None = None
    bundle_size: int | None = None

    @property
    def counts(self) -> list[CountView]:
        return [district.count for district in self.districts if district.count]

    @property
    def counted(self) -> bool:
        return len(self.counts) == len(self.districts)

    @property
    def counted_at(self) -> datetime | None:
        return max((count.counted_at for count in self.counts), default=None)

    @property
    def budget(self) -> int:
        return sum(district.budget for district in self.districts)

    @property
    def cost(self) -> int:
        return sum(count.cost for count in self.counts)

    @property
    def ballots(self) -> int:
        return sum(count.ballots for count in self.counts)

    @property
    def projects(self) -> int:
        return sum(district.projects for district in self.districts)

    @property
    def chosen(self) -> int:
        return sum(count.chosen for count in self.counts)

    @property
    def rules(self) -> list[RuleDocument]:
        """The rules of the districts, each once: most rounds have one for all."""
        found: list[RuleDocument] = []
        for district in self.districts:
            if district.rule not in found:
                found.append(district.rule)
        return found


@dataclass(frozen=True)
class EntryView:
    """An entry of the record. ``about`` is the object or contest that it names; ``leaf`` the leaf hash in hex."""

    index: int
    kind: str
    at: datetime | None
    about: str
    leaf: str


@dataclass(frozen=True)
class RecordView:
    """A page of the record, newest entry first, below index ``end``; ``checkpoint`` is None before the first."""

    slug: str
    names: Texts
    origin: str
    size: int
    root: str
    checkpoint: str | None
    entries: tuple[EntryView, ...]
    end: int

    @property
    def start(self) -> int:
        return self.end - len(self.entries)


@dataclass(frozen=True)
class ProofView:
    """One entry with the proof that it stands in the record of ``size`` entries; hashes in hex, from the leaf up."""

    entry: EntryView
    body: str
    size: int
    root: str
    path: tuple[str, ...]


Status = Literal["pass", "fail", "not_applicable", "not_checked"]


@dataclass(frozen=True)
class CheckView:
    """One check of pb-verify. ``problems`` are its own sentences, in the language of the report."""

    name: str
    status: Status
    figures: dict[str, int]
    reason: str
    problems: tuple[str, ...]
    found: int


@dataclass(frozen=True)
class VerificationView:
    """The newest run of pb-verify over the bundle that this service offers."""

    verdict: Literal["pass", "fail"]
    language: str
    checks: tuple[CheckView, ...]
    sha256: str
    size: int
    key: str
    run_at: datetime
    cannot_show: str

    def with_status(self, *statuses: Status) -> list[CheckView]:
        return [check for check in self.checks if check.status in statuses]
