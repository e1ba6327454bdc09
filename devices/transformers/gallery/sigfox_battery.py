"""SigFox battery."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""// Frame: two bytes of millivolts, the highest first, then whatever else.
const LOW = 3300;
const EMPTY = 3000;

function transformer(status, device) {
  if (!/^[0-9a-f]{4}/i.test(status)) return;
  const millivolts = parseInt(status.slice(0, 4), 16);
  const tag = millivolts < EMPTY ? " #e" : millivolts < LOW ? " #w" : "";
  return `Battery ${(millivolts / 1000).toFixed(2)} V${tag}`;
}
"""


@gallery.register
class SigfoxBattery(Example):
    """The first two bytes of a SigFox frame as millivolts."""

    slug = "sigfox_battery"
    label = "SigFox battery"
    text = "The first two bytes of a SigFox frame as millivolts."
    body = BODY
    samples: ClassVar = (
        "0e10",
        "0ce4ff",
        "0b54",
        "hello",
    )
    results: ClassVar = (
        "Battery 3.60 V",
        "Battery 3.30 V",
        "Battery 2.90 V #e",
        "hello",
    )
