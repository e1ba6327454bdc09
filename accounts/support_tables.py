"""The list of people, for staff."""

from __future__ import annotations

import django_filters
import django_tables2 as tables

from accounts.models import User
from core.filters import ScopedFilterSet
from core.tables import BEYOND_PHONE, ComponentColumn, ConsoleTable, TimeColumn


class UserTable(ConsoleTable):
    """One person per line."""

    person = ComponentColumn(
        "accounts/columns/user.html", accessor="email", order_by=("email",), verbose_name="Person"
    )
    state = ComponentColumn(
        "accounts/columns/user_state.html",
        accessor="is_active",
        order_by=("is_active",),
        verbose_name="Status",
    )
    organizations = tables.Column(attrs={"th": {"class": "num"}, "td": {"class": "num"}})
    second_factor_at = TimeColumn("none", verbose_name="Second factor", attrs=BEYOND_PHONE)
    last_login = TimeColumn(verbose_name="Last sign-in")
    date_joined = TimeColumn(verbose_name="Member since", attrs=BEYOND_PHONE)

    class Meta:
        model = User
        fields = (
            "person",
            "state",
            "organizations",
            "second_factor_at",
            "last_login",
            "date_joined",
        )
        order_by = ("person",)


class UserFilterSet(ScopedFilterSet):
    """By name, e-mail address, state and standing."""

    search_fields = ("email", "username", "first_name", "last_name")

    is_active = django_filters.BooleanFilter(label="Active")
    is_staff = django_filters.BooleanFilter(label="Staff")
    second_factor = django_filters.BooleanFilter(
        field_name="second_factor_at", lookup_expr="isnull", exclude=True, label="Second factor"
    )

    class Meta:
        model = User
        fields = ["is_active", "is_staff", "second_factor"]
