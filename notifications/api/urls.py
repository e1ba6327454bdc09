"""REST addresses of notifications."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from notifications.api.viewsets import (
    NotificationRuleViewSet,
    NotificationTimesView,
    NotificationViewSet,
)

router = SimpleRouter(use_regex_path=False)
router.register("notifications", NotificationViewSet, basename="notification")
router.register("notification-rules", NotificationRuleViewSet, basename="notificationrule")

urlpatterns = [
    path(
        "account/notification-times/",
        NotificationTimesView.as_view(),
        name="account-notification-times",
    ),
    *router.urls,
]
