"""Removing the example: all of it, and nothing else."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.services import personal_organization
from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.models import Build, Source
from builds.services.build import build_start
from devices.models import Device
from devices.services import device_delete
from keys.models import ApiKey, EnvVar
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory
from thinx_console.example.agents import agent_folder, orders_folder
from thinx_console.example.services import example_load, example_remove

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("example_folder")]


def test_remove_leaves_nothing_of_the_example(act, acme, olga, example_folder):
    device = example_load(act(olga), organization=acme)
    build_start(act(olga), device=device)
    example_remove(act(olga), organization=acme)
    for model in (Device, Source, Build, ApiKey, EnvVar):
        assert not model.objects.exists(), model
    assert not (example_folder / "example").exists()
    assert AuditEvent.objects.filter(organization=acme, verb="example.removed").count() == 1


def test_remove_keeps_what_people_made(act, acme, olga):
    source = SourceFactory(organization=acme, url="https://git.example.org/examples/python.git")
    device = DeviceFactory(organization=acme, tags=["example"])
    example_load(act(olga), organization=acme)
    example_remove(act(olga), organization=acme)
    assert list(Source.objects.all()) == [source]
    assert list(Device.objects.all()) == [device]


def test_remove_cancels_a_running_build_of_another_device(act, acme, olga):
    example_load(act(olga), organization=acme)
    own = DeviceFactory(organization=acme, source=Source.objects.get(url__contains="micropython"))
    build = build_start(act(olga), device=own)
    example_remove(act(olga), organization=acme)
    assert AuditEvent.objects.filter(target_uid=build.uid, verb__contains="cancel").exists()
    own.refresh_from_db()
    assert own.source is None


def test_remove_in_one_organization_leaves_the_other(act, acme, umbrella, olga, mallory):
    example_load(act(olga), organization=acme)
    kept = example_load(act(mallory), organization=umbrella)
    example_remove(act(olga), organization=acme)
    assert Device.objects.filter(pk=kept.pk).exists()


def test_remove_without_an_example_does_nothing(act, acme, olga):
    example_remove(act(olga), organization=acme)


@pytest.mark.parametrize("person", ["vera", "mallory"])
def test_remove_without_the_right_is_refused(request, act, acme, olga, person):
    example_load(act(olga), organization=acme)
    with pytest.raises(PermissionDenied):
        example_remove(act(request.getfixturevalue(person)), organization=acme)
    assert Source.objects.filter(organization=acme).count() == 3


def test_post_removes_and_leads_to_the_dashboard(signed_in, guest, act):
    organization = personal_organization(guest)
    example_load(act(guest), organization=organization)
    answer = signed_in(guest).post(reverse("example_unload"))
    assert answer.status_code == 302
    assert not Device.objects.exists()


def test_a_finished_build_goes_too(act, acme, olga):
    device = example_load(act(olga), organization=acme)
    build = build_start(act(olga), device=device)
    Build.objects.filter(pk=build.pk).update(status=BuildStatus.SUCCEEDED)
    example_remove(act(olga), organization=acme)
    assert not Build.objects.exists()


def test_device_deleted_by_itself_ends_its_agent(
    act, acme, olga, django_capture_on_commit_callbacks
):
    device = example_load(act(olga), organization=acme)
    order, folder = orders_folder() / f"{device.uid}.json", agent_folder(device.uid)
    with django_capture_on_commit_callbacks(execute=True):
        device_delete(act(olga), device=device)
        assert order.exists()
    assert not order.exists()
    assert not folder.exists()
