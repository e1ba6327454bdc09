"""The rule of a dynamic mesh: filters of the list of devices, as its address says them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict

from core.exceptions import DomainError
from core.views.arranging import NOT_FILTERS
from devices.constants import MAX_RULE
from devices.filters import DeviceFilterSet
from devices.models import Device, Mesh, MeshMember

# What only people and their services change. Everything else moves by itself, or with time.
QUIET = frozenset({"source", "platform", "tag", "category", "auto_update"})
SHOWN = 10


def clean_rule(actor: Any, text: str) -> str:
    """Return the filters of a query string, or of a whole address, in one order; "" for none.

    Raises DomainError (devices.bad_rule), saying which filter is not understood.
    """
    query = text.strip().rpartition("?")[2] if "?" in text else text.strip()
    said = [(k, v) for k, v in parse_qsl(query) if v.strip() and k not in NOT_FILTERS]
    unknown = [name for name, _ in said if name not in DeviceFilterSet.base_filters]
    if query and not said:
        raise _bad("There is no filter of the list of devices in it, such as tag=pump.")
    if unknown:
        raise _bad(f"There is no filter “{unknown[0][:40]}” in the list of devices.")
    if any(name == "mesh" for name, _ in said):
        raise _bad("A rule cannot name a mesh: meshes would wait for each other.")
    rule = urlencode(sorted(said))
    if len(rule) > MAX_RULE:
        raise _bad(f"A rule has at most {MAX_RULE:,} characters.")
    form = DeviceFilterSet(
        QueryDict(rule), queryset=Device.objects.none(), request=SimpleNamespace(actor=actor)
    ).form
    if not form.is_valid():
        name, faults = next(iter(form.errors.items()))
        raise _bad(f"{form.fields[name].label or name}: {faults[0]}")
    return rule


def devices_by_rule(organization: Any, rule: str) -> Any:
    """Return the devices of the organization that match a rule, as of now."""
    rows = Device.objects.filter(organization=organization)
    return DeviceFilterSet(QueryDict(rule), queryset=rows).qs.order_by()


def is_restless(rule: str) -> bool:
    """Tell whether devices may begin or cease to match without anybody changing them here."""
    return any(name not in QUIET for name, _ in parse_qsl(rule))


def rule_in_words(actor: Any, rule: str) -> str:
    """Return "Tag: pump, Seen: Online" for people; what they may not see stays an id."""
    form = DeviceFilterSet(
        QueryDict(rule), queryset=Device.objects.none(), request=SimpleNamespace(actor=actor)
    ).form
    cleaned = form.cleaned_data if form.is_valid() else {}
    parts = []
    for name, value in parse_qsl(rule):
        field = form.fields.get(name)
        label = (field.label if field is not None else "") or name
        parts.append(f"{label}: {_shown(field, cleaned.get(name), value)}")
    return ", ".join(parts)


def preview_of(actor: Any, organization: Any, rule: str, mesh: Mesh | None = None) -> Any:
    """Return who would be in, who would join and who would leave, counted and by some names.

    Only devices that the actor may see are counted.
    """
    seen = Device.objects.allowed(actor).filter(organization=organization)
    matching = devices_by_rule(organization, rule).values("pk")
    inside = seen.filter(pk__in=matching)
    members = MeshMember.objects.filter(mesh=mesh).values("device")
    joining = inside.exclude(pk__in=members)
    leaving = seen.filter(pk__in=members).exclude(pk__in=matching)
    shown = list(inside.order_by("alias", "pk")[:SHOWN])
    return SimpleNamespace(
        words=rule_in_words(actor, rule),
        count=inside.count(),
        devices=shown,
        uids=[device.uid for device in shown],
        joining=joining.count(),
        leaving=leaving.count(),
        leavers=list(leaving.order_by("alias", "pk")[:SHOWN]),
    )


def _shown(field: Any, cleaned: Any, value: str) -> str:
    choices = dict(getattr(field, "choices", None) or ()) if not hasattr(field, "queryset") else {}
    if value in choices:
        return f"{choices[value]}"
    if value == "null" and field is not None:
        return f"{getattr(field, 'null_label', None) or 'none'}"
    if isinstance(cleaned, bool):
        return "yes" if cleaned else "no"
    return f"{cleaned}" if cleaned not in (None, "") else value


def _bad(sentence: str) -> DomainError:
    return DomainError("devices.bad_rule", sentence, fields={"rule": [sentence]})
