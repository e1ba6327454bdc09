"""MicroPython: each module becomes bytecode, all of it one answer that a device installs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builds.engine.environment import json_file, python_module
from builds.engine.tree import Tree
from builds.exceptions import BuildUserError
from builds.platforms.base import (
    BuildPlan,
    Detection,
    PlanContext,
    Platform,
    Requirement,
    place,
)
from builds.sandbox.contract import Step

PACK = Path(__file__).parent / "tools" / "pack.py"
PYTHON = "/usr/bin/python3"
STARTERS = ("boot.py", "main.py")


class MicroPythonPlatform(Platform):
    """`firmware.json`: the THiNX `type: file` answer itself, so its hash is what devices check."""

    slug = "micropython"
    label = "MicroPython"
    language = "Python"
    firmware = "firmware.json"
    content = "files"
    url_with_scheme = True
    requirements = (Requirement(PYTHON, "python3-minimal"),)

    def detect(self, tree: Tree) -> Detection | None:
        """Recognise boot.py in the root, which only MicroPython starts."""
        return Detection(70, "boot.py") if "boot.py" in tree else None

    def plan(self, context: PlanContext) -> BuildPlan:
        """Compile each module with the name it has on the device, then bundle."""
        if not any(name in context.tree for name in STARTERS):
            raise BuildUserError(
                "build.user.no_entry",
                "MicroPython starts boot.py and main.py; the repository has neither in its root.",
            )
        compiled = context.options.get("compile", True)
        return BuildPlan(
            steps=(
                Step((PYTHON, "-I", "-S", "-B", "{work}/tools/pack.py", "{work}/src",
                      f"{{work}}/out/{self.firmware}", "{work}/tools/mpy-cross",
                      "bytecode" if compiled else "source")),
            ),
            files={
                "tools/pack.py": PACK.read_bytes(),
                place(context.tree, "thinx.json", target=context.target):
                    json_file(context.environment),
                place(context.tree, "thinx_env.py"): python_module(context.environment),
            },
            programs=("mpy-cross",),
            globs=(self.firmware,),
            firmware=self.firmware,
            limits=context.limits,
            notices=tuple(self._notices(context)),
        )  # fmt: skip

    @staticmethod
    def _notices(context: PlanContext) -> Iterator[str]:
        build = context.options.get("build")
        kind = build.get("type") if isinstance(build, dict) else context.options.get("build_type")
        if kind == "firmware":
            yield (
                "thinx.yml asks for a whole firmware image. This platform updates the files on "
                "the device instead; the interpreter on it stays."
            )
        if "modules" in context.options:
            yield "thinx.yml lists modules. All modules of the repository are built."
