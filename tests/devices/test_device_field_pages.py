"""One fact of a device, changed on its page."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from devices.models import Device, DeviceState
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="pump-1", category="old", checkin_interval=600)


def path(device, name: str) -> str:
    return f"/devices/{device.uid}/field/?name={name}"


@pytest.mark.parametrize(
    ("name", "said", "stored"),
    [
        ("alias", "pump-2", "pump-2"),
        ("description", "In the cellar", "In the cellar"),
        ("icon", "droplet", "droplet"),
        ("category", "pumps", "pumps"),
        ("tags", "lab, roof", ["lab", "roof"]),
        ("mac", "5ccf7f012345", "5C:CF:7F:01:23:45"),
        ("auto_update", "on", True),
        ("checkin_interval", "", None),
    ],
)
def test_operator_changes_one_field_in_place(signed_in, olga, device, name, said, stored):
    answer = signed_in(olga).post(path(device, name), {name: said}, headers=HTMX)
    device.refresh_from_db()
    assert answer.status_code == 204
    assert answer["HX-Trigger"] == "field:saved"
    assert getattr(device, name) == stored
    [event] = AuditEvent.objects.filter(verb="devices.changed")
    assert len(event.changes) == 1


def test_switch_that_is_off_sends_nothing_and_is_saved(signed_in, olga, device):
    Device.objects.filter(pk=device.pk).update(auto_update=True)
    signed_in(olga).post(path(device, "auto_update"), {}, headers=HTMX)
    device.refresh_from_db()
    assert not device.auto_update


def test_what_another_changed_meanwhile_stays(signed_in, olga, device):
    client = signed_in(olga)
    client.get(path(device, "alias"), headers=HTMX)
    Device.objects.filter(pk=device.pk).update(category="new", description="by Alice")
    client.post(path(device, "alias"), {"alias": "pump-2", "category": "mine"}, headers=HTMX)
    device.refresh_from_db()
    assert (device.alias, device.category, device.description) == ("pump-2", "new", "by Alice")


def test_edit_page_keeps_what_is_not_sent(signed_in, olga, device):
    signed_in(olga).post(f"/devices/{device.uid}/edit/", {"alias": "pump-2"})
    device.refresh_from_db()
    assert (device.alias, device.category, device.checkin_interval) == ("pump-2", "old", 600)


def test_edit_page_shows_every_field_that_it_saves(signed_in, olga, device):
    page = signed_in(olga).get(f"/devices/{device.uid}/edit/")
    for name in page.context["form"].fields:
        assert f'name="{name}"' in page.text, name


def test_form_in_place_is_one_field_and_has_the_focus(signed_in, olga, device):
    page = signed_in(olga).get(path(device, "alias"), headers=HTMX)
    assert page.status_code == 200
    assert "<html" not in page.text
    assert 'data-inline="alias"' in page.text
    assert "autofocus" in page.text
    assert 'name="category"' not in page.text


def test_without_javascript_it_is_a_small_page(signed_in, olga, device):
    client = signed_in(olga)
    page = client.get(path(device, "alias"))
    assert "<html" in page.text
    assert 'name="category"' not in page.text
    answer = client.post(path(device, "alias"), {"alias": "pump-2"})
    assert answer.url == device.get_absolute_url()


def test_refusal_comes_with_the_form(signed_in, olga, acme, device):
    DeviceFactory(organization=acme, alias="first", mac="5C:CF:7F:01:23:45")
    answer = signed_in(olga).post(path(device, "mac"), {"mac": "5ccf7f012345"}, headers=HTMX)
    assert answer.status_code == 422
    assert "first has this MAC address already." in answer.text
    assert "5ccf7f012345" in answer.text


@pytest.mark.parametrize("icon", ["nothing", "pencil", "<b>"])
def test_icon_that_is_not_offered_is_refused(signed_in, olga, device, icon):
    answer = signed_in(olga).post(path(device, "icon"), {"icon": icon}, headers=HTMX)
    device.refresh_from_db()
    assert answer.status_code == 422
    assert device.icon == "cpu"


def test_unknown_field_is_404(signed_in, olga, device):
    for name in ("organization", "uid", "alias_"):
        assert signed_in(olga).get(path(device, name)).status_code == 404


def test_viewer_changes_a_field_is_403(signed_in, vera, device):
    answer = signed_in(vera).post(path(device, "alias"), {"alias": "x"}, headers=HTMX)
    assert answer.status_code == 403


def test_outsider_changes_a_field_is_404(signed_in, mallory, device):
    answer = signed_in(mallory).post(path(device, "alias"), {"alias": "x"}, headers=HTMX)
    assert answer.status_code == 404


def test_stranger_changes_a_field_is_sent_to_sign_in(client, device):
    assert client.post(path(device, "alias"), {"alias": "x"}).status_code == 302
    device.refresh_from_db()
    assert device.alias == "pump-1"


def test_pencils_are_for_who_may_change(signed_in, olga, vera, device):
    url = f"/devices/{device.uid}/field/"
    assert f'href="{url}?name=alias"' in signed_in(olga).get(device.get_absolute_url()).text
    assert url not in signed_in(vera).get(device.get_absolute_url()).text


def test_source_is_attached_and_detached_in_place(signed_in, olga, acme, device):
    source = SourceFactory(organization=acme)
    client = signed_in(olga)
    assert f"{source.uid}" in client.get(path(device, "source"), headers=HTMX).text
    client.post(path(device, "source"), {"source": f"{source.uid}"}, headers=HTMX)
    device.refresh_from_db()
    assert device.source == source
    client.post(path(device, "source"), {"source": ""}, headers=HTMX)
    device.refresh_from_db()
    assert device.source is None


def test_source_of_others_is_not_attached(signed_in, olga, umbrella, device):
    foreign = SourceFactory(organization=umbrella)
    answer = signed_in(olga).post(path(device, "source"), {"source": f"{foreign.uid}"})
    device.refresh_from_db()
    assert answer.status_code == 422
    assert device.source is None


def test_source_that_is_hidden_from_a_guest_is_not_theirs_to_detach(signed_in, guest, acme, device):
    from guardian.shortcuts import assign_perm

    source = SourceFactory(organization=acme)
    Device.objects.filter(pk=device.pk).update(source=source)
    assign_perm("devices.view_device", guest, device)
    assign_perm("devices.change_device", guest, device)
    answer = signed_in(guest).post(path(device, "source"), {"source": ""}, headers=HTMX)
    device.refresh_from_db()
    assert answer.status_code == 404
    assert device.source == source


def test_zone_that_people_choose_wins_over_the_device(signed_in, olga, acme, device, system):
    from devices.reports import DeviceReport
    from devices.services import device_report

    answer = signed_in(olga).post(
        path(device, "timezone_name"), {"timezone_name": "Asia/Tokyo"}, headers=HTMX
    )
    assert answer.status_code == 204
    report = DeviceReport(udid=device.uid, timezone_name="Europe/Prague", timezone_offset=1.0)
    device_report(system, organization=acme, report=report)
    state = DeviceState.objects.get(device=device)
    assert (state.timezone_name, state.utc_offset) == ("Asia/Tokyo", 9.0)
    [event] = AuditEvent.objects.filter(verb="devices.changed")
    [change] = event.changes
    assert (change.before, change.after) == ("UTC", "Asia/Tokyo")


def test_without_a_chosen_zone_the_device_says_its_own(signed_in, olga, acme, device, system):
    from devices.reports import DeviceReport
    from devices.services import device_report

    DeviceState.objects.filter(device=device).update(timezone_name="Asia/Tokyo", timezone_offset=9)
    signed_in(olga).post(path(device, "timezone_name"), {"timezone_name": "UTC"}, headers=HTMX)
    report = DeviceReport(udid=device.uid, timezone_name="Europe/Prague", timezone_offset=1.0)
    device_report(system, organization=acme, report=report)
    assert DeviceState.objects.get(device=device).timezone_name == "Europe/Prague"


def test_zone_that_nobody_knows_is_refused(signed_in, olga, device):
    answer = signed_in(olga).post(
        path(device, "timezone_name"), {"timezone_name": "Mars/Base"}, headers=HTMX
    )
    assert answer.status_code == 422
