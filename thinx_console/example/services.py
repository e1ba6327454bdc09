"""Load the example and remove it, through the services of the apps that own the parts."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from accounts.models import Organization
from audit.recorder import record
from builds.choices import CANCELLABLE
from builds.models import Build, Source
from builds.services.build import build_cancel
from builds.services.sources import source_create, source_delete, source_update
from core.exceptions import Conflict
from core.scoping import is_allowed
from devices.models import Device
from devices.services import device_create, device_delete
from keys.models import EnvVar
from keys.services import env_var_set, firmware_key_for
from thinx_console.example import events, parts
from thinx_console.example.agents import agent_start, agent_stop
from thinx_console.example.bare import refresh_repositories, remove_repositories

M = TypeVar("M", bound=models.Model)


def example_load(actor: Any, *, organization: Organization) -> Device:
    """Make what is missing of the example and start its devices; return the first. Audits.

    Doing it twice makes nothing twice. Raises PermissionDenied when the actor may not add
    devices, sources and variables in this organization.
    """
    refresh_repositories()
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        sources = {part.name: _source(actor, organization, part) for part in parts.SOURCES}
        made = [
            (part, *_device(actor, organization, part, sources[part.kind]))
            for part in parts.DEVICES
            if part.is_possible
        ]
        record(
            actor,
            events.ExampleLoaded,
            organization,
            organization=organization,
            devices=[f"{device}" for _, device, _ in made],
        )
    for part, device, api_key in made:
        agent_start(device, kind=part.kind, api_key=api_key)
    return made[0][1]


def example_remove(actor: Any, *, organization: Organization) -> None:
    """Remove devices, keys, variables, sources, builds, files and processes. Audits.

    Raises PermissionDenied when the actor may not delete one of them; then nothing is removed.
    """
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        devices = list(_deletable(actor, parts.example_devices(organization)))
        sources = list(_deletable(actor, parts.example_sources(organization)))
        _cancel_builds(actor, devices, sources)
        # The firmware keys and the variables of a device go with it.
        for device in devices:
            device_delete(actor, device=device)
        for source in sources:
            source_delete(actor, source=source)
        record(
            actor,
            events.ExampleRemoved,
            organization,
            organization=organization,
            devices=[f"{device}" for device in devices],
        )
    for uid in [device.uid for device in devices]:
        agent_stop(uid)
    _tidy()


def _source(actor: Any, organization: Organization, part: parts.ExampleSource) -> Source:
    source = Source.objects.filter(part.mark, organization=organization).first()
    if source is None:
        source = source_create(actor, organization=organization, alias=part.alias, url=part.url)
    elif source.url != part.url:
        source = source_update(actor, source=source, url=part.url)
    return _permitted(actor, source)


def _device(
    actor: Any, organization: Organization, part: parts.ExampleDevice, source: Source
) -> tuple[Device, str]:
    mac = part.mac(organization)
    device = Device.objects.filter(organization=organization, mac=mac).first()
    if device is None:
        device = device_create(
            actor,
            organization=organization,
            alias=part.alias,
            mac=mac,
            platform=part.platform,
            source=source,
            description=part.description,
            tags=[parts.TAG],
        )
    _permitted(actor, device)
    if not EnvVar.objects.filter(device=device, name=parts.VARIABLE).exists():
        variable = env_var_set(
            actor,
            organization=organization,
            device=device,
            name=parts.VARIABLE,
            value=part.greeting,
        )
        _permitted(actor, variable)
    return device, firmware_key_for(actor, device=device)


def _permitted(actor: Any, row: M) -> M:
    """Return the row if the actor may have added it; otherwise all is rolled back."""
    if not is_allowed(row, actor, "add"):
        raise PermissionDenied
    return row


def _deletable(actor: Any, rows: Any) -> Any:
    allowed = rows.allowed(actor, "delete")
    if allowed.count() != rows.count():
        raise PermissionDenied
    return allowed


def _cancel_builds(actor: Any, devices: list[Device], sources: list[Source]) -> None:
    concerned = models.Q(device__in=devices) | models.Q(source__in=sources)
    for build in Build.objects.filter(concerned, status__in=CANCELLABLE):
        with contextlib.suppress(Conflict):
            build_cancel(actor, build=build)


def _tidy() -> None:
    """Remove the folders once no organization has the example any more."""
    folder = Path(settings.DATA_DIR) / "example"
    for name in ("devices", "agents"):
        with contextlib.suppress(OSError):
            (folder / name).rmdir()
    if not (folder / "devices").exists():
        remove_repositories()
        shutil.rmtree(folder, ignore_errors=True)
