"""Configuration that is pushed to the agent: taken over, tried, kept, or given back."""

from __future__ import annotations

import json

from .conftest import eventually

# Says what it was started with, and does not come up at a rate of nothing.
READER = """
import json, pathlib, time
file = pathlib.Path("configuration.json")
values = json.loads(file.read_text()) if file.exists() else {}
rate = int(values.get("RATE", "1"))
print("rate", 60 // rate, sorted(values), flush=True)
while FOREVER: time.sleep(1)
"""


def reader(*, forever):
    return READER.replace("FOREVER", f"{forever}")


def kept(device):
    return json.loads((device.folder / "configuration.json").read_text())["values"]


def statuses(console):
    return [sent.get("status") for _, sent in console.checkins]


def test_agent_takes_over_configuration_and_reports_at_once(console, device):
    console.pushes = [{"RATE": "20", "WORD": "canary-8b2f"}]
    assert device.once() == 0, device.log
    assert statuses(console) == ["Registered", "configuration taken over"]
    assert kept(device) == {"RATE": "20", "WORD": "canary-8b2f"}
    assert "canary-8b2f" not in device.log
    file = device.folder / "configuration.json"
    assert file.stat().st_mode & 0o077 == 0


def test_later_values_are_laid_over_those_from_before(console, device):
    console.pushes = [{"RATE": "20", "MODE": "eco"}]
    device.once()
    console.pushes = [{"RATE": "30"}]
    device.once()
    assert kept(device) == {"RATE": "30", "MODE": "eco"}


def test_firmware_is_started_again_with_new_values(console, device):
    console.offer(reader(forever=True), "1.0.1")
    device.start("--interval", "0.3")
    eventually(lambda: "rate 60 []" in statuses(console), 60)
    console.pushes = [{"RATE": "20"}]
    eventually(lambda: "rate 3 ['RATE']" in statuses(console), 60)
    console.pushes = [{"RATE": "30", "MODE": "eco"}]
    eventually(lambda: "rate 2 ['MODE', 'RATE']" in statuses(console), 60)


def test_values_with_which_firmware_does_not_come_up_are_given_back(console, device):
    console.offer(reader(forever=False), "1.0.1")
    device.once()
    console.pushes = [{"RATE": "20"}]
    device.once()
    assert statuses(console)[-1] == "rate 3 ['RATE']"
    # The console that says it again and again keeps nobody busy.
    console.pushes = [{"RATE": "0"}, {"RATE": "0"}, {"RATE": "0"}]
    assert device.once() == 0, device.log
    assert statuses(console)[-1].startswith("configuration failed: ended with code 1: ")
    assert "ZeroDivisionError" in statuses(console)[-1]
    assert kept(device) == {"RATE": "20"}
    assert len(console.pushes) == 1


def test_what_is_no_configuration_is_refused_in_words(console, device):
    for pushed in ([1], {}, {"RATE": 20}, {"BAD NAME": "1"}, {"RATE": "1" * 5000}):
        console.pushes = [pushed]
        device.once()
        device.once()
        assert statuses(console)[-1].startswith("configuration refused: "), pushed
    assert not (device.folder / "configuration.json").exists()


def test_configuration_comes_before_firmware_of_the_same_answer(console, device):
    console.offer(reader(forever=False), "1.0.1")
    console.pushes = [{"RATE": "20"}]
    assert device.once() == 0, device.log
    assert statuses(console) == ["Registered", "configuration taken over", "rate 3 ['RATE']"]
    assert console.last["version"] == "1.0.1"


def test_trial_that_a_power_cut_ended_goes_on(console, device):
    console.offer(reader(forever=False), "1.0.1")
    device.once()
    trial = {"values": {"RATE": "20"}, "before": {}, "attempts": 1}
    file = device.folder / "configuration.json"
    file.write_text(json.dumps(trial))
    device.once()
    assert statuses(console)[-1] == "rate 3 ['RATE']"
    file.write_text(json.dumps({**trial, "values": {"RATE": "0"}, "before": {"RATE": "20"}}))
    device.once()
    assert statuses(console)[-1].startswith("configuration failed: ")
    assert kept(device) == {"RATE": "20"}
    file.write_text(json.dumps({**trial, "attempts": 3}))
    device.once()
    assert statuses(console)[-1] == "configuration failed: the firmware never came up"
    assert kept(device) == {}
