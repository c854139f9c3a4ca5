"""The words of the opening: the manifest in plain words, and why a step cannot be taken."""

from collections.abc import Mapping, Sequence

from pb_service.core.record.signatures import fingerprint
from pb_service.core.sealing.manifest import Manifest
from pb_service.features.accounts.policy import Role
from pb_service.features.accounts.vocabulary import role_in_words
from pb_service.web.formats import Catalogue, Reader, text_in


def mode_in_words(mode: str, words: Reader) -> str:
    """What the mode promises, in one sentence; no more than it keeps."""
    return {
        "self": words.gettext("All keys lie on this server: ballots are secret from outsiders, not from who runs it."),
        "split": words.gettext("The key is divided among trustees; nobody can open a ballot alone."),
        "split+outside": words.gettext(
            "The key is divided among trustees, and somebody outside the municipality watches the record."
        ),
    }[mode]


def format_in_words(fmt: str, words: Reader) -> str:
    """How people vote."""
    return {
        "knapsack": words.gettext("projects within the budget"),
        "approval": words.gettext("projects by number"),
        "points": words.gettext("points"),
        "scores": words.gettext("scores"),
        "ordinal": words.gettext("projects in order"),
    }[fmt]


def manifest_in_words(
    manifest: Manifest,
    trustees: Sequence[str],
    quorum: int,
    titles: Mapping[str, Sequence[Sequence[str]]],
    words: Reader,
) -> list[tuple[str, list[str]]]:
    """The manifest, point by point: what it is about, and what it says. ``titles``: of the contests."""
    document = manifest.document
    gettext, number = words.gettext, words.number
    facts = [
        (gettext("The vote"), [text_in(document["names"], words.language)[1]]),
        (gettext("Opens"), [words.moment(document["opens"])]),
        (
            gettext("Closes"),
            [
                words.moment(document["closes"]),
                gettext("who is signed in by then has %(minutes)s minutes more")
                % {"minutes": number(document["grace"] // 60)},
            ],
        ),
        (
            gettext("After the close"),
            [gettext("envelopes can be struck for %(hours)s hours") % {"hours": number(document["strikes"] // 3600)}],
        ),
        (gettext("Secrecy"), [mode_in_words(document["mode"], words)]),
        (
            gettext("Trustees"),
            [
                words.listed(list(trustees)),
                gettext("%(quorum)s of %(count)s open the ballots")
                % {"quorum": number(quorum), "count": number(len(trustees))},
            ],
        ),
        (
            gettext("Who may vote"),
            [_group_in_words(group.count, words) for group in manifest.groups.values()],
        ),
    ]
    facts += [
        (_title(titles, contest.id, words), _contest_in_words(contest.document, words))
        for contest in manifest.contests.values()
    ]
    keys = [
        f"{role_in_words(_role(role), words)}: {fingerprint(key)}"
        for role, key in manifest.keys.values()
        if role in {"registrar", "auditor", "desk"}
    ]
    return [*facts, (gettext("Keys that sign"), keys)]


def refusal_in_words(code: str, words: Catalogue) -> str:
    """Why a step of the opening cannot be taken."""
    return {
        "phase": words.gettext("A vote is prepared in the phase of assessment, when the ballot list is fixed."),
        "imported": words.gettext("The vote of this round was held elsewhere."),
        "fixed": words.gettext("The manifest is confirmed: nothing in it changes any more."),
        "mode": words.gettext("A vote in clear has no keys, so nothing of it is opened here."),
        "too_many_here": words.gettext("Fewer keys may lie on this server than open the ballots: seat more trustees."),
        "key_missing": words.gettext("Not every trustee has given the key that her tool shows."),
        "no_witness": words.gettext(
            "Where trustees are apart, witnesses sign the record: name them to the service first."
        ),
        "no_key": words.gettext("The trustees have not made their key yet."),
        "no_list": words.gettext("The ballot list is not fixed yet."),
        "roll": words.gettext("The roll must be fixed, and signed by a registrar and an auditor, first."),
        "provider": words.gettext("The provider of strong identification does not answer. Try again in a moment."),
        "no_times": words.gettext("The timetable must say when the vote opens and closes."),
        "begun": words.gettext("It is begun already."),
        "not_begun": words.gettext("The opening is not begun yet."),
        "not_prepared": words.gettext("There is no manifest to be confirmed yet."),
        "no_registrar": words.gettext("Grant a registrar's key in this round first."),
        "no_auditor": words.gettext("Grant an auditor's key in this round first."),
        "strikes": words.gettext("Strikes: a number of hours, 720 at most."),
        "lot": words.gettext("The rule ends ties by a draw: type in the public lot."),
        "changed": words.gettext("The manifest was made anew, or your key was granted after it. Look at it again."),
        "same_hand": words.gettext("Another person must confirm in the other role."),
    }.get(code, words.gettext("This cannot be voted on as it is. Look at the ballot list and the set-up."))


def _group_in_words(count: int | None, words: Reader) -> str:
    if count is None:
        return words.gettext("everybody with an account (open, without a roll: a weaker check than a roll)")
    return words.gettext("%(count)s people on the roll") % {"count": words.number(count)}


def _contest_in_words(document: Mapping[str, object], words: Reader) -> list[str]:
    projects, budget = document["pro"], document["budget"]
    assert isinstance(projects, list) and isinstance(budget, int)  # noqa: S101, PT018 - a manifest has them
    return [
        words.gettext("%(projects)s projects, %(money)s to share")
        % {"projects": words.number(len(projects)), "money": words.money(budget)},
        format_in_words(str(document["fmt"]), words),
    ]


def _title(titles: Mapping[str, Sequence[Sequence[str]]], contest: str, words: Reader) -> str:
    return text_in(titles[contest], words.language)[1] if contest in titles else contest


def _role(role: str) -> Role:
    roles: Mapping[str, Role] = {"registrar": "registrar", "auditor": "auditor", "desk": "desk"}
    return roles[role]
