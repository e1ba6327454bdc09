"""Configuration pushes over REST."""

from __future__ import annotations

import pytest

from fleet.models import ConfigPush, ConfigReceipt
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.fleet import make_push

SECRET = "canary-4c1e-rest"


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="probe")


def body(**more):
    return {"values": {"A": "1", "WORD": SECRET}, "conceal": ["WORD"], **more}


def test_operator_drafts_previews_and_applies(api_as, olga, probe):
    api = api_as(olga)
    answer = api.post("config-pushes/", body(devices=[f"{probe.uid}"]))
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["state"], shown["title"]) == ("draft", "A, WORD")
    assert shown["values"] == {"A": "1", "WORD": "••••••••"}
    assert not ConfigReceipt.objects.exists()
    url = f"config-pushes/{shown['uid']}"
    preview = api.get(f"{url}/differences/").json()["results"]
    assert [row["alias"] for row in preview] == ["probe"]
    assert preview[0]["differences"][0] == {"name": "A", "old": None, "new": "1", "is_same": False}
    assert SECRET not in f"{preview}"
    assert api.post(f"{url}/apply/").json()["counts"] == {"queued": 1}
    receipts = api.get(f"config-receipts/?push={shown['uid']}&state=queued").json()["results"]
    assert [row["device"] for row in receipts] == [f"{probe.uid}"]
    assert SECRET not in f"{receipts}"
    again = api.post(f"{url}/apply/")
    assert (again.status_code, again.json()["code"]) == (409, "fleet.push_not_draft")
    assert ConfigReceipt.objects.count() == 1


def test_draft_is_written_anew_and_discarded(api_as, olga, probe):
    api = api_as(olga)
    uid = api.post("config-pushes/", body(query="")).json()["uid"]
    changed = api.put(f"config-pushes/{uid}/", {"values": {"B": "2"}, "query": "q=probe"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.content
    assert ConfigPush.objects.get().values() == {"B": "2"}
    assert api.post(f"config-pushes/{uid}/discard/").json()["state"] == "discarded"
    late = api.put(f"config-pushes/{uid}/", {"values": {"B": "3"}, "query": ""})
    assert late.status_code == 409


def test_mesh_names_its_devices(api_as, olga, acme, probe, system, act):
    mesh = MeshFactory(organization=acme)
    mesh.devices.add(probe)
    DeviceFactory(organization=acme)
    uid = api_as(olga).post("config-pushes/", body(mesh=f"{mesh.uid}")).json()["uid"]
    api_as(olga).post(f"config-pushes/{uid}/apply/")
    assert ConfigReceipt.objects.get().device == probe


@pytest.mark.parametrize("sent", [{}, {"devices": []}, {"query": "", "devices": ["x"]}])
def test_devices_are_named_in_one_way(api_as, olga, probe, sent):
    assert api_as(olga).post("config-pushes/", body(**sent)).status_code == 400
    assert not ConfigPush.objects.exists()


def test_what_no_device_could_take_is_400_with_its_code(api_as, olga, probe):
    sent = {"devices": [f"{probe.uid}"], "values": {"THINX_ENV_SSID": "net"}}
    answer = api_as(olga).post("config-pushes/", sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "fleet.config_half_wifi")
    assert not ConfigPush.objects.exists()


def test_withdrawing_twice_is_a_conflict(api_as, olga, probe):
    receipt = make_push(probe)
    url = f"config-receipts/{receipt.uid}/withdraw/"
    assert api_as(olga).post(url).json()["state"] == "withdrawn"
    answer = api_as(olga).post(url)
    assert (answer.status_code, answer.json()["code"]) == (409, "fleet.config_not_waiting")


def test_push_is_withdrawn_retried_and_reverted(api_as, olga, probe):
    push = make_push(probe).push
    url = f"config-pushes/{push.uid}"
    assert api_as(olga).post(f"{url}/withdraw/").json() == {"devices": 1}
    assert api_as(olga).post(f"{url}/retry/").json() == {"devices": 0}
    revert = api_as(olga).post(f"{url}/revert/").json()
    assert (revert["state"], revert["reverts"]) == ("draft", f"{push.uid}")


def test_viewer_and_outsider_push_nothing(api_as, vera, mallory, probe):
    sent = body(devices=[f"{probe.uid}"])
    assert api_as(vera).post("config-pushes/", sent).status_code == 403
    assert api_as(mallory).post("config-pushes/", sent).status_code == 400
    receipt = make_push(probe)
    assert api_as(vera).post(f"config-receipts/{receipt.uid}/withdraw/").status_code == 403
    assert api_as(mallory).post(f"config-receipts/{receipt.uid}/withdraw/").status_code == 404
    assert ConfigPush.objects.count() == 1
