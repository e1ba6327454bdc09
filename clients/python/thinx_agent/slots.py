"""Two places for firmware and a pointer that says which one runs.

A new firmware goes into the slot that is not running; nothing of the running one is touched. Then
one rename moves the pointer, on trial. What does not come up within its attempts is left again the
same way. So a power cut at any moment leaves a slot whose content is verified before it is started.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from thinx_agent import verify
from thinx_agent.errors import Refused
from thinx_agent.store import read_json, remove, sync_folder, write_json

NAMES = ("a", "b")
MAX_ATTEMPTS = 3
FIRMWARE = "firmware.pyz"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Installed:
    """A verified firmware in a slot."""

    slot: str
    path: Path
    manifest: verify.Manifest


class Slots:
    """The firmware slots of one device under `folder`."""

    def __init__(self, folder: Path, public_key: bytes) -> None:
        self.folder = folder
        self.public_key = public_key
        for name in NAMES:
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def on_trial(self) -> bool:
        """Whether the firmware pointed at has yet to show that it comes up."""
        return bool(self._pointer().get("trial"))

    def candidate(self) -> Installed | None:
        """Return the verified firmware that is on trial."""
        return self._verified(str(self._pointer().get("slot"))) if self.on_trial else None

    def current(self) -> Installed | None:
        """Return the verified firmware to run; a damaged one gives way to the other slot."""
        pointed = self._pointer().get("slot")
        for name in sorted(NAMES, key=lambda name: name != pointed):
            found = self._verified(name) if pointed else None
            if found:
                return found
        return None

    def install(self, download: Path, manifest: verify.Manifest) -> Installed:
        """Move verified firmware into the slot that does not run. Nothing is started yet."""
        running = self.current()
        name = next(name for name in NAMES if running is None or name != running.slot)
        folder = self.folder / name
        remove(folder / MANIFEST)
        sync_folder(folder)
        download.replace(folder / FIRMWARE)
        sync_folder(folder)
        write_json(
            folder / MANIFEST,
            {
                "manifest": base64.b64encode(manifest.raw).decode(),
                "signature": base64.b64encode(manifest.signature).decode(),
                "notes": dict(manifest.notes),
            },
        )
        return Installed(name, folder / FIRMWARE, manifest)

    def begin_trial(self, installed: Installed) -> None:
        """Point at new firmware, with the running one to fall back on."""
        running = self.current()
        fallback = running.slot if running and running.slot != installed.slot else ""
        self._point({"slot": installed.slot, "trial": True, "fallback": fallback, "attempts": 0})

    def count_attempt(self) -> bool:
        """Note that firmware on trial is about to start; False when it had its chances."""
        pointer = self._pointer()
        attempts = int(pointer.get("attempts", 0)) + 1
        if attempts > MAX_ATTEMPTS:
            return False
        self._point({**pointer, "attempts": attempts})
        return True

    def confirm(self) -> None:
        """End the trial: the firmware came up."""
        self._point({"slot": self._pointer().get("slot")})

    def roll_back(self) -> Installed | None:
        """Leave the firmware on trial for the one before; None when there is none."""
        fallback = self._pointer().get("fallback")
        failed = self._pointer().get("slot")
        self._point({"slot": fallback} if fallback else {})
        if failed in NAMES and failed != fallback:
            remove(self.folder / str(failed) / MANIFEST)
        return self.current()

    def _verified(self, name: str) -> Installed | None:
        folder = self.folder / name
        stored = read_json(folder / MANIFEST)
        try:
            raw = verify.decode(stored.get("manifest"), "the manifest")
            signature = verify.decode(stored.get("signature"), "the signature")
            notes = dict(stored.get("notes") or {})
            manifest = verify.Manifest.parse(raw, signature, self.public_key, notes)
            matches = verify.same(verify.digest(folder / FIRMWARE, "sha256"), manifest.sha256)
        except (Refused, OSError, TypeError, ValueError):
            return None
        return Installed(name, folder / FIRMWARE, manifest) if matches else None

    def _pointer(self) -> dict:
        pointer = read_json(self.folder / "current")
        return pointer if pointer.get("slot") in NAMES else {}

    def _point(self, content: dict) -> None:
        write_json(self.folder / "current", content)
