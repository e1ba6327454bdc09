"""Configuration pushes over REST."""

from __future__ import annotations

import pytest

from fleet.models import ConfigReceipt
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_push


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme)


def test_operator_pushes_and_reads_how_far_it_came(api_as, olga, probe):
    sent = {"device": f"{probe.uid}", "values": {"A": "1", "WORD": "x"}, "conceal": ["WORD"]}
    answer = api_as(olga).post("config-pushes/", sent)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["state"], shown["device"]) == ("queued", f"{probe.uid}")
    assert shown["values"] == {"A": "1", "WORD": "••••••••"}
    assert api_as(olga).get(f"config-pushes/{shown['uid']}/").json() == shown
    found = api_as(olga).get(f"config-pushes/?device={probe.uid}&state=queued").json()
    assert [row["uid"] for row in found["results"]] == [shown["uid"]]


def test_what_no_device_could_take_is_400_with_its_code(api_as, olga, probe):
    sent = {"device": f"{probe.uid}", "values": {"THINX_ENV_SSID": "net"}}
    answer = api_as(olga).post("config-pushes/", sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "fleet.config_half_wifi")
    assert not ConfigReceipt.objects.exists()


def test_withdrawing_twice_is_a_conflict(api_as, olga, probe):
    receipt = make_push(probe)
    url = f"config-pushes/{receipt.uid}/withdraw/"
    assert api_as(olga).post(url).json()["state"] == "withdrawn"
    answer = api_as(olga).post(url)
    assert (answer.status_code, answer.json()["code"]) == (409, "fleet.config_not_waiting")


def test_viewer_and_outsider_push_nothing(api_as, vera, mallory, probe):
    sent = {"device": f"{probe.uid}", "values": {"A": "1"}}
    assert api_as(vera).post("config-pushes/", sent).status_code == 403
    assert api_as(mallory).post("config-pushes/", sent).status_code == 400
    assert not ConfigReceipt.objects.exists()
