"""Running scripts: always in a child process of their own, within limits."""

from __future__ import annotations

from devices.transformers.engine.jobs import EngineUnavailable, Job, Outcome
from devices.transformers.engine.pool import Engine, engine

__all__ = ["Engine", "EngineUnavailable", "Job", "Outcome", "engine"]
