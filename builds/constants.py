"""Names that stay: the tasks of this app."""

from __future__ import annotations

RUN_TASK = "builds.run"
SWEEP_TASK = "builds.sweep"
DELTA_TASK = "builds.delta"
