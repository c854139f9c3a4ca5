"""Writes the golden votes of tests/data/sealing/golden: `python -m tests.verifier.golden`.

They are kept so that a later verifier must say of them what this one says; they are written anew only when the
protocol changes.
"""

import json
from pathlib import Path

from tests.verifier import builder
from tests.verifier.forge import Vote
from tests.verifier.judge import checks
from tests.verifier.test_sealed_forgeries import DropsAnEnvelope, OtherBallots, Relinks

FOLDER = Path(__file__).parents[1] / "data" / "sealing" / "golden"
VOTES: dict[str, type[Vote]] = {
    "good": Vote,
    "bad-mix": Relinks,
    "bad-list": DropsAnEnvelope,
    "bad-ballots": OtherBallots,
}


def write() -> None:
    """Writes every bundle, and what is found in it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, vote in VOTES.items():
        members = vote().members()
        (FOLDER / f"{name}.zip").write_bytes(builder.container(members))
        found = checks(members).values()
        expected[name] = {check.id: {"status": check.status, "figures": check.figures} for check in found}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    write()
