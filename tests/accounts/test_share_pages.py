"""Share and Withdraw, on the page of every kind of object."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from accounts.models import UserGroup
from accounts.selectors.shares import share_of
from accounts.services.sharing import object_share
from audit.models import AuditEvent
from core.grants import shareable_models
from keys.services import deploy_key_create, env_var_set
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.keys import make_api_key
from tests.factories.transformers import make_transformer

KINDS = (
    *("device", "mesh", "statustransformer", "source", "build", "apikey", "deploykey", "envvar"),
)


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="Boiler")


@pytest.fixture
def objects(acme, system, device):
    return {
        "device": device,
        "mesh": MeshFactory(organization=acme),
        "statustransformer": make_transformer(acme),
        "source": SourceFactory(organization=acme),
        "build": BuildFactory(source__organization=acme),
        "apikey": make_api_key(acme)[0],
        "deploykey": deploy_key_create(system, organization=acme, alias="k", algorithm="ed25519"),
        "envvar": env_var_set(system, organization=acme, name="A", value="1"),
    }


@pytest.fixture
def crew(acme):
    group = Group.objects.create(name="crew")
    return UserGroup.objects.create(organization=acme, name="Field crew", group=group)


def url(obj, action, to=None):
    name = f"{obj._meta.app_label}:{obj._meta.model_name}_{action}"
    return reverse(name, kwargs={"uid": obj.uid}) + (f"?with={to.uid}" if to else "")


def body(**fields):
    """Return what the form sends when nothing else is chosen."""
    return {"lifetime": "0", **fields}


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("kind", KINDS)
def test_admin_shares_any_kind_and_sees_who_may_do_what(signed_in, objects, alice, guest, kind):
    obj, client = objects[kind], signed_in(alice)
    assert f'href="{url(obj, "share")}"' in text(client.get(obj.get_absolute_url()))
    assert client.get(url(obj, "share")).status_code == 200
    response = client.post(url(obj, "share"), body(person=guest.email, actions=["delete"]))
    assert response.headers["Location"] == url(obj, "access")
    assert share_of(obj, guest).actions == {"view", "delete"}
    page = text(client.get(url(obj, "access")))
    assert f"is shared with {guest.email}" not in page
    assert f"{obj} with {guest.email} is added" in page
    assert f"Shared by {alice}" in page
    assert signed_in(guest).get(obj.get_absolute_url()).status_code == 200


def test_every_kind_with_a_page_is_tested_here():
    names = {model._meta.model_name for model in shareable_models()}
    assert names - {"artifact"} == set(KINDS)


@pytest.mark.parametrize(("person", "status"), [("olga", 403), ("vera", 403), ("mallory", 404)])
@pytest.mark.parametrize("action", ["share", "access"])
def test_who_may_not_share(signed_in, device, request, person, status, action):
    client = signed_in(request.getfixturevalue(person))
    expected = 200 if action == "access" and status == 403 else status
    assert client.get(url(device, action)).status_code == expected
    if action == "share":
        assert client.post(url(device, "share"), {"person": "x@example.org"}).status_code == status


def test_share_with_a_group_until_a_day(signed_in, device, alice, crew):
    day = timezone.localdate() + timedelta(days=10)
    data = {"group": f"{crew.uid}", "last_day": day.isoformat(), "lifetime": "1"}
    assert signed_in(alice).post(url(device, "share"), data).status_code == 302
    share = share_of(device, crew)
    assert timezone.localtime(share.expires_at).date() == day


def test_share_for_a_week(signed_in, device, alice, guest):
    signed_in(alice).post(url(device, "share"), {"person": guest.email, "lifetime": "7"})
    left = share_of(device, guest).expires_at - timezone.now()
    assert timedelta(days=6.9) < left < timedelta(days=7.1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "This field is required."),
        ({"person": "nobody@example.org"}, "No account may be shared with by this address."),
        ({"person": "no address"}, "Enter a valid email address."),
        ({"person": "guest@example.org", "last_day": "2001-01-01"}, "This day is over."),
        ({"person": "guest@example.org", "actions": ["add"]}, "Select a valid choice."),
        ({"person": "alice@example.org"}, "This is you."),
    ],
)
def test_fault_is_said_and_nothing_is_shared(signed_in, device, alice, guest, data, said):
    response = signed_in(alice).post(url(device, "share"), body(**data))
    assert response.status_code == 422
    assert said in text(response)
    assert share_of(device, guest) is None


def test_one_of_person_and_group_is_demanded(signed_in, device, alice, guest, crew):
    client = signed_in(alice)
    both = body(person=guest.email, group=f"{crew.uid}")
    assert "one person or one group" in text(client.post(url(device, "share"), both))
    assert "Say whom to share it with." in text(client.post(url(device, "share"), body()))


def test_group_of_another_organization_is_no_choice(signed_in, device, alice, umbrella):
    theirs = UserGroup.objects.create(
        organization=umbrella, name="Theirs", group=Group.objects.create(name="t")
    )
    assert "Theirs" not in text(signed_in(alice).get(url(device, "share")))
    data = body(group=f"{theirs.uid}")
    assert signed_in(alice).post(url(device, "share"), data).status_code == 422


def test_sharer_is_offered_what_they_may_do_themselves(signed_in, act, device, alice, guest):
    object_share(act(alice), obj=device, to=guest, actions=["share", "build"])
    page = text(signed_in(guest).get(url(device, "share")))
    assert 'value="build"' in page
    assert 'value="delete"' not in page


def test_change_replaces_actions_and_end(signed_in, act, device, alice, guest):
    object_share(act(alice), obj=device, to=guest, actions=["change"])
    client = signed_in(alice)
    assert "checked" in text(client.get(url(device, "share", guest)))
    response = client.post(url(device, "share", guest), {"actions": ["build"], "lifetime": "30"})
    assert response.status_code == 302
    share = share_of(device, guest)
    assert share.actions == {"view", "build"}
    assert share.expires_at is not None


@pytest.mark.parametrize("action", ["share", "unshare"])
@pytest.mark.parametrize("to", ["junk", "9f2c1c1e-6b1f-4a87-9a53-0f8e7c7d2f10"])
def test_share_that_is_not_there_is_404(signed_in, device, alice, action, to):
    response = signed_in(alice).get(f"{url(device, action)}?with={to}")
    assert response.status_code == 404


def test_withdraw_asks_then_ends_it_with_an_audit_row(signed_in, act, device, alice, guest):
    object_share(act(alice), obj=device, to=guest, actions=["change"])
    client = signed_in(alice)
    page = text(client.get(url(device, "unshare", guest)))
    assert "may no longer see it, change it" in page
    response = client.post(url(device, "unshare", guest), {"confirm": "1"})
    assert response.headers["Location"] == url(device, "access")
    assert share_of(device, guest) is None
    assert AuditEvent.objects.filter(verb="accounts.share_ended", target_uid=device.uid).exists()
    assert signed_in(guest).get(device.get_absolute_url()).status_code == 404


def test_guest_gives_up_their_own_and_nobody_elses(signed_in, act, device, alice, guest, mallory):
    for person in (guest, mallory):
        object_share(act(alice), obj=device, to=person, actions=[])
    client = signed_in(guest)
    assert client.post(url(device, "unshare", mallory)).status_code == 403
    response = client.post(url(device, "unshare", guest), {"confirm": "1"})
    assert response.headers["Location"] == reverse("accounts:shared_with_me")
    assert share_of(device, mallory) is not None
    assert share_of(device, guest) is None
