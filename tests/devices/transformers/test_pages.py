"""Pages of transformers: list, script, versions, trial, and the chain of a device."""

from __future__ import annotations

import pytest
from django.urls import reverse

from devices.models import DeviceState
from devices.transformers.models import StatusTransformer
from devices.transformers.services import chain_of, device_set_transformers, transformer_edit
from tests.factories.devices import DeviceFactory
from tests.factories.transformers import BROKEN, UPPER, make_transformer

pytestmark = pytest.mark.django_db
ADD = "/transformers/add/"
LEVELS = "function transformer(s) { return s == 'hot' ? 'Hot #e' : s == 'warm' ? 'Warm #w' : s }"


def page(client, name, obj, **query):
    return client.get(reverse(f"devices:{name}", kwargs={"uid": obj.uid}), query)


def edit_url(transformer):
    return reverse("devices:statustransformer_edit", kwargs={"uid": transformer.uid})


@pytest.fixture
def device(acme):
    device = DeviceFactory(organization=acme, alias="probe")
    DeviceState.objects.filter(device=device).update(status_raw="hot")
    return device


def test_operator_adds_a_transformer(in_acme, olga, acme):
    sent = {"alias": "Upper", "body": UPPER, "note": "first"}
    answer = in_acme(olga).post(ADD, sent)
    made = StatusTransformer.objects.get()
    assert answer.headers["Location"] == made.get_absolute_url()
    assert (made.organization, made.current.author, made.current.note) == (acme, olga, "first")


def test_script_that_does_not_compile_is_not_saved_and_says_where(in_acme, olga):
    sent = {"alias": "x", "body": "var a = 1;\r\nfunction transformer( {"}
    answer = in_acme(olga).post(ADD, sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "SyntaxError" in text
    assert "line 2, column" in text
    assert 'data-error-line="2"' in text
    assert not StatusTransformer.objects.exists()


def test_trial_shows_samples_and_the_device_side_by_side_and_stores_nothing(
    in_acme, olga, device, acme
):
    transformer = make_transformer(acme)
    sent = {"alias": "", "body": LEVELS, "device": "probe", "samples": "cold\nwarm", "try": "1"}
    answer = in_acme(olga).post(edit_url(transformer), sent)
    form = answer.context["form"]
    assert answer.status_code == 200
    assert [(t.said.text, t.text, t.level) for t in form.tried] == [
        ("cold", "cold", "ok"),
        ("warm", "Warm", "warning"),
        ("hot", "Hot", "error"),
    ]
    assert transformer.versions.count() == 1
    assert DeviceState.objects.get(device=device).status == ""


def test_trial_shows_errors_beside_the_raw_status(in_acme, olga, acme):
    sent = {"body": BROKEN, "samples": "cold", "try": "1"}
    answer = in_acme(olga).post(ADD, sent)
    assert "ReferenceError: nothing is not defined (line 2" in answer.content.decode()


def test_trial_of_an_endless_loop_ends(in_acme, olga):
    body = "function transformer() { while (1); }"
    sent = {"body": body, "samples": "\n".join("abcdefghijklmnopqrst"), "try": "1"}
    answer = in_acme(olga).post(ADD, sent)
    assert answer.status_code == 200
    assert all(entry.error for entry in answer.context["form"].tried)


def test_trial_on_a_device_of_others_is_refused_like_an_unknown_one(in_acme, mallory, device):
    sent = {"body": UPPER, "device": device.udid, "try": "1"}
    answer = in_acme(mallory).post(ADD, sent)
    assert answer.status_code == 422
    assert "There is no device of this name or id." in answer.content.decode()


def test_trial_without_an_engine_says_so(in_acme, olga, monkeypatch):
    from devices.transformers.engine import EngineUnavailable

    def busy(*args, **kwargs):
        raise EngineUnavailable

    monkeypatch.setattr("devices.transformers.forms.script_check", busy)
    answer = in_acme(olga).post(ADD, {"body": UPPER, "samples": "a", "try": "1"})
    assert "all engines are busy" in answer.content.decode()


def test_ready_one_fills_the_form(in_acme, olga):
    text = in_acme(olga).get(ADD, {"example": "sigfox_battery"}).content.decode()
    assert "millivolts" in text
    assert 'value="SigFox battery"' in text
    assert in_acme(olga).get(ADD, {"example": "no such"}).status_code == 200


def test_versions_can_be_compared_and_restored(in_acme, olga, acme, system):
    transformer = make_transformer(acme, "// one\nfunction transformer() {}")
    transformer_edit(system, transformer=transformer, body="// two\nfunction transformer() {}")
    client = in_acme(olga)
    assert "Version 2" in page(client, "statustransformer_versions", transformer).content.decode()
    answer = page(client, "statustransformer_diff", transformer)
    kinds = [(line.kind, line.text) for line in answer.context["lines"]]
    assert ("removed", "// one") in kinds
    assert ("added", "// two") in kinds
    restore = reverse("devices:statustransformer_restore", kwargs={"uid": transformer.uid})
    client.post(restore, {"number": 1})
    transformer.refresh_from_db()
    assert transformer.current.number == 3
    assert transformer.current.body.startswith("// one")


@pytest.mark.parametrize("query", [{"from": "x"}, {"to": "99"}, {"from": "-1", "to": "²"}])
def test_comparison_of_nonsense_is_empty_and_no_fault(in_acme, vera, acme, query):
    answer = page(in_acme(vera), "statustransformer_diff", make_transformer(acme), **query)
    assert answer.status_code == 200


def test_deletion_names_the_devices_that_lose_it(in_acme, olga, acme, device, system):
    transformer = make_transformer(acme)
    device_set_transformers(system, device=device, transformers=[transformer])
    text = page(in_acme(olga), "statustransformer_delete", transformer).content.decode()
    assert "1 device shows what the rest of the chain makes of its status" in text


def test_list_says_how_many_devices_use_each(
    in_acme, vera, acme, device, system, django_assert_num_queries
):
    used = make_transformer(acme, alias="used")
    make_transformer(acme, alias="idle")
    device_set_transformers(system, device=device, transformers=[used])
    answer = in_acme(vera).get("/transformers/")
    counts = {row.record.alias: row.record.device_count for row in answer.context["table"].rows}
    assert counts == {"used": 1, "idle": 0}


def test_chain_is_set_on_the_page_of_the_device(in_acme, olga, acme, device):
    first, second = make_transformer(acme, alias="a"), make_transformer(acme, alias="b")
    url = reverse("devices:device_transformers", kwargs={"uid": device.uid})
    sent = {"place_1": second.uid, "place_2": "", "place_3": first.uid}
    answer = in_acme(olga).post(url, sent)
    assert answer.headers["Location"] == device.get_absolute_url()
    assert chain_of(device) == [second, first]
    text = in_acme(olga).get(device.get_absolute_url()).content.decode()
    assert "waits for a worker" in text


def test_same_transformer_twice_is_said_and_not_saved(in_acme, olga, acme, device):
    one = make_transformer(acme)
    url = reverse("devices:device_transformers", kwargs={"uid": device.uid})
    answer = in_acme(olga).post(url, {"place_1": one.uid, "place_2": one.uid})
    assert answer.status_code == 422
    assert "stands in a chain only once" in answer.content.decode()
    assert chain_of(device) == []


def test_many_devices_get_a_transformer_at_once(in_acme, olga, acme):
    devices = [DeviceFactory(organization=acme) for _ in range(3)]
    transformer = make_transformer(acme)
    url = "/bulk-jobs/start/transformer-attach/"
    sent = {
        "selected": [f"{d.uid}" for d in devices],
        "confirm": "1",
        "transformer": f"{transformer.uid}",
    }
    in_acme(olga).post(url, sent)
    assert all(chain_of(device) == [transformer] for device in devices)


def test_devices_are_found_by_transformer_by_its_failure_and_by_level(
    in_acme, vera, acme, device, system
):
    DeviceFactory(organization=acme, alias="other")
    transformer = make_transformer(acme)
    device_set_transformers(system, device=device, transformers=[transformer])
    DeviceState.objects.filter(device=device).update(status_error="It failed.", level="error")
    client = in_acme(vera)
    for query in (
        {"transformer": transformer.uid},
        {"transformer_error": "true"},
        {"level": "error"},
    ):
        rows = client.get("/devices/", query).context["table"].rows
        assert [row.record.alias for row in rows] == ["probe"], query


def test_person_a_device_is_shared_with_does_not_learn_its_transformers(
    signed_in, guest, acme, alice, act, device, system
):
    from accounts.services.sharing import object_share

    device_set_transformers(
        system, device=device, transformers=[make_transformer(acme, alias="Hidden")]
    )
    object_share(act(alice), obj=device, to=guest, actions=["view"])
    text = signed_in(guest).get(device.get_absolute_url()).content.decode()
    assert "Hidden" not in text
    assert "not shared with you" in text
