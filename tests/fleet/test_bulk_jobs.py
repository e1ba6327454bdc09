"""Bulk jobs: who is in, what becomes of each device, in whose name, what a lost worker leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import Membership
from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError
from devices.models import Device
from fleet.bulk import working
from fleet.bulk.registry import bulk_actions
from fleet.bulk.services import bulk_job_cancel, bulk_job_retry, bulk_job_start
from fleet.bulk.working import bulk_job_work, bulk_jobs_sweep
from fleet.models import BulkJob, BulkJobItem
from keys.services import api_key_revoke
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_bulk_job
from tests.factories.keys import make_api_key


@pytest.fixture
def devices(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n}") for n in range(5)]


@pytest.fixture
def job(olga, devices):
    return make_bulk_job(olga, *devices)


def states(job) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in job.items.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def worked(job) -> BulkJob:
    bulk_job_work(f"{job.uid}")
    job.refresh_from_db()
    return job


def verbs(job) -> list[str]:
    rows = AuditEvent.objects.filter(target_uid=job.uid).order_by("pk")
    return list(rows.values_list("verb", flat=True))


def test_each_device_is_done_once_and_the_job_ends(job, devices):
    assert job.total == 5
    assert worked(job).state == "done"
    assert (job.done, job.failed, job.skipped) == (5, 0, 0)
    assert all(Device.objects.get(pk=d.pk).tags == ["new"] for d in devices)
    assert verbs(job) == ["fleet.bulk_job_started", "fleet.bulk_job_ended"]
    worked(job)
    assert verbs(job) == ["fleet.bulk_job_started", "fleet.bulk_job_ended"]
    changes = AuditEvent.objects.filter(verb="devices.changed", target_uid=devices[0].uid)
    assert [event.actor for event in changes] == [job.started_by.email]


def test_device_where_nothing_is_to_do_is_skipped_with_the_reason(olga, devices):
    Device.objects.filter(pk=devices[0].pk).update(tags=["new"])
    job = worked(make_bulk_job(olga, *devices))
    assert (job.done, job.skipped) == (4, 1)
    assert job.items.get(state="skipped").message == "Its tags are so already."


def test_who_is_in_is_decided_when_it_starts_by_one_statement(
    olga, acme, devices, act, django_assert_max_num_queries
):
    more = [DeviceFactory(organization=acme, alias=f"meter-{n}") for n in range(3)]
    with django_assert_max_num_queries(20):
        job = bulk_job_start(
            act(olga),
            organization=acme,
            action=bulk_actions.get("tags"),
            fields={"added": ["new"]},
            devices=Device.objects.filter(alias__startswith="pump"),
        )
    DeviceFactory(organization=acme, alias="pump-late")
    assert worked(job).total == 5
    names = list(job.items.values_list("device_alias", flat=True))
    assert names == [f"pump-{n}" for n in range(5)]
    assert not any(Device.objects.get(pk=d.pk).tags for d in more)


def test_only_devices_that_the_actor_may_change_are_in(olga, umbrella, acme, devices, act):
    foreign = DeviceFactory(organization=umbrella)
    job = bulk_job_start(
        act(olga),
        organization=acme,
        action=bulk_actions.get("tags"),
        fields={"added": ["new"]},
        devices=Device.objects.all(),
    )
    assert job.total == 5
    assert not job.items.filter(device=foreign).exists()


def test_viewer_starts_nothing(vera, devices):
    with pytest.raises(DomainError) as refused:
        make_bulk_job(vera, *devices)
    assert refused.value.code == "bulk.nothing"
    assert not BulkJob.objects.exists()


def test_system_has_no_name_to_act_in(acme, devices, system):
    with pytest.raises(DomainError) as refused:
        bulk_job_start(
            system,
            organization=acme,
            action=bulk_actions.get("tags"),
            fields={"added": ["new"]},
            devices=Device.objects.all(),
        )
    assert refused.value.code == "bulk.nobody"


def test_bad_parameters_start_nothing(olga, devices):
    with pytest.raises(DomainError) as refused:
        make_bulk_job(olga, *devices, added="no tag!")
    assert refused.value.code == "bulk.params"
    assert "added" in refused.value.fields
    assert not BulkJob.objects.exists()


def test_rights_are_those_of_the_moment_and_not_of_the_start(olga, acme, job, devices):
    Membership.objects.filter(user=olga, organization=acme).update(role=Role.VIEWER)
    assert worked(job).failed == 5
    assert {*job.items.values_list("error_code", flat=True)} == {"bulk.not_permitted"}
    assert not any(Device.objects.get(pk=d.pk).tags for d in devices)


@pytest.mark.parametrize("gone", ["deactivated", "deleted", "left"])
def test_who_is_gone_does_nothing_any_more(olga, acme, job, gone):
    if gone == "deactivated":
        type(olga).objects.filter(pk=olga.pk).update(is_active=False)
    elif gone == "deleted":
        type(olga).objects.filter(pk=olga.pk).delete()
    else:
        Membership.objects.filter(user=olga, organization=acme).delete()
    assert worked(job).failed == 5
    assert {*job.items.values_list("error_code", flat=True)} == {"bulk.device_gone"}


def test_job_of_a_key_ends_with_the_key(alice, acme, devices, system):
    key, _ = make_api_key(acme, user=alice)
    actor = Actor(user=alice, ceiling=acme, credential=f"API key {key.prefix}")
    job = bulk_job_start(
        actor,
        organization=acme,
        action=bulk_actions.get("tags"),
        fields={"added": ["new"]},
        devices=Device.objects.all(),
    )
    api_key_revoke(system, key=key)
    assert worked(job).failed == 5


def test_second_factor_that_is_demanded_meanwhile_holds_the_job_back(olga, acme, devices, act):
    job = bulk_job_start(
        act(olga),
        organization=acme,
        action=bulk_actions.get("tags"),
        fields={"added": ["new"]},
        devices=Device.objects.all(),
    )
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    assert worked(job).failed == 5


def test_refusal_fails_one_device_with_its_code_and_the_rest_goes_on(olga, acme, devices):
    source = SourceFactory(organization=acme)
    Device.objects.filter(pk=devices[0].pk).update(source=source)
    job = worked(make_bulk_job(olga, *devices, action="build", deliver="on"))
    assert (job.done, job.failed) == (1, 4)
    assert {*job.items.filter(state="failed").values_list("error_code", flat=True)} == {
        "build.no_source"
    }


def test_device_deleted_meanwhile_fails_and_keeps_its_name(job, devices):
    devices[0].delete()
    assert worked(job).failed == 1
    item = job.items.get(state="failed")
    assert (item.device, item.device_alias, item.error_code) == (None, "pump-0", "bulk.device_gone")


def test_deleting_keeps_the_list_of_what_was_deleted(olga, devices):
    job = worked(make_bulk_job(olga, *devices, action="delete", none="x"))
    assert (job.done, Device.objects.count()) == (5, 0)
    assert job.items.first().device_alias == "pump-0"


def test_action_that_breaks_fails_its_device_and_undoes_what_it_did(
    olga, devices, monkeypatch, caplog
):
    action = bulk_actions.get("tags")
    whole = type(action).perform

    def breaks(self, actor, device, **params):
        whole(self, actor, device, **params)
        if device.alias == "pump-1":
            raise ZeroDivisionError

    monkeypatch.setattr(type(action), "perform", breaks)
    job = worked(make_bulk_job(olga, *devices))
    assert (job.done, job.failed, job.state) == (4, 1, "done")
    assert job.items.get(state="failed").error_code == "bulk.unexpected"
    assert Device.objects.get(alias="pump-1").tags == []


def test_failed_ones_are_tried_again_in_the_name_of_whoever_asks(olga, alice, acme, devices, act):
    job = worked(make_bulk_job(olga, *devices, action="build", deliver="on"))
    assert job.failed == 5
    source = SourceFactory(organization=acme)
    Device.objects.filter(pk=devices[0].pk).update(source=source)
    bulk_job_retry(act(alice), job=job)
    assert states(job) == {"pending": 5}
    job = worked(BulkJob.objects.get(pk=job.pk))
    assert (job.done, job.failed, job.started_by) == (1, 4, alice)
    assert verbs(job)[2:] == ["fleet.bulk_job_retried", "fleet.bulk_job_ended"]


def test_retry_is_refused_while_it_runs_and_where_nothing_failed(job, olga, act):
    with pytest.raises(Conflict) as refused:
        bulk_job_retry(act(olga), job=job)
    assert refused.value.code == "bulk.running"
    worked(job)
    with pytest.raises(Conflict) as refused:
        bulk_job_retry(act(olga), job=job)
    assert refused.value.code == "bulk.nothing_failed"
    job.refresh_from_db()
    assert job.state == "done"


def test_cancel_leaves_out_what_was_not_done_and_no_worker_does_it(job, olga, act, devices):
    working.move(job, "running")
    claim = working._take(job)
    assert states(job) == {"running": 5}
    bulk_job_cancel(act(olga), job=job)
    working._do_portion(job, claim)
    worked(job)
    assert (job.state, states(job)) == ("cancelled", {"skipped": 5})
    assert not any(Device.objects.get(pk=d.pk).tags for d in devices)
    with pytest.raises(Conflict) as refused:
        bulk_job_cancel(act(olga), job=job)
    assert refused.value.code == "bulk.over"


def test_what_a_lost_worker_took_is_done_by_another_and_not_by_both(job, devices, monkeypatch):
    monkeypatch.setattr(working, "PORTION", 2)
    working.move(job, "running")
    lost = working._take(job)
    worked(job)
    assert (job.state, states(job)) == ("running", {"running": 2, "done": 3})
    BulkJobItem.objects.filter(claim=lost).update(lease_until=timezone.now() - timedelta(1))
    assert worked(job).state == "done"
    working._do_portion(job, lost)
    changed = AuditEvent.objects.filter(verb="devices.changed")
    assert changed.count() == 5


def test_long_job_hands_on_after_its_time(job, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(working, "enqueue", lambda name, **kwargs: sent.append((name, kwargs)))
    monkeypatch.setattr(working, "PORTION", 2)
    bulk_job_work(f"{job.uid}", seconds=0)
    assert states(job) == {"done": 2, "pending": 3}
    assert sent == [("fleet.bulk_work", {"job_uid": f"{job.uid}"})]


def test_sweeper_wakes_a_worker_for_a_silent_job_once(job, monkeypatch):
    sent = []
    monkeypatch.setattr(working, "enqueue", lambda name, **kwargs: sent.append(kwargs["job_uid"]))
    bulk_jobs_sweep()
    assert sent == []
    BulkJob.objects.filter(pk=job.pk).update(seen_at=timezone.now() - timedelta(minutes=1))
    bulk_jobs_sweep()
    bulk_jobs_sweep()
    assert sent == [f"{job.uid}"]


def test_action_that_this_version_does_not_know_fails_all(job):
    BulkJob.objects.filter(pk=job.pk).update(action="of-the-future")
    job.refresh_from_db()
    assert worked(job).failed == 5
    assert job.items.first().error_code == "bulk.unknown_action"
    assert "of-the-future" in f"{job}"
