"""What can go wrong with identity: signing in by a provider, tokens, signing keys."""

from typing import ClassVar, Literal

from pb_service.features.accounts.staff_errors import StaffError
from pb_service.platform.errors import DomainError
from pb_service.settings import SettingsError
from pb_service.web.formats import Catalogue

#: Why a sign-in by a provider did not come to an end. Pages have a sentence for each.
#: unavailable: the provider does not answer, or not as it should; refused: the person or the provider said no;
#: expired: it took too long; used: this return was made before; elsewhere: another browser began it;
#: invalid: the answer is not for us, or not genuine; unknown-person: the provider did not say who it is.
Reason = Literal["unavailable", "refused", "expired", "used", "elsewhere", "invalid", "unknown-person", "blocked"]


class SigninFailed(DomainError):
    """Nobody was signed in. ``detail`` is for the log: it names the check, never what the provider said of a person."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "sign-in-failed"

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__("The sign-in did not succeed.")
        self.reason = reason
        self.detail = detail


class SigninConfigError(SettingsError):
    """The file of providers cannot be used. The message names the file and the place in it, without secrets."""


#: Why an identity is not joined or parted. taken: it is another account's; another-person: the account is another
#: person's; last-way: nobody could come in any more; absent: the account has no such identity.
JoinRule = Literal["taken", "another-person", "last-way", "absent"]


class IdentityRefused(DomainError):
    """An identity is not joined to an account, or not taken from it."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "identity-refused"

    def __init__(self, rule: JoinRule) -> None:
        super().__init__("The ways into this account stay as they are.")
        self.rule = rule


class TokenRefused(DomainError):
    """The token is unknown, malformed, expired or revoked. Which of these is not said."""

    status: ClassVar[int] = 401
    type: ClassVar[str] = "token-refused"


class TokenScopeError(DomainError):
    """A token may not be made like this: it would reach further than its owner, or live too long."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "token-scope"


#: What keeps a key from being enrolled or granted.
#: unsigned: the statement is not signed by the key that it names; foreign: it was made for somebody else; old: it is
#: older than a day; many: the person has too many keys; enrolled: the key is known already; absent: no such key or
#: grant is in force; no-role: the holder has no such role there; no-record: the round is not published; no-district: it
#: has none of that name; granted: the key has the grant.
KeyRule = Literal[
    "unsigned", "foreign", "old", "many", "enrolled", "absent", "no-role", "no-record", "no-district", "granted"
]


class KeyRefused(StaffError):
    """A signing key cannot be enrolled, granted or revoked like this."""

    type: ClassVar[str] = "key-refused"

    def __init__(self, rule: KeyRule) -> None:
        self.rule = rule
        super().__init__()

    def in_words(self, words: Catalogue) -> str:
        sentences: dict[KeyRule, str] = {
            "unsigned": words.gettext("The statement is not signed by the key that it names."),
            "foreign": words.gettext("The statement was made for somebody else."),
            "old": words.gettext("The statement is older than a day. Take a new one from this page."),
            "many": words.gettext("You have ten keys already. Revoke one that you do not use."),
            "enrolled": words.gettext("This key is enrolled already. A revoked key cannot come back: make a new one."),
            "absent": words.gettext("There is no such key or grant in force."),
            "no-role": words.gettext("The holder of the key does not have this role here."),
            "no-record": words.gettext("The round has no public record yet. Publish it first."),
            "no-district": words.gettext("The round has no such district."),
            "granted": words.gettext("This key has this grant already."),
        }
        return sentences[self.rule]


#: What is wrong with a signature. absent: no key of the signer; ungranted: the key may not sign this; no-role: the
#: signer has lost the role; invalid: it is not of this entry and key; old, unknown: of a trial.
SignatureRule = Literal["absent", "ungranted", "no-role", "invalid", "old", "unknown"]


class SignatureRefused(StaffError):
    """The signature is not valid, or the key may not sign this here and now."""

    type: ClassVar[str] = "signature-refused"

    def __init__(self, rule: SignatureRule) -> None:
        self.rule = rule
        super().__init__()

    def in_words(self, words: Catalogue) -> str:
        sentences: dict[SignatureRule, str] = {
            "absent": words.gettext("This is no key of yours that is in force."),
            "ungranted": words.gettext("Your key has no grant for this."),
            "no-role": words.gettext("You do not have the role any more in which this is signed."),
            "invalid": words.gettext("The signature is not valid."),
            "old": words.gettext("This was shown more than an hour ago. Sign what is shown now."),
            "unknown": words.gettext("This cannot be signed here."),
        }
        return sentences[self.rule]
