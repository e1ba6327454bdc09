"""The default plan of a source: a new build for many rolls out by itself, once."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from builds.models import Build
from devices.models import Device
from fleet.models import Rollout, RolloutPlan, RolloutTarget
from fleet.rollouts.automatic import rollout_plan_create, rollout_plan_edit, rollouts_begin
from fleet.rollouts.choices import RolloutState
from fleet.rollouts.services import rollout_roll_back
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.rollouts import make_devices, make_generic_build

R = RolloutState


@pytest.fixture
def source(acme):
    return SourceFactory(organization=acme, alias="greenhouse")


@pytest.fixture
def plan(acme, system, source):
    make_devices(acme, 4, source=source, auto_update=True)
    return rollout_plan_create(
        system, organization=acme, source=source, plan={"canary": 1, "waves": []}
    )


def built(source, version: str = "2.0.0", **more) -> Build:
    """Have a build of the source succeed, as one that a webhook or a person started."""
    source.builds_started += 1
    source.save()
    number = {"build__source": source, "build__number": source.builds_started}
    more = {f"build__{name}": value for name, value in more.items()}
    return make_generic_build(source.organization, version, **number, **more)


def test_new_build_rolls_out_by_the_plan_once(acme, source, plan, advance):
    build = built(source)
    assert [rollouts_begin(), rollouts_begin()] == [1, 0]
    advance()
    rollout = Rollout.objects.get()
    assert (rollout.build, rollout.state, rollout.is_automatic) == (build, R.RUNNING, True)
    assert (rollout.name, rollout.rules.canary, rollout.waves) == ("greenhouse 2.0.0", 1, 2)
    assert rollout.created_by is None
    verbs = AuditEvent.objects.filter(target_uid=rollout.uid).order_by("pk")
    assert [event.verb for event in verbs] == ["fleet.rollout_created", "fleet.rollout_started"]
    assert {event.actor for event in verbs} == {"system: rollouts"}


def test_it_goes_to_devices_of_the_source_that_update_by_themselves(acme, source, plan):
    make_devices(acme, 2, source=source, auto_update=False)
    make_devices(acme, 2, auto_update=True)
    built(source)
    rollouts_begin()
    targets = Device.objects.filter(rollout_targets__rollout__is_automatic=True)
    assert targets.count() == 4
    assert {(device.source, device.auto_update) for device in targets} == {(source, True)}


def test_second_process_that_looks_at_the_same_moment_begins_nothing(source, plan):
    build = built(source)
    RolloutPlan.objects.update(taken=build.number)
    assert rollouts_begin() == 0
    RolloutPlan.objects.update(taken=0)
    rollouts_begin()
    # Even a plan that forgot everything does not roll the same build out again.
    RolloutPlan.objects.update(taken=0)
    assert rollouts_begin() == 0
    assert Rollout.objects.count() == 1
    refused = AuditEvent.objects.get(verb="fleet.rolloutplan_refused")
    assert refused.data["reason"] == "It is rolled out already."


@pytest.mark.parametrize("why", ["off", "kept", "held", "of a device", "failed", "older"])
def test_what_does_not_roll_out(acme, system, source, plan, why):
    if why == "off":
        rollout_plan_edit(system, rollout_plan=plan, is_on=False)
    values = {"kept": {"deliver": False}, "of a device": {"device": Device.objects.first()}}
    if why in {"failed", "held"}:
        more = {"is_held": True, "deliver": False} if why == "held" else {"status": "failed"}
        BuildFactory(source=source, number=1, **more)
    else:
        build = built(source, **values.get(why, {}))
    if why == "older":
        RolloutPlan.objects.update(taken=build.number + 1)
    assert rollouts_begin() == 0
    assert not Rollout.objects.exists()


def test_builds_of_the_time_before_a_plan_do_not_go_out(acme, system, source):
    make_devices(acme, 1, source=source, auto_update=True)
    built(source, "1.1.0")
    plan = rollout_plan_create(system, organization=acme, source=source)
    rollout_plan_edit(system, rollout_plan=plan, is_on=False)
    built(source, "1.2.0")
    rollout_plan_edit(system, rollout_plan=plan, is_on=True)
    assert rollouts_begin() == 0
    built(source, "1.3.0")
    assert rollouts_begin() == 1


def test_newer_build_takes_the_place_of_an_older_one(source, plan, advance):
    built(source, "2.0.0")
    rollouts_begin()
    advance()
    built(source, "2.1.0")
    newest = built(source, "2.2.0")
    assert rollouts_begin() == 1
    advance()
    older, newer = Rollout.objects.order_by("pk")
    assert (older.state, older.reason) == (R.ABORTED, f"{newest} took its place.")
    assert (newer.build, newer.state) == (newest, R.RUNNING)
    assert RolloutTarget.objects.filter(rollout=newer, state="released").count() == 1


def test_rollout_that_goes_back_is_not_disturbed(system, source, plan, advance):
    built(source)
    rollouts_begin()
    advance()
    first = Rollout.objects.get()
    RolloutTarget.objects.filter(wave=1).update(
        state="installed", previous_build=built(source, "1.0.0", deliver=False)
    )
    rollout_roll_back(system, rollout=first)
    built(source, "2.1.0")
    rollouts_begin()
    first.refresh_from_db()
    assert first.state == R.ROLLING_BACK


def test_build_that_finds_no_device_is_told_in_the_audit_log(acme, system, source):
    rollout_plan_create(system, organization=acme, source=source)
    built(source)
    assert rollouts_begin() == 0
    refused = AuditEvent.objects.get(verb="fleet.rolloutplan_refused")
    assert refused.data["reason"] == "No device was chosen that you may update."


def test_plan_that_wants_approval_waits_for_it(acme, system, source, plan):
    rollout_plan_edit(system, rollout_plan=plan, plan={"needs_approval": True})
    built(source)
    rollouts_begin()
    assert Rollout.objects.get().state == R.AWAITING


def plan_sent(**more):
    numbers = {"canary": "2", "soak_minutes": "0", "pace": "0", "max_failed_percent": "5"}
    limits = {"max_failed": "0", "silence_minutes": "60", "call_hours": "24", "retries": "1"}
    return {"waves": "10%, 50%", "time_zone": "UTC", **numbers, **limits, **more}


def test_operator_sets_changes_and_turns_off_a_plan(in_acme, olga, acme, source):
    client = in_acme(olga)
    tab = f"/sources/{source.uid}/rollouts/"
    page = client.get(tab)
    assert f"/rollout-plans/add/?source={source.uid}" in page.text
    assert client.get(f"/rollout-plans/add/?source={source.uid}").status_code == 200
    sent = plan_sent(source=f"{source.uid}", is_on="on")
    answer = client.post("/rollout-plans/add/", sent)
    assert answer.url == tab
    assert "2 first, 10%, 50%, the rest" in client.get(tab).text
    plan = RolloutPlan.objects.get()
    edit = f"/rollout-plans/{plan.uid}/edit/"
    assert 'name="canary" value="2"' in client.get(edit).text
    assert client.post(edit, plan_sent(canary="3")).url == tab
    plan.refresh_from_db()
    assert (plan.is_on, plan.rules.canary) == (False, 3)
    assert "The default plan is off" in client.get(tab).text
    page = client.post(edit, plan_sent(waves="ten"))
    assert page.status_code == 422
    assert "Waves are sizes such as 10% or 500" in page.text
    verbs = AuditEvent.objects.filter(target_uid=plan.uid).order_by("pk")
    found = [event.verb for event in verbs]
    assert found == ["fleet.rolloutplan_created", "fleet.rolloutplan_changed"]


def test_viewer_sees_the_plan_and_cannot_change_it(in_acme, vera, source, plan):
    client = in_acme(vera)
    page = client.get(f"/sources/{source.uid}/rollouts/")
    assert "Default plan" in page.text
    assert "Edit the plan" not in page.text
    assert client.get(f"/rollout-plans/{plan.uid}/edit/").status_code == 403
