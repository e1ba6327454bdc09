"""Statistics, facts of the machine, and the table."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Result:
    """One measurement: what, on which data, ours, the reference, and the ratio of the two.

    `better` says which way is good: "more" (rates) or "less" (times). The ratio is ours divided
    by the reference either way.
    """

    name: str
    unit: str
    better: str
    ours: float
    reference: float
    reference_name: str
    database: str = ""
    rows: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Return ours divided by the reference."""
        return self.ours / self.reference if self.reference else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """Return everything, the ratio included."""
        return {**asdict(self), "ratio": round(self.ratio, 3)}


def interleaved(
    count: int, ours: Callable[[], float], reference: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Run A B A B, so that what else the machine does meets both alike."""
    pairs = [(ours(), reference()) for _ in range(count)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def median(values: Sequence[float]) -> float:
    """Return the middle one."""
    return round(statistics.median(values), 4)


def rounded(values: Sequence[float]) -> list[float]:
    """Return every single value, short enough to read."""
    return [round(value, 4) for value in values]


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    words = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(":")[2].strip() for line in words if line.startswith("model name")}
    memory = Path("/proc/meminfo").read_text().splitlines()[0].split()[1]
    return {
        "processor": ", ".join(sorted(models)) or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory) / 1024**2, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_at_start": os.getloadavg()[0],
    }


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table."""
    head = "| What | Database | Rows | Ours | Reference | Ratio |\n|---|---|---|--:|--:|--:|"
    rows = [
        f"| {r.name} | {r.database} | {r.rows} | {_shown(r.ours)} {r.unit} "
        f"| {_shown(r.reference)} {r.unit} ({r.reference_name}) | {r.ratio:.2f} |"
        for r in results
    ]
    return "\n".join([head, *rows])


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
