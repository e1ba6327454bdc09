"""URLs of notifications; the views of models register themselves."""

from __future__ import annotations

from django.urls import include, path

from core.views import get_model_urls
from notifications.models import Notification, NotificationRule
from notifications.views import addresses, choices, inbox, rules  # noqa: F401  (they register themselves)

app_name = "notifications"
urlpatterns = [
    path("accounts/notifications/", choices.NotificationsView.as_view(), name="choices"),
    path("notifications/confirm/<str:key>/", addresses.AddressView.as_view(), name="rule_confirm"),
    path("notifications/rules/", include(get_model_urls(NotificationRule))),
    path("notifications/unread/", inbox.UnreadView.as_view(), name="unread"),
    path("notifications/", include(get_model_urls(Notification))),
]
