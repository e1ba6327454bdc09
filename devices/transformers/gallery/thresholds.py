"""Thresholds."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""const WARNING = 60;
const ERROR = 80;

function transformer(status, device) {
  const found = /-?\d+(\.\d+)?/.exec(status);
  if (found === null) return;
  const value = Number(found[0]);
  if (value >= ERROR) return `${status} #e`;
  return value >= WARNING ? `${status} #w` : status;
}
"""


@gallery.register
class Thresholds(Example):
    """The first number of the status against two limits."""

    slug = "thresholds"
    label = "Thresholds"
    text = "The first number of the status against two limits."
    body = BODY
    samples: ClassVar = (
        "CPU 45 %",
        "CPU 61.5 %",
        "CPU 99 %",
        "idle",
    )
    results: ClassVar = (
        "CPU 45 %",
        "CPU 61.5 % #w",
        "CPU 99 % #e",
        "idle",
    )
