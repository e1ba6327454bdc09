"""Verbs on many devices: the selection, or all that match."""

from __future__ import annotations

import pytest

from devices.models import Device
from fleet.bulk.constants import AT_ONCE
from fleet.bulk.working import bulk_job_work
from fleet.models import BulkJob
from keys.models import ApiKey
from keys.services import firmware_key_for
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_bulk_job

START = "/bulk-jobs/start/"


@pytest.fixture
def devices(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n}") for n in range(3)]


def chosen(devices, **more):
    return {"selected": [f"{device.uid}" for device in devices], **more}


@pytest.mark.parametrize("verb", ["delete", "source", "auto-update"])
def test_first_post_asks_and_names_the_devices(signed_in, olga, devices, verb):
    page = signed_in(olga).post(f"{START}{verb}/", chosen(devices[:2]))
    assert page.status_code == 200
    assert "pump-0" in page.text
    assert "pump-2" not in page.text
    assert Device.objects.count() == 3


@pytest.mark.parametrize("verb", ["delete", "source", "auto-update"])
@pytest.mark.parametrize("who", ["vera", "mallory"])
def test_who_may_not_change_devices_selects_nothing(request, signed_in, devices, verb, who):
    user = request.getfixturevalue(who)
    form = chosen(devices, confirm="1", source="", auto_update="on")
    answer = signed_in(user).post(f"{START}{verb}/", form)
    assert answer.status_code == 302
    assert Device.objects.filter(auto_update=False).count() == 3


def test_stranger_is_sent_to_sign_in(client, devices):
    answer = client.post(f"{START}delete/", chosen(devices, confirm="1"))
    assert "/sign-in/" in answer.url
    assert Device.objects.count() == 3


def test_operator_deletes_the_selected_ones(signed_in, olga, devices):
    signed_in(olga).post(f"{START}delete/", chosen(devices[:2], confirm="1"))
    assert [device.alias for device in Device.objects.all()] == ["pump-2"]


def test_operator_deletes_all_that_match_the_filter(signed_in, olga, devices, acme):
    DeviceFactory(organization=acme, alias="meter")
    form = {"all": "1", "query": "q=pump", "confirm": "1"}
    signed_in(olga).post(f"{START}delete/", form)
    assert [device.alias for device in Device.objects.all()] == ["meter"]


def test_operator_attaches_one_source_to_many(signed_in, olga, devices, acme):
    source = SourceFactory(organization=acme)
    form = chosen(devices[:2], confirm="1", source=f"{source.uid}")
    signed_in(olga).post(f"{START}source/", form)
    assert Device.objects.filter(source=source).count() == 2


def test_source_of_another_organization_is_refused_with_its_field(
    signed_in, olga, devices, umbrella
):
    foreign = SourceFactory(organization=umbrella)
    form = chosen(devices, confirm="1", source=f"{foreign.uid}")
    answer = signed_in(olga).post(f"{START}source/", form)
    assert answer.status_code == 422
    assert not Device.objects.filter(source__isnull=False).exists()


def test_operator_turns_automatic_updates_on(signed_in, olga, devices):
    form = chosen(devices, confirm="1", auto_update="on")
    signed_in(olga).post(f"{START}auto-update/", form)
    assert Device.objects.filter(auto_update=True).count() == 3


def test_operator_edits_what_is_filled_in_and_leaves_the_rest(signed_in, olga, devices):
    Device.objects.update(category="old", description="kept")
    form = chosen(devices, confirm="1", platform="python", emptied="category")
    signed_in(olga).post(f"{START}edit/", form)
    found = set(Device.objects.values_list("category", "description", "platform"))
    assert found == {("", "kept", "python")}


def test_form_without_a_change_is_asked_again(signed_in, olga, devices):
    for verb in ("edit", "tags"):
        assert (
            signed_in(olga).post(f"{START}{verb}/", chosen(devices, confirm="1")).status_code == 422
        )


def test_operator_changes_tags_and_keeps_the_others(signed_in, olga, devices):
    Device.objects.update(tags=["old", "kept"])
    form = chosen(devices, confirm="1", added="new", removed="old")
    signed_in(olga).post(f"{START}tags/", form)
    assert all(device.tags == ["kept", "new"] for device in Device.objects.all())


def test_admin_revokes_firmware_keys_and_operator_has_no_button(
    in_acme, olga, alice, devices, system
):
    firmware_key_for(system, device=devices[0])
    button = f"{START}revoke/"
    assert button not in in_acme(olga).get("/devices/").text
    in_acme(olga).post(button, chosen(devices, confirm="1"))
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    assert button in in_acme(alice).get("/devices/").text
    in_acme(alice).post(button, chosen(devices, confirm="1"))
    assert not ApiKey.objects.filter(revoked_at=None).exists()


def test_unknown_action_is_not_found(signed_in, olga, devices):
    assert signed_in(olga).post(f"{START}explode/", chosen(devices)).status_code == 404


@pytest.fixture
def many(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n:03d}") for n in range(AT_ONCE + 1)]


def test_all_that_match_become_a_job_and_never_only_the_page(in_acme, olga, acme, many):
    DeviceFactory(organization=acme, alias="meter")
    client = in_acme(olga)
    form = {"all": "1", "query": "q=pump"}
    asked = client.post(f"{START}tags/", form)
    assert f"{len(many)} devices" in asked.text
    assert f"and {len(many) - 10} more" in asked.text
    again = {**form, "count": f"{len(many)}", "confirm": "1", "added": "new"}
    answer = client.post(f"{START}tags/", again)
    job = BulkJob.objects.get()
    assert answer.url == job.get_absolute_url()
    assert (job.total, job.state, job.organization) == (len(many), "queued", acme)
    bulk_job_work(f"{job.uid}")
    page = client.get(job.get_absolute_url())
    assert f"{len(many)} done" in page.text
    assert "new" in page.text
    assert not Device.objects.get(alias="meter").tags


def test_filter_that_matches_others_by_now_is_asked_about_again(in_acme, olga, acme, many):
    client = in_acme(olga)
    form = {"all": "1", "query": "q=pump", "count": f"{len(many)}", "confirm": "1"}
    DeviceFactory(organization=acme, alias="pump-new")
    answer = client.post(f"{START}delete/", form)
    assert answer.status_code == 200
    assert f"{len(many) + 1} devices" in answer.text
    assert not BulkJob.objects.exists()


def test_bad_field_of_a_job_is_told_and_starts_none(in_acme, olga, many):
    form = {"all": "1", "query": "", "confirm": "1", "added": "no tag!"}
    assert in_acme(olga).post(f"{START}tags/", form).status_code == 422
    assert not BulkJob.objects.exists()


def test_job_page_shows_the_state_that_is_asked_for(in_acme, olga, vera, acme):
    devices = [DeviceFactory(organization=acme, alias=f"pump-{n}") for n in range(2)]
    Device.objects.filter(pk=devices[0].pk).update(source=SourceFactory(organization=acme))
    job = make_bulk_job(olga, *devices, action="build", deliver="on")
    bulk_job_work(f"{job.uid}")
    page = in_acme(vera).get(f"/bulk-jobs/{job.uid}/?state=failed")
    assert [row.record.device_alias for row in page.context["table"].rows] == ["pump-1"]
    assert "has no source" in page.text
    assert "/retry/" not in page.text
    assert f"/bulk-jobs/{job.uid}/retry/" in in_acme(olga).get(f"/bulk-jobs/{job.uid}/").text
    found = in_acme(vera).get(f"/bulk-jobs/{job.uid}/?q=pump-0")
    assert [row.record.device_alias for row in found.context["table"].rows] == ["pump-0"]


def test_operator_retries_and_cancels_from_the_page(in_acme, olga, vera, acme):
    device = DeviceFactory(organization=acme)
    job = make_bulk_job(olga, device, action="build", deliver="on")
    url = f"/bulk-jobs/{job.uid}/"
    assert in_acme(vera).post(f"{url}cancel/").status_code == 403
    client = in_acme(olga)
    bulk_job_work(f"{job.uid}")
    assert "1 device will be tried again" in client.get(f"{url}retry/").text
    client.post(f"{url}retry/")
    assert BulkJob.objects.get().state == "queued"
    assert "1 device will be left out" in client.get(f"{url}cancel/").text
    client.post(f"{url}cancel/")
    assert BulkJob.objects.get().state == "cancelled"
    assert "Bulk job cancelled" in client.get(f"{url}audit/").text


def test_list_of_jobs_says_how_far_each_is(in_acme, vera, olga, mallory, signed_in, acme):
    job = make_bulk_job(olga, DeviceFactory(organization=acme))
    page = in_acme(vera).get("/bulk-jobs/")
    assert "0 of 1" in page.text
    assert f'<a class="cell-name" href="{job.get_absolute_url()}">Tags</a>' in page.text
    assert signed_in(mallory).get(job.get_absolute_url()).status_code == 404


def test_list_costs_the_same_however_many_jobs_there_are(
    in_acme, olga, acme, django_assert_max_num_queries
):
    device = DeviceFactory(organization=acme)
    client = in_acme(olga)
    make_bulk_job(olga, device)
    client.get("/bulk-jobs/")
    with django_assert_max_num_queries(60) as few:
        client.get("/bulk-jobs/")
    for _ in range(4):
        make_bulk_job(olga, device)
    with django_assert_max_num_queries(60) as more:
        client.get("/bulk-jobs/")
    assert len(more) == len(few)
