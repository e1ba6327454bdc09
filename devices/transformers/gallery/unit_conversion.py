"""Unit conversion."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""// Another unit: change the pattern and the sum.
function transformer(status, device) {
  return status.replace(/(-?\d+(?:\.\d+)?)\s*°?F\b/g, (_, degrees) => {
    const celsius = (Number(degrees) - 32) * 5 / 9;
    return `${+celsius.toFixed(1)} °C`;
  });
}
"""


@gallery.register
class UnitConversion(Example):
    """Fahrenheit in the status as Celsius."""

    slug = "unit_conversion"
    label = "Unit conversion"
    text = "Fahrenheit in the status as Celsius."
    body = BODY
    samples: ClassVar = (
        "Inside 70 F, outside -4.5°F",
        "off",
    )
    results: ClassVar = (
        "Inside 21.1 °C, outside -20.3 °C",
        "off",
    )
