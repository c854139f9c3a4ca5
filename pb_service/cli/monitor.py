"""`pb monitor`: watch a public record from outside, and alarm when it takes anything back, falls silent or divides."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from pb_service.cli.files import printable
from pb_service.cli.outside import Alarmed, Stopped, language_option
from pb_service.core.record.checkpoint import CheckpointError, parse_vkey
from pb_service.core.record.witness import Witness
from pb_service.trustee import words_witness as words
from pb_service.trustee.monitor import Alarm, Memory, Report, look
from pb_service.trustee.sources import SourceError, source_of
from pb_service.trustee.watch import Trust
from pb_service.trustee.words import say


@click.command()
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@click.option("--log", "log_key", required=True, metavar="VKEY", help="Verifier key of the record, from the poster.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Verifier key of a witness; several.")
@click.option("--quorum", type=click.IntRange(min=0), default=0, help="Witnesses that must have seen a head.")
@click.option(
    "--silence",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="Alarm after so long without anything new; 0 for never.",
)
@click.option("--once", is_flag=True, help="Look once and end, for cron.")
@click.option("--every", type=click.IntRange(min=1), default=60, show_default=True, metavar="SECONDS")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(click.get_app_dir("pb-monitor")),
    show_default="a folder of yours",
    help="Folder in which it is kept what was seen, and what proves an alarm.",
)
@language_option
def monitor(
    records: tuple[str, ...],
    log_key: str,
    witnesses: tuple[str, ...],
    quorum: int,
    silence: int,
    once: bool,
    every: int,
    state: Path,
    language: str,
) -> None:
    """Watch a record at each RECORD: its address, mirrors, folders, and where its witnesses publish what they signed.

    Ends with 3 at an alarm, and with --once with 2 if something could not be seen this time.
    """
    try:
        origin, key = parse_vkey(log_key)
        trust = Trust(origin, key, tuple(Witness.parse(each) for each in witnesses), quorum)
        places = {place.rstrip("/"): source_of(place) for place in records}
        memory = Memory(state, origin)
        if quorum > len(witnesses):
            raise Stopped(f"--quorum {quorum} needs as many --witness.")
        told: tuple[object, ...] = ()
        while True:
            now = int(time.time())
            report = look(places, trust, memory.load(now), now, silence * 3600)
            memory.save(report.history)
            if (news := (report.history.note, report.away)) != told or once:
                _tell(report, trust, places, now, language)
            if once:
                raise SystemExit(2 if report.away else 0)
            told = news
            time.sleep(every)
    except Alarm as alarm:
        raise Alarmed(_alarmed(alarm, memory, language)) from alarm
    except (SourceError, CheckpointError, OSError) as error:
        raise Stopped(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _tell(report: Report, trust: Trust, places: Iterable[str], now: int, language: str) -> None:
    at, size = _moment(now), f"{report.history.edge.size:,}"
    for fault in report.away:
        click.echo(say(words.AWAY, language, at=at, fault=printable(fault)), err=True)
    if report.history.note:
        click.echo(say(words.FINE, language, at=at, origin=trust.origin, size=size, places=", ".join(places)))
    if report.signed:
        seen = _moment(report.seen_at)
        click.echo(say(words.WITNESSED, language, at=at, signed=report.signed, quorum=trust.quorum, seen=seen))


def _alarmed(alarm: Alarm, memory: Memory, language: str) -> str:
    values = {name: _moment(int(value)) if name == "since" else value for name, value in alarm.values.items()}
    told = say(words.ALARMS[alarm.kind], language, **values)
    if files := memory.keep_proof(alarm):
        told += " " + say(words.KEPT, language, files=", ".join(map(str, files)))
    return told


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
