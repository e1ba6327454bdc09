"""Apps above a list add buttons to its bulk bar."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.views import Action, bulk_bar, register_bulk_action
from devices.models import Device
from tests.factories.devices import DeviceFactory


@pytest.fixture
def bar(monkeypatch):
    monkeypatch.setattr(bulk_bar, "_bars", {})


def home() -> str:
    return reverse("dashboard")


def test_registered_buttons_stand_in_order_and_lead_where_they_say(bar, in_acme, olga, acme):
    DeviceFactory(organization=acme)
    later = Action("Later", "change", address=home)
    register_bulk_action(Device, later, order=20)
    register_bulk_action(Device, Action("Soon", "change", address=home, dialog=False), order=10)
    page = in_acme(olga).get("/devices/")
    shown = [a.label for a in page.context["bulk_actions"] if a.label in {"Soon", "Later"}]
    assert shown == ["Soon", "Later"]
    assert f'formaction="{home()}"' in page.text


def test_who_may_not_do_it_sees_no_button(bar, in_acme, vera, acme):
    DeviceFactory(organization=acme)
    register_bulk_action(Device, Action("Soon", "change", address=home))
    assert in_acme(vera).get("/devices/").context["bulk_actions"] == []


def test_all_that_match_can_be_chosen_where_there_is_another_page(in_acme, olga, acme):
    DeviceFactory.create_batch(3, organization=acme)
    client = in_acme(olga)
    assert 'name="all"' not in client.get("/devices/").text
    assert 'name="all"' in client.get("/devices/?per_page=2").text
