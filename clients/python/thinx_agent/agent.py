"""The life of a device: check in, take what is offered, prove it, report."""

from __future__ import annotations

import base64
import logging
import random
import threading
import time

from thinx_agent import verify
from thinx_agent.config import Config, hardware_address
from thinx_agent.configuration import Configuration, checked
from thinx_agent.download import Base, Checks, Download, Downloader
from thinx_agent.errors import AgentError, ConfigError, Refused, Rejected, TransportError
from thinx_agent.slots import Installed, Slots
from thinx_agent.store import State, lock_folder, write_atomic
from thinx_agent.supervisor import Firmware, Outcome, command
from thinx_agent.transport import Console

log = logging.getLogger("thinx_agent")

STATUS_LENGTH = 300
# Configuration, then firmware, then the report.
ROUNDS = 3
BACKOFF_FIRST = 2.0
BACKOFF_LAST = 900.0
RESTART_FIRST = 1.0
RESTART_LAST = 300.0
STEADY_SECONDS = 60.0


class Backoff:
    """Ever longer waits with jitter, from `first` to `last` seconds."""

    def __init__(self, first: float, last: float) -> None:
        self._first, self._last = first, last
        self._failures = 0

    def next(self, at_least: float | None = None) -> float:
        """Return how long to wait after one more failure."""
        ceiling = min(self._last, self._first * 2 ** min(self._failures, 16))
        self._failures += 1
        return max(at_least or 0.0, random.uniform(ceiling / 2, ceiling))  # noqa: S311

    def reset(self) -> None:
        """Start over after a success."""
        self._failures = 0


class Agent:
    """One device."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.stopping = threading.Event()
        self._wake = threading.Event()
        self._folder = config.folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock_folder(self._folder)
        self._state_file = self._folder / "state.json"
        self.state = State.load(self._state_file)
        self.state.mac = config.mac or self.state.mac or hardware_address()
        self._console = Console(
            config.server, config.api_key, ca_file=config.ca_file, timeout=config.timeout
        )
        self._downloader = Downloader(self._console, self._folder / "download", self._pause)
        self._configuration = Configuration(self._folder / "configuration.json")
        self._firmware: Firmware | None = None
        self._running: Installed | None = None
        self._started = 0.0
        self._restart_at: float | None = None
        self._owes_report = False
        self._restarts = Backoff(RESTART_FIRST, RESTART_LAST)

    def run(self) -> int:
        """Live until told to stop; return the exit code."""
        try:
            self._boot()
            return self._run_once() if self.config.once else self._run_forever()
        finally:
            self._stop_firmware()
            self._save()
            self._lock.close()

    def stop(self) -> None:
        """Ask the agent to end; safe from a signal handler."""
        self.stopping.set()
        self._wake.set()

    def _run_once(self) -> int:
        try:
            for _ in range(ROUNDS):
                if not self._check_in():
                    break
        except AgentError as error:
            log.error("%s", error)
            return 1
        return 0

    def _run_forever(self) -> int:
        backoff = Backoff(
            BACKOFF_FIRST, min(BACKOFF_LAST, max(BACKOFF_FIRST, self.config.interval))
        )
        while not self.stopping.is_set():
            try:
                delay = 0.0 if self._check_in() else self.config.interval
                backoff.reset()
            except TransportError as error:
                delay = backoff.next(error.retry_after)
                log.warning("%s; next try in %.0f s", error, delay)
            except Rejected as error:
                delay = max(self.config.interval, backoff.next())
                log.error("%s; next try in %.0f s", error, delay)
            self._wait(delay)
        return 0

    # --- Checking in ---------------------------------------------------------------------------

    def _check_in(self) -> bool:
        """Report once and act on the answer; True when something new is to be reported at once."""
        self._note_firmware()
        said = self._console.register(self._registration())
        self._owes_report = False
        answer = said.registration
        self._adopt(answer)
        if said.configuration is not None and self._configure(said.configuration):
            return True
        if answer.get("status") != "FIRMWARE_UPDATE":
            log.info("checked in as %s: nothing to install", self.state.alias or self.state.udid)
            return False
        ott = str(answer.get("ott", ""))
        version = str(answer.get("version", "?"))
        if str(answer.get("hash", "")) in self.state.rejected:
            log.warning("version %s is offered again; it did not come up before", version)
            return False
        log.info("checked in as %s: %s is offered", self.state.alias or self.state.udid, version)
        return self._update(ott)

    def _registration(self) -> dict:
        state, config = self.state, self.config
        manifest = self._running.manifest if self._running else None
        notes = manifest.notes if manifest else {"firmware": f"{config.firmware}:{config.version}"}
        registration = {
            "mac": state.mac,
            "udid": state.udid or "0",
            "owner": config.owner,
            "alias": state.alias or config.alias,
            "platform": config.platform,
            "firmware": notes.get("firmware", ""),
            "version": manifest.version if manifest else config.version,
            "commit": notes.get("commit", ""),
            "env_hash": notes.get("env_hash", ""),
            "status": state.status[:STATUS_LENGTH] or "Registered",
        }
        return {name: value for name, value in registration.items() if value}

    def _adopt(self, answer: dict) -> None:
        for name in ("udid", "owner", "alias"):
            value = answer.get(name)
            if isinstance(value, str) and value:
                setattr(self.state, name, value)
        self._save()

    # --- Taking an update ----------------------------------------------------------------------

    def _update(self, ott: str) -> bool:
        """Download, verify, install, restart; True when there is an outcome to report."""
        try:
            download = self._downloader.fetch(ott, self._checks(), self._base())
        except Refused as error:
            log.error("the update is refused: %s", error)
            self._set_status(f"update refused: {error}")
            return False
        return self._install(download)

    def _base(self) -> Base | None:
        running = self._running
        return Base(running.path, running.manifest.sha256) if running else None

    def _install(self, download: Download) -> bool:
        self._pin(download.public_key)
        slots = self._slots()
        installed = slots.install(download.path, download.manifest)
        self._downloader.discard()
        log.info("version %s is in slot %s; restarting", installed.manifest.version, installed.slot)
        self._stop_firmware()
        slots.begin_trial(installed)
        self._trial(slots)
        return not self.stopping.is_set()

    def _trial(self, slots: Slots) -> None:
        """Start firmware that has yet to prove itself; keep it or go back to the one before."""
        installed = slots.candidate()
        if installed is None or not slots.count_attempt():
            outcome = Outcome(up=False, reason="never came up")
        else:
            self._start(installed)
            outcome = self._watch()
        if self.stopping.is_set():
            return
        if outcome.up and installed:
            slots.confirm()
            log.info("version %s came up", installed.manifest.version)
            self._set_status(self._last_words() or f"running {installed.manifest.version}")
            return
        self._roll_back(slots, installed, outcome.reason)

    def _roll_back(self, slots: Slots, failed: Installed | None, reason: str) -> None:
        version = failed.manifest.version if failed else "?"
        if failed:
            self.state.reject(failed.manifest.sha256)
        self._stop_firmware()
        self._set_status(f"rolled back from {version}: {reason}")
        self._owes_report = True
        previous = slots.roll_back()
        log.error("version %s did not come up (%s); rolled back", version, reason)
        if previous:
            self._start(previous)
        else:
            self._set_running(None)

    def _watch(self) -> Outcome:
        if self._firmware is None:
            return Outcome(up=False, reason="it could not be started")
        return self._firmware.watch(self.config.confirm, self.stopping)

    # --- Taking configuration ------------------------------------------------------------------

    def _configure(self, pushed: object) -> bool:
        """Take over what is pushed; True when there is an outcome to report at once."""
        try:
            values = checked(pushed)
            if not self._configuration.begin_trial(values):
                return False
        except Refused as error:
            log.error("the configuration is refused: %s", error)
            self._set_status(f"configuration refused: {error}")
            self._owes_report = True
            return False
        log.info("new configuration: %s", ", ".join(sorted(values)))
        self._try_configuration()
        return not self.stopping.is_set()

    def _try_configuration(self) -> None:
        """Start the firmware with new values; keep them, or go back to those from before."""
        outcome = Outcome(up=False, reason="the firmware never came up")
        if self._configuration.count_attempt():
            outcome = self._restarted() if self._running else Outcome(up=True)
        if self.stopping.is_set():
            return
        if outcome.up:
            self._configuration.confirm()
            self._set_status(self._last_words() or "configuration taken over")
            return
        log.error("the configuration is given up: %s", outcome.reason)
        self._configuration.roll_back()
        self._set_status(f"configuration failed: {outcome.reason}")
        self._owes_report = True
        self._restart()

    def _restarted(self) -> Outcome:
        self._restart()
        return self._watch()

    def _restart(self) -> None:
        self._stop_firmware()
        current = self._slots().current() if self._running else None
        if current:
            self._start(current)

    # --- Firmware ------------------------------------------------------------------------------

    def _boot(self) -> None:
        """Start the verified firmware this device has, if any, with its configuration."""
        if self._pinned_key():
            self._boot_firmware()
        if self._configuration.on_trial and not self.stopping.is_set():
            self._try_configuration()

    def _boot_firmware(self) -> None:
        slots = self._slots()
        if slots.on_trial:
            self._trial(slots)
            return
        installed = slots.current()
        if installed and not self.config.once:
            self._start(installed)
        else:
            self._set_running(installed)

    def _start(self, installed: Installed) -> None:
        self._set_running(installed)
        argv = command(self.config.runner_argv, installed.path)
        log.info("starting version %s from slot %s", installed.manifest.version, installed.slot)
        try:
            self._configuration.write_for_firmware(self._folder / "run")
            self._firmware = Firmware(argv, self._folder / "run", self._wake.set)
        except OSError as error:
            log.error("the firmware cannot be started: %s", error)
            self._firmware = None
        self._started = time.monotonic()
        self._restart_at = None

    def _set_running(self, installed: Installed | None) -> None:
        self._running = installed
        notes = installed.manifest.notes if installed else {}
        self.state.version = installed.manifest.version if installed else ""
        for name in ("firmware", "commit", "env_hash"):
            setattr(self.state, name, str(notes.get(name, "")))
        self._save()

    def _stop_firmware(self) -> None:
        if self._firmware:
            self._firmware.stop()
            self._firmware = None

    def _note_firmware(self) -> None:
        """Take the firmware's last line as the status, unless it crashed after it.

        That an update was rolled back is said first, however soon the old firmware speaks.
        """
        if self._owes_report:
            return
        if self._firmware and not self._firmware.exit_code and self._last_words():
            self.state.status = self._last_words()

    def _last_words(self) -> str:
        return self._firmware.last_line if self._firmware else ""

    def _look_after_firmware(self) -> None:
        """Start again what crashed, not too often; what ended by itself with 0 is done."""
        firmware, installed = self._firmware, self._running
        if firmware is None or installed is None or firmware.exit_code is None:
            return
        if firmware.exit_code == 0:
            self._note_firmware()
            return
        if self._restart_at is None:
            if time.monotonic() - self._started > STEADY_SECONDS:
                self._restarts.reset()
            delay = self._restarts.next()
            self._restart_at = time.monotonic() + delay
            log.error("the firmware ended with %d; again in %.0f s", firmware.exit_code, delay)
            self._set_status(f"firmware ended with {firmware.exit_code}: {firmware.last_error}")
        elif time.monotonic() >= self._restart_at:
            current = self._slots().current()
            if current:
                self._start(current)

    # --- Waiting, keys, state ------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        """Wait for the next check-in while looking after the firmware."""
        deadline = time.monotonic() + seconds
        while not self.stopping.is_set():
            self._look_after_firmware()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self._wake.wait(min(left, 1.0))
            self._wake.clear()

    def _pause(self, attempt: int) -> bool:
        """Wait between tries of one download; False when the agent is to end."""
        return not self.stopping.wait(min(30.0, 0.2 * 2**attempt))

    def _slots(self) -> Slots:
        return Slots(self._folder / "slots", self._pinned_key())

    def _checks(self) -> Checks:
        return Checks(self._key_for, self._check_manifest, self.config.max_size)

    def _check_manifest(self, manifest: verify.Manifest) -> None:
        verify.check_addressee(manifest, udid=self.state.udid, platform=self.config.platform)
        installed = self._running.manifest if self._running else None
        verify.check_version(manifest, installed, self.state.rejected)

    def _key_for(self, offered: str) -> bytes:
        """Return the pinned key, or the one that is offered when none is pinned yet."""
        key = self._pinned_key() or verify.decode(offered, "the public key")
        if len(key) != 32:
            raise Refused("the console gave no public key to pin")
        return key

    def _pin(self, key: bytes) -> None:
        """Trust on first use: keep the key that verified the first firmware."""
        if not self._pinned_key():
            text = base64.b64encode(key)
            write_atomic(self._folder / "public_key", text + b"\n")
            log.warning("pinned the signing key %s on first use", text.decode())

    def _pinned_key(self) -> bytes:
        text = self.config.public_key
        file = self._folder / "public_key"
        if not text and file.exists():
            text = file.read_text("ascii", "replace")
        if not text:
            return b""
        key = verify.decode(text.strip(), "the public key")
        if len(key) != 32:
            raise ConfigError("the public key must be 32 bytes in base64")
        return key

    def _set_status(self, text: str) -> None:
        self.state.status = text[:STATUS_LENGTH]
        self._save()

    def _save(self) -> None:
        self.state.save(self._state_file)
