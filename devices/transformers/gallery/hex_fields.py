"""Hex fields."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""// Each field: name, first byte, number of bytes, factor, unit.
const FIELDS = [
  ["Temperature", 0, 2, 0.01, "°C"],
  ["Humidity", 2, 1, 0.5, "%"],
  ["Battery", 3, 2, 0.001, "V"],
];

function transformer(status, device) {
  const bytes = status.match(/[0-9a-f]{2}/gi) || [];
  return FIELDS
    .filter(([, first, count]) => first + count <= bytes.length)
    .map(([name, first, count, factor, unit]) => {
      const raw = parseInt(bytes.slice(first, first + count).join(""), 16);
      // Two's complement: the highest bit is the sign.
      const value = raw >= 2 ** (count * 8 - 1) && count > 1 ? raw - 2 ** (count * 8) : raw;
      return `${name} ${+(value * factor).toFixed(2)} ${unit}`;
    })
    .join(", ") || undefined;
}
"""


@gallery.register
class HexFields(Example):
    """A frame of hex digits cut into named numbers."""

    slug = "hex_fields"
    label = "Hex fields"
    text = "A frame of hex digits cut into named numbers."
    body = BODY
    samples: ClassVar = (
        "08fc5a0ce4",
        "ff38",
    )
    results: ClassVar = (
        "Temperature 23 °C, Humidity 45 %, Battery 3.3 V",
        "Temperature -2 °C",
    )
