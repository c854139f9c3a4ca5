"""What the result pages are made from: the published documents of one contest and what was derived from them once."""

from dataclasses import dataclass
from typing import Literal

from pb_service.core.rounds.documents import BallotListDocument, ContestDocument, ManifestDocument, OutcomeDocument
from pb_service.core.tally.explain import Explanation

StateName = Literal["preliminary", "confirmed", "amended", "voided"]
DownloadKind = Literal["evidence", "pabulib", "result_csv", "result_json", "turns_csv", "ballots_json"]


@dataclass(frozen=True)
class Download:
    """A file that lets the reader check or reuse the result; ``size`` in bytes, ``rows`` without the header line."""

    kind: DownloadKind
    href: str
    size: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class ProjectChange:
    """What amendments have made of a project since the count; ``cost`` None: it is not funded any more."""

    project: str
    cost: int | None


@dataclass(frozen=True)
class Sibling:
    """Another contest of the same round, for moving between districts."""

    contest_id: str
    title: list[tuple[str, str]]


@dataclass(frozen=True)
class ContestDocuments:
    """One counted contest as published.

    ``official``: numbers of the projects that the city itself funded, when the data says so.
    ``explanation``: made once after the count; without it the page leaves out what rests on it.
    ``fingerprint``: the election id as printed for people.
    """

    slug: str
    manifest: ManifestDocument
    contest: ContestDocument
    ballot_list: BallotListDocument
    outcome: OutcomeDocument
    explanation: Explanation | None = None
    official: list[int] | None = None
    fingerprint: str = ""
    state: StateName = "preliminary"
    changes: tuple[ProjectChange, ...] = ()
    downloads: tuple[Download, ...] = ()
    siblings: tuple[Sibling, ...] = ()
