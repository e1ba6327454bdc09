"""The contract of a platform: it looks at names, and says as data what is to be run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from builds.engine.environment import Value
from builds.engine.tree import Tree
from builds.exceptions import BuildUserError
from builds.sandbox.contract import Limits, Step


@dataclass(frozen=True)
class Detection:
    """A platform recognises a repository: how sure it is (0 to 100), and by what."""

    confidence: int
    reason: str


@dataclass(frozen=True)
class Requirement:
    """A program or file that must be on the worker, and the Debian package that brings it."""

    path: str
    package: str


@dataclass(frozen=True)
class PlanContext:
    """What a plan may depend on. `options` is the platform's section of thinx.yml."""

    tree: Tree
    environment: Mapping[str, Value] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class BuildPlan:
    """What the runner does for one build; `{work}` in an argument is its work folder.

    `files` are put below the work folder over what the repository has there, `programs` are
    programs of the worker (see builds.engine.toolchain), `firmware` is the one of the globs'
    files that devices get.
    """

    steps: tuple[Step, ...]
    globs: tuple[str, ...]
    firmware: str
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    programs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    notices: tuple[str, ...] = ()


class Platform(ABC):
    """A kind of firmware this console builds. `detect` and `plan` are pure."""

    slug: str
    label: str
    language: str
    firmware: str
    content: Literal["binary", "files"] = "binary"
    url_with_scheme = False
    requirements: tuple[Requirement, ...] = ()

    @property
    def docs_url(self) -> str:
        """Return where the platform is described."""
        return f"builds/platforms/{self.slug}/README.md"

    @abstractmethod
    def detect(self, tree: Tree) -> Detection | None:
        """Say how sure this platform is that the repository is its own, by names only."""

    @abstractmethod
    def plan(self, context: PlanContext) -> BuildPlan:
        """Return what to run; raises BuildUserError when the repository does not allow one."""

    def architectures(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the processors the firmware is for; none means any."""
        arch = options.get("arch")
        return (str(arch),) if arch else ()

    def check_device(self, options: Mapping[str, Any], device_platform: str) -> None:
        """Refuse a firmware for another processor than the device reports (`name:mcu`)."""
        mcu = device_platform.partition(":")[2].strip().lower()
        names = [name.lower() for name in self.architectures(options)]
        if mcu and names and not any(mcu in name or name in mcu for name in names):
            raise BuildUserError(
                "build.user.mcu_mismatch",
                f"The device reports the processor {mcu}, but this firmware is for "
                f"{' / '.join(names)}. It is not built, because it could disable the device.",
            )


def place(tree: Tree, name: str, *, target: str = "", beside: str = "") -> str:
    """Return where a generated file goes: the target asked for, the place of a file of that
    name, or beside another file (the root if none).
    """
    if target:
        path = PurePosixPath(target)
        if path.is_absolute() or ".." in path.parts or not target.isprintable():
            raise BuildUserError(
                "build.user.thinx_yml",
                "thinx.yml: the target of the environment must be a path inside the repository.",
            )
        return f"src/{path}"
    found = tree.first_named(name)
    if found:
        return f"src/{found}"
    return f"src/{PurePosixPath(beside).parent / name}"
