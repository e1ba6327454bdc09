"""The agent puts firmware together from a delta, and fetches the whole where that fails."""

from __future__ import annotations

import pytest

from builds.deltas.encoding import delta_of

PROGRAM = "print('hello from {}')\n" + "# a line that both versions have\n" * 400


@pytest.fixture
def running(console, device):
    """The content of the firmware that the device runs; the next one is offered."""
    old = console.offer(PROGRAM.format("1.0.1"), "1.0.1")
    assert device.once() == 0, device.log
    assert "A-IM" not in console.downloads[0]
    console.offer(PROGRAM.format("1.0.2"), "1.0.2")
    del console.downloads[:]
    return old


def test_agent_puts_firmware_together_from_a_delta(console, device, running):
    patch = delta_of(running.content, console.firmware.content)
    console.deltas = [patch]
    assert device.once() == 0, device.log
    assert console.last["version"] == "1.0.2"
    (asked,) = console.downloads
    assert asked["If-None-Match"] == running.headers["ETag"]
    assert f"put together from a delta of {len(patch)} bytes" in device.log
    installed = (device.folder / "slots" / "b" / "firmware.pyz").read_bytes()
    assert installed == console.firmware.content


def test_agent_waits_for_a_delta_that_is_being_made(console, device, running):
    console.deltas = [None, delta_of(running.content, console.firmware.content)]
    assert device.once() == 0, device.log
    assert console.last["version"] == "1.0.2"
    assert len(console.downloads) == 2


def test_agent_takes_the_whole_where_there_is_no_delta(console, device, running):
    assert device.once() == 0, device.log
    assert console.last["version"] == "1.0.2"


def other(content: bytes) -> bytes:
    return bytes(byte ^ 1 for byte in content)


@pytest.mark.parametrize("fault", ["rubbish", "of other firmware", "cut off", "too long"])
def test_agent_takes_the_whole_after_a_delta_of_no_use(console, device, running, fault):
    good = delta_of(running.content, console.firmware.content)
    console.deltas = [
        {
            "rubbish": b"\x01no delta at all",
            "of other firmware": delta_of(other(running.content), other(console.firmware.content)),
            "cut off": good[:-20],
            "too long": good + b"\x00" * 100_000,
        }[fault]
    ]
    assert device.once() == 0, device.log
    assert console.last["version"] == "1.0.2"
    assert "fetching the whole" in device.log
    assert "Range" not in console.downloads[-1]


def test_agent_refuses_a_delta_to_firmware_it_may_not_have(console, device, running):
    older = console.offer(PROGRAM.format("1.0.0"), "1.0.0")
    console.deltas = [delta_of(running.content, older.content)]
    device.once()
    assert console.last["version"] == "1.0.1"
    assert "is older than" in device.log
