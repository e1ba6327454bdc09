"""Console pages of API keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from core.views import (
    Action,
    BulkActionView,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectEditView,
    ObjectListView,
    ObjectView,
    Tab,
    register_model_view,
)
from keys import forms, services
from keys.consequences import revocation_consequences
from keys.filters import ApiKeyFilterSet
from keys.models import ApiKey
from keys.selectors import devices_using
from keys.tables import ApiKeyTable
from keys.views.traces import no_traces

SHOWN = 12
API_KEYS = ApiKey.objects.select_related("organization", "user", "device")
API_KEY_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit", shown=lambda k: not k.is_revoked),
    Action(
        "Revoke",
        "revoke",
        permission="delete",
        icon="ban",
        style="danger",
        shown=lambda k: not k.is_revoked,
    ),
)


@register_model_view(ApiKey, "list", detail=False)
class ApiKeyListView(ObjectListView):
    """Every API key that the reader may see."""

    queryset = API_KEYS
    filterset_class = ApiKeyFilterSet
    table_class = ApiKeyTable
    actions = (Action("Create API key", "add", icon="plus", style="primary"),)
    row_actions = API_KEY_ACTIONS
    bulk_actions = (
        Action("Revoke", "bulk_revoke", permission="delete", icon="ban", style="danger"),
    )
    empty = EmptyState(
        "No API keys yet",
        "A device or a script presents an API key to be let in. Create one, put it into your "
        "device, and the device registers by itself.",
        icon="key",
        button="Create API key",
    )
    saved_views = (
        ("All", ""),
        ("Active", "state=active"),
        ("In firmware", "firmware=true"),
        ("Revoked", "state=revoked"),
    )


@register_model_view(ApiKey)
class ApiKeyView(ObjectView):
    """One API key; the key itself is known to nobody here."""

    queryset = API_KEYS
    template_name = "keys/apikey.html"
    tabs = (Tab("Overview"), ACCESS_TAB, AUDIT_TAB)
    actions = (*API_KEY_ACTIONS, SHARE_ACTION)

    def status_value(self, obj: ApiKey) -> str:
        """Return active, expired or revoked."""
        return obj.state

    def facts(self, obj: ApiKey) -> list[Fact]:
        """Say what it opens and since when."""
        return [
            Fact("Starts with", obj.prefix, mono=True),
            Fact("Opens", obj.get_kind_display()),
            Fact("Owner ID", obj.organization.owner_id, mono=True, copy=True),
            Fact("Organization", obj.organization),
            Fact("Created by", obj.user),
            Fact("Created", time=obj.created_at),
            Fact("Expires", "never" if obj.expires_at is None else "", time=obj.expires_at),
            *([Fact("Revoked", time=obj.revoked_at)] if obj.is_revoked else []),
        ]

    def extra_context(self, obj: ApiKey) -> dict[str, Any]:
        """Add who called with it."""
        devices = list(devices_using(self.actor, obj)[: SHOWN + 1])
        return {"devices": devices[:SHOWN], "has_more": len(devices) > SHOWN}


register_sharing(ApiKey, ApiKeyView)


@register_model_view(ApiKey, "audit")
class ApiKeyAuditView(AuditTab):
    """What was done to the key."""

    queryset = API_KEYS
    tabs = ApiKeyView.tabs
    actions = ApiKeyView.actions
    status_value = ApiKeyView.status_value


@register_model_view(ApiKey, "add", detail=False)
@no_traces
class ApiKeyCreateView(ObjectEditView):
    """Create a key; the answer to this POST is the only place that ever shows it."""

    sudo = True
    queryset = API_KEYS
    form_class = forms.ApiKeyForm
    create_title = "Create API key"
    secret = ""

    def save(self, form: forms.ApiKeyForm, obj: None) -> ApiKey:
        """Create it, keeping the key for the answer alone."""
        data = form.cleaned_data
        key, self.secret = services.api_key_create(
            self.actor,
            organization=self.organization(),
            alias=data["alias"],
            kind=data["kind"],
            expires_at=data["lifetime"],
        )
        return key

    def done(self, obj: ApiKey, *, created: bool) -> HttpResponse:
        """Show the key, this once."""
        context = {
            "title": f"API key {obj}",
            "crumbs": ApiKeyView().crumbs(obj),
            "object": obj,
            "secret": self.secret,
            "secret_label": "API key",
            "filename": f"{obj.prefix}.key",
            "done_url": obj.get_absolute_url(),
            "public_url": settings.PUBLIC_URL,
        }
        return render(self.request, "keys/apikey_created.html", context)


@register_model_view(ApiKey, "edit")
class ApiKeyEditView(ObjectEditView):
    """Rename a key, or change its last day."""

    sudo = True
    queryset = API_KEYS.filter(revoked_at=None)
    form_class = forms.ApiKeyEditForm

    def save(self, form: forms.ApiKeyEditForm, obj: ApiKey) -> ApiKey:
        """Call the service."""
        return services.api_key_update(self.actor, key=obj, **form.cleaned_data)


@register_model_view(ApiKey, "revoke")
class ApiKeyRevokeView(ObjectActionView):
    """End a key for good."""

    sudo = True
    queryset = API_KEYS
    action = "delete"
    title = "Revoke {}?"
    submit_label = "Revoke the key"
    danger = True
    service = services.api_key_revoke
    argument = "key"
    success = "{} is revoked. It opens nothing any more."

    def consequences(self, obj: ApiKey) -> list[str]:
        """Name the devices that call with it."""
        return revocation_consequences(self.actor, [obj])


@register_model_view(ApiKey, "bulk_revoke", detail=False)
class ApiKeyBulkRevokeView(BulkActionView):
    """End several keys for good."""

    sudo = True
    queryset = API_KEYS.filter(revoked_at=None)
    filterset_class = ApiKeyFilterSet
    action = "delete"
    submit_label = "Revoke"
    done_word = "revoked"
    danger = True

    def consequences(self, rows: list[ApiKey]) -> list[str]:
        """Name the devices that call with them."""
        return revocation_consequences(self.actor, rows)

    def perform(self, obj: ApiKey) -> None:
        """Call the service."""
        services.api_key_revoke(self.actor, key=obj)
