"""Loading the example: what it makes, who may, and that twice is once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.services import personal_organization
from audit.models import AuditEvent
from builds.models import Source
from devices.models import Device
from keys.models import ApiKey, EnvVar
from keys.services import api_key_revoke
from thinx_console.example import parts
from thinx_console.example.agents import agent_folder, orders_folder
from thinx_console.example.services import example_load

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("example_folder")]


@pytest.mark.parametrize("person", ["alice", "olga"])
def test_operator_load_makes_sources_key_variable_and_device(request, act, acme, person):
    actor = act(request.getfixturevalue(person))
    device = example_load(actor, organization=acme)
    assert device.tags == ["example"]
    assert device.source.url.endswith("/examples/python.git")
    assert Source.objects.filter(organization=acme).count() == 3
    assert EnvVar.objects.get(device=device).name == "GREETING"
    key = ApiKey.objects.get(device=device)
    order = json.loads((orders_folder() / f"{device.uid}.json").read_text())
    config_file = Path(order["argv"][-1])
    config = json.loads(config_file.read_text())
    assert config["api_key"] == key.sealed_key.reveal()
    assert config["api_key"] not in json.dumps(order)
    assert config_file.stat().st_mode & 0o077 == 0
    assert config["owner"] == acme.owner_id
    assert AuditEvent.objects.filter(organization=acme, verb="example.loaded").count() == 1


def test_load_twice_makes_nothing_twice(act, acme, olga):
    first = example_load(act(olga), organization=acme)
    before = {path: path.stat().st_mtime_ns for path in orders_folder().iterdir()}
    config = (agent_folder(first.uid) / "agent.json").read_text()
    assert example_load(act(olga), organization=acme) == first
    assert {path: path.stat().st_mtime_ns for path in orders_folder().iterdir()} == before
    assert (agent_folder(first.uid) / "agent.json").read_text() == config
    possible = sum(part.is_possible for part in parts.DEVICES)
    assert Device.objects.filter(organization=acme).count() == possible
    assert Source.objects.filter(organization=acme).count() == 3


def test_load_again_makes_what_was_deleted(act, acme, olga):
    device = example_load(act(olga), organization=acme)
    Source.objects.filter(organization=acme, url__contains="arduino").delete()
    EnvVar.objects.filter(device=device).delete()
    example_load(act(olga), organization=acme)
    assert Source.objects.filter(organization=acme).count() == 3
    assert EnvVar.objects.filter(device=device).exists()


def test_load_keeps_a_greeting_that_was_changed(act, acme, olga):
    device = example_load(act(olga), organization=acme)
    variable = EnvVar.objects.get(device=device)
    variable.value = "Ahoy"
    variable.save()
    example_load(act(olga), organization=acme)
    assert EnvVar.objects.get(device=device).value.reveal() == "Ahoy"


def test_load_after_a_move_follows_the_address(act, acme, olga, settings):
    example_load(act(olga), organization=acme)
    settings.PUBLIC_URL = "https://console.example.org"
    example_load(act(olga), organization=acme)
    assert {source.url.partition("/examples/")[0] for source in Source.objects.all()} == {
        "https://console.example.org"
    }


def test_load_with_another_key_starts_the_agent_anew(act, acme, olga):
    device = example_load(act(olga), organization=acme)
    order = orders_folder() / f"{device.uid}.json"
    before = order.read_text()
    api_key_revoke(act(olga), key=ApiKey.objects.get(device=device))
    example_load(act(olga), organization=acme)
    assert order.read_text() != before


def test_two_organizations_have_an_example_each(act, acme, umbrella, olga, mallory):
    one = example_load(act(olga), organization=acme)
    two = example_load(act(mallory), organization=umbrella)
    assert one.mac != two.mac


@pytest.mark.parametrize("person", ["vera", "mallory"])
def test_load_without_the_right_is_refused_and_leaves_nothing(request, act, acme, person):
    actor = act(request.getfixturevalue(person))
    with pytest.raises(PermissionDenied):
        example_load(actor, organization=acme)
    assert not Source.objects.filter(organization=acme).exists()
    assert not orders_folder().exists() or not list(orders_folder().iterdir())


def test_post_leads_to_the_device(signed_in, guest):
    answer = signed_in(guest).post(reverse("example_load"))
    device = Device.objects.get(organization=personal_organization(guest), platform="python")
    assert (answer.status_code, answer.url) == (302, device.get_absolute_url())


def test_get_is_405(signed_in, guest):
    assert signed_in(guest).get(reverse("example_load")).status_code == 405


def test_anon_is_sent_to_sign_in(client):
    answer = client.post(reverse("example_load"))
    assert answer.status_code == 302
    assert not Device.objects.exists()


def test_server_profile_is_404(signed_in, guest, settings):
    settings.EMBEDDED = False
    assert signed_in(guest).post(reverse("example_load")).status_code == 404


def test_the_agent_reads_what_was_written(act, acme, olga, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    device = example_load(act(olga), organization=acme)
    argv = json.loads((orders_folder() / f"{device.uid}.json").read_text())["argv"]
    done = subprocess.run(
        [*argv, "--once"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=30
    )
    assert argv[0] == sys.executable
    assert done.returncode == 1, done.stderr
    assert "cannot be reached" in done.stderr
