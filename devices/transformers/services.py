"""All writes to transformers, their versions, and the chains of devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from audit.changes import changed, snapshot
from audit.recorder import record
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit
from devices import events
from devices.models import Device, DeviceState
from devices.statuses import read_status
from devices.transformers.applying import wake
from devices.transformers.constants import MAX_BODY, MAX_CHAIN
from devices.transformers.models import DeviceTransformer, StatusTransformer, TransformerVersion

PORTION = 500


@transaction.atomic
def transformer_create(
    actor: Any, *, organization: Any, alias: str, body: str, note: str = ""
) -> StatusTransformer:
    """Add a transformer with its first version. Audits, broadcasts."""
    transformer = StatusTransformer.objects.create(organization=organization, alias=alias)
    _add_version(actor, transformer, body, note)
    record(actor, events.TransformerCreated, transformer, organization=organization)
    _tell(transformer)
    return transformer


@transaction.atomic
def transformer_edit(
    actor: Any,
    *,
    transformer: StatusTransformer,
    alias: str | None = None,
    body: str | None = None,
    note: str = "",
) -> StatusTransformer:
    """Rename a transformer, give it a new version, or both; the same text makes no version.

    A new version is run at once on what its devices said last. Audits, broadcasts.
    """
    locked = StatusTransformer.objects.select_for_update(of=("self",)).select_related("current")
    current = locked.get(pk=transformer.pk).current
    if alias is not None:
        before = snapshot(StatusTransformer.objects.get(pk=transformer.pk), {"alias": None})
        transformer.alias = alias
        if changes := changed(transformer, before):
            transformer.save(update_fields=["alias", "updated_at"])
            record(
                actor,
                events.TransformerChanged,
                transformer,
                organization=transformer.organization,
                changes=changes,
            )
    if body is not None and (current is None or clean_body(body) != current.body):
        version = _add_version(actor, transformer, body, note)
        record(
            actor,
            events.TransformerVersionAdded,
            transformer,
            organization=transformer.organization,
            number=version.number,
            note=version.note,
        )
        _make_due(DeviceTransformer.objects.filter(transformer=transformer))
    _tell(transformer)
    return transformer


def transformer_restore(
    actor: Any, *, transformer: StatusTransformer, number: int
) -> StatusTransformer:
    """Make the text of an earlier version the newest one. Audits, broadcasts.

    Raises Conflict (transformers.no_such_version).
    """
    version = transformer.versions.filter(number=number).first()
    if version is None:
        raise Conflict("transformers.no_such_version", f"There is no version {number}.")
    note = f"Version {number} again"
    return transformer_edit(actor, transformer=transformer, body=version.body, note=note)


@transaction.atomic
def transformer_delete(actor: Any, *, transformer: StatusTransformer) -> None:
    """Delete a transformer with its versions; it leaves the chains it is in. Audits, broadcasts."""
    record(actor, events.TransformerDeleted, transformer, organization=transformer.organization)
    _tell(transformer)
    pks = list(
        DeviceTransformer.objects.filter(transformer=transformer).values_list(
            "device_id", flat=True
        )
    )
    transformer.delete()
    for start in range(0, len(pks), PORTION):
        _follow_chains(pks[start : start + PORTION])


@transaction.atomic
def device_set_transformers(
    actor: Any, *, device: Device, transformers: Sequence[StatusTransformer]
) -> Device:
    """Give a device this chain, in this order. What it said last is run through it at once.

    Audits, broadcasts. Raises DomainError (transformers.chain_too_long, transformers.foreign,
    transformers.twice).
    """
    _check_chain(device, transformers)
    # One at a time: two who change the chain of a device would mix their orders.
    Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    rows = DeviceTransformer.objects.filter(device=device)
    before = list(rows.order_by("position").values_list("transformer__alias", flat=True))
    had = list(rows.order_by("position").values_list("transformer_id", flat=True))
    if had == [transformer.pk for transformer in transformers]:
        return device
    rows.delete()
    DeviceTransformer.objects.bulk_create(
        DeviceTransformer(device=device, transformer=transformer, position=place)
        for place, transformer in enumerate(transformers, start=1)
    )
    DeviceState.objects.get_or_create(device=device)
    _follow_chains([device.pk])
    after = [transformer.alias for transformer in transformers]
    record(
        actor,
        events.ChainChanged,
        device,
        organization=device.organization,
        changes={"transformers": {"before": ", ".join(before), "after": ", ".join(after)}},
    )
    changed_on_commit(device, f"org.{device.organization.uid}", f"device.{device.uid}")
    return device


def device_attach_transformer(
    actor: Any, *, device: Device, transformer: StatusTransformer
) -> Device:
    """Put a transformer at the end of a device's chain, if it is not in it."""
    chain = chain_of(device)
    if transformer in chain:
        return device
    return device_set_transformers(actor, device=device, transformers=[*chain, transformer])


def device_detach_transformer(
    actor: Any, *, device: Device, transformer: StatusTransformer
) -> Device:
    """Take a transformer out of a device's chain."""
    chain = [other for other in chain_of(device) if other != transformer]
    return device_set_transformers(actor, device=device, transformers=chain)


def chain_of(device: Device) -> list[StatusTransformer]:
    """Return the transformers of a device in their order, with their current versions."""
    links = DeviceTransformer.objects.filter(device=device).order_by("position")
    return [link.transformer for link in links.select_related("transformer__current")]


def clean_body(body: str) -> str:
    """Return a script as it is kept: with newlines of one kind, without NUL and half characters."""
    body = body.encode(errors="replace").decode()
    return body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _add_version(
    actor: Any, transformer: StatusTransformer, body: str, note: str
) -> TransformerVersion:
    body = clean_body(body)
    if not body.strip() or len(body) > MAX_BODY:
        raise DomainError(
            "transformers.bad_body",
            f"A script has between 1 and {MAX_BODY:,} characters.",
            fields={"body": [f"Write between 1 and {MAX_BODY:,} characters."]},
        )
    newest = transformer.versions.aggregate(newest=Max("number"))["newest"] or 0
    version = TransformerVersion.objects.create(
        transformer=transformer,
        number=newest + 1,
        body=body,
        note=note[:200],
        author=getattr(actor, "user", None),
    )
    transformer.current = version
    transformer.save(update_fields=["current", "updated_at"])
    return version


def _check_chain(device: Device, transformers: Sequence[StatusTransformer]) -> None:
    if len(transformers) > MAX_CHAIN:
        raise DomainError(
            "transformers.chain_too_long",
            f"A chain has at most {MAX_CHAIN} transformers.",
            fields={"transformers": [f"Choose at most {MAX_CHAIN}."]},
        )
    if len({transformer.pk for transformer in transformers}) < len(transformers):
        raise DomainError(
            "transformers.twice",
            "A transformer stands in a chain only once.",
            fields={"transformers": ["Name each one once."]},
        )
    if any(t.organization_id != device.organization_id for t in transformers):
        raise Conflict(
            "transformers.foreign",
            "A device uses transformers of its own organization.",
            fields={"transformers": ["Choose transformers of the device's organization."]},
        )


def _follow_chains(pks: list[int]) -> None:
    """Bring the states of these devices in line with the chains they have now."""
    chained = set(
        DeviceTransformer.objects.filter(device_id__in=pks).values_list("device_id", flat=True)
    )
    states = DeviceState.objects.filter(pk__in=pks).order_by("pk")
    for state in states.select_for_update():
        text, level = read_status(state.status_raw)
        fields: dict[str, Any] = {"has_chain": state.pk in chained, "transform_due_at": None}
        if state.pk in chained and state.status_raw:
            fields["transform_due_at"] = timezone.now()
        else:
            fields |= {"status": text, "level": level}
            fields |= {"status_error": "", "status_error_by": None}
        DeviceState.objects.filter(pk=state.pk).update(**fields)
    wake()


def _make_due(links: Any) -> None:
    """Have what these devices said last run through their chains again."""
    devices = links.order_by().values("device_id")
    DeviceState.objects.filter(pk__in=devices, has_chain=True).exclude(status_raw="").update(
        transform_due_at=timezone.now()
    )
    wake()


def _tell(transformer: StatusTransformer) -> None:
    organization = transformer.organization
    changed_on_commit(transformer, f"org.{organization.uid}", f"transformer.{transformer.uid}")
