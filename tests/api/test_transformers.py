"""REST of transformers and of the chains of devices."""

from __future__ import annotations

import pytest

from devices.models import DeviceState
from devices.transformers.services import chain_of
from tests.factories.devices import DeviceFactory
from tests.factories.transformers import UPPER, make_transformer

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/transformers/"


@pytest.fixture
def client(in_acme, olga):
    return in_acme(olga)


def send(client, method, url, data):
    return getattr(client, method)(url, data, content_type="application/json")


def test_transformer_is_made_changed_restored_and_deleted(client, acme):
    made = send(client, "post", ROOT, {"alias": "u", "body": UPPER, "organization": f"{acme.uid}"})
    assert made.status_code == 201, made.content
    href = made.json()["href"]
    body = "function transformer() { return 'x' }"
    changed = send(client, "patch", href, {"body": body, "note": "why"}).json()
    assert (changed["version"], changed["body"]) == (2, body)
    versions = client.get(f"{href}versions/").json()["results"]
    assert [(v["number"], v["note"]) for v in versions] == [(2, "why"), (1, "")]
    restored = send(client, "post", f"{href}restore/", {"number": 1}).json()
    assert (restored["version"], restored["body"]) == (3, UPPER)
    assert send(client, "post", f"{href}restore/", {"number": 9}).status_code == 409
    assert client.delete(href).status_code == 204


def test_script_that_does_not_compile_is_refused_with_its_place(client):
    answer = send(client, "post", ROOT, {"alias": "u", "body": "function transformer( {"})
    assert answer.status_code == 400
    assert "SyntaxError" in answer.json()["fields"]["body"][0]


def test_trial_answers_each_status_and_stores_nothing(client, acme):
    device = DeviceFactory(organization=acme)
    DeviceState.objects.filter(device=device).update(status_raw="said")
    transformer = make_transformer(acme)
    sent = {"samples": ["a"], "device": f"{device.uid}"}
    answer = send(client, "post", f"{ROOT}{transformer.uid}/try/", sent).json()
    assert [(r["status"], r["text"], r["level"]) for r in answer["results"]] == [
        ("a", "A", "ok"),
        ("said", "SAID", "ok"),
    ]
    assert DeviceState.objects.get(device=device).status == ""


def test_trial_of_a_script_says_where_it_is_wrong(client):
    answer = send(client, "post", f"{ROOT}try/", {"body": "\nfunction transformer( {"}).json()
    assert answer["line"] == 2
    assert answer["error"].startswith("SyntaxError")
    assert answer["results"] == []


def test_trial_on_a_device_of_others_is_refused(in_acme, mallory, acme):
    device = DeviceFactory(organization=acme)
    sent = {"body": UPPER, "device": f"{device.uid}"}
    assert send(in_acme(mallory), "post", f"{ROOT}try/", sent).status_code == 400


def test_chain_of_a_device_is_set_and_read(client, acme):
    device = DeviceFactory(organization=acme)
    first, second = make_transformer(acme, alias="a"), make_transformer(acme, alias="b")
    url = f"/api/v1/devices/{device.uid}/transformers/"
    sent = {"transformers": [f"{second.uid}", f"{first.uid}"]}
    assert send(client, "put", url, sent).json() == sent
    assert client.get(url).json() == sent
    assert chain_of(device) == [second, first]


def test_chain_with_a_transformer_of_others_is_refused(client, acme, umbrella):
    device = DeviceFactory(organization=acme)
    url = f"/api/v1/devices/{device.uid}/transformers/"
    sent = {"transformers": [f"{make_transformer(umbrella).uid}"]}
    assert send(client, "put", url, sent).status_code == 400
    assert chain_of(device) == []


def test_viewer_changes_nothing(in_acme, vera, acme):
    device, transformer = DeviceFactory(organization=acme), make_transformer(acme)
    client = in_acme(vera)
    url = f"/api/v1/devices/{device.uid}/transformers/"
    assert send(client, "put", url, {"transformers": []}).status_code == 403
    assert send(client, "patch", f"{ROOT}{transformer.uid}/", {"alias": "x"}).status_code == 403
    assert client.get(f"{ROOT}{transformer.uid}/").json()["body"] == UPPER
