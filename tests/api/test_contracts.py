"""What every viewset and serializer of the API must have; a new one is checked by being there."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.urls import get_resolver
from rest_framework import serializers

from core.api.serializers import ScopedModelSerializer, UidRelatedField
from core.api.viewsets import DEFAULT_ACTIONS, ScopedViewSet
from core.filters import ScopedFilterSet

SECRET_NAME = re.compile(r"key|secret|token|password")
# Fields that sound secret and may be read, each with the reason.
NOT_SECRET = {
    ("SourceSerializer", "deploy_key"): "the uid of a key",
    ("DeployKeySerializer", "public_key"): "the half that is given away",
    ("ApiKeyCreatedSerializer", "key"): "the one answer that shows a new key",
    ("NotificationRuleCreatedSerializer", "secret"): "the one answer that shows a new secret",
    ("EnvVarSerializer", "is_secret"): "tells that the value is not shown",
    ("SourceTestSerializer", "accept_host_key"): "yes or no, in a request",
    ("TransferRequestSerializer", "key_mode"): "whether keys go along, in a request",
    ("TransferProofSerializer", "signing_key"): "names the public key that verifies",
    ("TransferProofSerializer", "public_key"): "the half that verifies",
    ("ArtifactSerializer", "signing_key_id"): "names the public key that verifies",
}
# A field of these names would be a primary key or a foreign one.
PUBLIC_IDS = {"owner_id", "request_id", "signing_key_id", "mesh_id"}
INTEGER_KEYS = re.compile(r"^(id|pk|.*_id)$")


def patterns(node, prefix=""):
    for entry in node.url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from patterns(entry, f"{prefix}{entry.pattern}")
        else:
            yield f"{prefix}{entry.pattern}", entry.callback


API = {
    callback.cls: callback
    for route, callback in patterns(get_resolver())
    if route.startswith("api/v1/") and hasattr(callback, "cls")
}
VIEWSETS = [cls for cls in API if issubclass(cls, ScopedViewSet)]


def serializer_classes():
    found = {c for c in subclasses(serializers.BaseSerializer) if _is_ours(c)}
    return sorted(found, key=lambda c: f"{c.__module__}.{c.__name__}")


def _is_ours(cls):
    return cls.__module__.endswith(".api.serializers") and not cls.__module__.startswith("core.")


def subclasses(cls):
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_resource_of_the_issue_is_there():
    resources = {
        re.match(r"api/v1/([a-z-]+)", route)[1]
        for route, callback in patterns(get_resolver())
        if re.match(r"api/v1/[a-z-]+/", route)
    }
    assert resources >= {
        "devices", "sources", "builds", "artifacts", "api-keys", "deploy-keys", "env-vars",
        "audit-events", "organizations", "whoami", "schema",
    }  # fmt: skip


@pytest.mark.parametrize("viewset", VIEWSETS, ids=lambda v: v.__name__)
def test_viewset_shares_filters_with_the_pages_and_names_its_orderings(viewset):
    assert issubclass(viewset.filterset_class, ScopedFilterSet)
    filters = viewset.filterset_class
    assert filters.search_fields or filters.search is not ScopedFilterSet.search
    assert viewset.ordering_fields
    viewset.queryset.order_by(*viewset.ordering_fields)


@pytest.mark.parametrize("viewset", VIEWSETS, ids=lambda v: v.__name__)
def test_viewset_names_the_permission_of_each_action(viewset):
    from accounts.roles import require_known
    from core.scoping import perm_name

    known = {**DEFAULT_ACTIONS, **viewset.action_permissions}
    offered = [name for name in DEFAULT_ACTIONS if hasattr(viewset, name)]
    offered += [extra.__name__ for extra in viewset.get_extra_actions()]
    assert set(offered) <= set(known)
    for name in offered:
        require_known(perm_name(viewset.queryset.model, known[name]))


@pytest.mark.parametrize("viewset", VIEWSETS, ids=lambda v: v.__name__)
def test_viewset_is_found_by_uid_only(viewset):
    assert viewset.lookup_field == "uid"
    assert viewset.lookup_value_converter == "uuid"
    assert viewset.__doc__


@pytest.mark.parametrize("view", API, ids=lambda v: v.__name__)
def test_view_asks_who_is_there(view):
    from core.api.permissions import ActorPermission
    from core.api.views import NotFoundView

    assert view is NotFoundView or ActorPermission in view.permission_classes


@pytest.mark.parametrize("serializer", serializer_classes(), ids=lambda s: s.__name__)
def test_serializer_lists_its_fields_and_shows_no_secret(serializer):
    meta = getattr(serializer, "Meta", None)
    if meta is not None and hasattr(meta, "model"):
        assert isinstance(meta.fields, tuple)
    for name, field in serializer().fields.items():
        assert not INTEGER_KEYS.match(name) or name in PUBLIC_IDS, name
        assert not isinstance(field, serializers.PrimaryKeyRelatedField), name
        if SECRET_NAME.search(name) and (serializer.__name__, name) not in NOT_SECRET:
            assert field.write_only, f"{serializer.__name__}.{name} can be read"


@pytest.mark.django_db
@pytest.mark.parametrize("serializer", serializer_classes(), ids=lambda s: s.__name__)
def test_serializer_relates_by_uid_within_what_the_actor_may_view(serializer):
    for name, field in serializer().fields.items():
        if isinstance(field, serializers.RelatedField) and not field.read_only:
            assert isinstance(field, UidRelatedField), name
            assert not field.queryset.exists(), f"{name} is open without an actor"


@pytest.mark.parametrize("serializer", serializer_classes(), ids=lambda s: s.__name__)
def test_serializer_of_something_owned_never_moves_it(serializer):
    if issubclass(serializer, ScopedModelSerializer) and "organization" in serializer().fields:
        field = serializer().fields["organization"]
        assert field.read_only or "organization" in serializer.Meta.fixed


def test_no_answer_holds_a_primary_key(world, api_as, alice):
    api = api_as(alice)
    for resource in ("devices", "sources", "builds", "artifacts", "api-keys", "env-vars"):
        row = api.get(world.path(resource)).json()
        assert UUID(row["uid"])
        assert not {"id", "pk"} & set(row)
        for name in ("organization", "source", "device", "build", "deploy_key"):
            assert not isinstance(row.get(name), int), name
