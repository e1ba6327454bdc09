"""Transfers over REST."""

from __future__ import annotations

import pytest

from fleet.models import Transfer
from fleet.transfers.moving import transfers_move
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_transfer, other_side

pytestmark = pytest.mark.django_db
URL = "/api/v1/transfers/"


@pytest.fixture
def post(signed_in):
    def send(person, url, body=None):
        return signed_in(person).post(url, body or {}, content_type="application/json")

    return send


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme)


def test_devices_are_offered(post, alice, device, umbrella):
    answer = post(alice, URL, {"devices": [device.udid], "to": umbrella.owner_id})
    said = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == said["href"]
    assert (said["state"], said["direction"], said["sender"]) == ("requested", "outgoing", "Acme")
    assert said["options"]["api_keys"] == "move"


def test_device_that_is_not_there_and_one_that_may_not_go(post, alice, olga, device, umbrella):
    other = DeviceFactory(organization=umbrella)
    answer = post(alice, URL, {"devices": [device.udid, other.udid], "to": "x@example.org"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["devices"])
    assert post(olga, URL, {"devices": [device.udid], "to": "x@example.org"}).status_code == 403
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("body", [{}, {"devices": []}, {"devices": ["x"], "to": "a@b.org"}])
def test_bad_body_is_400(post, alice, body):
    assert post(alice, URL, body).status_code == 400


def test_part_is_accepted_and_the_rest_declined(post, alice, mallory, acme, umbrella, act):
    devices = [DeviceFactory(organization=acme) for _ in range(3)]
    party = other_side(make_transfer(devices, umbrella.owner_id, user=alice))
    here = f"{URL}{party.uid}/"
    items = [f"{item.uid}" for item in party.transfer.items.order_by("pk")]
    assert post(mallory, f"{here}accept/", {"items": items[:1]}).json()["state"] == "partial"
    assert post(mallory, f"{here}decline/", {"items": items[1:2]}).json()["state"] == "partial"
    assert post(mallory, f"{here}accept/").json()["state"] == "moving"
    transfers_move(act(mallory))
    answer = post(mallory, f"{here}accept/")
    assert (answer.status_code, answer.json()["code"]) == (409, "fleet.transfer_over")


def test_items_are_listed(signed_in, mallory, alice, device, umbrella):
    party = other_side(make_transfer([device], umbrella.owner_id, user=alice))
    said = signed_in(mallory).get(f"{URL}{party.uid}/items/").json()["results"]
    assert [(item["udid"], item["state"]) for item in said] == [(device.udid, "pending")]


def test_sender_withdraws_and_does_not_accept(post, alice, device, umbrella, mallory):
    party = make_transfer([device], umbrella.owner_id, user=alice)
    answer = post(alice, f"{URL}{party.uid}/accept/")
    assert (answer.status_code, answer.json()["code"]) == (409, "fleet.transfer_not_addressee")
    assert post(alice, f"{URL}{party.uid}/withdraw/").json()["state"] == "withdrawn"


def test_nothing_failed_is_409(post, mallory, alice, device, umbrella):
    party = other_side(make_transfer([device], umbrella.owner_id, user=alice))
    answer = post(mallory, f"{URL}{party.uid}/retry/")
    assert (answer.status_code, answer.json()["code"]) == (409, "fleet.transfer_nothing_failed")


def test_outsider_gets_404_and_viewer_403(post, guest, vera, alice, device):
    party = make_transfer([device], "x@example.org", user=alice)
    for verb in ("accept", "decline", "withdraw", "retry"):
        assert post(guest, f"{URL}{party.uid}/{verb}/").status_code == 404
        assert post(vera, f"{URL}{party.uid}/{verb}/").status_code == 403
