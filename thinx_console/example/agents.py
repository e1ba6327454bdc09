"""The files from which the supervisor's process runs one agent per simulated device."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from thinx_console.example import run_firmware

INTERVAL = 5
CONFIRM = 8
PATIENCE = 3.0
AGENT = Path(settings.BASE_DIR) / "clients" / "python" / "agent.py"


def orders_folder() -> Path:
    """Return where the supervisor's process looks for what to run."""
    return Path(settings.DATA_DIR) / "example" / "devices"


def agent_folder(uid: Any) -> Path:
    """Return where one agent keeps its state and its firmware."""
    return Path(settings.DATA_DIR) / "example" / "agents" / f"{uid}"


def has_agent(uid: Any) -> bool:
    """Tell whether the device is simulated here."""
    return _order(uid).exists()


def agent_start(device: Any, *, kind: str, api_key: str) -> None:
    """Have the device's agent run from now on; the key is in a file that only we can read."""
    folder = agent_folder(device.uid)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "agent.json"
    _write(
        config,
        {
            "server": settings.PUBLIC_URL,
            "api_key": api_key,
            "owner": device.organization.owner_id,
            "mac": device.mac,
            "platform": device.platform,
            "firmware": "factory",
            "version": "0.0.0",
            "data_dir": str(folder),
            "interval": INTERVAL,
            "confirm": CONFIRM,
            "timeout": 15,
            "runner": shlex.join(
                [sys.executable, "-I", "-S", "-B", run_firmware.__file__, kind, "{firmware}"]
            ),
        },
    )
    orders_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    argv = [sys.executable, "-E", "-s", "-B", str(AGENT), "--config", str(config)]
    # The agent reads its settings once; an order that says otherwise than before starts it anew.
    stamp = hashlib.sha256(config.read_bytes()).hexdigest()[:16]
    _write(_order(device.uid), {"argv": argv, "env": {"EXAMPLE_SETTINGS": stamp}})


def agent_stop(uid: Any) -> None:
    """End the device's agent and remove what it kept."""
    _order(uid).unlink(missing_ok=True)
    folder = agent_folder(uid)
    _wait_for_end(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _order(uid: Any) -> Path:
    return orders_folder() / f"{uid}.json"


def _wait_for_end(folder: Path) -> None:
    """Wait a little until nobody holds the folder's lock any more."""
    deadline = time.monotonic() + PATIENCE
    try:
        handle = os.open(folder / "agent.lock", os.O_RDWR)
    except OSError:
        return
    try:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.1)
            else:
                return
    finally:
        os.close(handle)


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file at once and for us alone; one that says the same already stays as it is."""
    text = json.dumps(content, indent=1)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
