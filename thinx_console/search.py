"""Global search: a few rows of each kind, each kind through `allowed()`."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, Q
from django.urls import reverse

from builds.models import Build, Source
from core.scoping import may_somewhere
from core.views.registry import url_name
from devices import search as device_search
from devices.models import Device, Mesh
from devices.transformers.models import StatusTransformer
from keys.models import ApiKey, DeployKey, EnvVar

ROWS = 6
MIN_LENGTH = 2


@dataclass(frozen=True)
class Kind:
    """One kind of object: where to look, and how a found one reads."""

    model: type[Model]
    label: str
    icon: str
    fields: tuple[str, ...]
    second: str
    related: tuple[str, ...] = ()
    order: tuple[str, ...] = ("alias", "pk")


@dataclass(frozen=True)
class Found:
    """The rows of one kind, and where all of them are when there are more."""

    label: str
    icon: str
    rows: list[dict[str, Any]]
    more_url: str


KINDS = (
    Kind(Device, "Devices", "cpu", ("alias__icontains", "mac__icontains"), "mac"),
    Kind(
        Mesh,
        "Meshes",
        "topology-star-3",
        ("alias__icontains", "mesh_id__icontains"),
        "mesh_id",
    ),
    Kind(StatusTransformer, "Transformers", "code", ("alias__icontains",), "created_at"),
    Kind(Source, "Sources", "git-branch", ("alias__icontains", "url__icontains"), "url"),
    Kind(
        Build,
        "Builds",
        "hammer",
        (
            "source__alias__icontains",
            "device__alias__icontains",
            "commit__istartswith",
            "version__istartswith",
            "firmware__icontains",
            "commit_message__icontains",
        ),
        "commit_message",
        related=("source", "device"),
        order=("-created_at", "-pk"),
    ),
    Kind(ApiKey, "API keys", "key", ("alias__icontains", "prefix__istartswith"), "prefix"),
    Kind(
        DeployKey,
        "Deploy keys",
        "lock",
        ("alias__icontains", "fingerprint__icontains"),
        "fingerprint",
    ),
    Kind(
        EnvVar,
        "Environment",
        "variable",
        ("name__icontains",),
        "level",
        related=("source", "device"),
        order=("name", "pk"),
    ),
)


def search(actor: Any, text: str, organization: Any = None) -> list[Found]:
    """Return what matches, by kind; one query for each kind that the actor may view."""
    text = text.strip()
    if len(text) < MIN_LENGTH or not text.isprintable():
        return []
    groups = (
        _find(kind, actor, text, organization)
        for kind in KINDS
        if may_somewhere(actor, kind.model, "view")
    )
    return [group for group in groups if group.rows]


def _find(kind: Kind, actor: Any, text: str, organization: Any) -> Found:
    rows = kind.model._default_manager.allowed(actor).select_related(*kind.related)  # type: ignore[attr-defined]
    if organization:
        rows = rows.filter(organization__path__startswith=organization.path)
    narrowed = device_search.matching(rows, text) if kind.model is Device else None
    rows = rows.filter(_rule(kind, text)) if narrowed is None else narrowed
    found = list(rows.order_by(*kind.order)[: ROWS + 1])
    more = f"{reverse(url_name(kind.model, 'list'))}?{urlencode({'q': text})}"
    return Found(
        kind.label,
        kind.icon,
        [{"object": row, "second": getattr(row, kind.second)} for row in found[:ROWS]],
        more if len(found) > ROWS else "",
    )


def _rule(kind: Kind, text: str) -> Q:
    rules = [Q(**{field: text}) for field in kind.fields]
    with contextlib.suppress(ValueError):
        rules.append(Q(uid=uuid.UUID(text)))
    if kind.model is Build and text.lstrip("#").isdecimal() and len(text) < 10:
        rules.append(Q(number=int(text.lstrip("#"))))
    return reduce(or_, rules)
