"""What is told of configuration pushes: that one waits for a review, failed, or expired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.template.defaultfilters import pluralize

from devices.models import Device
from fleet.pushes.choices import ReceiptState
from fleet.pushes.models import ConfigPush, ConfigReceipt
from notifications.choices import Level
from notifications.kinds import Kind, kinds
from notifications.services import Happened, notify, notify_many


@kinds.register
class ConfigExpired(Kind):
    """Nobody fetched it in time; it will not be sent any more."""

    slug = "config_expired"
    label = "Configuration push expired"
    text = "When a device did not fetch the configuration that you pushed."
    level = Level.WARNING
    window = 30
    one = "{name} did not fetch its configuration"
    many = "{count} devices did not fetch their configuration"
    button = "Look at the device"
    icon = "send"


@kinds.register
class ConfigReview(Kind):
    """Somebody asks a second person to look at a push."""

    slug = "config_review"
    label = "Configuration push to review"
    text = "When somebody asks for the review of a configuration push."
    one = "{name} waits for a review"
    many = "{count} configuration pushes wait for a review"
    many_page = "fleet:configpush_list"
    button = "Review it"
    icon = "send"


@kinds.register
class ConfigFailed(Kind):
    """A push is over, and some devices said that they could not take it over."""

    slug = "config_failed"
    label = "Configuration push failed"
    text = "When devices say that they could not take over the configuration that you pushed."
    level = Level.ERROR
    one = "{name} failed on {failed}"
    many = "{count} configuration pushes failed on devices"
    many_page = "fleet:configpush_list"
    button = "Look at the push"
    icon = "send"


def config_review_news(push: ConfigPush) -> None:
    """Tell all who may see the push; call it in the transaction that submits it."""
    words = ", ".join(push.names)
    notify(ConfigReview, push.organization, push, message=f"It sets: {words}.")


def config_settled_news(push: ConfigPush, counts: Mapping[str, int]) -> None:
    """Tell who pushed of what failed, if anything did; call it in the transaction that ends it."""
    failed = counts.get(ReceiptState.FAILED, 0)
    if failed:
        person = push.created_by
        to = [person] if person is not None else []
        where = f"{failed:,} device{pluralize(failed)}"
        notify(ConfigFailed, push.organization, push, to=to, failed=where)


def config_expired_news(receipts: Iterable[ConfigReceipt]) -> None:
    """Tell those who pushed, else all who may see the devices; call it in the transaction."""
    by_person: dict[object, list[ConfigReceipt]] = {}
    for receipt in receipts:
        by_person.setdefault(receipt.push.created_by, []).append(receipt)
    for person, found in by_person.items():
        notify_many(ConfigExpired, map(_happened, found), to=[person] if person else [])


def _happened(receipt: ConfigReceipt) -> Happened:
    device: Device = receipt.device
    names = ", ".join(receipt.push.names)
    return Happened(
        device.organization_id,
        device,
        url=receipt.get_absolute_url(),
        facts={"message": f"It was not told: {names}.", "device": f"{device.uid}"},
        tags=device.tags,
        meshes=device.mesh_ids,
    )
