"""Adding, changing and deleting devices by hand."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from devices.models import Device
from keys.models import EnvVar
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

FORM = {"alias": "pump-2", "mac": "5ccf7f012345", "platform": "", "tags": "lab, roof", "source": ""}


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="pump-1")


def test_operator_adds_device_lands_on_its_page(in_acme, olga, acme):
    answer = in_acme(olga).post("/devices/add/", FORM)
    device = Device.objects.get()
    assert answer.status_code == 302
    assert answer.url == device.get_absolute_url()
    assert (device.mac, device.platform) == ("5C:CF:7F:01:23:45", "unknown")
    assert device.tags == ["lab", "roof"]
    assert device.organization == acme
    assert AuditEvent.objects.filter(verb="devices.created").exists()


def test_viewer_adds_device_is_403(in_acme, vera):
    assert in_acme(vera).post("/devices/add/", FORM).status_code == 403
    assert not Device.objects.exists()


def test_stranger_adds_device_is_sent_to_sign_in(client, db):
    assert client.post("/devices/add/", FORM).status_code == 302
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"alias": ""}, "alias"),
        ({"mac": "not a mac"}, "mac"),
        ({"tags": "<b>"}, "tags"),
        ({"source": "5"}, "source"),
    ],
)
def test_form_with_a_fault_names_the_field(in_acme, olga, changed, field):
    answer = in_acme(olga).post("/devices/add/", {**FORM, **changed})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Device.objects.exists()


def test_second_device_with_a_mac_is_told_whose_it_is(in_acme, olga, acme):
    DeviceFactory(organization=acme, alias="first", mac="5C:CF:7F:01:23:45")
    answer = in_acme(olga).post("/devices/add/", FORM)
    assert answer.status_code == 422
    assert "first" in f"{answer.context['form'].errors['mac']}"


def test_source_of_another_organization_is_no_choice(in_acme, olga, umbrella):
    foreign = SourceFactory(organization=umbrella)
    answer = in_acme(olga).post("/devices/add/", {**FORM, "source": f"{foreign.uid}"})
    assert answer.status_code == 422
    assert "source" in answer.context["form"].errors


def test_form_offers_sources_by_uid_and_keeps_primary_keys_inside(in_acme, olga, acme):
    source = SourceFactory(organization=acme)
    page = in_acme(olga).get("/devices/add/")
    assert f'value="{source.uid}"' in page.text
    assert f'value="{source.pk}"' not in page.text


def test_operator_edits_device_changes_only_what_was_said(signed_in, olga, acme, device):
    source = SourceFactory(organization=acme)
    client = signed_in(olga)
    page = client.get(f"/devices/{device.uid}/edit/")
    assert 'value="pump-1"' in page.text
    form = {"alias": "pump-1b", "mac": device.mac, "platform": "python", "source": f"{source.uid}",
            "auto_update": "on", "tags": "roof"}  # fmt: skip
    answer = client.post(f"/devices/{device.uid}/edit/", form)
    device.refresh_from_db()
    assert answer.status_code == 302
    assert (device.alias, device.source, device.auto_update) == ("pump-1b", source, True)


def test_viewer_edits_device_is_403(signed_in, vera, device):
    assert signed_in(vera).post(f"/devices/{device.uid}/edit/", FORM).status_code == 403


def test_outsider_edits_device_is_404(signed_in, mallory, device):
    assert signed_in(mallory).post(f"/devices/{device.uid}/edit/", FORM).status_code == 404


def test_question_before_deleting_names_what_goes_too(signed_in, olga, acme, device):
    source = SourceFactory(organization=acme)
    build = BuildFactory(source=source, device=device, succeeded=True)
    ArtifactFactory(build=build)
    EnvVar.objects.create(organization=acme, device=device, name="TOPIC", value="x")
    key, _ = make_api_key(acme)
    type(key).objects.filter(pk=key.pk).update(device=device)
    page = signed_in(olga).get(f"/devices/{device.uid}/delete/")
    assert "1 build with 1 artifact and the log." in page.text
    assert "1 firmware key: firmware that carries it can no longer call." in page.text
    assert "1 environment variable set for this device." in page.text
    assert "come" in page.text
    assert "back as new" in page.text


def test_operator_deletes_device_goes_to_the_list(signed_in, olga, device):
    answer = signed_in(olga).post(f"/devices/{device.uid}/delete/", {"confirm": "1"})
    assert answer.url == "/devices/"
    assert not Device.objects.exists()
    assert AuditEvent.objects.filter(verb="devices.deleted").exists()


def test_viewer_deletes_device_is_403(signed_in, vera, device):
    assert signed_in(vera).post(f"/devices/{device.uid}/delete/").status_code == 403
    assert Device.objects.exists()


def test_outsider_deletes_device_is_404(signed_in, mallory, device):
    assert signed_in(mallory).post(f"/devices/{device.uid}/delete/").status_code == 404


def test_stranger_deletes_device_is_sent_to_sign_in(client, device):
    assert client.post(f"/devices/{device.uid}/delete/").status_code == 302
    assert Device.objects.exists()
