"""What git needs to get in: keys in a folder of their own, pinned host keys, a token."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from builds.engine.git_urls import GitUrl
from builds.exceptions import BuildUserError
from builds.sandbox.command import clean_environment

SCAN_SECONDS = 8
HOST_ALIAS = "thinx-pinned-host"
PREFERENCE = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
ASKPASS = '#!/bin/sh\ncase "$1" in\nUsername*) cat "{user}" ;;\n*) cat "{token}" ;;\nesac\n'


@dataclass(frozen=True)
class GitAccess:
    """A checked address and what opens it. Secrets stay out of its text form."""

    url: GitUrl
    private_key: str = field(default="", repr=False)
    known_hosts: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class HostKeys:
    """The keys a host shows: lines for known_hosts, and the fingerprint people compare."""

    known_hosts: str
    fingerprint: str


def normalise_private_key(text: str) -> str:
    """Cure what pasting does to a key: line ends, spaces around it, the last line end."""
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n")]
    key = "\n".join(line for line in lines if line)
    if not key.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in key:
        raise BuildUserError(
            "build.user.key_invalid",
            "This is not a private key. Paste the whole text, with its first and last line.",
        )
    if "\nProc-Type:" in key:  # old encrypted keys need their empty line; and we cannot use them
        raise BuildUserError(
            "build.user.key_encrypted", "The key is protected by a pass phrase. Remove it first."
        )
    return key + "\n"


def fingerprint(blob: str) -> str:
    """Return the SHA256 fingerprint of a base64 public key, as ssh prints it."""
    digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def scan_host_key(url: GitUrl) -> HostKeys:
    """Ask the host for its keys; raises BuildUserError when it does not answer."""
    command = ["ssh-keyscan", "-T", str(SCAN_SECONDS), "-p", str(url.port), "--"]
    try:
        found = subprocess.run(
            [*command, url.address or url.host.strip("[]")],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SCAN_SECONDS * 4,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired:
        found = ""
    keys = dict(_keys(found))
    if not keys:
        raise BuildUserError(
            "build.user.unreachable",
            f"{url.host} does not answer as an SSH server on port {url.port}. "
            "Check the address, and that the server can be reached from here.",
        )
    best = min(keys, key=lambda kind: PREFERENCE.index(kind) if kind in PREFERENCE else 9)
    lines = "".join(f"{url.host_label} {kind} {blob}\n" for kind, blob in sorted(keys.items()))
    return HostKeys(lines, fingerprint(keys[best]))


def _keys(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, base64) of each line of a known_hosts text that can be read."""
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < 3 or line.startswith(("#", "@")):
            continue
        with contextlib.suppress(binascii.Error, ValueError):
            base64.b64decode(parts[2], validate=True)
            yield parts[1], parts[2]


@contextlib.contextmanager
def prepared(access: GitAccess, parent: Path | None = None) -> Iterator[dict[str, str]]:
    """Give the environment for one git process; the secrets live in a folder until it ends."""
    folder = Path(tempfile.mkdtemp(prefix="thinx-git-", dir=parent))
    try:
        environment = base_environment(access.url, folder)
        if access.url.is_ssh:
            environment |= _ssh(access, folder)
        elif access.token:
            environment |= _askpass(access.token, folder)
        yield environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def base_environment(url: GitUrl, home: Path) -> dict[str, str]:
    """What every git process sees, and all it sees: no prompts, no files of this machine."""
    return {
        **clean_environment(),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": "ssh:https:http" if url.own else "ssh:https",
    }


def _write(folder: Path, name: str, text: str, mode: int = 0o600) -> Path:
    path = folder / name
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _ssh(access: GitAccess, folder: Path) -> dict[str, str]:
    """The ssh line: this key and no other, these host keys and no others, this machine."""
    if not access.private_key:
        raise BuildUserError(
            "build.user.key_missing",
            "An ssh address needs a deploy key. Choose one for this source.",
        )
    if not access.known_hosts:
        raise BuildUserError(
            "build.user.host_key_unknown",
            f"The host key of {access.url.host} is not known yet. Test the access to this source "
            "once: it shows the key and remembers it.",
        )
    key = _write(folder, "key", normalise_private_key(access.private_key))
    lines = "".join(f"{HOST_ALIAS} {kind} {blob}\n" for kind, blob in _keys(access.known_hosts))
    hosts = _write(folder, "known_hosts", lines)
    options = {
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "PreferredAuthentications": "publickey",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": hosts,
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": HOST_ALIAS,
        "UpdateHostKeys": "no",
        "ConnectTimeout": "15",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "4",
        "ClearAllForwardings": "yes",
        "ControlPath": "none",
        "ProxyCommand": "none",
        "PermitLocalCommand": "no",
    }
    if access.url.address:
        options["HostName"] = access.url.address
    line = ["setpriv", "--pdeathsig", "KILL", "--", "ssh", "-F", "/dev/null", "-i", str(key)]
    for name, value in options.items():
        line += ["-o", f"{name}={value}"]
    # git runs this by a shell; without `exec` that shell would outlive a killed git, and ssh it.
    return {"GIT_SSH_COMMAND": f"exec {shlex.join(line)}", "GIT_SSH_VARIANT": "ssh"}


def _askpass(token: str, folder: Path) -> dict[str, str]:
    """A script that answers git's question from two files, so the token is in no argument."""
    user, _, secret = token.strip().rpartition(":")
    names = {
        "user": _write(folder, "user", (user or "x-access-token") + "\n"),
        "token": _write(folder, "token", secret + "\n"),
    }
    script = _write(folder, "askpass", ASKPASS.format(**names), 0o700)
    return {"GIT_ASKPASS": str(script)}
