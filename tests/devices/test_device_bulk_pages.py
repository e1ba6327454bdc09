"""Verbs on many devices: the selection, or all that match."""

from __future__ import annotations

import pytest

from devices.models import Device
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory


@pytest.fixture
def devices(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n}") for n in range(3)]


def chosen(devices, **more):
    return {"selected": [f"{device.uid}" for device in devices], **more}


@pytest.mark.parametrize("verb", ["bulk-delete", "bulk-source", "bulk-auto-update"])
def test_first_post_asks_and_names_the_devices(signed_in, olga, devices, verb):
    page = signed_in(olga).post(f"/devices/{verb}/", chosen(devices[:2]))
    assert page.status_code == 200
    assert "pump-0" in page.text
    assert "pump-2" not in page.text
    assert Device.objects.count() == 3


@pytest.mark.parametrize("verb", ["bulk-delete", "bulk-source", "bulk-auto-update"])
@pytest.mark.parametrize("who", ["vera", "mallory"])
def test_who_may_not_change_devices_selects_nothing(request, signed_in, devices, verb, who):
    user = request.getfixturevalue(who)
    form = chosen(devices, confirm="1", source="", auto_update="on")
    answer = signed_in(user).post(f"/devices/{verb}/", form)
    assert answer.status_code == 302
    assert Device.objects.filter(auto_update=False).count() == 3


def test_stranger_is_sent_to_sign_in(client, devices):
    answer = client.post("/devices/bulk-delete/", chosen(devices, confirm="1"))
    assert "/sign-in/" in answer.url
    assert Device.objects.count() == 3


def test_operator_deletes_the_selected_ones(signed_in, olga, devices):
    signed_in(olga).post("/devices/bulk-delete/", chosen(devices[:2], confirm="1"))
    assert [device.alias for device in Device.objects.all()] == ["pump-2"]


def test_operator_deletes_all_that_match_the_filter(signed_in, olga, devices, acme):
    DeviceFactory(organization=acme, alias="meter")
    form = {"all": "1", "query": "q=pump", "confirm": "1"}
    signed_in(olga).post("/devices/bulk-delete/", form)
    assert [device.alias for device in Device.objects.all()] == ["meter"]


def test_operator_attaches_one_source_to_many(signed_in, olga, devices, acme):
    source = SourceFactory(organization=acme)
    form = chosen(devices[:2], confirm="1", source=f"{source.uid}")
    signed_in(olga).post("/devices/bulk-source/", form)
    assert Device.objects.filter(source=source).count() == 2


def test_source_of_another_organization_is_refused_with_its_field(
    signed_in, olga, devices, umbrella
):
    foreign = SourceFactory(organization=umbrella)
    form = chosen(devices, confirm="1", source=f"{foreign.uid}")
    answer = signed_in(olga).post("/devices/bulk-source/", form)
    assert answer.status_code == 422
    assert not Device.objects.filter(source__isnull=False).exists()


def test_operator_turns_automatic_updates_on(signed_in, olga, devices):
    form = chosen(devices, confirm="1", auto_update="on")
    signed_in(olga).post("/devices/bulk-auto-update/", form)
    assert Device.objects.filter(auto_update=True).count() == 3
