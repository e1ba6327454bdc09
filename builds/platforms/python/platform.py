"""A Python program becomes one file that runs: a zip application."""

from __future__ import annotations

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
ENTRIES = ("__main__.py", "main.py")
PYTHON = "/usr/bin/python3"


class PythonPlatform(Platform):
    """`firmware.pyz`: the same bytes for the same commit and environment."""

    slug = "python"
    label = "Python"
    language = "Python"
    firmware = "firmware.pyz"
    url_with_scheme = True
    requirements = (Requirement(PYTHON, "python3-minimal"),)

    def detect(self, tree: Tree) -> Detection | None:
        """Recognise an entry file in the root."""
        for entry in ENTRIES:
            if entry in tree:
                return Detection(50, entry)
        return None

    def plan(self, context: PlanContext) -> BuildPlan:
        """Check the syntax of each module, then pack."""
        entry = self._entry(context)
        json_path = place(context.tree, "thinx.json", target=context.target)
        return BuildPlan(
            steps=(
                Step((PYTHON, "-I", "-S", "-B", "{work}/tools/pack.py", "{work}/src",
                      f"{{work}}/out/{self.firmware}", entry)),
            ),
            files={
                "tools/pack.py": PACK.read_bytes(),
                json_path: json_file(context.environment),
                place(context.tree, "thinx_env.py"): python_module(context.environment),
            },
            globs=(self.firmware,),
            firmware=self.firmware,
            limits=context.limits,
        )  # fmt: skip

    @staticmethod
    def _entry(context: PlanContext) -> str:
        wanted = context.options.get("entry")
        choices = (str(wanted),) if wanted else ENTRIES
        for name in choices:
            if name in context.tree and name.endswith(".py") and "/" not in name:
                return name
        raise BuildUserError(
            "build.user.no_entry",
            "There is no program to start: put a main.py or __main__.py into the root of the "
            "repository, or name another one as “entry” in thinx.yml.",
        )
