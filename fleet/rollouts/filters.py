"""Filters of rollouts and of their devices."""

from __future__ import annotations

import django_filters

from builds.models import Source
from core.filters import ScopedFilterSet
from fleet.rollouts.choices import RolloutState, TargetState
from fleet.rollouts.models import Rollout, RolloutPlan, RolloutTarget


class RolloutFilterSet(ScopedFilterSet):
    """What a rollout can be found by."""

    search_fields = ("name", "source__alias")

    state = django_filters.ChoiceFilter(choices=RolloutState.choices, label="State")
    source = django_filters.ModelChoiceFilter(
        queryset=Source.objects.all(), to_field_name="uid", label="Source"
    )

    class Meta:
        model = Rollout
        fields: list[str] = []


class RolloutPlanFilterSet(ScopedFilterSet):
    """What a default plan can be found by."""

    search_fields = ("source__alias",)

    is_on = django_filters.BooleanFilter(label="On")
    source = django_filters.ModelChoiceFilter(
        queryset=Source.objects.all(), to_field_name="uid", label="Source"
    )

    class Meta:
        model = RolloutPlan
        fields: list[str] = []


class RolloutTargetFilterSet(ScopedFilterSet):
    """What a device of a rollout can be found by."""

    search_fields = ("device__alias", "message")

    state = django_filters.ChoiceFilter(choices=TargetState.choices, label="State")
    wave = django_filters.NumberFilter(label="Wave")

    class Meta:
        model = RolloutTarget
        fields: list[str] = []
