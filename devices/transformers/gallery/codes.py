"""Codes to words."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""const WORDS = {
  0: "Idle",
  1: "Measuring",
  2: "Valve stuck #e",
  3: "Filter nearly full #w",
};

function transformer(status, device) {
  return WORDS[status.trim()] ?? `Unknown code ${status} #w`;
}
"""


@gallery.register
class Codes(Example):
    """Numbers of states and errors as sentences."""

    slug = "codes"
    label = "Codes to words"
    text = "Numbers of states and errors as sentences."
    body = BODY
    samples: ClassVar = (
        "0",
        "2",
        "3",
        "17",
    )
    results: ClassVar = (
        "Idle",
        "Valve stuck #e",
        "Filter nearly full #w",
        "Unknown code 17 #w",
    )
