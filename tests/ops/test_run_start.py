"""Starting the console: what it makes, what it says, and what it refuses."""

from __future__ import annotations

import json
import signal
import socket
import stat
from hashlib import sha256
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.ops
PORTS = [f"THINX_{name}_PORT" for name in ("HTTP", "HTTPS", "MQTT", "MQTTS")]


def health(copy) -> dict:
    with urlopen(f"{copy.url}/health/ready", timeout=5) as answer:
        return json.load(answer)


def test_first_start_makes_key_and_tables_and_answers(make_copy):
    copy = make_copy()
    copy.start()
    copy.wait_ready()
    assert stat.S_IMODE((copy.data / "master.key").stat().st_mode) == 0o600
    assert set(health(copy)["parts"].values()) == {"up"}
    said = copy.said()
    assert f"Console  {copy.url}/" in said
    assert "this link works once" in said
    assert "Memory" in said
    assert f"TLS      https://127.0.0.1:{copy.https_port}/" in said
    assert f"127.0.0.1:{copy.mqtts_port} with TLS" in said
    assert sha256((copy.data / "tls" / "ca.pem").read_bytes()).hexdigest() in said
    assert copy.signal(signal.SIGTERM) == 0
    copy.assert_nothing_left()


def test_second_start_skips_what_is_done(running):
    said = running.said()
    assert "up to date" in said
    assert "migrated" not in said
    assert "collected" not in said


def test_start_without_programs_of_a_killed_start_is_clean(console):
    (console.data / "run").mkdir(exist_ok=True)
    for name in ("supervisor.sock", "redis.sock"):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(console.data / "run" / name))
    (console.data / "run" / "supervisord.pid").write_text("1")
    (console.data / "run" / "beat-schedule").write_bytes(b"half a schedule")
    console.start()
    console.wait_ready()


@pytest.mark.parametrize("name", PORTS)
def test_taken_port_is_refused_naming_the_variable(console, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = console.run(**{name: str(taken.getsockname()[1])})
    assert code == 1
    assert f"Set {name} to a free one" in said
    assert "Traceback" not in said
    console.assert_nothing_left(1)


def test_same_port_twice_is_refused_naming_both(console):
    code, said = console.run(THINX_MQTTS_PORT=str(console.https_port))
    assert code == 1
    assert "THINX_HTTPS_PORT and THINX_MQTTS_PORT must be two different ports" in said


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1"])
def test_impossible_port_is_refused_in_a_sentence(console, value):
    code, said = console.run(THINX_HTTP_PORT=value)
    assert code == 1
    assert "THINX_HTTP_PORT must be a port number" in said
    assert "Traceback" not in said


def test_unknown_address_is_refused_naming_the_variable(console):
    code, said = console.run(THINX_BIND="203.0.113.7")
    assert code == 1
    assert "THINX_BIND=203.0.113.7" in said


def test_second_start_on_the_same_folder_is_refused(running, make_copy):
    second = make_copy()
    second.data = running.data
    code, said = second.run()
    assert code == 1
    assert "running on the data folder" in said
    assert running.url in said
    assert set(health(running)["parts"].values()) == {"up"}


def test_two_copies_run_side_by_side(console, make_copy, prepared):
    other = make_copy(prepared)
    console.start()
    other.start()
    console.wait_ready()
    other.wait_ready()
    assert health(console)["parts"] == health(other)["parts"]
    assert console.signal(signal.SIGTERM) == 0
    console.assert_nothing_left()
    assert set(health(other)["parts"].values()) == {"up"}


def test_program_that_cannot_start_is_named_with_its_last_words(console):
    console.start(THINX_LOG_LEVEL="NONSENSE")
    assert console.process.wait(80) == 1
    said = console.said()
    assert "did not come up" in said
    assert "--- the end of" in said
    assert "Unable to configure root" in said
    console.assert_nothing_left()


def test_missing_master_key_is_refused(console):
    (console.data / "master.key").rename(console.data / "elsewhere.key")
    code, said = console.run()
    assert code == 1
    assert "master key" in said
    assert "backup" in said
    assert not (console.data / "master.key").exists()
    console.start(THINX_MASTER_KEY_FILE=str(console.data / "elsewhere.key"))
    console.wait_ready()


def test_unreadable_master_key_is_refused(console):
    (console.data / "master.key").write_text("not a key")
    code, said = console.run()
    assert code == 1
    assert "cannot be read" in said
    assert "Traceback" not in said


def test_certificate_that_is_named_and_missing_is_refused_in_a_sentence(console):
    named = {"THINX_TLS_CERTIFICATE": "/none/cert.pem", "THINX_TLS_KEY": "/none/key.pem"}
    code, said = console.run(**named)
    assert code == 1
    assert "The TLS certificate /none/cert.pem cannot be read: No such file" in said
    assert "Traceback" not in said
    code, said = console.run(THINX_TLS_KEY="/none/key.pem")
    assert code == 1
    assert "belong together: set both" in said


def test_data_folder_with_a_long_name_is_refused_in_a_sentence(make_copy):
    copy = make_copy()
    copy.output = copy.data.with_suffix(".out")
    copy.data = copy.data / ("long" * 30)
    code, said = copy.run()
    assert code == 1
    assert "too long" in said


def test_data_folder_with_spaces_and_percent_signs_works(make_copy, prepared):
    import shutil

    copy = make_copy()
    copy.data = copy.data.with_name("a 100% odd name")
    shutil.copytree(prepared, copy.data)
    copy.start()
    copy.wait_ready()
