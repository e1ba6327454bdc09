"""Starting a build from a device's page."""

from __future__ import annotations

import pytest

from builds.models import Build
from keys.models import EnvVar
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory


@pytest.fixture
def source(acme):
    return SourceFactory(organization=acme, alias="firmware")


@pytest.fixture
def pump(acme, source):
    return DeviceFactory(organization=acme, source=source, alias="pump")


def test_question_says_what_is_built_with_which_variables(signed_in, olga, acme, pump):
    EnvVar.objects.create(organization=acme, name="WIFI_SSID", value="plant")
    page = signed_in(olga).get(f"/devices/{pump.uid}/build/")
    assert "Builds the newest commit of firmware, branch main." in page.text
    assert "WIFI_SSID" in page.text
    assert "plant" not in page.text
    assert "source" not in page.context["form"].fields


def test_operator_starts_build_lands_on_its_page(signed_in, olga, pump, source):
    answer = signed_in(olga).post(f"/devices/{pump.uid}/build/", {"deliver": "on"})
    build = Build.objects.get()
    assert answer.url == build.get_absolute_url()
    assert (build.device, build.source, build.deliver) == (pump, source, True)
    assert build.created_by == olga


def test_build_without_delivery_is_kept(signed_in, olga, pump):
    signed_in(olga).post(f"/devices/{pump.uid}/build/", {})
    assert Build.objects.get().deliver is False


def test_device_without_source_lets_one_be_chosen(signed_in, olga, acme, source):
    bare = DeviceFactory(organization=acme)
    client = signed_in(olga)
    assert f'value="{source.uid}"' in client.get(f"/devices/{bare.uid}/build/").text
    client.post(f"/devices/{bare.uid}/build/", {"source": f"{source.uid}", "deliver": "on"})
    assert Build.objects.get().source == source


def test_second_build_at_once_is_refused_with_a_sentence(signed_in, olga, pump, source):
    BuildFactory(source=source, device=pump, number=3, running=True)
    client = signed_in(olga)
    assert "firmware #3" in client.get(f"/devices/{pump.uid}/build/").text
    answer = client.post(f"/devices/{pump.uid}/build/", {"deliver": "on"})
    assert answer.status_code == 422
    assert Build.objects.count() == 1


def test_viewer_starts_build_is_403(signed_in, vera, pump):
    assert signed_in(vera).post(f"/devices/{pump.uid}/build/").status_code == 403
    assert not Build.objects.exists()


def test_outsider_starts_build_is_404(signed_in, mallory, pump):
    assert signed_in(mallory).post(f"/devices/{pump.uid}/build/").status_code == 404


def test_stranger_starts_build_is_sent_to_sign_in(client, pump):
    assert client.post(f"/devices/{pump.uid}/build/").status_code == 302
    assert not Build.objects.exists()
