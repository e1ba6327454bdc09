"""REST of the audit log: reading only."""

from __future__ import annotations

from audit.api.serializers import AuditEventSerializer
from audit.filters import AuditEventFilterSet
from audit.models import AuditEvent
from core.api.viewsets import ReadOnlyViewSet


class AuditEventViewSet(ReadOnlyViewSet):
    """What happened: who did what to which object, from where. Newest first."""

    queryset = AuditEvent.objects.select_related("organization")
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilterSet
    ordering_fields = ("at", "seq", "verb")
