"""What is told of rollouts that begin by themselves, and of those that wait for an approval."""

from __future__ import annotations

import pytest
from django.utils import timezone

from fleet.models import Rollout
from fleet.rollouts.automatic import rollout_plan_create, rollouts_begin
from fleet.rollouts.choices import RolloutState
from fleet.rollouts.services import rollout_approve, rollout_start
from notifications.models import Notification, NotificationDelivery, Occurrence
from notifications.services.delivering import deliver_due
from notifications.services.spreading import spread_due
from tests.factories.accounts import join, make_user
from tests.factories.builds import SourceFactory
from tests.factories.notifications import make_rule
from tests.factories.rollouts import make_devices, make_generic_build, make_rollout


@pytest.fixture
def boris(acme):
    """Return a second admin."""
    return join(make_user("boris"), acme).user


@pytest.fixture
def build_of_plan(acme, system):
    """Return what has a build succeed whose source has a default plan."""

    def built(**plan):
        source = SourceFactory(organization=acme, alias="greenhouse", builds_started=1)
        make_devices(acme, 3, source=source, auto_update=True)
        rollout_plan_create(system, organization=acme, source=source, plan=plan)
        make_generic_build(acme, build__source=source, build__number=2)
        rollouts_begin()
        return Rollout.objects.get()

    return built


def told():
    Occurrence.objects.filter(spread_at=None).update(due_at=timezone.now())
    spread_due()
    rows = Notification.objects.order_by("user__email")
    return [(row.user.username, row.kind) for row in rows.select_related("user")]


def test_rollout_that_a_default_plan_began_is_told_to_all_who_see_it(build_of_plan, alice, vera):
    rollout = build_of_plan()
    assert told() == [("alice", "rollout_begun"), ("vera", "rollout_begun")]
    row = Notification.objects.get(user=alice)
    assert row.title == f"The rollout {rollout} began by itself"
    assert row.text.endswith(" for 3 devices.")
    assert row.url == rollout.get_absolute_url()


def test_rollout_that_a_person_starts_is_not_told(act, alice, acme, vera):
    make_devices(acme, 1)
    rollout_start(act(alice), rollout=make_rollout(acme))
    assert told() == []


def test_approval_is_asked_of_who_may_give_it_and_did_not_ask(act, alice, boris, vera, acme):
    make_devices(acme, 2)
    rollout = make_rollout(acme, plan={"needs_approval": True})
    rule = make_rule(acme, kinds=["rollout_awaits"])
    rollout_start(act(alice), rollout=rollout)
    assert told() == [("boris", "rollout_awaits")]
    row = Notification.objects.get()
    assert row.title == f"The rollout {rollout} waits for approval"
    assert row.text.startswith(f"Asked for by {alice.email}. ")
    mailed = NotificationDelivery.objects.filter(user=boris, channel="email")
    assert mailed.exists()
    assert rule.deliveries.count() == 1
    rollout_approve(act(boris), rollout=rollout)
    assert len(told()) == 1


def test_automatic_rollout_that_needs_approval_awaits_and_has_not_begun(
    build_of_plan, alice, boris, vera
):
    rollout = build_of_plan(needs_approval=True)
    assert rollout.state == RolloutState.AWAITING
    assert told() == [("alice", "rollout_awaits"), ("boris", "rollout_awaits")]


def test_who_may_not_approve_any_more_is_not_mailed(act, alice, boris, acme):
    make_devices(acme, 1)
    rollout_start(act(alice), rollout=make_rollout(acme, plan={"needs_approval": True}))
    told()
    boris.memberships.update(role="viewer")
    deliver_due()
    assert NotificationDelivery.objects.get(user=boris).state == "dropped"
