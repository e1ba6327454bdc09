"""Filters of transfers, for the list and the API."""

from __future__ import annotations

from typing import Any

import django_filters

from core.filters import ScopedFilterSet
from fleet.transfers.choices import OPEN, Direction, TransferState
from fleet.transfers.models import TransferParty

STATES = [("open", "Waits for an answer"), *TransferState.choices]


class TransferFilterSet(ScopedFilterSet):
    """Everything a transfer can be found by."""

    search_fields = ("transfer__sender_name", "transfer__addressed_to", "uid", "transfer__uid")

    direction = django_filters.ChoiceFilter(choices=Direction.choices, label="Direction")
    state = django_filters.ChoiceFilter(choices=STATES, method="filter_state", label="Status")

    class Meta:
        model = TransferParty
        fields: list[str] = []

    def filter_state(self, parties: Any, name: str, value: str) -> Any:
        """Narrow by where the transfer stands."""
        states = OPEN if value == "open" else (value,)
        return parties.filter(transfer__state__in=states)
