"""A rollout to simulated devices of which some fail: where it halts, counts, time of waves."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.exact import Inside, fleet
from bench.measure import Result
from gateway.simulator import Failures, Mode, Simulation
from tests.support.console import Rest, RunningConsole

FAILING = 0.05
HALTS_ABOVE = 4
LONGEST = 3600.0
# Seconds between two calls of a device, and at most from a download until it is back.
CALLS_PER_SECOND, LEAST_INTERVAL, RESTART = 250.0, 5.0, 6.0
PLAN = {"waves": ["10%", "50%"], "retries": 0, "silence_minutes": 60}


def measure(
    console: RunningConsole, inside: Inside, *, database: str, devices: int, email: str
) -> Iterator[Result]:
    """Roll out twice: with a limit that the failing devices exceed, and without one."""
    interval = max(LEAST_INTERVAL, devices / CALLS_PER_SECOND)
    facts = {"database": database, "rows": f"{devices:,} devices, {FAILING:.0%} failing"}
    with fleet(console, inside, devices) as make, tempfile.TemporaryDirectory() as folder:
        simulation = make(interval=interval, failures=Failures(fail_install=FAILING))
        rollouts = Rollouts(console.rest(email), inside, console, Path(folder) / "targets")
        living = threading.Thread(target=simulation.run)
        living.start()
        try:
            halted = rollouts.run("9.0.0", devices, HALTS_ABOVE, {"halted", "completed"})
            yield _halt(simulation, halted, facts)
            rollouts.abort(halted)
            whole = rollouts.run("9.1.0", devices, 0, {"completed"})
        finally:
            simulation.stop()
            living.join()
    yield _whole(simulation, whole, facts, interval)


def _halt(simulation: Simulation, halted: dict[str, Any], facts: dict[str, Any]) -> Result:
    expected = _expected_wave(simulation, halted["targets"])
    wrong = _wrong(simulation, halted["targets"], expected)
    if halted["state"] != "halted" or halted["wave"] != expected or wrong:
        raise RuntimeError(f"not as the plan says: {halted['state']}, wave {halted['wave']}, "
                           f"expected {expected}, {wrong} devices wrong")  # fmt: skip
    return Result(
        name=f"rollout halts above {HALTS_ABOVE} % of a wave",
        unit="wave",
        better="less",
        ours=halted["wave"],
        reference=expected,
        reference_name="the first wave above it",
        details={"counts": halted["counts"], "seconds_of_waves": halted["seconds"]},
        **facts,
    )


def _whole(
    simulation: Simulation, whole: dict[str, Any], facts: dict[str, Any], interval: float
) -> Result:
    if wrong := _wrong(simulation, whole["targets"]):
        raise RuntimeError(f"after the whole rollout, {wrong} devices are wrong")
    waves = len(whole["seconds"])
    return Result(
        name=f"rollout to the end, {waves} waves",
        unit="s",
        better="less",
        ours=round(sum(whole["seconds"]), 1),
        reference=waves * (1.3 * interval + RESTART),
        reference_name="devices that wait for their call and restart",
        details={
            "counts": whole["counts"],
            "seconds_of_waves": whole["seconds"],
            "interval": interval,
            "simulator": dict(simulation.tally),
        },
        **facts,
    )


class Rollouts:
    """Drafts and starts rollouts, waits for them, and reads what became of each device."""

    def __init__(self, rest: Rest, inside: Inside, console: RunningConsole, file: Path) -> None:
        self._rest, self._inside, self._console, self._file = rest, inside, console, file

    def run(self, version: str, devices: int, limit: int, ends: set[str]) -> dict[str, Any]:
        """Roll a new version out; return its end, with `targets` by udid and `seconds` of waves."""
        build = self._inside(self._console, "bench.simulated", "firmware", version)["build"]
        plan = {**PLAN, "canary": max(1, devices // 100), "max_failed_percent": limit}
        drafted = self._rest.post("rollouts/", name=version, build=build, plan=plan)
        url = f"rollouts/{drafted['uid']}/"
        self._rest.post(f"{url}start/")
        deadline = time.monotonic() + LONGEST
        while (found := self._rest.get(url))["state"] not in ends:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the rollout does not end: {found['state']} {found['counts']}")
            time.sleep(1)
        # Those that were on their way when it halted come to an end as well.
        while any(found["counts"][state] for state in ("downloading", "downloaded")):
            time.sleep(1)
            found = self._rest.get(url)
        more = self._inside(
            self._console, "bench.simulated", "targets", found["uid"], f"{self._file}"
        )
        return {**found, **more, "targets": json.loads(self._file.read_text())}

    def abort(self, rollout: dict[str, Any]) -> None:
        """Give up what halted, so that its devices are free."""
        if rollout["state"] == "halted":
            self._rest.post(f"rollouts/{rollout['uid']}/abort/")


def _fails(simulation: Simulation) -> dict[str, bool]:
    return {device.udid: device.mode is Mode.FAIL_INSTALL for device in simulation.devices}


def _expected_wave(simulation: Simulation, targets: dict[str, Any]) -> int:
    """Return the first wave of which more than the limit are devices that fail."""
    fails, sizes, failing = _fails(simulation), Counter[int](), Counter[int]()
    for udid, (wave, _) in targets.items():
        sizes[wave] += 1
        failing[wave] += fails[udid]
    return next(w for w in sorted(sizes) if failing[w] * 100 > HALTS_ABOVE * sizes[w])


def _wrong(simulation: Simulation, targets: dict[str, Any], halted_in: int | None = None) -> int:
    """Count the devices that are not what they must be after the end, or after a halt in a wave.

    In the wave that halted, a device may also still wait: it had not called yet.
    """
    fails, wrong = _fails(simulation), 0
    for udid, (wave, state) in targets.items():
        right = {"failed" if fails[udid] else "installed"}
        if halted_in is not None and wave > halted_in:
            right = {"pending"}
        elif wave == halted_in:
            right |= {"released"}
        wrong += state not in right
    return wrong + (len(targets) != len(simulation.devices))
