"""What else goes when devices go: the sentences of the confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from devices.models import Device
from keys.models import ApiKey, EnvVar


def deletion_consequences(devices: Sequence[Device]) -> list[str]:
    """Return a sentence for each thing that is lost with these devices. Four queries."""
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
    many = len(devices) != 1
    them = "these devices" if many else "this device"
    lines = [_say(text, count, them) for count, text in counted if count]
    lines.append(
        f"{'Devices' if many else 'A device'} that call{'' if many else 's'} again with another "
        f"valid API key come{'' if many else 's'} back as new."
    )
    return lines


def _builds_sentence(files: Any) -> str:
    return f"{{}} build{{s}} with {files:,} artifact{'' if files == 1 else 's'} and the log{{s}}."


def _say(text: str, count: int, them: str) -> str:
    return text.format(f"{count:,}", s="" if count == 1 else "s", them=them)
