"""Console pages of builds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import View

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from builds.choices import BuildStatus
from builds.filters import BuildFilterSet
from builds.journey import duration_of, stages_of, telling_lines
from builds.models import Artifact, Build
from builds.selectors import build_log_lines
from builds.services import build_can_cancel, build_cancel, build_delete, build_start
from builds.tables import BuildTable
from core.ansi import to_text
from core.look import duration
from core.scoping import get_allowed
from core.views import (
    Action,
    BulkActionView,
    BulkDeleteView,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectDeleteView,
    ObjectListView,
    ObjectView,
    ScopedViewMixin,
    Tab,
    linked,
    register_model_view,
)
from devices.models import Device

ROWS = Build.objects.select_related("organization", "source", "device", "created_by")
# What the page itself carries; the script asks for the rest of a longer log.
FIRST_LINES = 2000
FAILURES = (BuildStatus.FAILED, BuildStatus.ERRORED)


BUILD_ACTIONS = (
    Action(
        "Cancel build", "cancel", icon="ban", confirm=True,
        shown=lambda b: not b.is_final, disabled=build_can_cancel,
    ),
    Action(
        "Build again", "again", permission="add", icon="refresh", style="primary",
        method="post", shown=lambda b: b.is_final and b.device_id is not None,
    ),
    Action(
        "Delete", "delete", icon="trash", style="danger", shown=lambda b: b.is_final
    ),
)  # fmt: skip


@register_model_view(Build, "list", detail=False)
class BuildListView(ObjectListView):
    """Every build that the reader may see, newest first."""

    queryset = ROWS
    filterset_class = BuildFilterSet
    table_class = BuildTable
    row_actions = BUILD_ACTIONS
    actions = (Action("Artifacts", "list", permission="view", icon="package", model=Artifact),)
    bulk_actions = (
        Action("Cancel", "bulk_cancel", icon="ban"),
        Action("Delete", "bulk_delete", icon="trash", style="danger"),
    )
    saved_views = (
        ("All", ""),
        ("Under way", "status=running"),
        ("Failed", "status=broken"),
        ("Succeeded", "status=succeeded"),
    )
    empty = EmptyState(
        "No builds yet",
        "A build turns a commit of a source into signed firmware for one device. Open a device "
        "and press Build firmware.",
        icon="hammer",
    )


@register_model_view(Build)
class BuildView(ObjectView):
    """A build: its stages, why it failed, what it made, its log."""

    queryset = ROWS
    template_name = "builds/build.html"
    live_prefix = "build"
    actions = (*BUILD_ACTIONS, SHARE_ACTION)
    tabs = (Tab("Overview"), ACCESS_TAB)

    def status_value(self, obj: Any) -> str:
        """Return the status."""
        return f"{obj.status}"

    def lead(self, obj: Any) -> str:
        """Return the commit in words."""
        where = f"{obj.commit[:10]} on {obj.branch}" if obj.commit else f"branch {obj.branch}"
        return f"{obj.commit_message} · {where}" if obj.commit_message else where.capitalize()

    def facts(self, obj: Any) -> list[Fact]:
        """Return what was built from what, for whom."""
        took = duration_of(obj)
        found = [
            linked("Device", obj, "device"),
            linked("Source", obj, "source"),
            Fact("Branch", obj.branch, mono=True),
            Fact("Commit", obj.commit, mono=True, copy=bool(obj.commit)),
            Fact("Platform", obj.platform, mono=True),
            Fact("Version", obj.version, mono=True),
            Fact("Delivery", "To the device when ready" if obj.deliver else "Kept, not delivered"),
            Fact("Environment", obj.env_hash[:16], mono=True),
            Fact("Started by", obj.created_by or "the system"),
            Fact("Started", time=obj.created_at),
            Fact("Took", duration(took) if took and obj.is_final else ""),
            Fact("Worker", obj.worker, mono=True),
            Fact("Build id", f"{obj.uid}", mono=True, copy=True),
        ]
        return [fact for fact in found if fact.value or fact.time]

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add stages, the failure, artifacts and the log."""
        failed = obj.status in FAILURES
        return {
            "steps": stages_of(obj),
            "failed": failed,
            "telling": telling_lines(obj) if failed else [],
            "artifacts": obj.artifacts.allowed(self.actor) if obj.status == "succeeded" else [],
            "lines": build_log_lines(obj, limit=FIRST_LINES),
            "log_url": reverse("builds:build_log", kwargs={"uid": obj.uid}),
            "download_url": reverse("builds:build_log_text", kwargs={"uid": obj.uid}),
            "live_group": "" if obj.is_final else f"build.{obj.uid}",
        }


register_sharing(Build, BuildView)


@register_model_view(Build, "log")
class BuildLogView(ScopedViewMixin, View):
    """The log after a line number, as JSON: what a page asks for after a reconnect."""

    queryset = Build.objects.all()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Return the next lines, and whether more can come."""
        build = self.get_one("view")
        after = request.GET.get("after", "0")
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        lines = [
            {"seq": line.seq, "stream": line.stream, "text": line.text}
            for line in build_log_lines(build, after=start)
        ]
        return JsonResponse({"lines": lines, "status": build.status, "is_final": build.is_final})


@register_model_view(Build, "log_text")
class BuildLogTextView(ScopedViewMixin, View):
    """The whole log as a text file, without colours."""

    queryset = Build.objects.select_related("source")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """Return the file."""
        build = self.get_one("view")
        name = f"build-{build.number}-{build.uid}.log"
        return StreamingHttpResponse(
            _text_of(build),
            content_type="text/plain; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


@register_model_view(Build, "cancel")
class BuildCancelView(ObjectActionView):
    """Stops a build that has not begun to publish."""

    queryset = ROWS
    action = "cancel"
    title = "Cancel {}?"
    submit_label = "Cancel build"
    cancel_label = "Let it run"
    danger = True
    service = build_cancel
    argument = "build"

    def consequences(self, obj: Any) -> list[str]:
        """Say what is left."""
        return ["Its processes end within seconds. The log so far is kept, the firmware is not."]


@register_model_view(Build, "again")
class BuildAgainView(ObjectActionView):
    """Starts another build of the same source for the same device."""

    queryset = ROWS
    action = "add"
    title = "Build {} again?"
    submit_label = "Build again"

    def perform(self, obj: Any, form: Any) -> Build:
        """Call the service, for a device that the actor may build."""
        device = get_allowed(Device.objects.all(), self.actor, "build", pk=obj.device_id)
        return build_start(self.actor, device=device, source=obj.source, deliver=obj.deliver)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the new build and watch it."""
        return redirect(result.get_absolute_url())


@register_model_view(Build, "delete")
class BuildDeleteView(ObjectDeleteView):
    """Deletes a build that has ended."""

    queryset = ROWS
    service = build_delete
    argument = "build"

    def consequences(self, obj: Any) -> list[str]:
        """Name what goes with it."""
        return build_consequences([obj])


@register_model_view(Build, "bulk_delete", detail=False)
class BuildBulkDeleteView(BulkDeleteView):
    """Deletes the selected builds that have ended."""

    queryset = ROWS
    filterset_class = BuildFilterSet

    def consequences(self, rows: list[Any]) -> list[str]:
        """Name what goes with them."""
        return build_consequences(rows)

    def perform(self, obj: Any) -> None:
        """Call the service."""
        build_delete(self.actor, build=obj)


@register_model_view(Build, "bulk_cancel", detail=False)
class BuildBulkCancelView(BulkActionView):
    """Cancels the selected builds that are under way."""

    queryset = ROWS
    filterset_class = BuildFilterSet
    action = "cancel"
    submit_label = "Cancel"
    done_word = "cancelled"
    danger = True

    def perform(self, obj: Any) -> None:
        """Call the service."""
        build_cancel(self.actor, build=obj)


def build_consequences(builds: list[Build]) -> list[str]:
    """Return what is lost with these builds, and which of them are left alone."""
    files = Artifact.objects.filter(build__in=[build.pk for build in builds]).count()
    running = sum(not build.is_final for build in builds)
    found = []
    if files:
        found.append(
            "1 artifact and its file." if files == 1 else f"{files:,} artifacts, files too."
        )
    found.append("The log. That the build was there stays in the audit log.")
    if running:
        found.append(f"{running} under way: left alone. Cancel it first.")
    return found


def _text_of(build: Build) -> Iterator[str]:
    for line in build.lines.order_by("seq").values_list("text", flat=True).iterator(2000):  # type: ignore[attr-defined]
        yield f"{to_text(line)}\n"
