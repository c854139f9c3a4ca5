"""What a trustee does with her keys, and what she refuses (docs/protocol.md sections 4, 8 and 9).

She trusts nobody's word: each step reads the state of the vote from the record, recomputes the list of envelopes that
count, and checks every mix before she opens anything. She opens one list for each contest, ever.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record.canonical import b64u
from pb_service.core.record.entries import signed_entry
from pb_service.core.sealing import ceremony, shuffle, threshold
from pb_service.core.sealing.election import Election
from pb_service.core.sealing.group import Random, Spread, times_base
from pb_service.core.sealing.manifest import Manifest


class TrusteeRefusal(ValueError):
    """What was asked for would break the secrecy or the count; the sentence says why."""


@dataclass
class Trustee:
    """One trustee: her number, her signing key, and what she keeps between steps.

    ``sid`` is the setup that secrets and share belong to; ``opened`` the hash of the list opened in each contest.
    """

    number: int
    key: Ed25519PrivateKey = field(repr=False)
    secrets: ceremony.Secrets | None = field(default=None, repr=False)
    share: int | None = field(default=None, repr=False)
    sid: bytes = b""
    opened: dict[str, bytes] = field(default_factory=dict)
    #: Mixes that she has checked, or made, herself: SHA-256 of input, output and proof.
    checked: set[tuple[bytes, bytes, bytes]] = field(default_factory=set, repr=False)

    def promise(self, election: Election, random: Random) -> bytes:
        """Return `tk1`. The secrets of an attempt are drawn once: asked again, she promises the same."""
        setting = _setting(election)
        if self.secrets is None or self.sid != setting.sid:
            self.secrets, self.share, self.sid = ceremony.Secrets.draw(setting, random), None, setting.sid
        return self._sign("tk1", setting.sid, ceremony.promise(setting, self.number, self.secrets))

    def deal(self, election: Election, random: Random) -> bytes:
        """Return `tk2`, once every promise is logged."""
        setting = _setting(election)
        promises = election.messages["tk1"]
        if len(promises) != setting.trustees or self.secrets is None:
            raise TrusteeRefusal("Not every trustee has made her promise yet.")
        return self._sign("tk2", setting.sid, ceremony.deal(setting, self.number, self.secrets, promises, random))

    def acknowledge(self, election: Election) -> bytes:
        """Return `tk3`: the public half of her share, or an accusation. From here on she has her share."""
        setting = _setting(election)
        if self.secrets is None:
            raise TrusteeRefusal("This trustee has no secrets for the ceremony.")
        messages = election.messages["tk1"], election.messages["tk2"]
        share, accused = ceremony.receive(setting, self.number, self.secrets, *messages)
        self.share = None if accused else share
        return self._sign("tk3", setting.sid, ceremony.acknowledge(self.number, share, accused))

    def confirm(self, election: Election) -> bytes:
        """Return `tk4`: the manifest in the record has the key of this ceremony. Forgets the ceremony."""
        manifest = election.manifest
        if manifest is None:
            raise TrusteeRefusal("There is no manifest in the record yet.")
        if self.share is None or times_base(self.share) != manifest.shares[self.number - 1]:
            raise TrusteeRefusal("The manifest does not have this trustee's share of the key.")
        self.secrets = None
        return self._sign("tk4", manifest.eid, {"j": self.number})

    def forget(self) -> None:
        """Give up what belongs to a ceremony that was given up: a new one draws everything afresh."""
        self.secrets, self.share, self.sid = None, None, b""

    def mix(
        self, election: Election, contest: str, files: Mapping[bytes, bytes], random: Random, spread: Spread = map
    ) -> tuple[bytes, bytes, bytes]:
        """Return `mix`, the output list and the proof. ``files``: what stages before this one gave, by SHA-256."""
        manifest = self._manifest(election)
        rows = checked_list(election, contest, files, spread, self.checked)
        progress = election.progress[contest]
        stage = stage_of(election, contest, len(progress.stages) + 1, self.number)
        after, proof = shuffle.shuffle(rows, stage, random, spread)
        out, pf = hashlib.sha256(after).digest(), hashlib.sha256(proof).digest()
        self.checked.add((hashlib.sha256(rows).digest(), out, pf))
        fields = {"d": contest, "st": stage.number, "j": self.number, "out": b64u(out), "pf": b64u(pf)}
        return self._sign("mix", manifest.eid, fields), after, proof

    def decrypt(
        self, election: Election, contest: str, files: Mapping[bytes, bytes], random: Random, spread: Spread = map
    ) -> tuple[bytes, bytes]:
        """Return `dec` and the file of parts, of the last list alone. Raises TrusteeRefusal for any second list.

        The caller keeps `opened` durably before anything of the answer leaves this machine.
        """
        manifest, setup = self._manifest(election), election.setup
        if self.share is None or setup is None:
            raise TrusteeRefusal("This trustee has no share of the key.")
        if len(election.progress[contest].stages) < setup.setting.quorum:
            raise TrusteeRefusal("The list has not been mixed often enough.")
        rows = checked_list(election, contest, files, spread, self.checked)
        list_hash = hashlib.sha256(rows).digest()
        share = share_of(election, contest, self.number)
        if times_base(self.share) != share.key:
            raise TrusteeRefusal("This share is not the one that the manifest states: a paper of another vote?")
        if self.opened.setdefault(contest, list_hash) != list_hash:
            raise TrusteeRefusal("Another list of this contest was opened before; a second one never is.")
        file = threshold.decrypt(rows, share, self.share, random, spread)
        fields = {
            "d": contest,
            "j": self.number,
            "list": b64u(list_hash),
            "f": b64u(hashlib.sha256(file).digest()),
        }
        return self._sign("dec", manifest.eid, fields), file

    def _manifest(self, election: Election) -> Manifest:
        if election.manifest is None or not election.counting:
            raise TrusteeRefusal("The vote has not been closed and its envelopes listed.")
        return election.manifest

    def _sign(self, kind: str, election: bytes, fields: Mapping[str, object]) -> bytes:
        return signed_entry(kind, election, fields, {f"t{self.number}": self.key})


def stage_of(election: Election, contest: str, number: int, trustee: int) -> shuffle.Stage:
    """Return what a mix of this contest is bound to."""
    manifest = election.manifest
    assert manifest is not None  # noqa: S101 # contests are of a manifest
    return shuffle.Stage(manifest.eid, contest, number, trustee, manifest.key, manifest.contests[contest].shape.width)


def share_of(election: Election, contest: str, trustee: int) -> threshold.Share:
    """Return what a partial decryption of this contest is bound to."""
    manifest = election.manifest
    assert manifest is not None  # noqa: S101 # contests are of a manifest
    width = manifest.contests[contest].shape.width
    return threshold.Share(manifest.eid, contest, trustee, manifest.shares[trustee - 1], width)


def checked_list(
    election: Election,
    contest: str,
    files: Mapping[bytes, bytes],
    spread: Spread = map,
    checked: set[tuple[bytes, bytes, bytes]] | None = None,
) -> bytes:
    """Return the newest list of a contest, after recomputing the input list and checking every mix since.

    Mixes in ``checked`` are not checked again, others are added. Raises TrusteeRefusal naming the stage that does not
    hold.
    """
    known = set() if checked is None else checked
    progress = election.progress[contest]
    rows = election.counting_rows(contest)
    if progress.rows is None:
        raise TrusteeRefusal("The envelopes of this contest have not been listed.")
    for number, (trustee, out, proof) in enumerate(progress.stages, start=1):
        try:
            after = files[out]
            mix = (hashlib.sha256(rows).digest(), out, proof)
            if mix not in known or hashlib.sha256(after).digest() != out:
                shuffle.verify(rows, after, files[proof], stage_of(election, contest, number, trustee), spread)
                known.add(mix)
        except KeyError as error:
            raise TrusteeRefusal(f"A file of mix {number} is missing.") from error
        except shuffle.ShuffleError as error:
            raise TrusteeRefusal(f"Mix {number} does not hold: {error}.") from error
        rows = after
    return rows


def _setting(election: Election) -> ceremony.Setting:
    if election.setup is None:
        raise TrusteeRefusal("There is no setup in the record yet.")
    return election.setup.setting
