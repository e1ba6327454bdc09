"""The figures are ratios, the table says of what, and every script can be imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.measure import Result, interleaved, machine, median, table
from tests.support.console import ROOT


def result(ours: float, reference: float) -> Result:
    return Result(
        name="check-in",
        unit="requests/s",
        better="more",
        ours=ours,
        reference=reference,
        reference_name="bare view",
        database="SQLite",
        rows="100 devices",
    )


def test_ratio_is_ours_divided_by_the_reference():
    assert result(900, 1800).as_dict()["ratio"] == 0.5


def test_table_names_database_rows_and_reference():
    assert "| check-in | SQLite | 100 devices | 900 requests/s |" in table([result(900, 1800)])
    assert "1,800 requests/s (bare view) | 0.50 |" in table([result(900, 1800)])


def test_runs_take_turns():
    order = []
    interleaved(3, lambda: order.append("a") or 1.0, lambda: order.append("b") or 2.0)
    assert "".join(order) == "ababab"


def test_median_is_the_middle_one():
    assert median([3, 1, 2]) == 2


def test_machine_is_described():
    assert machine()["cores"] >= 1
    json.dumps(machine())


@pytest.mark.parametrize("arguments", [["--help"], ["nonsense"]])
def test_command_says_what_it_takes(arguments):
    done = subprocess.run(
        [sys.executable, "scripts/bench", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == (0 if arguments == ["--help"] else 2)
    assert "builds" in done.stdout + done.stderr
