"""JSON path."""

from __future__ import annotations

from typing import ClassVar

from devices.transformers.gallery._base import Example, gallery

BODY = r"""// Names and list places on the way to the value.
const PATH = ["sensors", 0, "temperature"];

function transformer(status, device) {
  let value;
  try {
    value = JSON.parse(status);
  } catch {
    return;
  }
  for (const step of PATH) value = value?.[step];
  return value === undefined ? "No value #w" : `${value} °C`;
}
"""


@gallery.register
class JsonPath(Example):
    """One value out of a status that is JSON."""

    slug = "json_path"
    label = "JSON path"
    text = "One value out of a status that is JSON."
    body = BODY
    samples: ClassVar = (
        '{"sensors": [{"temperature": 21.5}]}',
        '{"sensors": []}',
        "booting",
    )
    results: ClassVar = (
        "21.5 °C",
        "No value #w",
        "booting",
    )
