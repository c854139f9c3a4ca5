"""The demonstration's city votes, in small: the real ballots over HTTP, both rules, compared with `pb tally`."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize("rule", ["greedy_score", pytest.param("mes_cost_add1", marks=pytest.mark.long)])
async def test_a_citys_ballots_are_counted_as_pb_tally_counts_them(rule: str) -> None:
    """Two districts, from their ideas to the verified result; the whole of it is `scripts/bench city`."""
    program = str(CHECKOUT / "scripts" / "tools" / "bench_city.py")
    done = await asyncio.create_subprocess_exec(
        sys.executable, program, "--district", "wesola", "--district", "zoliborz", "--ballots", "20", "--rule", rule,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT,
    )  # fmt: skip
    said, _ = await done.communicate()
    assert done.returncode == 0, said.decode()
    assert said.count(b"as pb tally has it") == 2
    assert b"pb-verify: pass" in said
