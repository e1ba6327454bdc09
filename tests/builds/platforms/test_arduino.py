"""Arduino firmware: compiled by arduino-builder, run by simavr."""

from __future__ import annotations

import pytest

from builds.engine.environment import DeviceFacts
from builds.engine.toolchain import check_toolchain
from builds.engine.tree import Tree
from builds.exceptions import BuildPlatformError, BuildUserError
from builds.platforms import PlanContext, Requirement, platforms
from tests.support.builds import run_avr, uncoloured
from tests.support.sshd import make_repository

ARDUINO = platforms.get("arduino")


def plan(*files: str, **options):
    return ARDUINO.plan(PlanContext(tree=Tree(tuple(sorted(files))), options=options))


@pytest.mark.toolchain
def test_built_sketch_says_the_injected_value(workshop, access_to):
    built = workshop.build(access_to("arduino.git"))
    assert built.result.platform == "arduino"
    assert run_avr(built.firmware).splitlines()[-2:] == ["Good morning", "arduino:1.0.3"]
    assert {file.name for file in built.result.files} == {"firmware.hex", "firmware.elf"}


@pytest.mark.toolchain
def test_value_with_quotes_backslashes_and_trigraphs_arrives_as_it_is(workshop, access_to):
    value = 'say "hi" ??/ \\ 100%'
    built = workshop.build(access_to("arduino.git"), variables={"GREETING": value})
    assert value in run_avr(built.firmware).splitlines()


@pytest.mark.toolchain
def test_compile_error_is_in_the_log_in_colour(workshop, access_to, git_server):
    folder = git_server.root / "arduino-broken.git"
    folder.mkdir()
    (folder / "broken.ino").write_text("void setup() { nonsense(); }\nvoid loop() {}\n")
    make_repository(folder)
    with pytest.raises(BuildUserError) as failure:
        workshop.build(access_to("arduino-broken.git"))
    assert failure.value.code == "build.user.compile_failed"
    assert "was not declared in this scope" in uncoloured(workshop.text)
    assert "\x1b[" in workshop.text


@pytest.mark.toolchain
def test_header_of_the_repository_is_replaced_where_it_lies(workshop, access_to, git_server):
    folder = git_server.root / "arduino-header.git"
    (folder / "src").mkdir(parents=True)
    (folder / "sketch.ino").write_text(
        '#include "src/thinx.h"\nvoid setup() { Serial.begin(9600); Serial.println(GREETING);'
        'Serial.flush(); noInterrupts(); SMCR=1; asm volatile("sleep"); }\nvoid loop() {}\n'
    )
    (folder / "src" / "thinx.h").write_text('#define GREETING "from the repository"\n')
    make_repository(folder)
    built = workshop.build(access_to("arduino-header.git"))
    assert run_avr(built.firmware).splitlines()[-1] == "Good morning"


def test_sketch_for_another_chip_is_refused_with_what_is_possible():
    with pytest.raises(BuildUserError) as refusal:
        plan("a.ino", platform="esp8266", board="d1_mini_pro")
    assert refusal.value.code == "build.user.platform_unsupported"
    assert "AVR" in refusal.value.message


@pytest.mark.parametrize("board", ["unknown", "../../x", "uno:cpu=atmega168", "nano:cpu=z80"])
def test_unknown_board_is_refused(board):
    with pytest.raises(BuildUserError) as refusal:
        plan("a.ino", board=board)
    assert refusal.value.code == "build.user.board_unknown"


def test_variant_of_a_board_reaches_the_compiler():
    assert (
        "-fqbn=arduino:avr:nano:cpu=atmega168"
        in plan("a.ino", board="nano:cpu=atmega168").steps[0].argv
    )
    assert "-fqbn=arduino:avr:mega:cpu=atmega2560" in plan("a.ino", board="mega").steps[0].argv


def test_several_sketches_need_a_choice():
    with pytest.raises(BuildUserError) as refusal:
        plan("a/x.ino", "b/y.ino")
    assert refusal.value.code == "build.user.several_sketches"
    assert plan("a/x.ino", "b/y.ino", source="b/y.ino").steps[0].argv[-1] == "{work}/src/b/y.ino"
    assert plan("a/a.ino", "a/tools.ino").steps[0].argv[-1] == "{work}/src/a/a.ino"


def test_sketches_of_libraries_do_not_count():
    assert ARDUINO.detect(Tree(("lib/Foo/examples/x.ino", "main.py"))) is None
    assert ARDUINO.detect(Tree(("x.ino", "lib/Foo/y.ino"))).reason == "x.ino"


def test_library_that_is_not_there_is_refused_before_anything_runs():
    with pytest.raises(BuildUserError) as refusal:
        plan("a.ino", libs=["EEPROM", "ArduinoJSON"])
    assert refusal.value.code == "build.user.library_missing"
    assert "lib/ArduinoJSON/" in refusal.value.message
    assert plan("a.ino", "lib/ArduinoJson/ArduinoJson.h", libs=["ArduinoJSON"])


@pytest.mark.parametrize("mcu", ["esp8266", "esp32"])
def test_firmware_for_another_processor_is_refused(mcu):
    with pytest.raises(BuildUserError) as refusal:
        ARDUINO.check_device({"board": "uno"}, f"arduino:{mcu}")
    assert refusal.value.code == "build.user.mcu_mismatch"
    assert mcu in refusal.value.message


@pytest.mark.parametrize("platform", ["", "arduino", "arduino:avr", "arduino:atmega328p"])
def test_firmware_for_the_device_or_an_unknown_one_is_built(platform):
    ARDUINO.check_device({"board": "uno"}, platform)


@pytest.mark.toolchain
def test_mismatch_stops_a_build_before_the_sandbox(workshop, access_to):
    device = DeviceFacts(platform="arduino:esp8266")
    with pytest.raises(BuildUserError) as refusal:
        workshop.build(access_to("arduino.git"), device=device)
    assert refusal.value.code == "build.user.mcu_mismatch"
    assert workshop.stages == ["preparing", "cloning"]


def test_missing_compiler_names_the_packages(monkeypatch):
    missing = Requirement("/nonexistent/avr-gcc", "gcc-avr")
    monkeypatch.setattr(type(ARDUINO), "requirements", (missing,))
    with pytest.raises(BuildPlatformError) as refusal:
        check_toolchain(ARDUINO)
    assert refusal.value.code == "build.platform.toolchain_missing"
    assert "apt-get install -y gcc-avr" in refusal.value.message
