"""A program of its own that works out one explanation, so that minutes of counting do not hold up the service.

Reads a `Question` as JSON from its input, says the explanation as JSON; it has no database and no network.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import cast
from uuid import UUID

from pb_service.core.tally.explain import Explanation
from pb_service.features.results.service import Question
from pb_service.platform.jobs import Failure


async def derived(question: Question) -> Explanation:
    """Work out an explanation in another process. Raises Failure when that process does."""
    asked = asdict(question) | {"contest_id": str(question.contest_id)}
    root = str(Path(__file__).parents[3])  # wherever this program stands
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "pb_service.features.results.deriving"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": root},
    )
    try:
        said, complaint = await process.communicate(json.dumps(asked).encode())
    except BaseException:
        with suppress(ProcessLookupError):  # it may have ended by itself just now
            process.kill()
        raise
    if process.returncode:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise Failure(f"the explanation could not be worked out: {last[:500]}")
    return cast(Explanation, json.loads(said))


def main() -> None:
    """Answer one question."""
    os.nice(10)
    asked = json.load(sys.stdin)
    question = Question(**asked | {"contest_id": UUID(asked["contest_id"])})
    json.dump(question.answer(), sys.stdout)


if __name__ == "__main__":
    main()
