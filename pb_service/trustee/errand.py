"""What a trustee has to do next, as the record tells it; and whom she waits for when it is nothing."""

from dataclasses import dataclass
from typing import Literal

from pb_service.core.sealing.election import Election
from pb_service.core.sealing.trusteeship import Trustee, TrusteeRefusal

Step = Literal["promise", "deal", "acknowledge", "backup", "confirm", "mix", "decrypt", "wait", "done"]


@dataclass(frozen=True)
class Errand:
    """The next step; ``contest`` for a list, ``waiting`` for the trustees whose turn it is (0: the operator's)."""

    step: Step
    contest: str = ""
    waiting: tuple[int, ...] = ()


def number_in(trustee: Trustee, election: Election, public: bytes) -> int:
    """Return the trustee's number in the setup. Raises TrusteeRefusal when it does not name her key."""
    if election.setup is None:
        return trustee.number
    if public not in election.setup.keys:
        raise TrusteeRefusal("The setup in this record does not name your key. Tell the other trustees.")
    return election.setup.keys.index(public) + 1


def next_errand(
    trustee: Trustee,
    election: Election,
    *,
    backed_up: bool,
    missing: frozenset[int] = frozenset(),
    answered: frozenset[str] = frozenset(),
) -> Errand:
    """Return what is due. ``missing``: trustees who will not come any more, without whom the count goes on.

    ``answered``: contests for which her answer to this errand is made already; the record does not have it yet.
    """
    setup = election.setup
    if setup is None or election.ended is not None:
        return Errand("wait", waiting=(0,))  # for a setup
    n = setup.setting.trustees
    for kind, step in _CEREMONY:
        sent = len(election.messages[kind])
        if sent < n:
            return Errand(step) if sent == trustee.number - 1 else Errand("wait", waiting=(sent + 1,))
    if trustee.share is not None and not backed_up:
        return Errand("backup")
    if election.manifest is None:
        return Errand("wait", waiting=(0,))
    if not election.opened:
        sent = len(election.messages["tk4"])
        return Errand("confirm") if sent == trustee.number - 1 else Errand("wait", waiting=(sent + 1,))
    return _counting_errand(trustee, election, missing, answered)


def _counting_errand(trustee: Trustee, election: Election, missing: frozenset[int], answered: frozenset[str]) -> Errand:
    setup = election.setup
    assert setup is not None  # noqa: S101 # the vote is open
    if not election.counting:
        return Errand("wait", waiting=(0,))
    everybody = frozenset(range(1, setup.setting.trustees + 1)) - missing
    waiting: set[int] = set()
    for contest, progress in election.progress.items():
        if progress.rows == 0 or progress.result is not None:
            continue
        if progress.rows is None or contest in answered:
            waiting.add(0)
            continue
        mixed = {number for number, _, _ in progress.stages}
        if trustee.number not in mixed and not progress.parts:
            # One after the other, so that two do not shuffle the same list: lower numbers first.
            before = {number for number in everybody - mixed if number < trustee.number}
            if not before:
                return Errand("mix", contest)
            waiting |= before
        elif everybody - mixed and not progress.parts:
            waiting |= everybody - mixed
        elif trustee.number not in progress.parts:
            return Errand("decrypt", contest)
        else:
            waiting.add(0)
    return Errand("wait", waiting=tuple(sorted(waiting))) if waiting else Errand("done")


_CEREMONY: tuple[tuple[str, Step], ...] = (("tk1", "promise"), ("tk2", "deal"), ("tk3", "acknowledge"))
