"""The inbox, and the bell in the top bar."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from accounts.live_access import access_group
from core.scoping import get_allowed
from core.views import Action, EmptyState, ObjectListView, register_model_view
from core.views.actions import ObjectAction
from core.views.base import ScopedViewMixin
from core.views.selection import Selection
from notifications.filters import NotificationFilterSet
from notifications.kinds import kinds
from notifications.models import Notification
from notifications.services.inbox import notification_read, notifications_read
from notifications.tables import NotificationTable

INBOX = Notification.objects.select_related("organization")
MOST_COUNTED = 100


class OwnRowsMixin(ScopedViewMixin):
    """A view of what belongs to nobody but the person who asks."""

    queryset = INBOX

    def get_rows(self, action: str) -> Any:
        """Return the person's own rows, within the organization chosen in the header."""
        rows = self.queryset.all().allowed(self.actor, action)
        chosen = getattr(self.request, "organization", None)
        return rows.filter(organization__path__startswith=chosen.path) if chosen else rows


@register_model_view(Notification, "list", detail=False)
class NotificationListView(OwnRowsMixin, ObjectListView):
    """What this person was told."""

    filterset_class = NotificationFilterSet
    table_class = NotificationTable
    template_name = "notifications/notification_list.html"
    title = "Notifications"
    is_live = False
    row_actions = (
        Action(
            "Mark as read", "read", permission="change", icon="check", shown=lambda n: not n.read_at
        ),
    )
    empty = EmptyState(
        "Nothing to tell",
        "What happens to your devices and builds while you are away comes together here. What you "
        "hear of, and how, is in your profile.",
        icon="bell",
    )
    saved_views = (("All", ""), ("Unread", "read=no"), ("Errors", "level=error"))

    def get_context(self, table: Any, filterset: Any) -> dict[str, Any]:
        """Add the buttons, which are not a matter of roles, and the group that tells of changes."""
        context = super().get_context(table, filterset)
        choose = ObjectAction("What you hear of", reverse("notifications:choices"), "settings")
        url = reverse("notifications:notification_read_all")
        read = ObjectAction("Mark all as read", url, "check", method="post")
        bulk = ObjectAction(
            "Mark as read", reverse("notifications:notification_bulk_read"), "check"
        )
        # Of an empty inbox there is nothing to mark.
        actions = [choose, read] if context["total"] or context["is_filtered"] else [choose]
        group = access_group(self.actor.user) if self.actor.user else ""
        return {**context, "actions": actions, "bulk_actions": [bulk], "own_group": group}


@register_model_view(Notification)
class NotificationView(OwnRowsMixin, View):
    """One line of the inbox with all that it says. With JavaScript, looking at it marks it read."""

    def get(self, request: HttpRequest, uid: Any) -> HttpResponse:
        """Return the page."""
        found = get_allowed(self.queryset.all(), self.actor, "view", uid=uid)
        context = {
            "object": found,
            "title": found.title,
            "kind": kinds.get(found.kind) if found.kind in kinds else None,
            "more": max(0, found.count - len(found.items)),
            "crumbs": [
                {"label": "Notifications", "url": reverse("notifications:notification_list")}
            ],
        }
        return render(request, "notifications/notification.html", context)


@register_model_view(Notification, "read")
class NotificationReadView(OwnRowsMixin, View):
    """Marks one line read; `open=1` goes on to what it is about."""

    def get(self, request: HttpRequest, uid: Any) -> HttpResponse:
        """Lead to the line itself: a link changes nothing."""
        found = get_allowed(self.queryset.all(), self.actor, "view", uid=uid)
        return redirect(found.get_absolute_url())

    def post(self, request: HttpRequest, uid: Any) -> HttpResponse:
        """Call the service."""
        found = get_allowed(self.queryset.all(), self.actor, "change", uid=uid)
        notification_read(self.actor, notification=found)
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponse(status=204)
        if request.POST.get("open") and found.url:
            return redirect(found.url)
        return redirect("notifications:notification_list")


@register_model_view(Notification, "read_all", detail=False)
class NotificationReadAllView(OwnRowsMixin, View):
    """Marks the whole inbox read."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead to the inbox."""
        return redirect("notifications:notification_list")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Call the service."""
        count = notifications_read(self.actor)
        said = f"{count} marked as read." if count else "Everything was read already."
        messages.success(request, said)
        return redirect("notifications:notification_list")


@register_model_view(Notification, "bulk_read", detail=False)
class NotificationBulkReadView(OwnRowsMixin, View):
    """Marks the chosen lines read: nothing is lost by it, so nothing is asked."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead to the inbox."""
        return redirect("notifications:notification_list")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Call the service."""
        chosen = Selection.of(request.POST)
        rows = chosen.among(self.get_rows("change"), NotificationFilterSet, request)
        count = notifications_read(self.actor, notifications=rows)
        messages.success(request, f"{count} marked as read.")
        return redirect("notifications:notification_list")


class UnreadView(OwnRowsMixin, View):
    """The count on the bell; nothing while everything was read."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the fragment."""
        rows = Notification.objects.allowed(self.actor).unread().order_by()
        context = {"count": rows[:MOST_COUNTED].count(), "most": MOST_COUNTED}
        return render(request, "notifications/partials/count.html", context)
