"""REST addresses of the audit log."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from audit.api.viewsets import AuditEventViewSet

router = SimpleRouter(use_regex_path=False)
router.register("audit-events", AuditEventViewSet, basename="auditevent")

urlpatterns = router.urls
