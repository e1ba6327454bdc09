"""Arduino sketches for AVR boards."""

from __future__ import annotations

from builds.platforms import platforms
from builds.platforms.arduino.platform import ArduinoPlatform

platforms.register(ArduinoPlatform)
