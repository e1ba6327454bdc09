"""Runs in the sandbox: compiles each module with mpy-cross and bundles what a device installs."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys

# Standard library only, and quick to start: it runs with each build.
# ruff: noqa: PTH118, PTH123, T201
LEFT_OUT = {"__pycache__", "tests", "test", "venv", "node_modules"}
STARTERS = {"boot.py", "main.py"}  # MicroPython starts these two as source only
SETTINGS = {"thinx.yml", "thinx.yaml", "README.md", "LICENSE"}


def names(root: str) -> list[str]:
    """Return the files that belong onto the device, sorted."""
    found = []
    for parent, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in LEFT_OUT and not f.startswith(".")]
        inside = os.path.relpath(parent, root)
        for name in files:
            if not name.startswith(".") and name not in SETTINGS:
                found.append(os.path.normpath(os.path.join(inside, name)))
    return sorted(found)


def compiled(compiler: str, root: str, name: str) -> bytes | None:
    """Return a module's bytecode. `-s` puts its name on the device into it, nothing of ours."""
    target = os.path.join(os.environ["HOME"], "module.mpy")
    command = [compiler, "-s", name, "-o", target, os.path.join(root, name)]
    if subprocess.run(command, check=False).returncode:
        return None
    with open(target, "rb") as file:
        return file.read()


def entry(name: str, data: bytes) -> dict[str, str]:
    """Return one file of the answer: text as it is, anything else in base64."""
    facts = {"name": name, "sha256": hashlib.sha256(data).hexdigest()}
    try:
        if name.endswith(".mpy"):
            raise ValueError
        return {**facts, "data": data.decode("utf-8")}
    except ValueError:
        return {**facts, "data": base64.b64encode(data).decode(), "encoding": "base64"}


def main(root: str, target: str, compiler: str, mode: str) -> int:
    """Bundle `root` into `target`; return 1 when a module does not compile."""
    files = []
    good = True
    for name in names(root):
        with open(os.path.join(root, name), "rb") as source:
            data = source.read()
        if name.endswith(".py"):
            bytecode = compiled(compiler, root, name)
            good = good and bytecode is not None
            if bytecode is not None and mode == "bytecode" and name not in STARTERS:
                name, data = name[:-3] + ".mpy", bytecode
        files.append(entry(name, data))
        print(f"{name} ({len(data):,} bytes)", flush=True)
    if good:
        bundle = json.dumps({"type": "file", "files": files}, separators=(",", ":"))
        with open(target, "w", encoding="utf-8") as file:
            file.write(bundle + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
