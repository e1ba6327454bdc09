"""Console pages of deploy keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from core.views import (
    Action,
    BulkDeleteView,
    EmptyState,
    Fact,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectView,
    Tab,
    register_model_view,
)
from keys import forms, services
from keys.consequences import deploy_key_consequences
from keys.filters import DeployKeyFilterSet
from keys.models import DeployKey
from keys.tables import DeployKeyTable
from keys.views.traces import no_traces

DEPLOY_KEYS = DeployKey.objects.select_related("organization", "created_by")
DEPLOY_KEY_ACTIONS = (
    Action("Rename", "edit", permission="change", icon="edit"),
    Action("Delete", "delete", icon="trash", style="danger"),
)


@register_model_view(DeployKey, "list", detail=False)
class DeployKeyListView(ObjectListView):
    """Every deploy key that the reader may see."""

    queryset = DEPLOY_KEYS.annotate(source_count=Count("sources", distinct=True))
    filterset_class = DeployKeyFilterSet
    table_class = DeployKeyTable
    actions = (Action("Add deploy key", "add", icon="plus", style="primary"),)
    row_actions = DEPLOY_KEY_ACTIONS
    bulk_actions = (Action("Delete", "bulk_delete", icon="trash", style="danger"),)
    empty = EmptyState(
        "No deploy keys yet",
        "A deploy key lets builds read a private repository. Make one here and add its public "
        "half to the repository; the private half never leaves this console.",
        icon="lock",
        button="Add deploy key",
    )


@register_model_view(DeployKey)
class DeployKeyView(ObjectView):
    """One deploy key: its public half, and where it goes."""

    queryset = DEPLOY_KEYS
    template_name = "keys/deploykey.html"
    tabs = (Tab("Overview"), ACCESS_TAB, AUDIT_TAB)
    actions = (*DEPLOY_KEY_ACTIONS, SHARE_ACTION)

    def facts(self, obj: DeployKey) -> list[Fact]:
        """Say what it is and since when."""
        return [
            Fact("Algorithm", obj.get_algorithm_display()),
            Fact("Fingerprint", obj.fingerprint, mono=True, copy=True),
            Fact("Organization", obj.organization),
            Fact("Created by", obj.created_by),
            Fact("Created", time=obj.created_at),
            Fact("Last used", "never" if obj.last_used_at is None else "", time=obj.last_used_at),
        ]

    def extra_context(self, obj: DeployKey) -> dict[str, Any]:
        """Add the sources that use it."""
        return {"sources": obj.sources.all().allowed(self.actor).order_by("alias", "pk")[:50]}


register_sharing(DeployKey, DeployKeyView)


@register_model_view(DeployKey, "audit")
class DeployKeyAuditView(AuditTab):
    """What was done to the key."""

    queryset = DEPLOY_KEYS
    tabs = DeployKeyView.tabs
    actions = DeployKeyView.actions


@register_model_view(DeployKey, "add", detail=False)
@no_traces
class DeployKeyCreateView(ObjectEditView):
    """Make a key pair, or take a private key that somebody has."""

    sudo = True
    queryset = DEPLOY_KEYS
    form_class = forms.DeployKeyForm
    create_title = "Add deploy key"

    def save(self, form: forms.DeployKeyForm, obj: None) -> DeployKey:
        """Call the service."""
        data = form.cleaned_data
        return services.deploy_key_create(
            self.actor,
            organization=self.organization(),
            alias=data["alias"],
            algorithm=data["method"],
            private_key=data["private_key"],
        )

    def done(self, obj: DeployKey, *, created: bool) -> HttpResponse:
        """Go to the public half, which is what comes next."""
        messages.success(self.request, f"{obj} is ready. Add its public key to the repository.")
        return redirect(obj.get_absolute_url())


@register_model_view(DeployKey, "edit")
class DeployKeyRenameView(ObjectEditView):
    """Change what people call the key."""

    queryset = DEPLOY_KEYS
    form_class = forms.DeployKeyRenameForm

    def save(self, form: forms.DeployKeyRenameForm, obj: DeployKey) -> DeployKey:
        """Call the service."""
        return services.deploy_key_rename(self.actor, key=obj, **form.cleaned_data)


@register_model_view(DeployKey, "delete")
class DeployKeyDeleteView(ObjectDeleteView):
    """Delete a key; its private half exists nowhere else if it was made here."""

    sudo = True
    queryset = DEPLOY_KEYS
    title = "Delete {}?"
    submit_label = "Delete the key"
    service = services.deploy_key_delete
    argument = "key"

    def consequences(self, obj: DeployKey) -> list[str]:
        """Name the sources that lose access."""
        return deploy_key_consequences(self.actor, [obj])


@register_model_view(DeployKey, "bulk_delete", detail=False)
class DeployKeyBulkDeleteView(BulkDeleteView):
    """Delete several keys."""

    sudo = True
    queryset = DEPLOY_KEYS
    filterset_class = DeployKeyFilterSet

    def consequences(self, rows: list[DeployKey]) -> list[str]:
        """Name the sources that lose access."""
        return deploy_key_consequences(self.actor, rows)

    def perform(self, obj: DeployKey) -> None:
        """Call the service."""
        services.deploy_key_delete(self.actor, key=obj)
