"""A simulated vote as a real one goes: people vote in every way there is, change their minds, and officers make slips.

Every choice given counts exactly once, whatever happens around it, so that the winners are those of the plain count:
some are cast a second time, some override a weaker envelope, some go to paper, and what should not count is struck.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import merkle
from pb_service.core.record.canonical import b64u, encode
from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds.documents import Ballot
from pb_service.core.sealing import simulation
from pb_service.core.sealing.group import Random, Spread
from pb_service.core.sealing.simulation import Scenario, SimulatedContest, Vote

#: How the envelope that counts is cast, in turn; and what happens before it.
_TURNS = (
    ("idt", "changed"),
    ("idt", "weaker"),
    ("idt", ""),
    ("idt", "stranger"),
    ("code", "weaker"),
    ("code", "late"),
    ("acct", ""),
    ("acct", "late"),
    ("desk", "paper"),
)
#: Every so manieth ballot is on paper.
_PAPER = 10
_STRIKES = 3600
_DAY = 24 * 3600


@dataclass(frozen=True)
class Voter:
    """Somebody with an alias: how she votes, the key of her session or letter, and what happens before it."""

    alias: bytes
    cls: str
    happens: str
    key: Ed25519PrivateKey | None


def simulate(
    scenario: Scenario,
    random: Random,
    *,
    spread: Spread = map,
    say: Callable[[str, int, int], None] = lambda _step, _done, _of: None,
) -> Vote:
    """Run a whole vote with every class of voters, paper, strikes, late rights to vote, keys that change."""
    contests = [_with_paper(contest) for contest in scenario.contests]
    vote = simulation.begin(replace(scenario, contests=contests, strikes=_STRIKES, idp=True), random)
    simulation.ceremony(vote)
    voters = {contest.id: _voters(vote, contest) for contest in contests}
    abstain = {group: [random(32) for _ in range(sum(map(len, voters.values())) + 1)] for group in scenario.groups}
    for group in scenario.groups:
        mates = [contest.id for contest in contests if contest.group == group]
        listed = [voter for name in mates for voter in voters[name] if voter.happens != "late"]
        records = [voter.alias + (_code(voter) or bytes(32)) for voter in listed]
        vote.rolls[group] = b"".join(sorted([*records, *(alias + bytes(32) for alias in abstain[group])]))
    simulation.open_vote(vote)
    for contest in contests:
        _vote(vote, contest, voters[contest.id], abstain[contest.group], say)
        _office(vote)
    simulation.finish(vote, spread=spread, say=say)
    return vote


def _with_paper(contest: SimulatedContest) -> SimulatedContest:
    """Return the contest with some of its choices on paper, and one paper ballot more that is spoilt."""
    on_paper = list(contest.ballots[_PAPER - 1 :: _PAPER])
    online = [ballot for place, ballot in enumerate(contest.ballots, start=1) if place % _PAPER]
    return replace(contest, ballots=online, paper=[*contest.paper, *on_paper], spoilt=1)


def _voters(vote: Vote, contest: SimulatedContest) -> list[Voter]:
    """Return those who vote on their devices or at the desk, then those who vote on paper."""
    found = []
    for place in range(len(contest.ballots)):
        cls, happens = _TURNS[place % len(_TURNS)]
        key = Ed25519PrivateKey.from_private_bytes(vote.random(32)) if cls in {"idt", "code"} else None
        found.append(Voter(vote.random(32), cls, happens, key))
    return found + [Voter(vote.random(32), "paper", "", None) for _ in contest.paper]


def _code(voter: Voter) -> bytes | None:
    """Return the key of her code letter, if she has one."""
    return public_bytes(voter.key) if voter.cls == "code" and voter.key is not None else None


def _vote(
    vote: Vote,
    contest: SimulatedContest,
    voters: Sequence[Voter],
    abstain: list[bytes],
    say: Callable[[str, int, int], None],
) -> None:
    online = len(contest.ballots)
    for place, (voter, ballot) in enumerate(zip(voters, contest.ballots, strict=False)):
        say(f"casting {contest.id}", place, online)
        _before(vote, contest, voter, contest.ballots[place - 1], abstain)
        vote.log(simulation.envelope_entry(vote, contest.id, voter.alias, ballot, cls=voter.cls, key=voter.key))
    for place, voter in enumerate(voters[online:]):
        if place % 2 and contest.ballots:
            simulation.cast_ballot(vote, contest.id, voter.alias, contest.ballots[0])
        simulation.give_paper(vote, contest.id, voter.alias)
    simulation.give_paper(vote, contest.id, abstain.pop())  # the one who spoils it


def _before(vote: Vote, contest: SimulatedContest, voter: Voter, other: Ballot, abstain: list[bytes]) -> None:
    """Let something happen that must not change what counts; ``other`` is a choice that she does not keep."""
    match voter.happens:
        case "changed":
            vote.log(simulation.envelope_entry(vote, contest.id, voter.alias, other, cls=voter.cls, key=voter.key))
        case "weaker":
            simulation.cast_ballot(vote, contest.id, voter.alias, other)
        case "stranger":
            simulation.cast_ballot(vote, contest.id, abstain.pop(), other)
            _strike_last(vote, "person")
        case "late":
            code = _code(voter)
            letter = {"p": b64u(code)} if code else {}
            vote.log(vote.sign("late", {"g": contest.group, "a": b64u(voter.alias), **letter}, "reg", "aud1"))
        case "paper":
            simulation.give_paper(vote, contest.id, voter.alias)
            _strike_last(vote, "desk")


def _strike_last(vote: Vote, why: str) -> None:
    fields = {"x": len(vote.entries) - 1, "lh": b64u(merkle.leaf_hash(vote.entries[-1])), "why": why}
    vote.log(vote.sign("strike", fields, *vote.desk, "reg"))


def _office(vote: Vote) -> None:
    """Between contests: an officer is replaced, the provider has a new key, the program is mended, time is added."""
    number = len(vote.keys)
    leaving, name = vote.desk[1], f"desk{number}"
    vote.keys[name] = Ed25519PrivateKey.from_private_bytes(vote.random(32))
    public = b64u(public_bytes(vote.keys[name]))
    vote.log(vote.sign("key", {"id": name, "role": "desk", "pk": public}, "reg", "aud1"))
    vote.log(vote.sign("key", {"id": leaving, "off": True}, "reg", "aud1"))
    vote.desk = (vote.desk[0], name)
    for kind, body in (
        ("jwks", encode({"keys": [], "number": number})),
        ("client", encode({"v": 1, "files": [["index.html", b64u(bytes([number]) * 32)]]})),
        ("incident", b"The queue at the library was long.\n"),
    ):
        vote.log(vote.sign(kind, {"f": vote.keep(body)}, "op"))
    vote.log(vote.sign("extend", {"closes": vote.election.closes + _DAY}, "op", "reg", "aud1"))
