"""Weak signal."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""const WEAK = -85;

function transformer(status, device) {
  const rssi = Number(device.rssi);
  return device.rssi && rssi < WEAK ? `${status}, signal ${rssi} dBm #w` : status;
}
"""


@gallery.register
class WeakSignal(Example):
    """A warning when the radio of the device is weak, from the device itself."""

    slug = "weak_signal"
    label = "Weak signal"
    text = "A warning when the radio of the device is weak, from the device itself."
    body = BODY
    samples: ClassVar = ("running",)
    results: ClassVar = ("running",)
