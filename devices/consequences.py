"""What else goes when devices go: the sentences of the confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from devices.models import Device, Mesh, MeshMember
from keys.models import ApiKey, EnvVar


def deletion_consequences(devices: Sequence[Device]) -> list[str]:
    """Return a sentence for each thing that is lost with these devices. Four queries."""
    many = len(devices) != 1
    return [
        *_lost(devices),
        f"{'Their' if many else 'Its'} MQTT connection{'s end' if many else ' ends'} within "
        "seconds.",
        f"{'Devices' if many else 'A device'} that call{'' if many else 's'} again with another "
        f"valid API key come{'' if many else 's'} back as new.",
    ]


def release_consequences(device: Device) -> list[str]:
    """Return what goes with a release, what stays, and who may have the device. Four queries."""
    organization = device.organization
    return [
        "Whoever the device calls with an API key of has it from then on, with its device id and "
        "MAC address. You cannot call that back.",
        *_lost([device]),
        f"Its MQTT connection ends within seconds. When it calls with a key of {organization} all "
        "the same, it is refused and nothing it says is kept.",
        "Its name, tags, source and the other things that people decided stay here, and in the "
        "audit log what happened. While nobody else has it, it can be re-claimed with them.",
    ]


def _lost(devices: Sequence[Device]) -> list[str]:
    pks = [device.pk for device in devices]
    builds = Device._meta.get_field("builds").related_model._default_manager.filter(device__in=pks)
    files = builds.aggregate(found=Count("artifacts"))["found"]
    keys = ApiKey.objects.filter(device__in=pks).count()
    variables = EnvVar.objects.filter(device__in=pks).count()
    counted = [
        (builds.count(), _builds_sentence(files)),
        (keys, "{} firmware key{s}: firmware that carries it can no longer call."),
        (variables, "{} environment variable{s} set for {them}."),
    ]
    them = "these devices" if len(devices) != 1 else "this device"
    return [_say(text, count, them) for count, text in counted if count]


def mesh_consequences(meshes: Sequence[Mesh]) -> list[str]:
    """Return what becomes of the devices and of the topic. Two queries."""
    count = MeshMember.objects.filter(mesh__in=[mesh.pk for mesh in meshes]).values("device")
    found = count.distinct().count()
    it = "it" if len(meshes) == 1 else "them"
    lines = []
    if found:
        who = "1 device leaves" if found == 1 else f"{found:,} devices leave"
        lines.append(f"{who} {it} and may not use the topic any more, within seconds.")
    else:
        lines.append(f"No device is in {it}.")
    variables = EnvVar.objects.filter(mesh__in=[mesh.pk for mesh in meshes]).count()
    if variables:
        said = "1 variable goes" if variables == 1 else f"{variables:,} variables go"
        lines.append(f"{said} with {it}: firmware built from then on lacks what was set there.")
    lines.append(
        "The devices stay as they are. Making a mesh of the same id brings none of it back."
    )
    return lines


def _builds_sentence(files: Any) -> str:
    return f"{{}} build{{s}} with {files:,} artifact{'' if files == 1 else 's'} and the log{{s}}."


def _say(text: str, count: int, them: str) -> str:
    return text.format(f"{count:,}", s="" if count == 1 else "s", them=them)
