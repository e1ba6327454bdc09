"""A message centre for SMS over SMPP: the `smpp` package of npm under Node."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.services import ServiceError, free_port, need, running, short_folder

TOOL = Path(__file__).parents[1] / "tools" / "smpp"


@dataclass
class Smsc:
    """Where it listens, and what it was told."""

    url: str
    log: Path

    def heard(self) -> list[dict[str, Any]]:
        """Return everything so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def wait_for(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Return what it heard of one kind, once there are so many."""
        deadline = time.monotonic() + 5
        while len(found := [line for line in self.heard() if kind in line]) < count:
            assert time.monotonic() < deadline, self.heard()
            time.sleep(0.02)
        return found


@contextlib.contextmanager
def message_centre() -> Iterator[Smsc]:
    """Run it on a free port for as long as the block lasts."""
    if not (TOOL / "node_modules").is_dir():
        raise ServiceError("the smpp package is missing: make dev")
    port = free_port()
    with short_folder("thinx-smsc-") as folder:
        log = folder / "log"
        argv = [need("node", "nodejs"), str(TOOL / "smsc.mjs"), f"{port}"]
        with running(argv, ready=lambda: "ready" in log.read_text(), log=log):
            yield Smsc(f"smpp://127.0.0.1:{port}", log)
