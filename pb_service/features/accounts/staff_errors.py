"""What can go wrong with staff: invitations, factors, roles, units. Each can say so in the reader's language."""

from gettext import NullTranslations
from typing import ClassVar

from pb_service.features.accounts.policy import Role
from pb_service.features.accounts.vocabulary import role_in_words
from pb_service.platform.errors import DomainError
from pb_service.web.formats import Catalogue


class StaffError(DomainError):
    """A rule about staff was not kept; pages show the sentence above the form."""

    status: ClassVar[int] = 422

    def __init__(self) -> None:
        super().__init__(self.in_words(NullTranslations()))

    def in_words(self, words: Catalogue) -> str:
        """The sentence in the reader's language."""
        raise NotImplementedError


class FactorUnreadable(StaffError):
    """A stored secret does not open: the key "factors" was exchanged, or the row belongs to another account."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "factor-unreadable"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("This installation can no longer read your second factor. An administrator can reset it.")


class CodeRefused(StaffError):
    """The one-time code is wrong, late or used."""

    type: ClassVar[str] = "code-refused"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("The code is not right. Wait for the next one in your app and write that.")


class ProofRefused(StaffError):
    """Neither password, code nor passkey is right. Which of them was wrong is not said."""

    type: ClassVar[str] = "proof-refused"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("That was not right, or it was used already. Try again.")


class TooManyAttempts(StaffError):
    """So many wrong codes that somebody may be guessing."""

    status: ClassVar[int] = 429
    type: ClassVar[str] = "too-many-attempts"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("Too many wrong attempts. Wait a quarter of an hour and try again.")


class PasskeyRefused(StaffError):
    """The authenticator's answer is not for this session, host and challenge."""

    type: ClassVar[str] = "passkey-refused"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("The passkey could not be added. Try again.")


class TooManyPasskeys(StaffError):
    """So many passkeys that nobody knows them all."""

    type: ClassVar[str] = "too-many-passkeys"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("You have too many passkeys. Remove one first.")


class LastFactor(StaffError):
    """Staff always have a second factor."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "last-factor"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("This is your only second factor. Add another one before you remove it.")


class InvitationNotFound(StaffError):
    """No open invitation has this link: it was used, withdrawn, or is too old."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "invitation-not-found"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("The invitation has been used or is too old. Ask for a new one.")


class InvitedOtherwise(StaffError):
    """The address has an open invitation to a role that the inviter may not give, and so not take back either."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "invited-otherwise"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("This address has an open invitation to another role, which you cannot take back.")


class IsStaffAlready(StaffError):
    """Who is staff is not invited again: a role is given on the person's own page."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "is-staff-already"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("This person belongs to the staff already. Give the role on the person's own page.")


class PersonNotFound(StaffError):
    """There is no such person, or none that the actor may decide about."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "person-not-found"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("There is no such person.")


class PersonBlocked(StaffError):
    """A blocked account gets no role."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "person-blocked"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("The account is blocked.")


class BlockedOtherwise(StaffError):
    """The account is blocked already, or not blocked at all."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "blocked-otherwise"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("Somebody else has changed this in the meantime. Look at it again.")


class NotOneself(StaffError):
    """Nobody gives himself a role, blocks himself, or resets his own factors."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "not-oneself"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("Nobody decides this about themselves. Ask another administrator.")


class MayNotGive(StaffError):
    """The actor may not give or take this role there."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "may-not-give"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("You may not give or take this role there.")


class UnknownScope(StaffError):
    """There is no such round or district, or the role is not bound to rounds."""

    type: ClassVar[str] = "unknown-scope"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext(
            "Choose a round, and a district of that round. An administrator is never bound to a round."
        )


class RoleHeld(StaffError):
    """The person has the role there."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "role-held"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("The person has this role already.")


class RoleNotHeld(StaffError):
    """The person does not have this role (any more)."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "role-not-held"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("The person does not have this role any more.")


class DutiesApart(StaffError):
    """Two duties that no one person has in the same round."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "duties-apart"

    def __init__(self, held: Role, wanted: Role) -> None:
        self.held, self.wanted = held, wanted
        super().__init__()

    def in_words(self, words: Catalogue) -> str:
        sentence = words.gettext(
            "The person is %(held)s here. Nobody is %(held)s and %(wanted)s in the same round: these duties are kept "
            "apart."
        )
        held, wanted = (role_in_words(role, words).lower() for role in (self.held, self.wanted))
        return sentence % {"held": held, "wanted": wanted}


class LastAdministrator(StaffError):
    """Somebody must be left who can invite people and give roles."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "last-administrator"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("This is the last administrator. Make somebody else administrator first.")


class UnitNotFound(StaffError):
    """There is no such unit, or it was closed."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "unit-not-found"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("There is no such unit.")


class ContactNotFound(StaffError):
    """There is no such contact person."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "contact-not-found"

    def in_words(self, words: Catalogue) -> str:
        return words.gettext("There is no such contact person.")
