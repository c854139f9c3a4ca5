"""proposals

Dropping a table drops its indexes with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WORDS = "to_tsvector(CASE language WHEN 'fi' THEN 'finnish'::regconfig WHEN 'sv' THEN 'swedish'::regconfig "
SEARCH = (
    f"setweight({_WORDS}ELSE 'english'::regconfig END, title), 'A') || "
    f"setweight({_WORDS}ELSE 'english'::regconfig END, need || ' ' || idea || ' ' || audience), 'B') || "
    "setweight(to_tsvector('simple'::regconfig, title), 'C')"
)


def upgrade() -> None:
    op.create_table(
        "proposal_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("by_role", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by"], ["account.id"], name=op.f("fk_proposal_import_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_proposal_import_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_import")),
    )
    op.create_index("ix_proposal_import_round_id", "proposal_import", ["round_id", "started_at"], unique=False)
    op.create_table(
        "land_layer",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("polygons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("areas", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["account.id"], name=op.f("fk_land_layer_imported_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_land_layer_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_land_layer")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("idea", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("cost_hint", sa.BigInteger(), nullable=True),
        sa.Column("place", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("theme", sa.Text(), nullable=True),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("show_author", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column("age_group", sa.Text(), nullable=True),
        sa.Column("entered_by_staff", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.Column("claim_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("import_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("counted_in", sa.Uuid(), nullable=False),
        sa.Column("split_from", sa.Uuid(), nullable=True),
        sa.Column("join_wishes", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("shingles", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sketch", postgresql.BIT(2048), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                SEARCH,
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("(state = 'draft') = (number IS NULL)", name=op.f("ck_proposal_received_has_number")),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into IS NOT NULL) OR state = 'hidden'", name=op.f("ck_proposal_merged_into")
        ),
        sa.CheckConstraint("channel IN ('web', 'paper', 'phone', 'import')", name=op.f("ck_proposal_channel")),
        sa.CheckConstraint("language IN ('fi', 'sv', 'en')", name=op.f("ck_proposal_language")),
        sa.CheckConstraint("show_author IN ('name', 'group', 'hidden')", name=op.f("ck_proposal_show_author")),
        sa.CheckConstraint(
            "state IN ('draft', 'received', 'returned', 'published', 'rejected', 'assessed', 'infeasible', "
            "'on_ballot', 'merged', 'split', 'withdrawn', 'hidden')",
            name=op.f("ck_proposal_state"),
        ),
        sa.CheckConstraint("claim_sha256 IS NULL OR state = 'draft'", name=op.f("ck_proposal_claimed_once")),
        sa.CheckConstraint("cost_hint >= 0", name=op.f("ck_proposal_cost_hint")),
        sa.ForeignKeyConstraint(
            ["counted_in"],
            ["proposal.id"],
            name=op.f("fk_proposal_counted_in_proposal"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_staff"], ["account.id"], name=op.f("fk_proposal_entered_by_staff_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["merged_into"], ["proposal.id"], name=op.f("fk_proposal_merged_into_proposal")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_proposal_round_id_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["split_from"], ["proposal.id"], name=op.f("fk_proposal_split_from_proposal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("claim_sha256", name=op.f("uq_proposal_claim_sha256")),
        sa.UniqueConstraint("once", name=op.f("uq_proposal_once")),
        sa.UniqueConstraint("round_id", "import_key", name=op.f("uq_proposal_round_id_import_key")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_proposal_round_id_number")),
    )
    op.create_index("ix_proposal_counted_in", "proposal", ["counted_in"], unique=False)
    op.create_index("ix_proposal_merged_into", "proposal", ["merged_into"], unique=False)
    op.create_index("ix_proposal_round_id", "proposal", ["round_id", "state"], unique=False)
    op.create_index("ix_proposal_search", "proposal", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_proposal_shingles", "proposal", ["shingles"], unique=False, postgresql_using="gin")
    op.create_index("ix_proposal_split_from", "proposal", ["split_from"], unique=False)
    op.create_table(
        "proposal_book",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("list_fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("form_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["edited_by"], ["account.id"], name=op.f("fk_proposal_book_edited_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_proposal_book_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_proposal_book")),
    )
    op.create_table(
        "proposal_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("into_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("reason", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('merge', 'split')", name=op.f("ck_proposal_merge_kind")),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_proposal_merge_by_account"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_proposal_merge_round_id_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["account.id"], name=op.f("fk_proposal_merge_undone_by_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_merge")),
    )
    op.create_index("ix_proposal_merge_round_id", "proposal_merge", ["round_id"], unique=False)
    op.create_table(
        "proposal_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_role", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shown", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_act_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_act_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_act")),
    )
    op.create_index("ix_proposal_act_proposal_id", "proposal_act", ["proposal_id", "id"], unique=False)
    op.create_table(
        "proposal_author",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("shown_name", sa.Text(), nullable=True),
        sa.Column("invited_email_key", sa.Text(), nullable=True),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('author', 'co')", name=op.f("ck_proposal_author_role")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_author_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_author_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_author")),
        sa.UniqueConstraint("proposal_id", "account_id", name=op.f("uq_proposal_author_proposal_id_account_id")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_proposal_author_token_sha256")),
    )
    op.create_index("ix_proposal_author_account_id", "proposal_author", ["account_id"], unique=False)
    op.create_index("ix_proposal_author_proposal_id", "proposal_author", ["proposal_id"], unique=False)
    op.create_table(
        "proposal_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("parent", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("shown_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_by", sa.Uuid(), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "hidden_at IS NULL OR hidden_reason IS NOT NULL", name=op.f("ck_proposal_comment_hidden_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_comment_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["hidden_by"], ["account.id"], name=op.f("fk_proposal_comment_hidden_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["parent"],
            ["proposal_comment.id"],
            name=op.f("fk_proposal_comment_parent_proposal_comment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_comment_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_comment")),
        sa.UniqueConstraint("once", name=op.f("uq_proposal_comment_once")),
    )
    op.create_index("ix_proposal_comment_account_id", "proposal_comment", ["account_id"], unique=False)
    op.create_index("ix_proposal_comment_parent", "proposal_comment", ["parent"], unique=False)
    op.create_index("ix_proposal_comment_proposal_id", "proposal_comment", ["proposal_id", "at", "id"], unique=False)
    op.create_table(
        "proposal_consent",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_consent_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["merge_id"],
            ["proposal_merge.id"],
            name=op.f("fk_proposal_consent_merge_id_proposal_merge"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("merge_id", "account_id", name=op.f("pk_proposal_consent")),
    )
    op.create_table(
        "proposal_file",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_proposal_file_file_id_stored_file")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_file_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "file_id", name=op.f("pk_proposal_file")),
    )
    op.create_index("ix_proposal_file_file_id", "proposal_file", ["file_id"], unique=False)
    op.create_table(
        "proposal_follow",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("how IN ('at_once', 'digest', 'never')", name=op.f("ck_proposal_follow_how")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_follow_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_follow_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "account_id", name=op.f("pk_proposal_follow")),
    )
    op.create_index("ix_proposal_follow_account_id", "proposal_follow", ["account_id"], unique=False)
    op.create_table(
        "proposal_news",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_news_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_news_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_news")),
    )
    op.create_index(
        "ix_proposal_news_account_id",
        "proposal_news",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index("ix_proposal_news_proposal_id", "proposal_news", ["proposal_id"], unique=False)
    op.create_table(
        "proposal_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("shown_name", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_proposal_question_answer_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["account.id"], name=op.f("fk_proposal_question_answered_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["account.id"], name=op.f("fk_proposal_question_asked_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_question_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_question")),
        sa.UniqueConstraint("once", name=op.f("uq_proposal_question_once")),
    )
    op.create_index("ix_proposal_question_proposal_id", "proposal_question", ["proposal_id", "at"], unique=False)
    op.create_table(
        "proposal_support",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("copied", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_support_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_support_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "account_id", name=op.f("pk_proposal_support")),
    )
    op.create_index("ix_proposal_support_account_id", "proposal_support", ["account_id"], unique=False)
    op.create_table(
        "proposal_version",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("edited_by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("octet_length(text_sha256) = 32", name=op.f("ck_proposal_version_text_sha256")),
        sa.CheckConstraint("version > 0", name=op.f("ck_proposal_version_version_counts")),
        sa.ForeignKeyConstraint(
            ["edited_by"], ["account.id"], name=op.f("fk_proposal_version_edited_by_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_version_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "version", name=op.f("pk_proposal_version")),
    )
    op.create_table(
        "comment_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_comment_report_account_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"],
            ["proposal_comment.id"],
            name=op.f("fk_comment_report_comment_id_proposal_comment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["account.id"], name=op.f("fk_comment_report_settled_by_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_report")),
        sa.UniqueConstraint("comment_id", "account_id", name=op.f("uq_comment_report_comment_id_account_id")),
    )
    op.create_index(
        "ix_comment_report_open", "comment_report", ["at"], unique=False, postgresql_where=sa.text("settled_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("comment_report")
    op.drop_table("proposal_version")
    op.drop_table("proposal_support")
    op.drop_table("proposal_question")
    op.drop_table("proposal_news")
    op.drop_table("proposal_follow")
    op.drop_table("proposal_file")
    op.drop_table("proposal_consent")
    op.drop_table("proposal_comment")
    op.drop_table("proposal_author")
    op.drop_table("proposal_act")
    op.drop_table("proposal_merge")
    op.drop_table("proposal_book")
    op.drop_table("proposal")
    op.drop_table("land_layer")
    op.drop_table("proposal_import")
