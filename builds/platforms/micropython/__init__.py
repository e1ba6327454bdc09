"""MicroPython programs, compiled to bytecode and installed as files."""

from __future__ import annotations

from builds.platforms import platforms
from builds.platforms.micropython.platform import MicroPythonPlatform

platforms.register(MicroPythonPlatform)
