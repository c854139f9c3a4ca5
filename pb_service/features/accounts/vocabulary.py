"""The words for roles and acts, in the reader's language."""

from pb_service.features.accounts.policy import UNBOUND, Act, Grant, Role
from pb_service.features.accounts.scopes import Scopes
from pb_service.web.formats import Catalogue, Reader


def role_in_words(role: Role, words: Catalogue) -> str:
    """The name of a role."""
    return {
        "moderator": words.gettext("Moderator"),
        "assessor": words.gettext("Assessor"),
        "editor": words.gettext("Editor and translator"),
        "desk": words.gettext("Desk officer"),
        "registrar": words.gettext("Registrar"),
        "trustee": words.gettext("Trustee"),
        "observer": words.gettext("Observer"),
        "manager": words.gettext("Round manager"),
        "auditor": words.gettext("Auditor"),
        "administrator": words.gettext("Administrator"),
    }[role]


def duty_in_words(role: Role, words: Catalogue) -> str:
    """What a role is for, in one sentence."""
    return {
        "moderator": words.gettext("Reads what residents send in, and publishes it or says why not."),
        "assessor": words.gettext("Assesses proposals and estimates what they cost."),
        "editor": words.gettext("Edits and translates texts."),
        "desk": words.gettext("Serves residents at a desk and on paper."),
        "registrar": words.gettext("Keeps the roll of those who may vote."),
        "trustee": words.gettext("Holds a part of the key that opens the ballots."),
        "observer": words.gettext("Follows the round and its record."),
        "manager": words.gettext("Sets rounds up, publishes them and closes the count."),
        "auditor": words.gettext("Checks the count and the evidence, and reads the access log."),
        "administrator": words.gettext("Invites people, gives roles and looks after the service."),
    }[role]


def grant_in_words(grant: Grant, scopes: Scopes, words: Reader) -> str:
    """A role with what it is bound to: "Desk officer, Spring round, Northern"."""
    parts = [role_in_words(grant.role, words)]
    if grant.round_id:
        parts.append(scopes.name(grant.round_id, words.language))
        if grant.district:
            parts.append(scopes.district_name(grant.round_id, grant.district, words.language))
    elif grant.role not in UNBOUND:
        parts.append(words.gettext("all rounds"))
    return ", ".join(parts)


def act_in_words(act: str, words: Catalogue) -> str:
    """What was decided about a person; an act without words keeps its name."""
    return {
        "role.given": words.gettext("Role given"),
        "role.taken": words.gettext("Role taken away"),
        "account.blocked": words.gettext("Account blocked"),
        "account.unblocked": words.gettext("Account let in again"),
        "factors.reset": words.gettext("Second factor reset"),
        "session.ended": words.gettext("Session ended"),
    }.get(act, act)


def permission_in_words(act: Act, words: Catalogue) -> str:
    """What an act of the policy table lets one do."""
    return {
        "accounts.block": words.gettext("Block accounts"),
        "accounts.export": words.gettext("Export personal data"),
        "assessment.review": words.gettext("Decide reviews"),
        "assessment.sign": words.gettext("Sign costs"),
        "assessment.work": words.gettext("Assess proposals"),
        "casting.review": words.gettext("See how a vote was cast"),
        "comments.moderate": words.gettext("Moderate comments"),
        "costs.edit": words.gettext("Estimate costs"),
        "counts.close": words.gettext("Close the count"),
        "desk.serve": words.gettext("Serve at the desk"),
        "evidence.read": words.gettext("Read the evidence"),
        "feedback.answer": words.gettext("Answer feedback"),
        "files.add": words.gettext("Add files"),
        "implementation.decide": words.gettext("Decide about projects that are being built"),
        "implementation.edit": words.gettext("Tell how projects of one's unit are being built"),
        "jobs.manage": words.gettext("Look after jobs"),
        "keys.enrol": words.gettext("Enrol a signing key"),
        "keys.grant": words.gettext("Grant signing keys"),
        "list.fix": words.gettext("Fix the ballot list"),
        "log.read": words.gettext("Read the access log"),
        "people.invite": words.gettext("Invite people"),
        "people.manage": words.gettext("Manage people"),
        "people.read": words.gettext("Read the directory of people"),
        "proposals.enter": words.gettext("Enter proposals from paper and phone"),
        "proposals.moderate": words.gettext("Moderate proposals"),
        "roll.edit": words.gettext("Edit the roll"),
        "rounds.archive": words.gettext("Archive rounds"),
        "rounds.create": words.gettext("Create rounds"),
        "rounds.edit": words.gettext("Edit rounds"),
        "rounds.erase": words.gettext("Erase rehearsals"),
        "rounds.import": words.gettext("Import into rounds"),
        "rounds.phase": words.gettext("Change the phase of rounds"),
        "rounds.preview": words.gettext("See rounds before they are published"),
        "rounds.publish": words.gettext("Publish rounds"),
        "rounds.translate": words.gettext("Translate rounds"),
        "staff.enter": words.gettext("Open the staff pages"),
        "tokens.manage": words.gettext("Make tokens"),
        "units.edit": words.gettext("Edit units"),
        "vote.confirm": words.gettext("Confirm the manifest of a vote"),
        "trustee.serve": words.gettext("Hold a part of the key that opens ballots"),
        "vote.prepare": words.gettext("Prepare a vote"),
        "vote.strike": words.gettext("Strike entries of a vote"),
    }[act]
