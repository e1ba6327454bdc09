"""Python programs for devices that run Linux."""

from __future__ import annotations

from builds.platforms import platforms
from builds.platforms.python.platform import PythonPlatform

platforms.register(PythonPlatform)
