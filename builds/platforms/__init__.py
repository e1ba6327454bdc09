"""The platforms this console builds for. A package here that registers itself is one."""

from __future__ import annotations

from builds.platforms.base import (
    BuildPlan,
    Detection,
    PlanContext,
    Platform,
    Requirement,
)
from core.registry import Registry

platforms: Registry[Platform] = Registry("platform")

__all__ = [
    "BuildPlan",
    "Detection",
    "PlanContext",
    "Platform",
    "Requirement",
    "platforms",
]
