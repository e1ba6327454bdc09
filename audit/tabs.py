"""The tab of an object's page that says what was done to it."""

from __future__ import annotations

from typing import Any

from audit.models import AuditEvent
from audit.selectors import history_of
from audit.tables import HistoryTable
from core.views import ObjectTabView, Tab

AUDIT_TAB = Tab("Audit", "audit", needs=AuditEvent)


class AuditTab(ObjectTabView):
    """What was recorded about the object; stands behind the page of its kind as a base."""

    tab = AUDIT_TAB.verb
    table_class = HistoryTable
    empty_title = "Nothing was recorded yet"

    def rows(self, obj: Any) -> Any:
        """Return the events of this object, newest first."""
        return history_of(self.actor, obj)
