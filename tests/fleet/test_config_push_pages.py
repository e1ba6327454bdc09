"""Pushing configuration from a device's page, and over REST."""

from __future__ import annotations

import pytest

from fleet.models import ConfigPush, ConfigReceipt
from keys.services import env_var_set
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_push

SECRET = "canary-8d20-page"


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="probe")


@pytest.fixture
def variables(acme, system):
    env_var_set(system, organization=acme, name="EVERY", value="60")
    env_var_set(system, organization=acme, name="WORD", value=SECRET, is_secret=True)


def push_url(device) -> str:
    return f"/devices/{device.uid}/push/"


def test_operator_pushes_chosen_and_written_values(in_acme, olga, probe, variables):
    sent = {"variables": ["EVERY", "WORD"], "written": "MODE=eco\n# no variable\nLED='off'"}
    answer = in_acme(olga).post(push_url(probe), sent)
    assert answer.url == f"/devices/{probe.uid}/configuration/"
    push = ConfigPush.objects.get()
    assert push.values() == {"EVERY": "60", "WORD": SECRET, "MODE": "eco", "LED": "off"}
    assert push.secret_names == ["WORD"]
    assert push.created_by == olga
    assert push.receipts.get().device == probe


def test_question_offers_names_and_shows_no_value(in_acme, olga, probe, variables):
    page = in_acme(olga).get(push_url(probe))
    assert "EVERY" in page.text
    assert "WORD" in page.text
    assert SECRET not in page.text


def test_written_secret_is_dots_on_every_page(in_acme, olga, probe):
    client = in_acme(olga)
    client.post(push_url(probe), {"written": f"WORD={SECRET}", "secret": "on"})
    page = client.get(f"/devices/{probe.uid}/configuration/")
    assert "WORD=••••••••" in page.text
    assert SECRET not in page.text
    assert "Queued" in page.text


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "at least one variable"),
        ("no equals", "there is no = in it"),
        ("THINX_ENV_SSID=net", "Send both THINX_ENV_SSID and THINX_ENV_PASS"),
        (f"WORD={SECRET * 20}", "longer than 200 characters"),
    ],
)
def test_mistake_is_told_and_nothing_is_kept_or_shown_again(
    in_acme, olga, probe, written, sentence
):
    answer = in_acme(olga).post(push_url(probe), {"written": written})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert SECRET not in answer.text
    assert not ConfigPush.objects.exists()


def test_operator_withdraws_what_waits(in_acme, olga, probe):
    client = in_acme(olga)
    assert push_url(probe) in client.get(f"/devices/{probe.uid}/configuration/").text
    make_push(probe)
    page = client.get(f"/devices/{probe.uid}/configuration/").text
    assert push_url(probe) in page
    assert f"/devices/{probe.uid}/push-withdraw/" in page
    assert "EVERY" in client.get(f"/devices/{probe.uid}/push-withdraw/").text
    client.post(f"/devices/{probe.uid}/push-withdraw/")
    assert ConfigReceipt.objects.get().state == "withdrawn"
    again = client.post(f"/devices/{probe.uid}/push-withdraw/")
    assert again.status_code == 422


def test_viewer_sees_pushes_and_cannot_start_one(in_acme, vera, probe):
    make_push(probe)
    client = in_acme(vera)
    page = client.get(f"/devices/{probe.uid}/configuration/")
    assert "EVERY=60" in page.text
    assert push_url(probe) not in page.text
    assert client.get(push_url(probe)).status_code == 403
    assert client.post(push_url(probe), {"written": "A=1"}).status_code == 403


def test_outsider_finds_no_device(signed_in, mallory, probe):
    assert signed_in(mallory).get(push_url(probe)).status_code == 404
    assert signed_in(mallory).get(f"/devices/{probe.uid}/configuration/").status_code == 404


def test_list_costs_the_same_however_many_there_are(
    in_acme, olga, probe, django_assert_max_num_queries
):
    client = in_acme(olga)
    make_push(probe)
    url = f"/devices/{probe.uid}/configuration/"
    client.get(url)
    with django_assert_max_num_queries(60) as few:
        client.get(url)
    for n in range(5):
        make_push(probe, {"A": f"{n}"})
    with django_assert_max_num_queries(60) as many:
        client.get(url)
    assert len(many) == len(few)
