"""`pb monitor`: forks, rollbacks, silence, missing witnesses and split views, over real records and real forks."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.cli import main
from pb_service.core.record import checkpoint, signatures
from pb_service.core.record.tiles import Edge
from pb_service.trustee.monitor import Alarm, History, Report, look
from pb_service.trustee.sources import Folder, Source
from pb_service.trustee.watch import Trust
from pb_service.trustee.witness import WitnessFolder
from tests.records import KEY, ORIGIN, VKEY, entries, note_of, publish, shown, submission

TRUE, FALSE = entries(700), entries(700, "lie", shared=100)
TRUST = Trust(ORIGIN, signatures.public_bytes(KEY))
HOUR = 3600
NEW = History(Edge(), b"", 0)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    publish(tmp_path / "spring", TRUE[:300])
    return tmp_path / "spring"


def watch(kept: History, *folders: Path, now: int = 0, silence: int = 0, trust: Trust = TRUST) -> Report:
    places: Mapping[str, Source] = {str(folder): Folder(folder) for folder in folders}
    return look(places, trust, kept, now, silence)


def alarm(kept: History, *folders: Path, **given: int) -> Alarm:
    with pytest.raises(Alarm) as raised:
        watch(kept, *folders, **given)  # type: ignore[arg-type]
    return raised.value


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=5).map(sorted))
def test_growth_of_any_kind_is_no_alarm(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    folder, kept = tmp_path_factory.mktemp("growing") / "spring", NEW
    for size in sizes:
        publish(folder, TRUE[:size])
        report = watch(kept, folder)
        kept = report.history
        assert (kept.edge.size, report.away) == (size, ())


def test_every_entry_is_read_once(record: Path, tmp_path: Path) -> None:
    """A look costs what is new."""
    state = ["--state", str(tmp_path / "state"), "--log", VKEY, "--once"]
    with shown(record) as site:
        CliRunner().invoke(main, ["monitor", site.url, *state])
        publish(record, TRUE[:600])
        site.asked.clear()
        assert CliRunner().invoke(main, ["monitor", site.url, *state]).exit_code == 0
    assert [path for path in site.asked if "entries" in path] == ["/tile/entries/001", "/tile/entries/002.p/88"]


@pytest.mark.parametrize("size", [300, 301, 700])
def test_a_fork_is_an_alarm_with_its_proof(record: Path, tmp_path: Path, size: int) -> None:
    """The operator shows another history, complete in itself and signed, of the same size or grown."""
    kept = watch(NEW, record).history
    publish(tmp_path / "fork", FALSE[:size])
    raised = alarm(replaced(kept, record, tmp_path / "fork"), tmp_path / "fork")
    assert (raised.kind, raised.notes) == ("fork", (note_of(TRUE[:300]), note_of(FALSE[:size])))


def replaced(kept: History, old: Path, new: Path) -> History:
    """What was seen at one place, as if it had been seen at another."""
    places = {place.replace(str(old), str(new)): size for place, size in kept.places.items()}
    return History(kept.edge, kept.note, kept.since, places)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("one", "other"), [(300, 300), (150, 300), (300, 150), (700, 120)])
def test_a_split_view_is_an_alarm(tmp_path: Path, one: int, other: int, order: int) -> None:
    """Two places show two histories at the same moment, to a monitor that has seen neither."""
    publish(tmp_path / "one", TRUE[:one])
    publish(tmp_path / "other", FALSE[:other])
    assert alarm(NEW, *[tmp_path / "one", tmp_path / "other"][::order]).kind == "fork"


def test_a_mirror_may_lag(record: Path, tmp_path: Path) -> None:
    publish(tmp_path / "mirror", TRUE[:200])
    kept = watch(NEW, record).history
    assert watch(kept, record, tmp_path / "mirror").history.edge.size == 300


def test_what_a_witness_shows_counts_as_a_view(record: Path, tmp_path: Path, witness: WitnessFolder) -> None:
    """It has no tiles. The operator who shows it another history than the public is found out."""
    witness.cosign(submission(TRUE[:200], 0), 1)
    (tmp_path / "w").mkdir()
    place = tmp_path / "w" / "checkpoint"
    place.write_bytes(witness.published(WitnessFolder.name_of(ORIGIN)) or b"")
    assert watch(NEW, record, tmp_path / "w").away == ()
    place.write_bytes(note_of(FALSE[:200]))
    assert alarm(NEW, record, tmp_path / "w").kind == "fork"


def test_a_rollback_is_an_alarm(record: Path) -> None:
    """Even to an earlier head that was true once, with its true tiles."""
    kept = watch(NEW, record).history
    publish(record, TRUE[:299])
    raised = alarm(kept, record)
    assert (raised.kind, raised.values["before"], raised.values["size"]) == ("rollback", 300, 299)


@pytest.mark.parametrize(
    "note",
    [
        note_of(TRUE[:300]).replace(b"\n300\n", b"\n301\n"),
        checkpoint.sign(checkpoint.Checkpoint("example.org/pb/other", 300, bytes(32)), KEY),
        note_of(TRUE[:300]).rpartition("\u2014".encode())[0] + "\u2014 else AAAAAAAA\n".encode(),
    ],
)
def test_a_head_that_the_record_has_not_signed_is_an_alarm(record: Path, note: bytes) -> None:
    (record / "checkpoint").write_bytes(note)
    assert alarm(NEW, record).kind == "unsigned"


@pytest.mark.parametrize("tile", ["tile/entries/001.p/45", "tile/0/001.p/45", "tile/1/000.p/1"])
def test_files_that_are_not_those_of_the_head_are_an_alarm(record: Path, tile: str) -> None:
    """Whichever file that is needed was changed; but not a fork, which it does not prove."""
    kept = watch(NEW, record).history
    publish(record, TRUE[:301])
    content = (record / tile).read_bytes()
    (record / tile).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert alarm(kept, record).kind == "damaged"


def test_silence_is_an_alarm_when_it_is_long(record: Path) -> None:
    """Also when the place has not answered since."""
    kept = watch(NEW, record, now=HOUR).history
    assert watch(kept, record, now=25 * HOUR, silence=24 * HOUR).history.since == HOUR
    assert alarm(kept, record, now=25 * HOUR + 1, silence=24 * HOUR).kind == "silent"
    assert alarm(kept, record / "nowhere", now=25 * HOUR + 1, silence=24 * HOUR).kind == "silent"
    publish(record, TRUE[:301])
    assert watch(kept, record, now=26 * HOUR, silence=24 * HOUR).history.since == 26 * HOUR


def trust_in(*witnesses: WitnessFolder, quorum: int) -> Trust:
    return Trust(ORIGIN, TRUST.log_key, tuple(each.witness for each in witnesses), quorum)


@pytest.fixture
def witnesses(witness: WitnessFolder, tmp_path: Path) -> list[WitnessFolder]:
    second = WitnessFolder.create(tmp_path / "second", "city.example/w")
    second.follow(VKEY)
    return [witness, second]


def test_witnesses_who_sign_on_are_a_sign_of_life(record: Path, witnesses: list[WitnessFolder]) -> None:
    """A record in which nothing happens for days is not silent while they see it."""
    trust = trust_in(*witnesses, quorum=2)
    kept = watch(NEW, record, now=HOUR).history
    lines = [each.cosign(submission(TRUE[:300], 0), 90 * HOUR) for each in witnesses]
    publish(record, TRUE[:300], *lines)
    assert watch(kept, record, now=91 * HOUR, silence=24 * HOUR, trust=trust).signed == 2


def test_a_missing_quorum_is_an_alarm(record: Path, witnesses: list[WitnessFolder]) -> None:
    one = witnesses[0].cosign(submission(TRUE[:300], 0), HOUR)
    publish(record, TRUE[:300], one, one)
    with pytest.raises(Alarm) as raised:
        watch(NEW, record, trust=trust_in(*witnesses, quorum=2))
    assert (raised.value.kind, raised.value.values["signed"]) == ("quorum", 1)
    assert watch(NEW, record, trust=trust_in(*witnesses, quorum=1)).signed == 1


def test_witnesses_who_stopped_are_an_alarm(record: Path, witnesses: list[WitnessFolder]) -> None:
    """Though the record goes on growing."""
    lines = [each.cosign(submission(TRUE[:300], 0), HOUR) for each in witnesses]
    publish(record, TRUE[:300], *lines)
    trust = trust_in(*witnesses, quorum=2)
    kept = watch(NEW, record, now=2 * HOUR, trust=trust).history
    publish(record, TRUE[:400])
    with pytest.raises(Alarm) as raised:
        watch(kept, record, now=26 * HOUR, silence=24 * HOUR, trust=trust)
    assert raised.value.kind == "unwitnessed"


def test_what_witnesses_have_seen_may_lag_behind_the_newest_head(record: Path, witnesses: list[WitnessFolder]) -> None:
    trust = trust_in(*witnesses, quorum=2)
    lines = [each.cosign(submission(TRUE[:300], 0), HOUR) for each in witnesses]
    publish(record, TRUE[:300], *lines)
    publish(record, TRUE[:400])
    kept = watch(NEW, record, now=HOUR, trust=trust).history
    publish(record, TRUE[:500])
    assert watch(kept, record, now=HOUR, trust=trust).history.edge.size == 500


def run(record: object, tmp_path: Path, *more: str) -> tuple[int, str]:
    command = ["monitor", str(record), "--log", VKEY, "--once", "--state", str(tmp_path / "state"), *more]
    done = CliRunner().invoke(main, command)
    return done.exit_code, done.output


def test_the_command_remembers_and_keeps_the_proof(record: Path, tmp_path: Path) -> None:
    """Ends with 0 when all is well, with 3 at an alarm, every time until people have looked."""
    assert run(record, tmp_path)[0] == 0
    for file in sorted(record.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    publish(record, FALSE[:301])
    for language, word in (("en", "ALARM"), ("fi", "HÄLYTYS"), ("sv", "LARM")):
        code, told = run(record, tmp_path, "--language", language)
        assert (code, told.startswith(word)) == (3, True)
    proofs = {path.read_bytes() for path in (tmp_path / "state").glob("*-fork-*")}
    assert proofs == {note_of(TRUE[:300]), note_of(FALSE[:301])}


def test_it_follows_until_an_alarm(record: Path, tmp_path: Path) -> None:
    """Growth is told, what stands still is not, and the first contradiction ends it with 3."""
    command = [sys.executable, "-c", "from pb_service.cli import main; main()", "monitor", str(record), "--log", VKEY]
    command += ["--every", "1", "--state", str(tmp_path / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "300 entries" in process.stdout.readline()
        publish(record, TRUE[:301])
        assert "301 entries" in process.stdout.readline()
        publish(record, FALSE[:302])
        told = process.communicate(timeout=300)
    assert (process.returncode, told[0], "ALARM" in told[1]) == (3, "", True)


@pytest.mark.parametrize("damage", [b"", b"{}", b"null", b'{"v":1}'])
def test_a_damaged_memory_is_not_an_empty_one(record: Path, tmp_path: Path, damage: bytes) -> None:
    assert run(record, tmp_path)[0] == 0
    [memory] = (tmp_path / "state").glob("*.json")
    memory.write_bytes(damage)
    code, told = run(record, tmp_path)
    assert (code, "damaged" in told) == (2, True)


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"location": "https://elsewhere.example/"}, []),
        (500, {}, [(0.0, b"broken")]),
        (200, {}, [(0.0, b"<html>Welcome to the library's network</html>")]),
        (200, {}, [(0.0, b"")]),
        (200, {"content-length": "10000"}, [(0.0, note_of(TRUE[:300]))]),
    ],
)
def test_a_place_that_cannot_be_seen_is_no_alarm_yet(
    record: Path, tmp_path: Path, answer: tuple[int, dict[str, str], list[tuple[float, bytes]]]
) -> None:
    """Ends with 2, and with 3 once it has lasted."""
    with shown(record) as site:
        site.fault = lambda _: answer
        assert run(site.url, tmp_path)[0] == 2
        [memory] = (tmp_path / "state").glob("*.json")
        document = json.loads(memory.read_bytes())
        document["since"] -= 25 * HOUR
        memory.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True))
        code, told = run(site.url, tmp_path)
        assert (code, "silent" in told) == (3, True)


def test_no_other_host_is_asked_than_the_one_that_was_given(record: Path, tmp_path: Path) -> None:
    with shown(record) as elsewhere, shown(tmp_path) as site:
        site.fault = lambda path: (302, {"location": elsewhere.url + path}, [])
        assert run(site.url, tmp_path)[0] == 2
    assert elsewhere.asked == []


@pytest.mark.parametrize("place", ["http://budget.example.org", "ftp://budget.example.org", "https://"])
def test_an_address_without_tls_is_refused(place: str, tmp_path: Path) -> None:
    assert run(place, tmp_path)[0] == 2


def test_a_quorum_needs_as_many_witnesses(record: Path, tmp_path: Path) -> None:
    code, told = run(record, tmp_path, "--quorum", "1")
    assert (code, "--witness" in told) == (2, True)


def test_times_are_told_for_people(record: Path, tmp_path: Path, witness: WitnessFolder) -> None:
    now = int(time.time())
    publish(record, TRUE[:300], witness.cosign(submission(TRUE[:300], 0), now))
    code, told = run(record, tmp_path, "--witness", witness.witness.vkey, "--quorum", "1")
    assert (code, "300 entries" in told, time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now)) in told) == (
        0,
        True,
        True,
    )
