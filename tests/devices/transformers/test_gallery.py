"""Every ready transformer does on its samples what it says."""

from __future__ import annotations

import json

import pytest

from devices.transformers.engine import Job, engine
from devices.transformers.gallery import gallery


@pytest.mark.parametrize("entry", gallery, ids=lambda entry: entry.slug)
def test_example_makes_of_its_samples_what_it_says(entry):
    assert entry.label
    assert entry.text.endswith(".")
    assert entry.samples
    device = json.dumps({"rssi": "", "alias": "sample"})
    found = engine().run([Job(entry.body, sample, device) for sample in entry.samples])
    assert [outcome.sentence for outcome in found] == [""] * len(found)
    assert tuple(outcome.text for outcome in found) == entry.results


def test_there_is_one_for_each_need_that_was_named():
    assert {"sigfox_battery", "hex_fields", "json_path", "thresholds"} <= {e.slug for e in gallery}


def test_weak_signal_reads_the_device():
    device = json.dumps({"rssi": "-91"})
    found = engine().run([Job(gallery.get("weak_signal").body, "on", device)])[0]
    assert found.text == "on, signal -91 dBm #w"
