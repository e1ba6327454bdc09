"""What is taken away is gone: at the next request, and from open pages within five seconds.

Each case lets a person see one device in some way, and takes that way away through the service
that the console uses. The WebSocket is a real one, asked at its real pace.
"""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import impersonation
from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import Membership, Organization, SignIn, TotpDevice, User
from accounts.second_factor.factors import factor_remove
from accounts.services.groups import group_add, group_create, group_remove
from accounts.services.memberships import membership_remove, membership_set
from accounts.services.organizations import (
    organization_deactivate,
    organization_demand_second_factor,
    organization_move,
)
from accounts.services.roles import role_create, role_edit
from accounts.services.sharing import object_share, object_unshare
from accounts.services.sign_ins import sign_in_end
from accounts.services.support import user_deactivate, user_end_sessions
from accounts.sockets import actor_in, seat_of
from core.grants import grant_tables
from keys.choices import ApiKeyKind
from keys.services import api_key_revoke
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from thinx_console.asgi import application
from thinx_console.live import viewable

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.named_system("tests")
WITHIN = 5.0
ENDED, GONE = 4401, 4404
WAYS = {}


def way(code: int):
    """Register a case: a generator that opens the way, yields, and takes it away."""

    def keep(function):
        WAYS[function.__name__] = (function, code)
        return function

    return keep


@pytest.fixture
def world(db):
    holding = OrganizationFactory(name="Holding")
    acme = OrganizationFactory(name="Acme", parent=holding)
    person = make_user("pat")
    device = DeviceFactory(organization=acme)
    return SimpleNamespace(holding=holding, acme=acme, person=person, device=device, factor=None)


@way(GONE)
def membership_ends(world):
    membership = join(world.person, world.acme, Role.VIEWER)
    yield
    membership_remove(SYSTEM, membership=membership)


@way(GONE)
def role_above_ends(world):
    membership = join(world.person, world.holding, Role.VIEWER)
    yield
    membership_remove(SYSTEM, membership=membership)


@way(GONE)
def role_becomes_one_that_does_not_view(world):
    join(world.person, world.acme, Role.VIEWER)
    narrow = role_create(SYSTEM, organization=world.acme, name="Keys", actions=["keys.view_apikey"])
    yield
    membership_set(
        SYSTEM,
        user=world.person,
        organization=world.acme,
        role=Role.CUSTOM,
        custom_role=narrow,
    )


@way(GONE)
def custom_role_is_edited(world):
    role = role_create(
        SYSTEM, organization=world.acme, name="Watcher", actions=["devices.view_device"]
    )
    Membership.objects.create(
        user=world.person, organization=world.acme, role=Role.CUSTOM, custom_role=role
    )
    yield
    role_edit(SYSTEM, role=role, actions=["keys.view_apikey"])


@way(GONE)
def share_ends(world):
    object_share(SYSTEM, obj=world.device, to=world.person, actions=["view"])
    yield
    object_unshare(SYSTEM, obj=world.device, to=world.person)


@way(GONE)
def share_runs_out(world):
    object_share(SYSTEM, obj=world.device, to=world.person, actions=["view"])
    yield
    grants = grant_tables(type(world.device)).user.objects.filter(user=world.person)
    grants.update(expires_at=timezone.now())


@way(GONE)
def group_is_left(world):
    role = role_create(SYSTEM, organization=world.acme, name="Keys", actions=["keys.view_apikey"])
    Membership.objects.create(
        user=world.person, organization=world.acme, role=Role.CUSTOM, custom_role=role
    )
    group = group_create(SYSTEM, organization=world.acme, name="Night shift")
    group_add(SYSTEM, group=group, user=world.person)
    object_share(SYSTEM, obj=world.device, to=group, actions=["view"])
    yield
    group_remove(SYSTEM, group=group, user=world.person)


@way(GONE)
def organization_is_deactivated(world):
    join(world.person, world.acme, Role.VIEWER)
    yield
    organization_deactivate(SYSTEM, organization=world.acme)


@way(GONE)
def organization_moves_away(world):
    join(world.person, world.holding, Role.VIEWER)
    elsewhere = OrganizationFactory(name="Elsewhere")
    yield
    organization_move(SYSTEM, organization=world.acme, parent=elsewhere)


@way(GONE)
def organization_demands_a_second_factor(world):
    join(world.person, world.acme, Role.VIEWER)
    yield
    Organization.objects.filter(pk=world.acme.pk).update(requires_second_factor=True)


@way(ENDED)
def sign_in_is_ended(world):
    join(world.person, world.acme, Role.VIEWER)
    yield
    sign_in_end(SYSTEM, sign_in=SignIn.objects.get(user=world.person))


@way(ENDED)
def all_sessions_are_ended_by_staff(world):
    join(world.person, world.acme, Role.VIEWER)
    yield
    user_end_sessions(SYSTEM, user=world.person)


@way(ENDED)
def session_disappears(world):
    join(world.person, world.acme, Role.VIEWER)
    yield
    Session.objects.all().delete()


@way(ENDED)
def person_is_deactivated(world):
    join(world.person, world.acme, Role.VIEWER)
    yield
    user_deactivate(SYSTEM, user=world.person)


@way(GONE)
def superuser_removes_the_last_factor(world):
    world.person = make_user("sue", is_superuser=True)
    world.factor = TotpDevice.objects.create(
        user=world.person, name="App", secret="JBSWY3DPEHPK3PXP"
    )
    yield
    factor_remove(SYSTEM, factor=world.factor)


@way(GONE)
def superuser_stands_down(world):
    world.person = make_user("sue", is_superuser=True)
    world.factor = TotpDevice.objects.create(
        user=world.person, name="App", secret="JBSWY3DPEHPK3PXP"
    )
    yield
    User.objects.filter(pk=world.person.pk).update(is_superuser=False)


def sign_in(world) -> Client:
    client = Client()
    client.force_login(world.person, backend="accounts.backends.EmailBackend")
    if world.factor is not None:
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = world.factor.persistent_id
        session.save()
    return client


async def open_page(client) -> WebsocketCommunicator:
    cookie = f"thinx_session={client.cookies['thinx_session'].value}".encode()
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost"), (b"cookie", cookie)]
    socket = WebsocketCommunicator(application, "/ws/live/", headers=headers)
    await socket.connect()
    return socket


@pytest.fixture(autouse=True)
async def threads_leave_no_connection():
    yield
    await sync_to_async(connections.close_all)()


@pytest.mark.parametrize("name", WAYS)
def test_next_request_is_refused(name, world):
    function, code = WAYS[name]
    steps = function(world)
    next(steps)
    client, address = sign_in(world), world.device.get_absolute_url()
    assert client.get(address).status_code == 200
    next(steps, None)
    answer = client.get(address)
    if code == ENDED:
        assert "/accounts/sign-in/" in answer.headers["Location"]
    else:
        assert answer.status_code == 404 or "/accounts/second-factor/" in answer.headers["Location"]


async def said_last(socket) -> dict:
    """Return what comes after any news, such as a notification that the role changed."""
    while (said := await socket.receive_output(timeout=WITHIN))["type"] == "websocket.send":
        assert "notifications.notification" in said["text"]
    return said


@pytest.mark.parametrize("name", WAYS)
async def test_open_page_is_closed_within_five_seconds(name, world):
    function, code = WAYS[name]
    steps = function(world)
    await sync_to_async(next)(steps)
    socket = await open_page(await sync_to_async(sign_in)(world))
    await socket.send_json_to({"subscribe": [f"device.{world.device.uid}"]})
    assert (await socket.receive_json_from(timeout=3))["type"] == "subscribed"
    await sync_to_async(next)(steps, None)
    began = time.monotonic()
    closed = await said_last(socket)
    assert closed == {"type": "websocket.close", "code": code}
    assert time.monotonic() - began < WITHIN


async def test_others_keep_their_page(world):
    await sync_to_async(join)(world.person, world.acme, Role.VIEWER)
    other = await sync_to_async(make_user)("other")
    membership = await sync_to_async(join)(other, world.acme, Role.VIEWER)
    socket = await open_page(await sync_to_async(sign_in)(world))
    await socket.send_json_to({"subscribe": [f"device.{world.device.uid}"]})
    await socket.receive_json_from()
    await sync_to_async(membership_remove)(SYSTEM, membership=membership)
    assert await socket.receive_nothing(timeout=0.5)
    await socket.disconnect()


def test_revoked_key_is_refused_at_once(world, client):
    join(world.person, world.acme, Role.ADMIN)
    key, secret = make_api_key(world.acme, user=world.person, kind=ApiKeyKind.AUTOMATION)
    headers = {"X-API-Key": secret}
    assert client.get("/api/v1/whoami/", headers=headers).status_code == 200
    api_key_revoke(SYSTEM, key=key)
    assert client.get("/api/v1/whoami/", headers=headers).status_code == 401


def test_key_loses_what_its_person_loses(world, client):
    membership = join(world.person, world.acme, Role.ADMIN)
    _, secret = make_api_key(world.acme, user=world.person, kind=ApiKeyKind.AUTOMATION)
    address = f"/api/v1/devices/{world.device.uid}/"
    assert client.get(address, headers={"X-API-Key": secret}).status_code == 200
    join(make_user("boss"), world.acme, Role.ADMIN)
    membership_remove(SYSTEM, membership=membership)
    assert client.get(address, headers={"X-API-Key": secret}).status_code in {401, 404}


def test_narrower_role_is_refused_the_next_write(world):
    membership = join(world.person, world.acme, Role.OPERATOR)
    client, address = sign_in(world), f"{world.device.get_absolute_url()}edit/"
    assert client.get(address).status_code == 200
    membership_set(SYSTEM, user=membership.user, organization=world.acme, role=Role.VIEWER)
    assert client.get(address).status_code == 403


def impersonating(world) -> Client:
    """Sue's browser, acting as the person."""
    sue = make_user("sue", is_superuser=True)
    factor = TotpDevice.objects.create(user=sue, name="App", secret="JBSWY3DPEHPK3PXP")
    client = sign_in(SimpleNamespace(person=sue, factor=factor))
    session = client.session
    impersonation.impersonation_begin(session, world.person)
    session.save()
    return client


def end_impersonation(client) -> None:
    session = client.session
    session[impersonation.SESSION_KEY] |= {"until": time.time()}
    session.save()


async def test_impersonated_page_sees_what_the_person_sees_until_it_is_over(world):
    await sync_to_async(join)(world.person, world.acme, Role.VIEWER)
    client = await sync_to_async(impersonating)(world)
    socket = await open_page(client)
    await socket.send_json_to({"subscribe": [f"device.{world.device.uid}"]})
    assert (await socket.receive_json_from())["type"] == "subscribed"
    await sync_to_async(end_impersonation)(client)
    closed = await said_last(socket)
    assert closed == {"type": "websocket.close", "code": ENDED}


async def test_impersonated_page_sees_no_more_than_the_person(world):
    client = await sync_to_async(impersonating)(world)
    socket = await open_page(client)
    await socket.send_json_to({"subscribe": [f"device.{world.device.uid}"]})
    assert (await socket.receive_output())["code"] == GONE


def test_asking_again_costs_two_queries_however_much_is_watched(world):
    join(world.person, world.acme, Role.VIEWER)
    shared = DeviceFactory(organization=OrganizationFactory(name="Far"))
    object_share(SYSTEM, obj=shared, to=world.person, actions=["view"])
    client = sign_in(world)
    scope = {"user": world.person, "session": client.session, "client": ["192.0.2.1", 1]}
    seat = seat_of(scope)
    devices = [DeviceFactory(organization=world.acme) for _ in range(10)]
    groups = [f"device.{row.uid}" for row in [*devices, shared]] + [f"org.{world.acme.uid}"]
    with CaptureQueriesContext(connection) as asked:
        assert viewable(actor_in(seat), groups) == set(groups)
    assert len(asked) == 2


def test_demand_of_a_second_factor_counts_through_its_service(world):
    admin = make_user("admin")
    join(admin, world.acme, Role.ADMIN)
    join(world.person, world.acme, Role.VIEWER)
    client = sign_in(world)
    organization_demand_second_factor(SYSTEM, organization=world.acme, demanded=True)
    answer = client.get(world.device.get_absolute_url())
    assert "/accounts/second-factor/" in answer.headers["Location"]
