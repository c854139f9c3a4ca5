"""Witnesses that are asked by the service: what they sign is published, and whatever they do delays nothing."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from pb_service.cli.witness import server_of
from pb_service.core.record.policy import Asked, Policy
from pb_service.core.record.witness import Witness, cosigned_at, quorum_time
from pb_service.features.record.store import TileStore
from pb_service.features.record.witnesses import FRESH, REST, STALE, Witnesses, policy_of, unwitnessed
from pb_service.settings import SettingsError
from pb_service.trustee.witness import WitnessFolder
from tests.conftest import FakeClock
from tests.records import ORIGIN, VKEY, Answer, entries, note_of, publish, served, shown, submission

TRUE, FALSE = entries(700), entries(700, "lie", shared=100)
SLUG = "spring"


@dataclass
class Scene:
    """A service's record, and witnesses that it asks."""

    folder: Path
    clock: FakeClock
    stack: ExitStack
    folders: list[WitnessFolder] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    quorum: int = 1

    @property
    def store(self) -> TileStore:
        return TileStore(self.folder / "record")

    @property
    def policy(self) -> Policy:
        return Policy(tuple(self.asked), self.quorum)

    def publish(self, of: list[bytes], slug: str = SLUG) -> None:
        publish(self.folder / "record" / slug, of)

    def witness(self, name: str) -> WitnessFolder:
        """Add a witness, a real one, at an address of its own."""
        made = WitnessFolder.create(self.folder / name, name)
        made.follow(VKEY)
        self.folders.append(made)
        self.asked.append(Asked(made.witness, self.stack.enter_context(served(server_of(made, "127.0.0.1", 0)))))
        return made

    def liar(self, name: str, answer: Answer) -> None:
        """Add an address that answers whatever it likes."""
        site = self.stack.enter_context(shown(self.folder))
        site.fault = lambda _: answer
        self.asked.append(Asked(Witness(name, bytes(31) + bytes([len(self.asked) + 1])), site.url))

    def asking(self, patience: timedelta = timedelta(minutes=1)) -> Witnesses:
        return Witnesses(self.store, self.policy, self.clock, patience)

    async def run(self, asking: Witnesses | None = None) -> None:
        asking = asking or self.asking()
        async with asking.client() as client:
            await asking.run_once(client)

    def seen(self) -> dict[str, int]:
        """By whom the published cosigned head was signed."""
        note = self.store.read(SLUG, "witnessed")
        return cosigned_at(note, self.policy.keys) if note else {}


@pytest.fixture
def scene(tmp_path: Path, clock: FakeClock) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(tmp_path, clock, stack)


async def test_every_new_head_is_signed_and_published(scene: Scene) -> None:
    scene.witness("a")
    scene.witness("b")
    scene.quorum = 2
    asking = scene.asking()
    for size in (1, 300, 300, 700):
        scene.publish(TRUE[:size])
        await scene.run(asking)
        assert scene.seen().keys() == {"a", "b"}
        assert (scene.store.read_checkpoint(SLUG) or b"").startswith(note_of(TRUE[:size]))


async def test_the_checkpoint_carries_its_cosignatures_only(scene: Scene) -> None:
    """A newer head is shown without those of an older one, which stays at its own address."""
    scene.witness("a")
    scene.publish(TRUE[:300])
    await scene.run()
    assert scene.store.read_checkpoint(SLUG) == scene.store.read(SLUG, "witnessed")
    scene.publish(TRUE[:301])
    assert scene.store.read_checkpoint(SLUG) == note_of(TRUE[:301])
    assert (scene.store.read(SLUG, "witnessed") or b"").startswith(note_of(TRUE[:300]))


async def test_a_service_that_forgot_asks_from_where_the_witness_stands(scene: Scene) -> None:
    """After a restart: one refusal that tells the size, then the signature."""
    scene.witness("a").cosign(submission(TRUE[:256], 0), 1)
    scene.publish(TRUE)
    await scene.run()
    assert scene.seen().keys() == {"a"}


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, [(0.0, b"broken")]),
        (404, {}, [(0.0, b"not followed")]),
        (403, {}, []),
        (409, {}, [(0.0, b"many\n")]),
        (409, {}, [(0.0, b"0\n")]),
        (409, {}, [(0.0, b"9" * 30)]),
        (409, {}, [(0.0, b"900\n")]),
        (200, {}, [(0.0, b"")]),
        (200, {}, [(0.0, b"\xff\x00garbage\n" * 50)]),
        (200, {}, [(0.0, "\u2014 liar AAAAAAAA\n".encode())]),
        (200, {}, [(0.0, "\u2014 liar ".encode() + base64.b64encode(bytes(76)) + b"\n")]),
        (200, {}, [(0.0, b"x" * 60_000), (0.0, b"x" * 60_000)]),
        (200, {"content-encoding": "gzip"}, [(0.0, b"\x1f\x8b\x08")]),
        (302, {"location": "http://127.0.0.1:1/add-checkpoint"}, []),
        (200, {}, [(3.0, b"too late")]),
        (200, {}, [(0.2, b"x")] * 20),
    ],
)
async def test_a_witness_that_answers_nonsense_costs_its_line(scene: Scene, answer: Answer) -> None:
    """The other one's signature is published all the same."""
    scene.liar("liar", answer)
    scene.witness("a")
    scene.publish(TRUE[:300])
    asking = scene.asking(timedelta(seconds=1))
    for _ in range(60):  # a machine that stands still for a second makes the honest one late too: it is asked again
        await scene.run(asking)
        if scene.seen():
            break
        scene.clock.advance(REST)
    assert scene.seen().keys() == {"a"}


async def test_a_redirection_is_not_followed(scene: Scene) -> None:
    elsewhere = scene.stack.enter_context(shown(scene.folder))
    scene.liar("liar", (307, {"location": elsewhere.url}, []))
    scene.publish(TRUE[:300])
    await scene.run()
    assert elsewhere.asked == []


async def test_without_a_quorum_nothing_is_published(scene: Scene) -> None:
    """What an earlier quorum has signed stays, until one has signed a newer head."""
    scene.witness("a")
    scene.witness("b")
    scene.quorum = 2
    asking = scene.asking()
    scene.publish(TRUE[:300])
    await scene.run(asking)
    (scene.folders[1].folder / "logs" / WitnessFolder.name_of(ORIGIN)).rename(scene.folder / "away")
    scene.publish(TRUE[:400])
    await scene.run(asking)
    assert (scene.store.read(SLUG, "witnessed") or b"").startswith(note_of(TRUE[:300]))
    (scene.folder / "away").rename(scene.folders[1].folder / "logs" / WitnessFolder.name_of(ORIGIN))
    scene.clock.advance(REST)
    await scene.run(asking)
    assert (scene.store.read(SLUG, "witnessed") or b"").startswith(note_of(TRUE[:400]))


async def test_one_that_failed_is_left_alone_for_a_while(scene: Scene) -> None:
    site = scene.stack.enter_context(shown(scene.folder))
    scene.asked.append(Asked(Witness("away", bytes(32)), site.url))
    scene.publish(TRUE[:300])
    asking = scene.asking()
    for _ in range(3):
        await scene.run(asking)
    assert len(site.asked) == 1
    scene.clock.advance(REST)
    await scene.run(asking)
    assert len(site.asked) == 2


async def test_a_head_that_stands_still_is_signed_anew(scene: Scene) -> None:
    """So that a quiet record can be told from one that is hidden."""
    scene.witness("a")
    scene.publish(TRUE[:300])
    asking = scene.asking()
    await scene.run(asking)
    (scene.store.root / SLUG / "witnessed").unlink()
    await scene.run(asking)
    assert scene.seen() == {}  # nothing was asked
    scene.clock.advance(FRESH + timedelta(seconds=1))
    await scene.run(asking)
    assert scene.seen().keys() == {"a"}


async def test_two_processes_do_not_ask_at_once(scene: Scene) -> None:
    site = scene.stack.enter_context(shown(scene.folder))
    scene.asked.append(Asked(Witness("w", bytes(32)), site.url))
    scene.publish(TRUE[:300])
    with scene.store.asking() as alone:
        assert alone
        await scene.run()
    assert site.asked == []


async def test_rehearsals_are_not_sent_to_witnesses(scene: Scene) -> None:
    """They may begin anew, which would look like a fork."""
    site = scene.stack.enter_context(shown(scene.folder))
    scene.asked.append(Asked(Witness("w", bytes(32)), site.url))
    scene.publish(TRUE[:300], "rehearsal-spring")
    await scene.run()
    assert site.asked == []


async def test_a_damaged_record_is_not_signed(scene: Scene) -> None:
    """Tiles that do not prove anything give a proof that the witness refuses, and missing ones give none."""
    scene.witness("a").cosign(submission(TRUE[:256], 0), 1)
    scene.publish(TRUE[:300])
    for tile in (scene.store.root / SLUG / "tile" / "0").rglob("*.p/*"):
        tile.unlink()
    await scene.run()
    assert scene.seen() == {}


@pytest.mark.parametrize("signed", [FALSE[:300], TRUE[:400]])
async def test_a_witness_that_has_signed_something_else_is_reported(
    scene: Scene, signed: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Another history, or more than there is: the database was set back, or the key is in other hands."""
    scene.witness("a").cosign(submission(signed, 0), 1)
    scene.publish(TRUE[:300])
    await scene.run()
    assert scene.seen() == {}
    assert "it has signed" in capsys.readouterr().out


async def test_operators_are_told_when_witnesses_stay_away(scene: Scene) -> None:
    scene.witness("a")
    scene.publish(TRUE[:300])
    check = unwitnessed(scene.store, scene.policy, scene.clock)
    assert await check.look()
    await scene.run()
    note = scene.store.read(SLUG, "witnessed")
    assert note
    at = quorum_time(note, scene.policy.keys, 1)
    assert at
    scene.clock.now = scene.clock.now.fromtimestamp(at, scene.clock.now.tzinfo)
    assert await check.look() is None
    scene.clock.advance(STALE + timedelta(seconds=1))
    trouble = await check.look()
    assert trouble
    assert trouble.figure == "1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("witness w {vkey} http://library.example\nquorum w\n", "https://"),
        ("witness w {vkey} https://library.example\n", "quorum"),
        ("nonsense", "line 1"),
    ],
)
def test_a_file_of_witnesses_that_cannot_be_used_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "witnesses"
    path.write_text(text.format(vkey=Witness("w", bytes(32)).vkey))
    with pytest.raises(SettingsError, match=sentence):
        policy_of(path)


def test_a_file_of_witnesses_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PB_WITNESSES"):
        policy_of(tmp_path / "nowhere")
