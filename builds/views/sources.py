"""Console pages of sources."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from builds.filters import SourceFilterSet
from builds.forms import SourceForm
from builds.models import Artifact, Build, Source
from builds.querysets import with_counts
from builds.services import source_create, source_delete, source_test, source_update
from builds.tables import BuildTable, SourceTable, access_of
from core.scoping import sees
from core.views import (
    Action,
    BulkActionView,
    BulkDeleteView,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    ObjectView,
    Tab,
    linked,
    register_model_view,
)
from core.views.actions import object_actions
from devices.models import Device
from devices.overview import visible_variables
from devices.tables import EnvironmentTable, SourceDeviceTable
from devices.views.listing import LISTED
from keys.models import EnvVar

ROWS = Source.objects.select_related("organization", "deploy_key")
HOST_KEY = "build.user.host_key"


TEST = Action(
    "Test access",
    "test",
    permission="change",
    icon="plug-connected",
    style="primary",
    method="post",
)
REPLACE_HOST_KEY = Action(
    "Replace the pinned host key", "replace_host_key", permission="change", icon="shield-lock",
    confirm=True,
)  # fmt: skip
SOURCE_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit"),
    TEST,
    Action("Build for many", "build", icon="hammer"),
    Action("Delete", "delete", icon="trash", style="danger"),
)


@register_model_view(Source, "list", detail=False)
class SourceListView(ObjectListView):
    """Every repository that the reader may see."""

    queryset = with_counts(ROWS)
    filterset_class = SourceFilterSet
    table_class = SourceTable
    row_actions = SOURCE_ACTIONS
    actions = (Action("Add source", "add", icon="plus", style="primary"),)
    bulk_actions = (
        Action("Test access", "bulk_test", permission="change", icon="plug-connected"),
        Action("Delete", "bulk_delete", icon="trash", style="danger"),
    )
    saved_views = (
        ("All", ""),
        ("Reachable", "access=ok"),
        ("Refused", "access=refused"),
        ("Not tested", "access=untested"),
    )
    empty = EmptyState(
        "No sources yet",
        "A source is a git repository and a branch that firmware is built from.",
        icon="git-branch",
        button="Add source",
    )


class SourcePage(ObjectView):
    """What every tab of a source shows: access, buttons, facts."""

    queryset = with_counts(ROWS)
    live_models = "builds.source,builds.build"
    actions = (*SOURCE_ACTIONS, SHARE_ACTION)
    tabs = (
        Tab("Overview"),
        Tab("Devices", "devices"),
        Tab("Builds", "builds"),
        Tab("Rollouts", "rollouts"),
        Tab("Environment", "environment"),
        ACCESS_TAB,
        AUDIT_TAB,
    )

    def status_value(self, obj: Any) -> str:
        """Return the result of the last test."""
        return access_of(obj)

    def lead(self, obj: Any) -> str:
        """Return the address."""
        return f"{obj.url} · {obj.branch}"

    def facts(self, obj: Any) -> list[Fact]:
        """Return what opens the repository and what is known of it."""
        inside = sees(self.actor, obj.organization)
        counts = [Fact("Devices", obj.device_count), Fact("Builds", obj.build_count)]
        return [
            Fact("URL", obj.url, mono=True, copy=True),
            Fact("Branch", obj.branch, mono=True),
            linked("Deploy key", obj, "deploy_key"),
            Fact("Access token", "stored" if obj.access_token else ""),
            Fact("Host key", obj.host_fingerprint, mono=True, copy=bool(obj.host_fingerprint)),
            Fact("Platform", obj.platform, mono=True),
            Fact("Last commit", obj.last_commit, mono=True, copy=bool(obj.last_commit)),
            *(counts if inside else ()),
            Fact("Tested", "never" if obj.checked_at is None else "", time=obj.checked_at),
            Fact("Added", time=obj.created_at),
            Fact("Source id", f"{obj.uid}", mono=True, copy=True),
        ]


register_sharing(Source, SourcePage)


@register_model_view(Source)
class SourceView(SourcePage):
    """The overview: does the access work, what is in the repository, the newest builds."""

    template_name = "builds/source.html"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the result of the last test, the refs and the newest builds."""
        builds = Build.objects.allowed(self.actor).filter(source=obj)
        refs = obj.refs or {}
        return {
            "access": access_of(obj),
            "host_key_changed": obj.check_code == HOST_KEY,
            "branches": refs.get("branches", []),
            "tags": refs.get("tags", []),
            "recent": builds.select_related("source", "device", "created_by")[:5],
            "replace": object_actions((REPLACE_HOST_KEY,), obj, self.actor),
            "test": object_actions((TEST,), obj, self.actor),
        }


@register_model_view(Source, "devices")
class SourceDevicesView(SourcePage, ObjectTabView):
    """The devices that are built from the source."""

    tab = "devices"
    table_class = SourceDeviceTable
    empty_title = "No device uses this source"
    empty_text = "Attach it on a device's page, or to many devices at once in their list."

    def rows(self, obj: Any) -> Any:
        """Return the devices."""
        return LISTED.allowed(self.actor).filter(source=obj)


@register_model_view(Source, "builds")
class SourceBuildsView(SourcePage, ObjectTabView):
    """The builds made from the source."""

    tab = "builds"
    table_class = BuildTable
    empty_title = "Nothing was built yet"
    empty_text = "Open a device that uses this source and press Build firmware."

    def rows(self, obj: Any) -> Any:
        """Return the builds, newest first."""
        builds = Build.objects.allowed(self.actor).filter(source=obj)
        return builds.select_related("source", "device", "created_by")


@register_model_view(Source, "environment")
class SourceEnvironmentView(SourcePage, ObjectTabView):
    """The variables in force for everything built from the source."""

    tab = "environment"
    template_name = "devices/environment_tab.html"
    table_class = EnvironmentTable
    empty_title = "No variables"
    empty_text = "What you set here is written into the firmware of every device of this source."

    def rows(self, obj: Any) -> Any:
        """Return the variables, nearest level first to win."""
        return visible_variables(self.actor, obj.organization, source=obj)

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the button that adds one here."""
        add = Action("Add variable", "add", icon="plus", model=EnvVar, query=source_query)
        buttons = object_actions((add,), obj, self.actor)
        return {**super().extra_context(obj), "tab_actions": buttons}


@register_model_view(Source, "audit")
class SourceAuditView(SourcePage, AuditTab):
    """What was recorded about the source."""


@register_model_view(Source, "add", detail=False)
@register_model_view(Source, "edit")
class SourceEditView(ObjectEditView):
    """Adds or changes a source."""

    queryset = ROWS
    form_class = SourceForm
    template_name = "builds/source_edit.html"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer the deploy keys of the organization that the source is in."""
        organization = obj.organization if obj is not None else self.organization()
        return {**super().form_kwargs(obj), "organization": organization}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        if obj is not None:
            return source_update(self.actor, source=obj, **form.changes())
        return source_create(self.actor, organization=self.organization(), **form.changes())


@register_model_view(Source, "test")
class SourceTestView(ObjectActionView):
    """Tries the access now and keeps what came of it."""

    queryset = ROWS
    action = "change"
    title = "Test access to {}"
    submit_label = "Test access"
    service = source_test
    argument = "source"

    def consequences(self, obj: Any) -> list[str]:
        """Say what the test does."""
        if obj.host_fingerprint:
            return [f"The host must show the pinned key {obj.host_fingerprint}."]
        return ["Asks the repository for its branches and tags, and pins the key of its host."]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Return to the source, whose page shows the result."""
        if access_of(result) == "reachable":
            messages.success(self.request, f"{result} can be reached.")
        return redirect(result.get_absolute_url())


@register_model_view(Source, "replace_host_key")
class SourceReplaceHostKeyView(SourceTestView):
    """Pins the key that the host shows now instead of the one remembered."""

    title = "Replace the pinned host key of {}?"
    submit_label = "Replace host key"
    danger = True

    def consequences(self, obj: Any) -> list[str]:
        """Say what it means when a host shows another key."""
        return [
            f"The key remembered is {obj.host_fingerprint or 'none'}.",
            "Whoever answers now is trusted from now on. Ask the administrator of the host whether "
            "its key was changed: another key can also mean that somebody stands in between.",
        ]

    def perform(self, obj: Any, form: Any) -> Source:
        """Call the service."""
        return source_test(self.actor, source=obj, accept_host_key=True)


@register_model_view(Source, "delete")
class SourceDeleteView(ObjectDeleteView):
    """Deletes a source after saying what goes with it."""

    queryset = ROWS
    service = source_delete
    argument = "source"

    def consequences(self, obj: Any) -> list[str]:
        """Name what goes with it."""
        return source_consequences([obj])


@register_model_view(Source, "bulk_delete", detail=False)
class SourceBulkDeleteView(BulkDeleteView):
    """Deletes the selected sources."""

    queryset = ROWS
    filterset_class = SourceFilterSet

    def consequences(self, rows: list[Any]) -> list[str]:
        """Name what goes with them."""
        return source_consequences(rows)

    def perform(self, obj: Any) -> None:
        """Call the service."""
        source_delete(self.actor, source=obj)


@register_model_view(Source, "bulk_test", detail=False)
class SourceBulkTestView(BulkActionView):
    """Tests the access of the selected sources, one after the other."""

    queryset = ROWS
    filterset_class = SourceFilterSet
    action = "change"
    submit_label = "Test access to"
    done_word = "tested"

    def perform(self, obj: Any) -> None:
        """Call the service."""
        source_test(self.actor, source=obj)


def source_consequences(sources: list[Source]) -> list[str]:
    """Return a sentence for each thing that is lost with these sources."""
    pks = [source.pk for source in sources]
    builds = Build.objects.filter(source__in=pks).count()
    files = Artifact.objects.filter(build__source__in=pks).count()
    devices = Device.objects.filter(source__in=pks).count()
    variables = EnvVar.objects.filter(source__in=pks).count()
    found = []
    if builds:
        found.append(f"{_count(builds, 'build')} with {_count(files, 'artifact')} and the logs.")
    if devices:
        found.append(
            f"{_count(devices, 'device')}: they keep running, but have no source any more."
        )
    if variables:
        found.append(f"{_count(variables, 'environment variable')} set for it.")
    return [*found, "The repository itself is not touched."]


def source_query(source: Source) -> str:
    """Return the query string that starts a variable at the level of the source."""
    return f"source={source.uid}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
