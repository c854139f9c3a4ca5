"""`pb-verify`: checks an evidence bundle, or a result of `pb tally`, without trusting what made it."""

import argparse
import contextlib
import os
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from pb_service.verifier import container, words
from pb_service.verifier.audit.checks import audit
from pb_service.verifier.audit.evidence import Evidence
from pb_service.verifier.canonical import sha256
from pb_service.verifier.checks import FAIL, PASS, Check, Report, Verifier
from pb_service.verifier.findings import Unreadable
from pb_service.verifier.log import Checkpoint, Key, parse_checkpoint, parse_vkey
from pb_service.verifier.proof import verify_tally
from pb_service.verifier.proof_report import tally_as_json, tally_as_text
from pb_service.verifier.report import as_json, as_text, number, plain
from pb_service.verifier.words import HELP, LANGUAGES, say

USAGE = (
    "pb-verify FILE.zip [--checkpoint OLD] [--key VKEY] [--client LIST].. [--pure] [--format text|json] "
    "[--lang en|fi|sv]; pb-verify --audit FOLDER FILE.zip [the same]; "
    "pb-verify --tally RESULT.json FILE.pb [--quick] [--format text|json] [--lang en|fi|sv]"
)
DIGITS = 200_001  # prices grow with every purchase; numbers that are read are held to their own lengths before
LARGEST_CHECKPOINT = 1_000_000
LARGEST_LIST = 16_000_000  # of a voting program's files


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns 0 verified, 1 not verified, 2 unreadable input, no place for the report, or usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    language = _language(arguments)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a stream replaced by a caller need not be a TextIOWrapper
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        shown, is_pass = _examine(_parser(language).parse_args(arguments), language)
    except Unreadable as error:
        values = {name: plain(v) if isinstance(v, str) else v for name, v in error.at.items()}
        print(f"pb-verify: {say(words.UNREADABLE[error.code], language, **values)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"pb-verify: {say(words.UNREADABLE['interrupted'], language)}", file=sys.stderr)
        return 2
    try:
        print(shown, end="", flush=True)
    except OSError:
        print(f"pb-verify: {say(words.UNREADABLE['not_written'], language)}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again when it ends
        return 2
    return 0 if is_pass else 1


def verify_file(
    path: str,
    *,
    older: Checkpoint | None = None,
    key: Key | None = None,
    progress: Callable[[str, int], None] = lambda _contest, _increments: None,
    evidence: str = "",
    **sealed: Any,
) -> Report:
    """The report on the bundle at `path`, with the auditors' checks if there is a folder of evidence; `sealed` are
    options of Verifier about sealed ballots. Raises Unreadable."""
    sys.set_int_max_str_digits(DIGITS)
    data = container.read_file(path)
    members, digest, size = container.read(data), sha256(data).hex(), len(data)
    del data  # a large bundle need not be in memory twice
    verifier = Verifier(members, older=older, key=key, progress=progress, **sealed)
    checks = verifier.run()
    report = Report(
        digest,
        size,
        checks,
        verifier.manifest,
        verifier.checkpoint,
        verifier.districts,
        verifier.sealed,
        is_before_vote=verifier.is_before_vote,
        states=verifier.states,
    )
    if evidence:
        if verifier.sealed is None:
            raise Unreadable("other_evidence")
        found = audit(Evidence(evidence), members, verifier.sealed)
        report.sample = found.sample
        report.checks += [
            Check(name, FAIL if problems else PASS, found.figures[name], problems)
            for name, problems in found.problems.items()
        ]
    return report


def _examine(options: argparse.Namespace, language: str) -> tuple[str, bool]:
    """The report asked for, as text, and whether everything in it passed. Raises Unreadable."""
    of_bundle = options.checkpoint or options.key or options.client or options.pure or options.audit
    of_tally = options.quick
    if of_bundle if options.tally else of_tally:
        raise Unreadable("usage", usage=USAGE)
    progress = progress_on_stderr(language)
    if options.tally:
        found = verify_tally(options.tally, options.file, is_quick=options.quick, progress=progress)
        return (tally_as_json if options.format == "json" else tally_as_text)(found, language), found.is_pass
    report = verify_file(
        options.file,
        older=_older(options.checkpoint) if options.checkpoint else None,
        key=_key(options.key) if options.key else None,
        progress=progress,
        percent=percent_on_stderr(language),
        expect=lambda seconds, cores: print(expected(seconds, cores, language), file=sys.stderr),
        programs=[container.read_file(path, LARGEST_LIST) for path in options.client],
        is_pure=options.pure,
        evidence=options.audit or "",
    )
    return (as_json if options.format == "json" else as_text)(report, language), report.is_pass


class _Parser(argparse.ArgumentParser):
    """Says in one sentence, and in the language asked for, what a command line should look like."""

    def error(self, message: str) -> NoReturn:  # noqa: ARG002 - argparse's own words are English only
        raise Unreadable("usage", usage=USAGE)


def _parser(language: str) -> argparse.ArgumentParser:
    def text(name: str) -> str:
        return say(HELP[name], language)

    # Usage stands in the description and the arguments in a group of our own: argparse's headings are English only.
    parser = _Parser(
        usage=argparse.SUPPRESS,
        description=f"{USAGE.replace('; ', chr(10))}\n\n{textwrap.fill(text('about'), 80)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    group = parser.add_argument_group(text("arguments"))
    group.add_argument("file", metavar="FILE", help=text("file"))
    group.add_argument("--tally", metavar="RESULT", help=text("tally"))
    group.add_argument("--quick", action="store_true", help=text("quick"))
    group.add_argument("--format", choices=("text", "json"), default="text", help=text("format"))
    group.add_argument("--checkpoint", metavar="OLD", help=text("checkpoint"))
    group.add_argument("--key", metavar="VKEY", help=text("key"))
    group.add_argument("--client", metavar="LIST", action="append", default=[], help=text("client"))
    group.add_argument("--pure", action="store_true", help=text("pure"))
    group.add_argument("--audit", metavar="FOLDER", help=text("audit"))
    group.add_argument("--lang", choices=LANGUAGES, default="en", help=text("lang"))
    group.add_argument("-h", "--help", action="help", help=text("help"))
    return parser


def _language(arguments: Sequence[str]) -> str:
    """The language asked for, found before the command line is parsed, so that even its errors are in it."""
    for name, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if name == "--lang" and value in LANGUAGES:
            return value
        if name.startswith("--lang=") and name[7:] in LANGUAGES:
            return name[7:]
    return "en"


def _older(path: str) -> Checkpoint:
    data = container.read_file(path, LARGEST_CHECKPOINT, "bad_older")
    try:
        return parse_checkpoint(data)
    except ValueError as error:
        raise Unreadable("bad_older", path=path) from error


def _key(text: str) -> Key:
    try:
        return parse_vkey(text)
    except ValueError as error:
        raise Unreadable("bad_key") from error


def progress_on_stderr(language: str, seconds: Callable[[], float] = time.monotonic) -> Callable[[str, int], None]:
    """Says on stderr, every five seconds, how far a long count is."""
    said = seconds()

    def progress(contest: str, increments: int) -> None:
        nonlocal said
        if seconds() - said > 5:
            said = seconds()
            shown = number(increments, language)
            print(say(words.LABELS["counting"], language, contest=contest, increments=shown), file=sys.stderr)

    return progress


def percent_on_stderr(language: str, seconds: Callable[[], float] = time.monotonic) -> Callable[[int], None]:
    """Says how much of the sealed ballots is checked: in place on a terminal, elsewhere every half minute."""
    is_terminal = sys.stderr.isatty()
    said, shown = seconds(), -1

    def progress(percent: int) -> None:
        nonlocal said, shown
        if percent > shown and seconds() - said > (0.5 if is_terminal else 30):
            said, shown = seconds(), percent
            text = say(words.LABELS["percent"], language, percent=percent)
            print(f"\r{text} " if is_terminal else text, end="" if is_terminal else "\n", file=sys.stderr, flush=True)

    return progress


def expected(seconds: float, cores: int, language: str) -> str:
    """How long the checks will take, in words."""
    minutes = number(max(1, round(seconds / 60)), language)
    return say(words.LABELS["slow"], language, minutes=minutes, cores=cores)


if __name__ == "__main__":
    sys.exit(main())
