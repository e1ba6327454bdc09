"""Runs in the sandbox: checks every module, writes a zip application with fixed dates."""

from __future__ import annotations

import os
import sys
import zipfile

# Standard library only, and quick to start: it runs with each build.
# ruff: noqa: PTH118, PTH123, T201
LEFT_OUT = {"__pycache__", "tests", "test", "venv", "node_modules"}
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
START = """import runpy
runpy.run_module({name!r}, run_name="__main__", alter_sys=True)
"""


def names(root: str) -> list[str]:
    """Return the files to pack: nothing hidden, no tests, no settings of the build."""
    found = []
    for parent, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in LEFT_OUT and not f.startswith(".")]
        inside = os.path.relpath(parent, root)
        for name in files:
            if not name.startswith(".") and name not in {"thinx.yml", "thinx.yaml"}:
                found.append(os.path.normpath(os.path.join(inside, name)))
    return sorted(found)


def check(name: str, source: bytes) -> bool:
    """Compile one module without running it; print what is wrong as Python prints it."""
    try:
        compile(source, name, "exec", dont_inherit=True)
    except SyntaxError as error:
        print(f"\x1b[31m{name}:{error.lineno}: {error.msg}\x1b[0m", file=sys.stderr)
        print(f"    {(error.text or '').rstrip()}", file=sys.stderr)
        return False
    except ValueError as error:
        print(f"\x1b[31m{name}: {error}\x1b[0m", file=sys.stderr)
        return False
    return True


def main(root: str, target: str, entry: str) -> int:
    """Pack `root` into `target`; return 1 when a module has a fault."""
    good = True
    with open(target, "wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in names(root):
                with open(os.path.join(root, name), "rb") as source:
                    data = source.read()
                if name.endswith(".py"):
                    good = check(name, data) and good
                add(archive, name, data)
                print(f"packed {name} ({len(data):,} bytes)")
            if entry != "__main__.py":
                add(archive, "__main__.py", START.format(name=entry[:-3]).encode())
    return 0 if good else 1


def add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add one file with the same date and rights each time."""
    info = zipfile.ZipInfo(name, FIRST_DAY)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
