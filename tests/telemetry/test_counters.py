"""Figures over time: what is counted, for whom they are, and how they read."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import Membership
from accounts.services.roles import role_create
from builds.choices import BuildStatus
from builds.services.state import move
from devices.services import device_delete
from telemetry import services
from telemetry.figures import counter_figures
from telemetry.ranges import RANGES
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.builds import BuildFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.telemetry.conftest import totals

NOON = dt.datetime(2026, 5, 10, 12, 30, tzinfo=dt.UTC)
DAY = RANGES["24h"]


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Do something and let it commit."""

    def do(action):
        with django_capture_on_commit_callbacks(execute=True):
            return action()

    return do


def test_builds_are_counted_when_they_start_and_end(acme, committed):
    done, broken = (BuildFactory(source__organization=acme, running=True) for _ in range(2))
    committed(lambda: move(done, BuildStatus.PUBLISHING))
    committed(lambda: move(done, BuildStatus.SUCCEEDED))
    committed(lambda: move(broken, BuildStatus.FAILED))
    committed(lambda: move(broken, BuildStatus.FAILED))
    assert totals(acme.pk) == {"builds_succeeded": 1, "builds_failed": 1}


def test_deleted_device_is_counted(acme, probe, system, committed):
    committed(lambda: device_delete(system, device=probe))
    assert totals(acme.pk) == {"devices_deleted": 1}


def test_wrong_key_of_a_device_is_counted(acme, committed, db):
    make_api_key(acme)
    body = {"registration": {"owner": acme.owner_id, "mac": "5CCF7F012345"}}
    committed(
        lambda: Client().post(
            "/device/register",
            body,
            content_type="application/json",
            headers={"Authentication": "f" * 64},
        )
    )
    assert totals(acme.pk) == totals(0) == {"keys_refused": 1}


def test_refused_sign_in_is_counted_for_the_installation(db, committed):
    said = {"username": "nobody@example.org", "password": "x"}
    committed(lambda: Client().post(reverse("accounts:sign_in"), said))
    assert totals(0) == {"sign_ins_refused": 1}


def test_hours_of_a_day_and_days_of_a_month(acme, alice, act):
    services.count("checkins", acme.pk, 3, NOON)
    services.count("checkins", acme.pk, 4, NOON - dt.timedelta(hours=23))
    services.count("checkins", acme.pk, 5, NOON - dt.timedelta(hours=24))
    services.count("checkins", acme.pk, 6, NOON - dt.timedelta(days=29))
    services.count("checkins", acme.pk, 7, NOON - dt.timedelta(days=30))
    hours = counter_figures(act(alice), RANGES["24h"], now=NOON)
    assert (len(hours.times), hours.total("checkins")) == (24, 7)
    assert (hours.series["checkins"][0], hours.series["checkins"][-1]) == (4, 3)
    days = counter_figures(act(alice), RANGES["30d"], now=NOON)
    assert (len(days.times), days.total("checkins")) == (30, 18)
    assert counter_figures(act(alice), RANGES["7d"], now=NOON).total("checkins") == 12


def test_figures_are_of_what_one_may_view(acme, umbrella, alice, mallory, guest, act):
    services.count("checkins", acme.pk, 1, NOON)
    services.count("checkins", umbrella.pk, 10, NOON)

    def total(user):
        return counter_figures(act(user), DAY, now=NOON).total("checkins")

    assert (total(alice), total(mallory), total(guest)) == (1, 10, 0)


def test_who_may_view_devices_only_sees_no_builds(acme, guest, act, system):
    role = role_create(system, organization=acme, name="R", actions=["devices.view_device"])
    services.count("builds_started", acme.pk, 1, NOON)
    services.count("checkins", acme.pk, 1, NOON)
    Membership.objects.create(user=guest, organization=acme, role=Role.CUSTOM, custom_role=role)
    figures = counter_figures(act(guest), DAY, organization=acme, now=NOON)
    assert figures.totals.get("checkins") == 1
    assert "builds_started" not in figures.totals


def test_organization_has_the_figures_of_those_below(acme, alice, act):
    below = OrganizationFactory(name="Below", parent=acme)
    services.count("checkins", acme.pk, 1, NOON)
    services.count("checkins", below.pk, 2, NOON)
    actor = act(alice)
    assert counter_figures(actor, DAY, organization=acme, now=NOON).total("checkins") == 3
    assert counter_figures(actor, DAY, organization=below, now=NOON).total("checkins") == 2


def test_operator_sees_the_installation_from_one_set_of_rows(acme, umbrella, ruth_actor):
    services.count("checkins", acme.pk, 1, NOON)
    services.count("checkins", umbrella.pk, 2, NOON)
    services.count("sign_ins_refused", None, 4, NOON)
    figures = counter_figures(ruth_actor, DAY, now=NOON)
    assert (figures.total("checkins"), figures.total("sign_ins_refused")) == (3, 4)


@pytest.fixture
def ruth_actor(root):
    return Actor.for_user(root, verified=True)


def test_number_of_queries_does_not_grow_with_organizations(acme, alice, act, history_queries):
    def queries() -> int:
        with history_queries() as found:
            counter_figures(act(alice), DAY, now=NOON)
        return len(found)

    services.count("checkins", acme.pk, 1, NOON)
    one = queries()
    for number in range(10):
        other = OrganizationFactory(name=f"Other {number}")
        join(alice, other, Role.VIEWER)
        services.count("checkins", other.pk, 1, NOON)
    assert queries() == one


def test_counters_go_with_their_organization(committed, system, acme):
    other = OrganizationFactory(name="Gone")
    services.count("checkins", acme.pk, 1, NOON)
    services.count("checkins", other.pk, 1, NOON)
    pk = other.pk
    committed(other.delete)
    assert (totals(pk), totals(acme.pk), totals(0)) == ({}, {"checkins": 1}, {"checkins": 2})


def test_old_figures_are_dropped_hours_first(acme, settings):
    settings.TELEMETRY_CHECKIN_DAYS, settings.TELEMETRY_COUNTER_DAYS = 2, 10
    with time_machine.travel(NOON, tick=False):
        for days in (0, 5, 20):
            services.count("checkins", acme.pk, 1, timezone.now() - dt.timedelta(days=days))
        services.history_keep()
        assert (totals(acme.pk, "h"), totals(acme.pk, "d")) == ({"checkins": 1}, {"checkins": 2})


def test_devices_of_many_organizations_are_counted_apart(sample, umbrella, acme):
    other = DeviceFactory(organization=umbrella)
    services.record([sample(), sample(other), sample(other, ago=dt.timedelta(seconds=1))])
    assert (totals(acme.pk), totals(umbrella.pk)) == ({"checkins": 1}, {"checkins": 2})
