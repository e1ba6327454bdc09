"""Arduino sketches for AVR boards, compiled by Debian's arduino-builder and gcc-avr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from builds.engine.environment import c_header
from builds.engine.tree import Tree
from builds.exceptions import BuildUserError
from builds.platforms.arduino.boards import BOARDS, BUNDLED_LIBRARIES
from builds.platforms.base import (
    BuildPlan,
    Detection,
    PlanContext,
    Platform,
    Requirement,
    place,
)
from builds.sandbox.contract import Step

LIBRARY_FOLDERS = ("lib", "libraries")
NOT_SKETCHES = (*LIBRARY_FOLDERS, "examples", "test", "tests")
# Debian's core wants a newer gcc than Debian has: arduino/ArduinoCore-avr issue 633.
FLAGS = "-DDECIMAL_DIG=__DECIMAL_DIG__ -fdiagnostics-color=always"
FOREIGN = ("flash_ld", "flash_size", "partitions", "f_cpu", "test")


class ArduinoPlatform(Platform):
    """`firmware.hex`: Intel hex, the same bytes for the same commit and environment."""

    slug = "arduino"
    label = "Arduino (AVR)"
    language = "C++"
    firmware = "firmware.hex"
    requirements = (
        Requirement("/usr/bin/arduino-builder", "arduino-builder"),
        Requirement("/usr/share/arduino/hardware/arduino/avr/boards.txt", "arduino-core-avr"),
        Requirement("/usr/bin/avr-gcc", "gcc-avr"),
        Requirement("/usr/lib/avr/include/avr/io.h", "avr-libc"),
        Requirement("/usr/bin/arduino-ctags", "arduino-ctags"),
    )

    def detect(self, tree: Tree) -> Detection | None:
        """Recognise a sketch outside the libraries."""
        sketch = next(_sketches(tree), None)
        return Detection(90, sketch) if sketch else None

    def architectures(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what the chosen board is made of."""
        board, variant = _board(options)
        return ("avr", BOARDS[board][variant], board)

    def plan(self, context: PlanContext) -> BuildPlan:
        """Compile one sketch for one board."""
        sketch = _sketch(context)
        board, variant = _board(context.options)
        _check_libraries(context)
        fqbn = f"arduino:avr:{board}" + (f":cpu={variant}" if variant else "")
        built = f"{{work}}/build/{PurePosixPath(sketch).name}"
        header = place(context.tree, "thinx.h", target=context.target, beside=sketch)
        return BuildPlan(
            steps=(
                Step(("arduino-builder", "-compile", "-warnings=default",
                      "-hardware=/usr/share/arduino/hardware",
                      "-hardware=/usr/share/arduino-builder", "-tools=/usr/share/arduino-builder",
                      *_library_folders(context.tree), f"-fqbn={fqbn}",
                      "-build-path={work}/build",
                      "-prefs=compiler.path=/usr/bin/", "-prefs=runtime.tools.avr-gcc.path=/usr",
                      "-prefs=runtime.tools.ctags.path=/usr",
                      f"-prefs=compiler.cpp.extra_flags={FLAGS}", f"{{work}}/src/{sketch}")),
                Step(("cp", f"{built}.hex", f"{{work}}/out/{self.firmware}")),
                Step(("cp", f"{built}.elf", "{work}/out/firmware.elf")),
            ),
            files={header: c_header(context.environment)},
            globs=(self.firmware, "firmware.elf"),
            firmware=self.firmware,
            limits=context.limits,
            notices=tuple(
                f"thinx.yml: “{name}” does not apply to AVR boards and is not used."
                for name in FOREIGN if name in context.options
            ),
        )  # fmt: skip


def _sketches(tree: Tree) -> Iterator[str]:
    return (name for name in tree.outside(NOT_SKETCHES) if name.endswith(".ino"))


def _sketch(context: PlanContext) -> str:
    """Return the main file: the one named, the only one, or the one named like its folder."""
    wanted = str(context.options.get("source") or "").strip("/")
    found = [
        name for name in _sketches(context.tree)
        if not wanted or name == wanted or str(PurePosixPath(name).parent) == wanted
    ]  # fmt: skip
    if not found:
        where = f" at {wanted}" if wanted else ""
        raise BuildUserError("build.user.no_entry", f"The repository has no .ino sketch{where}.")
    mains = [name for name in found if PurePosixPath(name).parent.name == PurePosixPath(name).stem]
    if len(found) == 1 or len(mains) == 1:
        return (mains or found)[0]
    raise BuildUserError(
        "build.user.several_sketches",
        f"The repository has several sketches ({', '.join(found[:5])}). Name the one to build as "
        "“source” in the arduino section of thinx.yml.",
    )


def _board(options: Mapping[str, Any]) -> tuple[str, str]:
    """Return (board, cpu variant) of thinx.yml; `nano` and `nano:cpu=atmega168` are understood."""
    platform = str(options.get("platform") or options.get("arch") or "avr").lower()
    if platform.split(":")[-1] not in {"avr", *_processors()}:
        raise BuildUserError(
            "build.user.platform_unsupported",
            f"This console builds Arduino sketches for AVR boards. There is no compiler for "
            f"{platform} on its workers.",
        )
    name, _, rest = str(options.get("board") or "uno").partition(":")
    board = next((known for known in BOARDS if known.lower() == name.lower()), "")
    if not board:
        raise BuildUserError(
            "build.user.board_unknown",
            f"The board “{name[:40]}” is not known. Known are: {', '.join(sorted(BOARDS))}.",
        )
    variants = BOARDS[board]
    variant = rest.removeprefix("cpu=") if rest else next(iter(variants))
    if variant not in variants:
        raise BuildUserError(
            "build.user.board_unknown",
            f"The board “{board}” has no processor “{variant[:40]}”. It has: "
            f"{', '.join(filter(None, variants)) or 'one only'}.",
        )
    return board, variant


def _processors() -> set[str]:
    return {mcu for variants in BOARDS.values() for mcu in variants.values()}


def _library_folders(tree: Tree) -> list[str]:
    return [
        f"-libraries={{work}}/src/{folder}"
        for folder in LIBRARY_FOLDERS
        if any(name.startswith(f"{folder}/") for name in tree.files)
    ]


def _check_libraries(context: PlanContext) -> None:
    """Refuse early what cannot be there: libraries are not downloaded during a build."""
    wanted = context.options.get("libs") or []
    wanted = [wanted] if isinstance(wanted, str) else wanted
    there = {library.lower() for library in BUNDLED_LIBRARIES}
    for name in context.tree.files:
        parts = name.split("/")
        if len(parts) > 2 and parts[0] in LIBRARY_FOLDERS:
            there.add(parts[1].lower())
    missing = [name for name in wanted if name.lower() not in there]
    if missing:
        raise BuildUserError(
            "build.user.library_missing",
            f"Builds have no network, so the library {missing[0][:60]} cannot be fetched. Put it "
            f"into the repository as lib/{missing[0][:60]}/.",
        )
