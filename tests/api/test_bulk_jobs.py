"""Bulk jobs over REST."""

from __future__ import annotations

import pytest

from devices.models import Device
from fleet.bulk.working import bulk_job_work
from fleet.models import BulkJob
from tests.factories.devices import DeviceFactory

LIST = "/api/v1/bulk-jobs/"


@pytest.fixture
def devices(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n}") for n in range(3)]


def send(client, **body):
    return client.post(LIST, body, content_type="application/json")


def test_operator_starts_a_job_for_named_devices_and_reads_what_became_of_each(
    signed_in, olga, devices
):
    client = signed_in(olga)
    uids = [f"{device.uid}" for device in devices[:2]]
    answer = send(client, action="tags", params={"added": "new"}, devices=uids)
    assert answer.status_code == 201, answer.json()
    job = answer.json()
    assert (job["total"], job["state"], job["params"]) == (2, "queued", {"added": ["new"]})
    bulk_job_work(job["uid"])
    assert client.get(job["href"]).json()["done"] == 2
    items = client.get(f"{job['href']}items/?state=done").json()["results"]
    assert [item["alias"] for item in items] == ["pump-0", "pump-1"]
    assert items[0]["device"] == uids[0]


def test_filter_is_that_of_the_list_of_devices(signed_in, olga, acme, devices):
    DeviceFactory(organization=acme, alias="meter")
    answer = send(
        signed_in(olga), action="auto-update", params={"auto_update": "on"}, filter="q=pump"
    )
    assert answer.json()["total"] == 3
    bulk_job_work(answer.json()["uid"])
    assert Device.objects.filter(auto_update=True).count() == 3


def test_filter_with_an_unknown_value_matches_nothing(signed_in, olga, devices):
    answer = send(signed_in(olga), action="delete", filter="seen=whenever")
    assert (answer.status_code, answer.json()["code"]) == (400, "bulk.nothing")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "explode", "filter": ""}, "action"),
        ({"action": "tags", "params": {"added": "no tag!"}, "filter": ""}, "added"),
        ({"action": "delete"}, "non_field_errors"),
        ({"action": "delete", "filter": "", "devices": []}, "non_field_errors"),
        ({"action": "delete", "devices": ["x"]}, "devices"),
    ],
)
def test_bad_body_names_its_field_and_starts_nothing(signed_in, olga, devices, body, field):
    answer = send(signed_in(olga), **body)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not BulkJob.objects.exists()


@pytest.mark.parametrize("who", ["vera", "mallory"])
def test_who_may_change_none_of_them_starts_nothing(request, signed_in, devices, who):
    uids = [f"{device.uid}" for device in devices]
    answer = send(signed_in(request.getfixturevalue(who)), action="delete", devices=uids)
    assert (answer.status_code, answer.json()["code"]) == (400, "bulk.nothing")


def test_operator_cancels_and_retries_and_the_wrong_moment_is_409(signed_in, olga, devices):
    client = signed_in(olga)
    job = send(client, action="build", params={"deliver": True}, filter="").json()
    assert client.post(f"{job['href']}retry/").json()["code"] == "bulk.running"
    bulk_job_work(job["uid"])
    assert client.post(f"{job['href']}cancel/").json()["code"] == "bulk.over"
    assert client.post(f"{job['href']}retry/").json()["state"] == "queued"
    assert client.post(f"{job['href']}cancel/").json()["state"] == "cancelled"
