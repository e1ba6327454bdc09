"""A worker's side of a build: from the queue to the artifact, whatever happens on the way."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from accounts.services.limits import require_room
from audit.recorder import record
from builds import events
from builds.choices import WORKING, BuildStatus
from builds.conf import HEARTBEAT_SECONDS, BuildSettings, build_settings
from builds.engine.environment import DeviceFacts
from builds.engine.run import BuildRequest, BuildResult, run_build
from builds.engine.workspace import workspace
from builds.environments import values_of
from builds.exceptions import BuildCancelled, BuildUserError
from builds.models import Artifact, Build, Source
from builds.news import build_failed_news, build_succeeded_news
from builds.services.artifacts import artifacts_discard, artifacts_store
from builds.services.log import BATCH_SECONDS, LogWriter
from builds.services.sources import source_access
from builds.services.state import move
from core.exceptions import DomainError, QuotaExceeded
from core.jobs import changed_on_commit
from keys.models import DeployKey
from keys.selectors import effective_variables
from keys.services import firmware_key_for

logger = logging.getLogger(__name__)
TICK_SECONDS = 0.25
UNEXPECTED = "The console failed while building. Its log says more under the id of this build."


def build_run(build_uid: str) -> None:
    """Run one queued build to its end. Does nothing when another worker already took it.

    Whatever happens, the build ends in a final state and no process or folder is left.
    """
    build = (
        Build.objects.select_related("organization", "source__deploy_key", "device__organization")
        .filter(uid=build_uid)
        .first()
    )
    now = timezone.now()
    if build is None or not move(
        build,
        BuildStatus.PREPARING,
        started_at=now,
        heartbeat_at=now,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        attempts=F("attempts") + 1,
        stages={"preparing": {"started": now.isoformat()}},
    ):
        return
    _Execution(build, build_settings()).run()


class _Execution:
    """One run: what it knows lives here and never on the task."""

    def __init__(self, build: Build, settings: BuildSettings) -> None:
        self.build, self.settings = build, settings
        self.actor = Actor.named_system(f"build {build.uid}")
        self.log = LogWriter(build, settings.log_bytes)
        self.watch = _Watch(build, self.log)
        self.stages: dict[str, dict[str, Any]] = {}
        self.stage_since = time.monotonic()

    def run(self) -> None:
        self.watch.start()
        try:
            self._build()
        except BuildCancelled:
            self.log.add("system", "The build was cancelled.")
        except BuildUserError as error:
            self._end(BuildStatus.FAILED, error)
        except DomainError as error:
            self._end(BuildStatus.ERRORED, error)
        except Exception:
            logger.exception("build %s failed unexpectedly", self.build.uid)
            error = DomainError("build.platform.unexpected", UNEXPECTED)
            self._end(BuildStatus.ERRORED, error)
        finally:
            self.watch.stop()

    def _build(self) -> None:
        self._enter(BuildStatus.PREPARING, moves=False)
        with workspace(self.settings.workdir) as folder:
            result = run_build(
                self._request(folder),
                on_stage=self._on_stage,
                on_line=self.log.add,
                cancelled=self.watch.is_cancelled,
            )
            self._enter(
                BuildStatus.PUBLISHING,
                platform=result.platform,
                version=result.version,
                firmware=result.firmware[:200],
                env_hash=result.env_hash,
                commit=result.checkout.commit,
                commit_message=result.checkout.message[:200],
            )
            self.build.refresh_from_db(fields=["platform", "version"])
            self._publish(result)

    def _request(self, folder: Path) -> BuildRequest:
        build, device = self.build, self.build.device
        artifacts = folder / "artifacts"
        artifacts.mkdir()
        found = effective_variables(build.organization, source=build.source, device=device)
        variables = values_of(found)
        names = [entry.name for entry in found if entry.is_secret]
        self._note_revealed(names)
        if build.source.deploy_key_id:
            DeployKey.objects.filter(pk=build.source.deploy_key_id).update(
                last_used_at=timezone.now()
            )
        return BuildRequest(
            access=source_access(build.source),
            branch=build.branch,
            number=build.number,
            destination=artifacts,
            workdir=folder,
            device=self._device_facts(device),
            server=self.settings.server,
            variables=variables,
            secrets=tuple(variables[name] for name in names),
            limits=self.settings.limits,
            git_limits=self.settings.git_limits,
            sandbox=self.settings.sandbox,
        )

    def _note_revealed(self, names: list[str]) -> None:
        """Audit what of the secret store this build gets to see; never the values."""
        source, device = self.build.source, self.build.device
        given = {
            "variables": names,
            "deploy_key": source.deploy_key.fingerprint if source.deploy_key is not None else "",
            "access_by_credential": bool(source.access_token),
            "firmware_key": device is not None,
        }
        if any(given.values()):
            organization = self.build.organization
            record(
                self.actor, events.SecretsRevealed, self.build, organization=organization, **given
            )

    def _device_facts(self, device: Any) -> DeviceFacts:
        if device is None:
            return DeviceFacts(owner_id=self.build.organization.owner_id)
        return DeviceFacts(
            udid=device.udid,
            alias=device.alias,
            owner_id=device.organization.owner_id,
            platform=device.platform,
            auto_update=device.auto_update,
            api_key=firmware_key_for(self.actor, device=device),
        )

    def _publish(self, result: BuildResult) -> None:
        artifacts = artifacts_store(self.build, result)
        try:
            is_published = self._succeed(result, artifacts)
        except BaseException:
            artifacts_discard(artifacts)
            raise
        if not is_published:
            artifacts_discard(artifacts)

    @transaction.atomic
    def _succeed(self, result: BuildResult, artifacts: list[Artifact]) -> bool:
        self._require_storage(artifacts)
        Artifact.objects.bulk_create(artifacts)
        self.log.add("system", f"Built {result.firmware}.")
        if not self._finish(BuildStatus.SUCCEEDED):
            transaction.set_rollback(True)
            return False
        Source.objects.filter(pk=self.build.source_id).update(
            platform=result.platform, last_commit=result.checkout.commit
        )
        changed_on_commit(self.build.source, f"org.{self.build.organization.uid}")
        build_succeeded_news(self.build, firmware=result.firmware)
        return True

    def _require_storage(self, artifacts: list[Artifact]) -> None:
        organization = self.build.organization
        organization.refresh_from_db(fields=["path"])
        try:
            require_room(organization, "storage", sum(artifact.size for artifact in artifacts))
        except QuotaExceeded as error:
            raise BuildUserError("build.user.storage_full", error.message) from None

    def _end(self, status: str, error: DomainError) -> None:
        self.log.add("system", error.message)
        with transaction.atomic():
            if self._finish(status, error_code=error.code, error_message=error.message[:1000]):
                build_failed_news(self.build, message=error.message, code=error.code)

    def _finish(self, status: str, **fields: Any) -> bool:
        """Make the last move; the audit row is in the same transaction."""
        self._close_stage()
        if not move(self.build, status, stages=self.stages, **fields):
            return False
        record(
            self.actor,
            events.BuildFinished,
            self.build,
            organization=self.build.organization,
            result=f"{status}",
            code=fields.get("error_code", ""),
        )
        return True

    def _on_stage(self, name: str) -> None:
        if name != BuildStatus.PREPARING:
            self._enter(BuildStatus(name))

    def _enter(self, status: str, *, moves: bool = True, **fields: Any) -> None:
        """Enter a stage; a move that is not made means that somebody cancelled."""
        self._close_stage()
        self.stages[f"{status}"] = {"started": timezone.now().isoformat()}
        if moves and not move(self.build, status, stages=self.stages, **fields):
            raise BuildCancelled

    def _close_stage(self) -> None:
        now = time.monotonic()
        for stage in self.stages.values():
            stage.setdefault("seconds", round(now - self.stage_since, 3))
        self.stage_since = now


class _Watch(threading.Thread):
    """Beside the build: stores the log, beats the heart, and sees when it was cancelled."""

    def __init__(self, build: Build, log: LogWriter) -> None:
        super().__init__(name=f"watch-{build.uid}", daemon=True)
        self.build, self.log = build, log
        self._cancelled = threading.Event()
        self._stopping = threading.Event()
        self._due = {"flush": 0.0, "look": 0.0, "beat": 0.0}

    def is_cancelled(self) -> bool:
        """Tell whether somebody cancelled, or the build was given up for lost."""
        return self._cancelled.is_set()

    def run(self) -> None:
        """Tick until stopped; a database that is away is tried again."""
        try:
            while not self._stopping.wait(TICK_SECONDS):
                self._try(self._tick)
            self._try(self.log.flush)
        finally:
            connection.close()

    def stop(self) -> None:
        """Store the rest of the log and end."""
        self._stopping.set()
        self.join(timeout=30)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except DatabaseError as error:
            logger.warning("build %s: database away: %s", self.build.uid, error)
            close_old_connections()

    def _tick(self) -> None:
        if self.log.is_due or self._is_due("flush", BATCH_SECONDS):
            self.log.flush()
        if self._is_due("beat", HEARTBEAT_SECONDS):
            Build.objects.filter(pk=self.build.pk, status__in=WORKING).update(
                heartbeat_at=timezone.now()
            )
        if self._is_due("look", 0.5):
            status = Build.objects.filter(pk=self.build.pk).values_list("status", flat=True).first()
            if status not in WORKING:
                self._cancelled.set()

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._due[what] < seconds:
            return False
        self._due[what] = now
        return True
