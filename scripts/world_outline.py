"""Draw the countries of the world as one small SVG file, from world-atlas (Natural Earth, 110 m).

Units are tenths of a degree: x is ten times the longitude, y ten times the latitude to the south.
So a place is found without a projection, and a part of the map is a viewBox.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

Point = tuple[int, int]
SYMBOL = '<symbol id="{}" viewBox="-1800 -900 3600 1800" overflow="visible"><path d="{}"/></symbol>'


def world_outline(topology: bytes) -> bytes:
    """Return the SVG file: the symbols `land` and `borders`."""
    atlas = json.loads(topology)
    arcs = [list(_points(arc, atlas["transform"])) for arc in atlas["arcs"]]
    land = "".join(
        _path(_joined(ring, arcs)) + "z"
        for polygon in atlas["objects"]["land"]["geometries"][0]["arcs"]
        for ring in polygon
    )
    borders = "".join(_path(arcs[index]) for index in _shared(atlas["objects"]["countries"]))
    symbols = [SYMBOL.format("land", land), SYMBOL.format("borders", borders)]
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    return "\n".join([head, *symbols, "</svg>", ""]).encode()


def _points(arc: list[list[int]], transform: dict[str, list[float]]) -> Iterator[Point]:
    """Yield the points of an arc, which holds steps of whole quanta."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        yield round((x * scale_x + left) * 10), -round((y * scale_y + bottom) * 10)


def _joined(ring: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Return the points of a ring; an arc of negative number is run backwards."""
    points: list[Point] = []
    for index in ring:
        points += arcs[index] if index >= 0 else reversed(arcs[~index])
    return points


def _path(points: list[Point]) -> str:
    """Return path data with relative steps, without those that go nowhere."""
    (x, y), steps = points[0], []
    for next_x, next_y in points[1:]:
        if (next_x, next_y) != (x, y):
            steps.append(f"{next_x - x},{next_y - y}")
            x, y = next_x, next_y
    return f"M{points[0][0]},{points[0][1]}l" + " ".join(steps) if steps else ""


def _shared(countries: dict[str, Any]) -> list[int]:
    """Return the numbers of the arcs that two countries have in common."""
    used = Counter(
        index if index >= 0 else ~index
        for country in countries["geometries"]
        for index in _numbers(country.get("arcs", []))
    )
    return sorted(index for index, count in used.items() if count > 1)


def _numbers(nested: Any) -> Iterator[int]:
    for entry in nested:
        if isinstance(entry, int):
            yield entry
        else:
            yield from _numbers(entry)
