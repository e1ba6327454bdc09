from __future__ import annotations

import base64
import json
import os

import pytest

from .conftest import KEY, OWNER, UDID, Signer

HELLO = "print('hello from {}')"


def said(version):
    return HELLO.format(version)


def test_agent_registers_and_keeps_its_identity(console, device):
    assert device.once() == 0
    headers, sent = console.checkins[0]
    assert headers["Authentication"] == KEY
    assert headers["Origin"] == "device"
    assert sent["udid"] == "0"
    assert (sent["mac"], sent["owner"]) == ("02:00:5E:10:20:30", OWNER)
    assert device.state["udid"] == UDID
    device.once()
    assert console.last["udid"] == UDID
    assert KEY not in device.log
    assert KEY not in (device.folder / "state.json").read_text()


def test_agent_takes_an_update_and_reports_it(console, device):
    console.offer(said("1.0.1"), "1.0.1")
    assert device.once() == 0, device.log
    assert len(console.checkins) == 2
    assert console.last["version"] == "1.0.1"
    assert console.last["firmware"] == "example:1.0.1"
    assert console.last["env_hash"] == "e" * 64
    assert console.last["commit"] == "c" * 40
    assert console.last["status"] == "hello from 1.0.1"
    assert device.state["version"] == "1.0.1"


def test_agent_uses_the_other_slot_each_time(console, device):
    seen = []
    for version in ("1.0.1", "1.0.2", "1.0.10"):
        console.offer(said(version), version)
        device.once()
        assert console.last["version"] == version
        seen.append(json.loads((device.folder / "slots" / "current").read_text())["slot"])
    assert seen == ["a", "b", "a"]


def test_json_lines_of_firmware_become_the_status(console, device):
    console.offer("import json\nfor n in range(3): print(json.dumps({'t': n}))", "1.0.1")
    device.once()
    assert console.last["status"] == '{"t": 2}'


@pytest.mark.parametrize(
    "source",
    ["raise SystemExit('broken')", "import os; print('up'); os._exit(3)", "this is no python"],
    ids=["exit", "after-a-line", "syntax"],
)
def test_firmware_that_does_not_come_up_is_rolled_back(console, device, source):
    console.offer(said("1.0.1"), "1.0.1")
    device.once()
    console.offer(source, "1.0.2")
    assert device.once() == 0
    assert console.last["version"] == "1.0.1"
    assert console.last["status"].startswith("rolled back from 1.0.2: ended with code")
    downloads = len(console.downloads)
    device.once()
    assert console.last["version"] == "1.0.1"
    assert "did not come up before" in device.log
    assert len(console.downloads) == downloads + 1
    console.offer(said("1.0.3"), "1.0.3")
    device.once()
    assert console.last["version"] == "1.0.3"


def test_first_firmware_that_does_not_come_up_leaves_none(console, device):
    console.offer("raise SystemExit(1)", "1.0.1")
    device.once()
    assert console.last["version"] == "0.0.0"
    assert console.last["status"].startswith("rolled back from 1.0.1")


def refused(console, device, reason):
    before = console.last["version"] if console.checkins else "0.0.0"
    assert device.once() == 0
    assert reason in device.log
    assert device.state["status"].startswith("update refused")
    device.once()
    assert console.last["version"] == before
    assert not list((device.folder / "download").glob("*.part"))


def test_corrupted_download_is_refused(console, device):
    firmware = console.offer(said("1.0.1"), "1.0.1")
    firmware.content = firmware.content[:-1] + b"\x01"
    refused(console, device, "MD5")


def test_wrong_sha256_is_refused(console, device):
    console.offer(said("1.0.1"), "1.0.1").headers["x-SHA256"] = "0" * 64
    refused(console, device, "SHA-256")


def test_swapped_content_with_right_md5_is_refused(console, device):
    firmware = console.offer(said("1.0.1"), "1.0.1")
    other = console.offer(said("1.0.2"), "1.0.2")
    firmware.content, firmware.headers["x-MD5"] = other.content, other.headers["x-MD5"]
    console.firmware = firmware
    refused(console, device, "SHA-256")


def test_signature_of_another_key_is_refused(console, device):
    console.offer(said("1.0.1"), "1.0.1")
    device.once()
    firmware = console.offer(said("1.0.2"), "1.0.2")
    manifest = base64.b64decode(firmware.headers["x-THiNX-Manifest"])
    firmware.headers["x-THiNX-Signature"] = Signer().sign(manifest)
    refused(console, device, "not signed by the pinned key")


def test_changed_manifest_is_refused(console, device):
    firmware = console.offer(said("1.0.1"), "1.0.1")
    raw = base64.b64decode(firmware.headers["x-THiNX-Manifest"]).replace(b"1.0.1", b"9.0.1")
    firmware.headers["x-THiNX-Manifest"] = base64.b64encode(raw).decode()
    refused(console, device, "not signed by the pinned key")


@pytest.mark.parametrize("missing", ["x-THiNX-Signature", "x-THiNX-Manifest", "x-MD5"])
def test_missing_header_is_refused(console, device, missing):
    del console.offer(said("1.0.1"), "1.0.1").headers[missing]
    refused(console, device, "update is refused")


def test_another_signing_key_is_refused_after_the_first_use(console, device):
    console.offer(said("1.0.1"), "1.0.1")
    device.once()
    console.signer = Signer()
    console.offer(said("1.0.2"), "1.0.2")
    refused(console, device, "not signed by the pinned key")


def test_configured_key_wins_over_the_offered_one(console, device):
    device.settings["THINX_AGENT_PUBLIC_KEY"] = Signer().public
    console.offer(said("1.0.1"), "1.0.1")
    refused(console, device, "not signed by the pinned key")


def test_downgrade_is_refused(console, device):
    console.offer(said("1.0.10"), "1.0.10")
    device.once()
    console.offer(said("1.0.9"), "1.0.9")
    refused(console, device, "older")


def test_firmware_for_another_device_is_refused(console, device):
    console.offer(said("1.0.1"), "1.0.1", udid="00000000-0000-4000-8000-000000000001")
    refused(console, device, "is for device")


def test_firmware_for_another_platform_is_refused(console, device):
    console.offer(said("1.0.1"), "1.0.1", platform="arduino")
    refused(console, device, "is for platform")


def test_too_large_firmware_is_refused(console, device):
    console.offer(said("1.0.1"), "1.0.1")
    device.settings["THINX_AGENT_MAX_SIZE"] = "10"
    refused(console, device, "too large")


def test_token_that_is_gone_is_refused(console, device):
    console.offer(said("1.0.1"), "1.0.1")
    console.registration = lambda sent: {
        "registration": {
            "success": True,
            "udid": UDID,
            "status": "FIRMWARE_UPDATE",
            "ott": "0" * 64,
            "version": "example:1.0.1",
        }
    }
    refused(console, device, "OTT_UPDATE_NOT_FOUND")


def big(version):
    return f"NOISE = {os.urandom(200_000).hex()!r}\nprint('big {version}')"


def test_broken_download_goes_on_by_range(console, device):
    console.offer(big("1.0.1"), "1.0.1")
    console.cut = [150_000, 100_000]
    assert device.once() == 0, device.log
    assert console.last["status"] == "big 1.0.1"
    assert [d.get("Range") for d in console.downloads] == [None, "bytes=150000-", "bytes=250000-"]


def test_download_goes_on_in_a_later_run(console, device):
    console.offer(big("1.0.1"), "1.0.1")
    console.cut = [100_000, 0, 0, 0, 0]
    assert device.once() == 1
    console.cut = []
    assert device.once() == 0, device.log
    assert console.downloads[-1]["Range"] == "bytes=100000-"
    assert console.last["status"] == "big 1.0.1"


def test_unfinished_download_of_older_firmware_is_not_continued(console, device):
    console.offer(big("1.0.1"), "1.0.1")
    console.cut = [100_000, 0, 0, 0, 0]
    device.once()
    console.cut = []
    console.offer(big("1.0.2"), "1.0.2")
    assert device.once() == 0, device.log
    assert console.last["status"] == "big 1.0.2"


def test_wrong_key_ends_once_with_a_failure(console, device):
    assert device.once(THINX_AGENT_API_KEY="f" * 64) == 1
    assert "owner_found_but_no_key" in device.log


def test_console_that_is_not_there_ends_once_with_a_failure(console, device):
    assert device.once(THINX_AGENT_SERVER="http://127.0.0.1:1") == 1
    assert "cannot be reached" in device.log


def test_missing_settings_are_told(console, device):
    assert device.once(THINX_AGENT_OWNER="") == 2
    assert "owner id is missing" in device.log


def test_api_key_is_read_from_a_file_and_not_from_the_command_line(console, device, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    assert device.once(THINX_AGENT_API_KEY="", THINX_AGENT_API_KEY_FILE=str(tmp_path / "key")) == 0
    process = device.start("--once", "--api-key", KEY)
    assert process.wait(10) == 2
