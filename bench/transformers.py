"""Transformer calls per second, against the bare engine doing the same in this process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from statistics import harmonic_mean

import quickjs

from bench.measure import Result, interleaved, rounded
from devices.transformers.engine import Engine, Job
from devices.transformers.engine.child import MEMORY, SECONDS, STACK

CALLS = 400
# Many short turns: what else the machine does changes within seconds.
TIMES = 150
# What one worker takes at a time.
BATCH = 200
STATUS = "0d4801"
BODY = """\
function transformer(status, device) {
  const hex = /^[0-9a-f]+$/i.test(status) ? status : "0";
  const millivolts = parseInt(hex.slice(0, 4), 16);
  return `Battery ${(millivolts / 1000).toFixed(2)} V${millivolts < 3000 ? " #w" : ""}`;
}
"""
DEVICE = json.dumps({"udid": "x" * 36, "alias": "probe", "mac": "02:00:00:00:00:01", "tags": ["a"]})
WANTED = "Battery 3.40 V"


def measure() -> Iterator[Result]:
    """Yield the rate of the engine as workers use it: batches to a child process and back."""
    engine = Engine(children=1)
    jobs = [Job(BODY, STATUS, DEVICE)] * BATCH

    def ours() -> float:
        began = time.perf_counter()
        for _ in range(CALLS // BATCH):
            assert all(outcome.text == WANTED for outcome in engine.run(jobs))
        return CALLS / (time.perf_counter() - began)

    try:
        ours()  # the child starts
        rates, bare = interleaved(TIMES, ours, _bare)
    finally:
        engine.close()
    yield Result(
        name="status transformers",
        unit="calls/s",
        better="more",
        ours=round(harmonic_mean(rates), 1),
        reference=round(harmonic_mean(bare), 1),
        reference_name="quickjs-ng in process, a fresh context with limits per call",
        rows=f"{TIMES} x {CALLS:,} calls",
        details={"ours": rounded(rates), "reference": rounded(bare)},
    )


def _bare() -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        context = quickjs.Context()
        context.set_memory_limit(MEMORY)
        context.set_max_stack_size(STACK)
        context.set_time_limit(SECONDS)
        context.eval(BODY)
        assert context.get("transformer")(STATUS, context.parse_json(DEVICE)) == WANTED
    return CALLS / (time.perf_counter() - began)
