"""Forms of meshes. They check and clean; the services write."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.db.models import Q

from core.forms.fields import UidChoiceField
from devices.constants import MAX_RULE, MESH_ID_MAX_LENGTH
from devices.macs import normalise_mac
from devices.models import MESH_ID, Device, Mesh

MAX_NAMED = 200


class MeshForm(forms.Form):
    """What people call a mesh, and once, its id."""

    alias = forms.CharField(label="Name", max_length=80)
    mesh_id = forms.CharField(
        label="Mesh id",
        max_length=MESH_ID_MAX_LENGTH,
        required=False,
        validators=[MESH_ID],
        help_text="The last level of its topic, such as greenhouse-1. It cannot change later. "
        "Empty: a random one.",
    )
    description = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    rule = forms.CharField(
        max_length=MAX_RULE,
        required=False,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
        help_text="Filter the list of devices, and paste its address here: the devices that match "
        "are in, now and later. Empty: devices are attached by hand.",
    )
    # What *Preview* found, for the page.
    preview: Any = None

    def __init__(self, data: Any = None, *, instance: Any = None, **kwargs: Any) -> None:
        if instance is not None:
            shown = {name: getattr(instance, name) for name in ("alias", "description", "rule")}
            kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)
        if instance is not None:
            del self.fields["mesh_id"]


class NamedDevicesField(forms.CharField):
    """Devices by name, device id or MAC address, one on each line. `queryset` is what is known."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.queryset = queryset

    def clean(self, value: Any) -> list[Device]:  # type: ignore[override]
        """Return each device once; names all that are not found, or are more than one."""
        texts = list(dict.fromkeys(t.strip() for t in re.split(r"[,\r\n]+", super().clean(value))))
        texts = [text for text in texts if text]
        if len(texts) > MAX_NAMED:
            raise forms.ValidationError(f"At most {MAX_NAMED} devices at once.")
        found: dict[int, Device] = {}
        faults = []
        for text, rows in self._found(texts):
            if len(rows) == 1:
                found[rows[0].pk] = rows[0]
            else:
                what = "is no device that you may change" if not rows else "is more than one device"
                faults.append(f"“{text[:80]}” {what} in this organization.")
        if faults:
            raise forms.ValidationError(faults[:10])
        return list(found.values())

    def _found(self, texts: list[str]) -> list[tuple[str, list[Device]]]:
        """Return what each text names. One query."""
        uids = {text: uid for text in texts if (uid := read_uid(text))}
        macs = {text: mac for text in texts if (mac := normalise_mac(text))}
        rule = Q(alias__in=texts) | Q(uid__in=uids.values()) | Q(mac__in=macs.values())
        rows = list(self.queryset.filter(rule).select_related("organization").order_by("pk")[:1000])
        return [
            (
                text,
                [r for r in rows if r.uid == uids.get(text)]
                or [r for r in rows if r.alias == text]
                or [r for r in rows if r.mac and r.mac == macs.get(text)],
            )
            for text in texts
        ]


class AttachDevicesForm(forms.Form):
    """Which devices a mesh gets."""

    devices = NamedDevicesField(
        Device.objects.none(),
        label="Devices",
        help_text="Names, device ids or MAC addresses, one on each line. To choose among many, "
        "select them in the list of devices and press Attach to mesh.",
    )


class MeshChoiceForm(forms.Form):
    """Which mesh many devices join or leave."""

    mesh = UidChoiceField(
        Mesh.objects.filter(rule="").order_by("alias", "pk"), empty_label="Choose a mesh"
    )


class UidMultipleChoiceField(forms.ModelMultipleChoiceField):
    """Choices among rows by their public id."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, to_field_name="uid", **kwargs)


class DeviceMeshesForm(forms.Form):
    """Which meshes one device is in."""

    meshes = UidMultipleChoiceField(
        Mesh.objects.filter(rule="").order_by("alias", "pk"), required=False
    )


def read_uid(text: str) -> uuid.UUID | None:
    """Return the uid that a text is, if it is one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
