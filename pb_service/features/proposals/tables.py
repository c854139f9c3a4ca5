"""Tables of the stage proposals: a round's book of proposals, each proposal with its versions, people and comments.

What a proposal says stands in its row (the newest version) and in ``proposal_version`` (every version). Who wrote it
stands in ``proposal_author`` alone, so that deleting an account leaves the proposal and takes the person.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pb_service.core.proposals.similarity import SKETCH_BITS
from pb_service.core.proposals.states import STATES, State
from pb_service.platform.db import Base, uuid7
from pb_service.platform.files import StoredFile

Channel = Literal["web", "paper", "phone", "import"]
ShowAuthor = Literal["name", "group", "hidden"]

#: The words of a proposal in its own language, and its title also letter by letter so that a search in another
#: language finds names.
SEARCH = (
    "setweight(to_tsvector(CASE language WHEN 'fi' THEN 'finnish'::regconfig WHEN 'sv' THEN 'swedish'::regconfig "
    "ELSE 'english'::regconfig END, title), 'A') || "
    "setweight(to_tsvector(CASE language WHEN 'fi' THEN 'finnish'::regconfig WHEN 'sv' THEN 'swedish'::regconfig "
    "ELSE 'english'::regconfig END, need || ' ' || idea || ' ' || audience), 'B') || "
    "setweight(to_tsvector('simple'::regconfig, title), 'C')"
)


class ProposalBook(Base):
    """A round's book of proposals: the last number given, the form set by staff, whether the ballot list is fixed.

    Whoever gives a number or fixes the list locks this row first, so both happen one after the other.
    """

    __tablename__ = "proposal_book"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    list_fixed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    form: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    form_version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    edited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LandLayer(Base):
    """The land that the municipality owns in a round's area, as polygons like those of districts; one a round."""

    __tablename__ = "land_layer"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    polygons: Mapped[list[Any]] = mapped_column(JSONB)
    areas: Mapped[int]
    imported_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    imported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ProposalImport(Base):
    """A table of proposals that is being taken in, or was: ``taken`` of its ``rows`` new rows are in the round.

    It ended well, or with a ``problem``: the code of what refused the rest.
    """

    __tablename__ = "proposal_import"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    filename: Mapped[str] = mapped_column(Text)
    rows: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    by_role: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    problem: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_proposal_import_round_id", "round_id", "started_at"),)


class Proposal(Base):
    """A proposal. ``number`` is its public number in the round ("p17"), given when it is received.

    Money is in the round's minor units. ``place`` is a GeoJSON geometry whose positions are integers, millionths of a
    degree, [longitude, latitude]; empty when there is no place. ``answers`` holds the round's own questions.
    ``merged_into`` is the proposal that goes on with this one; ``counted_in`` the last of that chain, in which support
    and comments count (itself, when it was not merged). ``split_from`` is the proposal that this one is a part of.
    """

    __tablename__ = "proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    number: Mapped[int | None]
    state: Mapped[State] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    district: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    need: Mapped[str] = mapped_column(Text, default="")
    idea: Mapped[str] = mapped_column(Text, default="")
    audience: Mapped[str] = mapped_column(Text, default="")
    cost_hint: Mapped[int | None] = mapped_column(BigInteger)
    place: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    theme: Mapped[str | None] = mapped_column(Text)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    show_author: Mapped[ShowAuthor] = mapped_column(Text, default="hidden")
    group_name: Mapped[str | None] = mapped_column(Text)
    minor: Mapped[bool] = mapped_column(default=False)
    #: Told freely by the author for statistics; never shown with the proposal.
    age_group: Mapped[str | None] = mapped_column(Text)
    entered_by_staff: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    channel: Mapped[Channel] = mapped_column(Text, default="web")
    once: Mapped[UUID | None] = mapped_column(unique=True)
    #: A draft of somebody who was not signed in yet: the SHA-256 of a secret that only their browser has.
    claim_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    import_key: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"))
    counted_in: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", deferrable=True, initially="DEFERRED"))
    split_from: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"))
    #: Numbers of proposals with which the author would gladly join this one.
    join_wishes: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list, server_default=text("'{}'"))
    #: Runs of three letters of title, need and idea (core/proposals/similarity.py), for finding similar proposals.
    shingles: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    #: The same as bits (similarity.sketch): the database counts how many two texts share.
    sketch: Mapped[str | None] = mapped_column(BIT(SKETCH_BITS), deferred=True)
    search: Mapped[Any] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)
    authors: Mapped[list["ProposalAuthor"]] = relationship(
        lazy="raise", order_by="ProposalAuthor.id", cascade="all, delete-orphan", passive_deletes=True
    )
    files: Mapped[list["ProposalFile"]] = relationship(
        lazy="raise", order_by="ProposalFile.position", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint("round_id", "number"),
        UniqueConstraint("round_id", "import_key"),
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="received_has_number"),
        CheckConstraint("language IN ('fi', 'sv', 'en')", name="language"),
        CheckConstraint("show_author IN ('name', 'group', 'hidden')", name="show_author"),
        CheckConstraint("channel IN ('web', 'paper', 'phone', 'import')", name="channel"),
        CheckConstraint("claim_sha256 IS NULL OR state = 'draft'", name="claimed_once"),
        CheckConstraint("cost_hint >= 0", name="cost_hint"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL) OR state = 'hidden'", name="merged_into"),
        Index("ix_proposal_round_id", "round_id", "state"),
        Index("ix_proposal_counted_in", "counted_in"),
        Index("ix_proposal_merged_into", "merged_into"),
        Index("ix_proposal_split_from", "split_from"),
        Index("ix_proposal_search", "search", postgresql_using="gin"),
        Index("ix_proposal_shingles", "shingles", postgresql_using="gin"),
    )


class ProposalVersion(Base):
    """A version of a proposal's public text as it stood: canonical content (core/proposals/texts.py) and its hash."""

    __tablename__ = "proposal_version"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    text_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    edited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("version > 0", name="version_counts"),
        CheckConstraint("octet_length(text_sha256) = 32", name="text_sha256"),
    )


class ProposalAuthor(Base):
    """An author, or somebody invited to be one (``accepted_at`` empty; the token is in a mail, its SHA-256 here).

    ``shown_name`` is there if this author wants to be named; it is shown only while the proposal shows names at all.
    """

    __tablename__ = "proposal_author"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    role: Mapped[Literal["author", "co"]] = mapped_column(Text)
    shown_name: Mapped[str | None] = mapped_column(Text)
    invited_email_key: Mapped[str | None] = mapped_column(Text)
    token_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    invited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("proposal_id", "account_id"),
        CheckConstraint("role IN ('author', 'co')", name="role"),
        Index("ix_proposal_author_account_id", "account_id"),
        Index("ix_proposal_author_proposal_id", "proposal_id"),
    )


class ProposalFile(Base):
    """A picture or PDF of a proposal. ``alt`` counts here: it may be put right without a new upload."""

    __tablename__ = "proposal_file"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)
    position: Mapped[int]
    alt: Mapped[dict[str, str]] = mapped_column(JSONB)
    file: Mapped[StoredFile] = relationship(lazy="raise")

    __table_args__ = (Index("ix_proposal_file_file_id", "file_id"),)


class ProposalSupport(Base):
    """A resident supports a proposal. ``copied``: by the split of a proposal that the resident supported."""

    __tablename__ = "proposal_support"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    copied: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    __table_args__ = (Index("ix_proposal_support_account_id", "account_id"),)


class ProposalFollow(Base):
    """Somebody wants to hear of a proposal, at once or in a digest. Authors and supporters hear without a row."""

    __tablename__ = "proposal_follow"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    how: Mapped[Literal["at_once", "digest", "never"]] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("how IN ('at_once', 'digest', 'never')", name="how"),
        Index("ix_proposal_follow_account_id", "account_id"),
    )


class ProposalNews(Base):
    """Something to tell an account in its next digest."""

    __tablename__ = "proposal_news"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    act: Mapped[str] = mapped_column(Text)
    about: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_proposal_news_account_id", "account_id", postgresql_where=text("sent_at IS NULL")),
        Index("ix_proposal_news_proposal_id", "proposal_id"),
    )


class ProposalComment(Base):
    """A comment, or an answer to one. Hidden ones keep their place, with the reason."""

    __tablename__ = "proposal_comment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    parent: Mapped[UUID | None] = mapped_column(ForeignKey("proposal_comment.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    shown_name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    once: Mapped[UUID | None] = mapped_column(unique=True)
    hidden_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hidden_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    hidden_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("hidden_at IS NULL OR hidden_reason IS NOT NULL", name="hidden_has_reason"),
        Index("ix_proposal_comment_proposal_id", "proposal_id", "at", "id"),
        Index("ix_proposal_comment_parent", "parent"),
        Index("ix_proposal_comment_account_id", "account_id"),
    )


class CommentReport(Base):
    """Somebody reported a comment to the moderators."""

    __tablename__ = "comment_report"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    comment_id: Mapped[UUID] = mapped_column(ForeignKey("proposal_comment.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    __table_args__ = (
        UniqueConstraint("comment_id", "account_id"),
        Index("ix_comment_report_open", "at", postgresql_where=text("settled_at IS NULL")),
    )


class ProposalQuestion(Base):
    """A question that staff answer, shown with its answer."""

    __tablename__ = "proposal_question"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    shown_name: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    once: Mapped[UUID | None] = mapped_column(unique=True)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hidden_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_has_time"),
        Index("ix_proposal_question_proposal_id", "proposal_id", "at"),
    )


class ProposalMerge(Base):
    """A merge or a split, until it is undone: which proposals go on as which others."""

    __tablename__ = "proposal_merge"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[Literal["merge", "split"]] = mapped_column(Text)
    from_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    into_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    reason: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    __table_args__ = (
        CheckConstraint("kind IN ('merge', 'split')", name="kind"),
        Index("ix_proposal_merge_round_id", "round_id"),
    )


class ProposalConsent(Base):
    """What an author of a merged or split proposal said about it: agreed, or against (who objects asks for an undo)."""

    __tablename__ = "proposal_consent"

    merge_id: Mapped[UUID] = mapped_column(ForeignKey("proposal_merge.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    agrees: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ProposalAct(Base):
    """What happened to a proposal, with what everybody may read of it: the other side of the record. Only added to.

    ``about`` is what the record's salted file holds (hashes); ``shown`` the texts for pages, by language.
    """

    __tablename__ = "proposal_act"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    act: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    by_role: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shown: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))

    __table_args__ = (Index("ix_proposal_act_proposal_id", "proposal_id", "id"),)
