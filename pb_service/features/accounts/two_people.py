"""What a registrar and an auditor sign together: whose turn it is, and that they are two people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, LargeBinary, Text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

from pb_service.core.record.canonical import unb64u
from pb_service.core.record.signatures import SIGNATURE_SIZE
from pb_service.features.accounts import access_log
from pb_service.features.accounts.identity_tables import SigningKey
from pb_service.features.accounts.policy import Actor
from pb_service.platform.errors import StepRefused

Signer = Literal["registrar", "auditor"]
SIGNERS: tuple[Signer, ...] = ("registrar", "auditor")


class RoleSignature:
    """The columns of a table of signatures, one a role under each thing that is signed."""

    role: Mapped[str] = mapped_column(Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @declared_attr
    def account_id(self) -> Mapped[UUID | None]:
        return mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    @declared_attr.directive
    def __table_args__(self) -> tuple[SchemaItem, ...]:
        return (
            CheckConstraint("role IN ('registrar', 'auditor')", name="role"),
            CheckConstraint("octet_length(signature) = 64", name="signature"),
        )


S = TypeVar("S", bound=RoleSignature)


async def keep_signature(
    session: AsyncSession,
    actor: Actor,
    made: S,
    signed: Iterable[S],
    *,
    role: Signer,
    key: SigningKey,
    signature: str,
    refused: type[StepRefused],
    noted: tuple[str, object],
    now: datetime,
) -> dict[Signer, S]:
    """Keep a verified signature in the row ``made``, unless its role has signed; return all there are now, by role.

    The access log is told what was done, and to what (``noted``). Raises ``refused`` (same_hand) for a person who
    signed in the other role.
    """
    found = {other: one for one in signed for other in SIGNERS if one.role == other}
    if any(one.account_id == actor.account_id and other != role for other, one in found.items()):
        raise refused("same_hand", "Two people must sign.")
    if role not in found:
        made.role, made.public_key, made.account_id, made.signed_at = role, key.public_key, actor.account_id, now
        made.signature = unb64u(signature, SIGNATURE_SIZE)
        session.add(made)
        await session.flush()
        found[role] = made
        await access_log.note(session, actor.account_id, noted[0], f"{noted[1]} {role}", now=now)
    return found


def are_complete(signed: Iterable[str]) -> bool:
    """Whether both roles are among those that have signed."""
    return set(SIGNERS) <= set(signed)
