"""REST addresses of notifications."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from notifications.api.viewsets import NotificationViewSet

router = SimpleRouter(use_regex_path=False)
router.register("notifications", NotificationViewSet, basename="notification")

urlpatterns = router.urls
