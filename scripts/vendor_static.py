#!/usr/bin/env python3
"""Fetch the third-party files under static/vendor/ from npm, or check that they are what npm has.

    python scripts/vendor_static.py            fetch everything, rewrite manifest.json, icons
    python scripts/vendor_static.py --check    fetch again and fail on any difference
    python scripts/vendor_static.py --verify   compare with manifest.json only (no network)

Node is needed only here: the files it brings are committed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from world_outline import world_outline

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
MANIFEST = "manifest.json"
ICON_LIST = Path(__file__).resolve().with_name("icons.txt")
SPRITE = "sprite.svg"
WORLD = "world.svg"

TABLER_LICENCE = """\
MIT License

Copyright (c) 2018-2025 The Tabler Authors
Copyright (c) 2018-2025 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


class VendorError(Exception):
    """What was fetched is not what is expected; the message says which file."""


@dataclass(frozen=True)
class Package:
    """One npm package: which of its files we ship, and under what name."""

    name: str
    version: str
    licence: str
    files: dict[str, str]
    licence_text: str = ""
    icons: tuple[str, ...] = field(default=())
    world: str = ""

    @property
    def folder(self) -> str:
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}"

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"


def icon_names() -> tuple[str, ...]:
    lines = (line.strip() for line in ICON_LIST.read_text().splitlines())
    return tuple(sorted({line for line in lines if line and not line.startswith("#")}))


def packages() -> tuple[Package, ...]:
    return (
        Package(
            name="@tabler/core",
            version="1.4.0",
            licence="MIT",
            files={"dist/css/tabler.min.css": "tabler.min.css"},
            licence_text=TABLER_LICENCE,  # the package carries none
        ),
        Package(
            name="@tabler/icons",
            version="3.51.0",
            licence="MIT",
            files={"LICENSE": "LICENSE"},
            icons=icon_names(),
        ),
        Package(
            name="@fontsource-variable/inter",
            version="5.3.0",
            licence="OFL-1.1",
            files={
                "LICENSE": "LICENSE",
                "files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
                "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
            },
        ),
        Package(
            name="@fontsource/jetbrains-mono",
            version="5.3.0",
            licence="OFL-1.1",
            files={
                "LICENSE": "LICENSE",
                "files/jetbrains-mono-latin-400-normal.woff2": "jetbrains-mono-latin.woff2",
                "files/jetbrains-mono-latin-ext-400-normal.woff2": "jetbrains-mono-latin-ext.woff2",
            },
        ),
        # Version 6 needs a bundler; this one is plain scripts that pass the CSP.
        Package(
            name="codemirror",
            version="5.65.21",
            licence="MIT",
            files={
                "LICENSE": "LICENSE",
                "lib/codemirror.js": "codemirror.js",
                "lib/codemirror.css": "codemirror.css",
                "mode/javascript/javascript.js": "javascript.js",
                "addon/edit/matchbrackets.js": "matchbrackets.js",
            },
        ),
        Package(
            name="uplot",
            version="1.6.32",
            licence="MIT",
            files={
                "LICENSE": "LICENSE",
                "dist/uPlot.iife.min.js": "uPlot.iife.min.js",
                "dist/uPlot.min.css": "uPlot.min.css",
            },
        ),
        # Natural Earth, in the public domain; the licence is that of the package.
        Package(
            name="world-atlas",
            version="2.0.2",
            licence="ISC",
            files={"LICENSE": "LICENSE"},
            world="countries-110m.json",
        ),
    )


def npm_pack(spec: str, into: Path) -> Path:
    """Download the tarball of `spec` and return its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise VendorError("npm is needed to fetch packages; install Node, or use --verify.")
    command = [npm, "pack", spec, "--json", "--silent", "--pack-destination", str(into)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VendorError(f"npm pack {spec} failed:\n{done.stderr.strip()}")
    return into / json.loads(done.stdout)[0]["filename"]


def integrity_of(tarball: Path) -> str:
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    return "sha512-" + base64.b64encode(digest).decode()


def read_member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(f"package/{name}")
    if member is None:
        raise VendorError(f"The package has no file {name}.")
    return member.read()


def without_source_map(content: bytes) -> bytes:
    """Drop the pointer to a map we do not ship; the manifest storage would look for it."""
    return re.sub(rb"\n?/[/*][#@] sourceMappingURL=[^\n]*", b"", content)


def build_sprite(archive: tarfile.TarFile, icons: tuple[str, ...]) -> bytes:
    symbols = []
    for name in icons:
        svg = read_member(archive, f"icons/outline/{name}.svg").decode()
        body = re.sub(r"(?s)^.*?<svg.*?>|</svg>\s*$", "", svg)
        body = re.sub(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "", body)
        body = re.sub(r"\s*\n\s*", "", body)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    return "\n".join([head, *symbols, "</svg>", ""]).encode()


def extract(package: Package, tarball: Path) -> dict[str, bytes]:
    """Return the files we ship of this package, by target name."""
    with tarfile.open(tarball) as archive:
        found = {target: read_member(archive, source) for source, target in package.files.items()}
        if package.icons:
            found[SPRITE] = build_sprite(archive, package.icons)
        if package.world:
            found[WORLD] = world_outline(read_member(archive, package.world))
    if package.licence_text:
        found["LICENSE"] = package.licence_text.encode()
    return {
        name: without_source_map(content) if name.endswith((".css", ".js")) else content
        for name, content in sorted(found.items())
    }


def fetch(into: Path) -> dict[str, bytes]:
    """Fetch every package; return all files below static/vendor/, manifest included."""
    tree: dict[str, bytes] = {}
    entries = []
    for package in packages():
        tarball = npm_pack(package.spec, into)
        files = extract(package, tarball)
        tree |= {f"{package.folder}/{name}": content for name, content in files.items()}
        entries.append(
            {
                "name": package.name,
                "version": package.version,
                "integrity": integrity_of(tarball),
                "licence": package.licence,
                "folder": package.folder,
                "files": {
                    name: "sha256-" + hashlib.sha256(content).hexdigest()
                    for name, content in files.items()
                },
            }
        )
    tree[MANIFEST] = (json.dumps({"packages": entries}, indent=2) + "\n").encode()
    return tree


def current() -> dict[str, bytes]:
    return {
        path.relative_to(VENDOR).as_posix(): path.read_bytes()
        for path in sorted(VENDOR.rglob("*"))
        if path.is_file()
    }


def differences(expected: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    names = sorted(expected.keys() | found.keys())
    return [name for name in names if expected.get(name) != found.get(name)]


def update() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = fetch(Path(folder))
    if VENDOR.exists():
        shutil.rmtree(VENDOR)
    for name, content in tree.items():
        path = VENDOR / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def check() -> None:
    """Fetch again and compare byte for byte."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = differences(fetch(Path(folder)), current())
    if wrong:
        raise VendorError("Not what the packages hold: " + ", ".join(wrong))


def verify() -> None:
    """Compare the committed files with the committed manifest."""
    found = current()
    manifest = json.loads(found.pop(MANIFEST, b'{"packages": []}'))
    expected = {
        f"{entry['folder']}/{name}": digest
        for entry in manifest["packages"]
        for name, digest in entry["files"].items()
    }
    hashes = {
        name: "sha256-" + hashlib.sha256(content).hexdigest() for name, content in found.items()
    }
    wrong = [name for name in sorted(expected.keys() | hashes.keys())
             if expected.get(name) != hashes.get(name)]  # fmt: skip
    pinned = {package.spec for package in packages()}
    listed = {f"{entry['name']}@{entry['version']}" for entry in manifest["packages"]}
    wrong += sorted(pinned ^ listed)
    if wrong:
        raise VendorError("Differs from static/vendor/manifest.json: " + ", ".join(wrong))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="fetch again and compare")
    group.add_argument("--verify", action="store_true", help="compare with the manifest only")
    options = parser.parse_args()
    action = check if options.check else verify if options.verify else update
    try:
        action()
    except VendorError as error:
        print(error, file=sys.stderr)
        return 1
    print("static/vendor/ holds", len(current()), "files.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
