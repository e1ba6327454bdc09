"""Where a device is, on a map that needs nothing from elsewhere.

The outline (static/vendor/world-atlas…/world.svg, made by scripts/world_outline.py) is in tenths of
a degree, so a place is `10 * longitude, -10 * latitude` and a part of the world is a viewBox.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.models import DeviceState

OUTLINE = "vendor/world-atlas-2.0.2/world.svg"
# Degrees that the near map shows to each side, and between two lines of its grid.
NEAR_WIDE, NEAR_HIGH, NEAR_GRID = 20.0, 12.0, 5


@dataclass(frozen=True)
class Place:
    """A point and its two maps, in the units of the outline."""

    lat: float
    lon: float
    x: float
    y: float
    box: str
    meridians: list[int]
    parallels: list[int]

    @property
    def words(self) -> str:
        """Return the coordinates as people read them."""
        north, east = "N" if self.lat >= 0 else "S", "E" if self.lon >= 0 else "W"
        return f"{abs(self.lat):.5f}° {north}, {abs(self.lon):.5f}° {east}"

    @property
    def exact(self) -> str:
        """Return the coordinates as programs read them."""
        return f"{self.lat:.6f}, {self.lon:.6f}"


def place_of(state: DeviceState) -> Place | None:
    """Return where the device says that it is; None without a word, and for 0, 0, its "unset"."""
    lat, lon = state.lat, state.lon
    if lat is None or lon is None or (not lat and not lon):
        return None
    if abs(lat) > 90 or abs(lon) > 180:
        return None
    left = min(max(lon, NEAR_WIDE - 180), 180 - NEAR_WIDE) - NEAR_WIDE
    top = min(max(lat, NEAR_HIGH - 90), 90 - NEAR_HIGH) + NEAR_HIGH
    return Place(
        lat=lat,
        lon=lon,
        x=round(10 * lon, 2),
        y=round(-10 * lat, 2),
        box=f"{10 * left:.2f} {-10 * top:.2f} {20 * NEAR_WIDE:.0f} {20 * NEAR_HIGH:.0f}",
        meridians=_grid(left, 2 * NEAR_WIDE),
        parallels=[-line for line in _grid(top - 2 * NEAR_HIGH, 2 * NEAR_HIGH)],
    )


def _grid(start: float, span: float) -> list[int]:
    """Return the lines of the grid within a span of degrees, in the units of the outline."""
    first = int(start // NEAR_GRID) * NEAR_GRID
    return [10 * line for line in range(first, int(start + span) + 1, NEAR_GRID) if line >= start]
