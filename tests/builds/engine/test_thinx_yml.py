"""thinx.yml is read strictly, and its faults have a line."""

from __future__ import annotations

import pytest

from builds.engine.thinx_yml import parse
from builds.exceptions import BuildUserError

FULL = b"""
arduino:
  platform: avr
  arch: avr
  board: uno
  flash_ld: eagle.flash.4m1m.ld
  f_cpu: 80000000L
  libs: [ArduinoJSON]
  test: [unit-test.sh]
devsec: {ckey: hush, ssid: wifi, pass: word}
environment: {target: src/environment.h}
"""


def test_file_of_the_documentation_is_read():
    found = parse(FULL)
    assert found.platform == "arduino"
    assert found.options["board"] == "uno"
    assert found.options["libs"] == ["ArduinoJSON"]
    assert found.target == "src/environment.h"
    assert set(found.secrets) == {"hush", "wifi", "word"}


def test_first_key_names_the_platform():
    assert parse(b"python:\narduino:\n  board: uno\n").platform == "python"
    assert parse(b"devsec:\n  ssid: x\npython:\n").platform == ""


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"---\n"])
def test_empty_file_says_nothing(text):
    assert parse(text).platform == ""


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"arduino:\n  bord: uno\n", 2, "Did you mean “board”?"),
        (b"ardiuno:\n  board: uno\n", 1, "Did you mean “arduino”?"),
        (b"python:\n  arch: x\n  arch: y\n", 3, "there twice"),
        (b"python: main.py\n", 1, "name: value"),
        (b"- python\n", 1, "name: value"),
        (b"just text\n", 1, "name: value"),
        (b"python:\n  arch: [a\n", 3, ""),
        (b"python:\n\tarch: x\n", 2, ""),
        (b"python:\n  entry: {a: b}\n", 2, "one value"),
        (b"arduino:\n  libs: {a: b}\n", 2, "list of names"),
        (b"python: &x\n  arch: *x\n", 2, "references"),
        (b"? [a, b]\n: c\n", 1, "plain word"),
        (b"environment:\n  target: [x]\n", 2, "path of a file"),
    ],
)  # fmt: skip
def test_fault_is_named_with_its_line(text, line, words):
    with pytest.raises(BuildUserError) as failure:
        parse(text)
    assert failure.value.code == "build.user.thinx_yml"
    assert f"line {line}" in failure.value.message
    assert words in failure.value.message


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe\x00",
        b"python:\n  arch: !!python/object/apply:os.system [id]\n",
        b"[" * 3000,
        b"{" * 60000,
        b"a" * 70000,
        b"python:\n  arch: " + b"x" * 3000,
        b"a: &a [x]\nb: &b [*a, *a]\n",
        b"python:\n  arch: 2026-13-45\n",
        b"\x00",
        b"python: \x07\n",
        b"%YAML 9.9\n---\npython:\n",
        b"python:\n---\narduino:\n",
    ],
)
def test_hostile_file_is_refused_quickly(text):
    with pytest.raises(BuildUserError) as failure:
        parse(text)
    assert failure.value.code == "build.user.thinx_yml"


def test_name_of_the_file_is_in_the_sentence():
    with pytest.raises(BuildUserError) as failure:
        parse(b"x: 1\n", "thinx.yaml")
    assert failure.value.message.startswith("thinx.yaml, line 1")
