"""What somebody sees who was given one object and belongs to nothing: that object, and no more."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.services.sharing import object_share
from builds.choices import BuildStatus
from devices.models import Device
from keys.services import deploy_key_create, env_var_set
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

# Names that stand in pages only when they leak.
DEVICE, SOURCE, KEY = "hidden-boiler", "hidden-firmware", "hidden-deploy-key"


@pytest.fixture
def objects(acme, system, alice):
    key = deploy_key_create(system, organization=acme, alias=KEY, algorithm="ed25519")
    source = SourceFactory(organization=acme, alias=SOURCE, deploy_key=key)
    device = DeviceFactory(organization=acme, alias=DEVICE, source=source)
    build = BuildFactory(
        source=source, device=device, created_by=alice, status=BuildStatus.SUCCEEDED, version="1.2"
    )
    device.state.installed_build = build
    device.state.version = "1.2"
    device.state.save()
    firmware_key, _ = make_api_key(acme, alias="firmware key")
    firmware_key.device = device
    firmware_key.save()
    return {
        "device": device,
        "source": source,
        "build": build,
        "artifact": ArtifactFactory(build=build),
        "apikey": firmware_key,
        "deploykey": key,
        "envvar": env_var_set(system, organization=acme, name="WIFI", value="x", device=device),
    }


# Of each kind: which of the names are its own.
OWN = {
    "device": {DEVICE},
    "source": {SOURCE},
    "build": {SOURCE},  # a build is called after its source
    "artifact": set(),
    "apikey": set(),
    "deploykey": {KEY},
    "envvar": set(),
}
TABS = {
    "device": ("", "_builds", "_environment", "_access"),
    "source": ("", "_devices", "_builds", "_environment", "_access"),
    "build": ("", "_access"),
    "apikey": ("", "_access", "_audit"),
    "deploykey": ("", "_access", "_audit"),
    "envvar": ("", "_access", "_audit"),
}
EVERYWHERE = ("dashboard", "accounts:shared_with_me", "builds:artifact_list")


@pytest.fixture
def given(signed_in, act, alice, guest, objects):
    """Return a client of the guest, who was given one object of this kind."""

    def give(kind, *actions):
        object_share(act(alice), obj=objects[kind], to=guest, actions=actions)
        return signed_in(guest)

    return give


def name_of(obj, suffix) -> str:
    return f"{obj._meta.app_label}:{obj._meta.model_name}{suffix}"


def leaks(client, url, kind) -> set[str]:
    response = client.get(url)
    assert response.status_code == 200, url
    content = b"".join(response) if response.streaming else response.content
    return {name for name in (DEVICE, SOURCE, KEY) if name in content.decode()} - OWN[kind]


@pytest.mark.parametrize("kind", TABS)
def test_page_of_a_shared_object_names_nothing_else(given, objects, kind):
    client, obj = given(kind), objects[kind]
    for tab in TABS[kind]:
        url = reverse(name_of(obj, tab), kwargs={"uid": obj.uid})
        assert leaks(client, url, kind) == set(), tab


@pytest.mark.parametrize("kind", OWN)
def test_lists_exports_search_and_api_name_nothing_else(given, objects, kind):
    client, obj = given(kind), objects[kind]
    listed = reverse(name_of(obj, "_list"))
    api = reverse(f"api:{obj._meta.model_name}-list")
    pages = [listed, f"{listed}?export=csv", api, *(reverse(name) for name in EVERYWHERE)]
    pages += [f"{reverse('search')}?q={word}" for word in (f"{obj}"[:8], "WIFI")]
    for url in pages:
        assert leaks(client, url, kind) == set(), url


def test_member_still_sees_all_names(signed_in, objects, vera):
    client = signed_in(vera)
    page = client.get(objects["device"].get_absolute_url()).content.decode()
    assert f"{objects['build']}" in page
    assert SOURCE in page
    page = client.get(objects["build"].get_absolute_url()).content.decode()
    assert DEVICE in page


def test_guest_sees_that_there_is_something_they_may_not_see(given, objects):
    page = given("device").get(objects["device"].get_absolute_url()).content.decode()
    assert "Not shared with you" in page


def test_guest_who_changes_a_device_leaves_its_hidden_source(given, objects):
    device, client = objects["device"], given("device", "change")
    url = reverse("devices:device_edit", kwargs={"uid": device.uid})
    assert 'name="source"' not in client.get(url).content.decode()
    assert client.post(url, {"alias": "renamed"}).status_code == 302
    saved = Device.objects.get(pk=device.pk)
    assert (saved.alias, saved.source) == ("renamed", objects["source"])


def test_guest_who_changes_a_source_leaves_its_hidden_deploy_key(given, objects):
    source, client = objects["source"], given("source", "change")
    url = reverse("builds:source_edit", kwargs={"uid": source.uid})
    data = {"alias": "renamed", "url": source.url, "branch": "main"}
    assert client.post(url, data).status_code == 302
    source.refresh_from_db()
    assert source.deploy_key == objects["deploykey"]


def test_question_before_a_build_does_not_name_the_hidden_source(given, objects):
    url = reverse("devices:device_build", kwargs={"uid": objects["device"].uid})
    assert leaks(given("device", "build"), url, "device") == set()


def test_guest_cannot_build_from_a_source_that_is_not_theirs(given, objects):
    url = reverse("devices:device_build", kwargs={"uid": objects["device"].uid})
    response = given("device", "build").post(url, {"deliver": "on"})
    assert response.status_code in {403, 404}
    assert objects["device"].builds.count() == 1


def test_page_of_a_shared_source_listens_to_nothing_that_would_close_it(given, objects, acme):
    page = given("source").get(objects["source"].get_absolute_url()).content.decode()
    assert f"org.{acme.uid}" not in page


def test_artifact_of_a_hidden_build_downloads_and_does_not_name_it(given, objects, settings):
    page = given("artifact").get(reverse("builds:artifact_list")).content.decode()
    assert "not shared with you" in page
    assert SOURCE not in page


def test_list_of_a_member_costs_no_query_more(signed_in, objects, vera, guest, given):
    client = signed_in(vera)
    client.get(reverse("devices:device_list"))
    few = queries_of(client, reverse("devices:device_list"))
    given("device")
    DeviceFactory.create_batch(3, organization=objects["device"].organization)
    assert queries_of(client, reverse("devices:device_list")) <= few
