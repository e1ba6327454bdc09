"""The fast way says and stores what the services would, and leaves to them what is not ordinary."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from builds.choices import BuildStatus
from core import grouping
from core.grouping import Full
from devices.mesh_services import mesh_attach, mesh_create
from devices.models import DeviceState
from gateway.fast import writer as writer_module
from gateway.fast.app import FastCheckIns, _said
from gateway.fast.calls import read_call
from gateway.fast.line import Line
from gateway.fast.statements import keep_plans, store
from gateway.fast.writer import GroupWriter
from keys.models import ApiKey, ApiKeyAddress
from keys.services import api_key_revoke, key_digest
from keys.usage import MOST_ADDRESSES
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.asgi import turns_until

ADDRESS = "192.0.2.7"


def body_of(device, owner=None, **fields) -> bytes:
    sent = {"owner": owner or device.organization.owner_id, "udid": device.udid, **fields}
    return json.dumps({"registration": sent}).encode()


def stored_of(key, device, address=ADDRESS, **fields):
    call = read_call(key, body_of(device, **fields), address)
    return store([call], timezone.now()).get(0) if call else None


@pytest.fixture
def known(probe):
    DeviceState.objects.filter(device=probe).delete()
    DeviceState.objects.create(device=probe, version="1.0.0", env_hash="e1", status="old")
    return probe


@pytest.mark.django_db
class TestStatement:
    def test_known_device_is_stored(self, key, known):
        stored = stored_of(key, known, status="warm #w", rssi="-60", version="1.0.0")
        assert (stored.alias, stored.auto_update) == (known.alias, known.auto_update)
        assert (stored.device_id, stored.organization_id) == (known.pk, known.organization_id)
        assert stored.organization_uid == f"{known.organization.uid}"
        state = DeviceState.objects.get(device=known)
        assert (state.status, state.level, state.rssi) == ("warm", "warning", "-60")
        assert (state.checkins, state.address, state.env_hash) == (1, ADDRESS, "e1")
        assert (timezone.now() - state.last_seen_at).total_seconds() < 5

    def test_statement_is_planned_once_for_a_connection(self, key, known):
        if connection.vendor != "postgresql":
            pytest.skip("SQLite's driver keeps statements by itself")
        keep_plans()
        for _ in range(7):  # the server plans the first five with their values
            assert stored_of(key, known) is not None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(generic_plans) FROM pg_prepared_statements WHERE statement LIKE %s",
                [f"%{DeviceState._meta.db_table}%"],
            )
            assert cursor.fetchone()[0] >= 2

    def test_stranger_is_stored_when_its_address_is_noted(self, key, known):
        def stored_of_stranger():
            call = replace(read_call(key, body_of(known), ADDRESS), is_stranger=True)
            return store([call], timezone.now()).get(0)

        assert stored_of_stranger() is None
        stored = ApiKey.objects.get(digest=key_digest(key))
        ApiKeyAddress.objects.create(key=stored, address=ADDRESS)
        assert stored_of_stranger() is not None
        ApiKey.objects.filter(pk=stored.pk).update(mqtt_digest="")
        assert stored_of_stranger() is None  # the services keep what Mosquitto checks it by

    def test_stranger_is_stored_when_its_key_is_used_from_everywhere(self, key, known):
        call = replace(read_call(key, body_of(known), ADDRESS), is_stranger=True)
        stored = ApiKey.objects.get(digest=key_digest(key))
        ApiKeyAddress.objects.bulk_create(
            ApiKeyAddress(key=stored, address=f"2001:db8::{n:x}") for n in range(MOST_ADDRESSES - 1)
        )
        assert store([call], timezone.now()) == {}
        ApiKeyAddress.objects.create(key=stored, address="192.0.2.200")
        assert store([call], timezone.now()) != {}

    def test_device_with_transformers_is_said_to_have_a_chain(self, key, known):
        assert stored_of(key, known, status="warm").has_chain is False
        DeviceState.objects.filter(device=known).update(has_chain=True)
        assert stored_of(key, known, status="warm").has_chain is True

    def test_digest_of_the_key_is_the_key(self, key, known):
        assert stored_of(key_digest(key), known) is not None

    def test_what_is_not_said_stays_but_the_signal(self, key, known):
        stored_of(key, known, rssi="-60", lat=50.1, lon=14.4)
        stored_of(key, known)
        state = DeviceState.objects.get(device=known)
        assert (state.status, state.rssi, state.lat, state.lon) == ("old", "", 50.1, 14.4)

    @pytest.mark.parametrize(
        "fields",
        [
            {"version": "1.0.1"},
            {"env_hash": "e2"},
            {"mac": "AA:BB:CC:DD:EE:FF"},
            {"platform": "arduino"},
            {"fcid": "FC1"},
            {"ack": True},
            {"timezone_abbr": "Europe/Prague"},
            {"timezone_offset": 2},
            {"udid": "0"},
            {"udid": f"{uuid.uuid4()}"},
            {"owner": "0" * 64},
        ],
    )
    def test_what_is_not_ordinary_is_left(self, key, known, fields):
        before = DeviceState.objects.values().get(device=known)
        assert stored_of(key, known, **fields) is None
        assert DeviceState.objects.values().get(device=known) == before

    def test_build_that_waits_is_left(self, key, known, acme):
        source = SourceFactory(organization=acme)
        build = BuildFactory(source=source, device=known, status=BuildStatus.SUCCEEDED)
        assert stored_of(key, known) is None
        DeviceState.objects.filter(device=known).update(installed_build=build)
        assert stored_of(key, known) is not None

    def test_foreign_key_stores_nothing(self, foreign_key, known, umbrella):
        assert stored_of(foreign_key, known) is None
        assert stored_of(foreign_key, known, owner=umbrella.owner_id) is None
        assert DeviceState.objects.get(device=known).checkins == 0

    def test_revoked_and_expired_key_store_nothing(self, known, acme, system):
        row, text = make_api_key(acme)
        api_key_revoke(system, key=row)
        assert stored_of(text, known) is None
        row, text = make_api_key(acme)
        ApiKey.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert stored_of(text, known) is None

    def test_firmware_key_of_another_device_stores_nothing(self, known, acme):
        row, text = make_api_key(acme)
        ApiKey.objects.filter(pk=row.pk).update(device=DeviceFactory(organization=acme))
        assert stored_of(text, known) is None
        ApiKey.objects.filter(pk=row.pk).update(device=known)
        assert stored_of(text, known) is not None

    def test_inactive_organization_stores_nothing(self, key, known, acme):
        acme.is_active = False
        acme.save(update_fields=["is_active"])
        assert stored_of(key, known) is None

    def test_batch_stores_each_of_its_members(self, key, acme):
        devices = DeviceFactory.create_batch(20, organization=acme)
        for device in devices:
            DeviceState.objects.get_or_create(device=device)
        calls = [read_call(key, body_of(d, status=f"s{n}"), ADDRESS) for n, d in enumerate(devices)]
        calls.insert(7, read_call(key, body_of(devices[0], version="9"), ADDRESS))
        random.Random(3).shuffle(calls)
        stored = store(calls, timezone.now())
        assert len(stored) == 20
        said = {f"s{n}" for n in range(20)}
        assert {s.status for s in DeviceState.objects.filter(device__in=devices)} == said


@pytest.mark.django_db
def test_both_ways_say_the_same_of_meshes(key, acme, known, checked_in, system):
    said = []
    for mesh_id in ("attic", "greenhouse"):
        mesh = mesh_create(system, organization=acme, mesh_id=mesh_id)
        mesh_attach(system, mesh=mesh, device=known)
        slow = checked_in(mac=None, udid=known.udid)
        call = read_call(key, body_of(known), ADDRESS)
        fast = json.loads(_said(call, store([call], timezone.now())[0]))["registration"]
        assert {**slow, "timestamp": 0} == {**fast, "timestamp": 0}
        said.append(fast["mesh_ids"])
    assert said == [["attic"], ["attic", "greenhouse"]]


@pytest.fixture
def fast():
    """Make applications of the fast way; their threads and connections end with the test."""
    made = []

    def make(inner):
        made.append(FastCheckIns(inner))
        return made[-1]

    yield make
    for app in made:
        app.writer.close()


async def ask(app, key, body, *headers) -> tuple[int, bytes]:
    """Send a registration to an ASGI application."""
    scope = {
        "type": "http", "method": "POST", "path": "/device/register",
        "headers": [(b"authentication", key.encode()), *headers], "client": (ADDRESS, 1),
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


class Inner:
    """Stands where Django does; counts what reaches it."""

    def __init__(self):
        self.bodies = []

    async def __call__(self, scope, receive, send):
        message = await receive()
        self.bodies.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"registration":{"success":true}}'})


class SlowInner(Inner):
    """Serves nobody before `opened`; `most` is how many it had at once."""

    def __init__(self):
        super().__init__()
        self.opened = asyncio.Event()
        self.now = self.most = 0

    async def __call__(self, scope, receive, send):
        self.now += 1
        self.most = max(self.most, self.now)
        await self.opened.wait()
        await super().__call__(scope, receive, send)
        self.now -= 1


@pytest.mark.django_db(transaction=True)
class TestApplication:
    async def test_first_call_takes_the_ordinary_way_the_next_the_fast(self, fast, key, known):
        inner = Inner()
        app = fast(inner)
        body = body_of(known, status="warm")
        assert (await ask(app, key, body))[0] == 200
        assert inner.bodies == [body]
        status, said = await ask(app, key, body)
        assert (status, len(inner.bodies)) == (200, 1)
        answer = json.loads(said)["registration"]
        assert (answer["success"], answer["status"], answer["udid"]) == (True, "OK", known.udid)
        assert (await ask(app, key, body_of(known, version="2")))[0] == 200
        assert len(inner.bodies) == 2

    async def test_known_address_takes_the_fast_way_after_a_restart(self, fast, key, known):
        def note():
            stored = ApiKey.objects.get(digest=key_digest(key))
            ApiKeyAddress.objects.create(key=stored, address=ADDRESS)
            connections.close_all()

        await asyncio.to_thread(note)
        inner = Inner()
        app = fast(inner)
        assert (await ask(app, key, body_of(known)))[0] == 200
        assert inner.bodies == []
        assert app.senders.is_known(read_call(key, body_of(known), ADDRESS))

    async def test_few_of_many_strangers_go_the_ordinary_way(self, fast, key, acme):
        """After a restart thousands come back at once; all have one key and address here."""
        devices = await _devices(acme, 40)
        inner = SlowInner()
        app = fast(inner)
        app.line = Line(at_once=2, longest=100)
        asked = asyncio.gather(*(ask(app, key, body_of(d)) for d in devices))
        await turns_until(lambda: app.line.waiting == 38)
        inner.opened.set()
        answers = await asked
        assert {status for status, _ in answers} == {200}
        assert (len(inner.bodies), inner.most) == (2, 2)
        assert await _checkins(devices) == {0, 1}

    async def test_who_finds_the_line_full_is_told_to_come_back(self, fast, key, acme):
        devices = await _devices(acme, 9)
        inner = SlowInner()
        app = fast(inner)
        app.line = Line(at_once=1, longest=2)
        bodies = [body_of(device, version="9") for device in devices]  # for the services
        asked = [asyncio.ensure_future(ask(app, key, body)) for body in bodies]
        await turns_until(lambda: sum(one.done() for one in asked) == 6)
        inner.opened.set()
        answers = await asyncio.gather(*asked)
        assert sorted(status for status, _ in answers) == [200] * 3 + [503] * 6
        assert (len(inner.bodies), inner.most) == (3, 1)

    async def test_other_requests_and_long_bodies_pass_untouched(self, fast, key, known):
        inner = Inner()
        app = fast(inner)
        await ask(app, key, b"x" * 70_000)
        await ask(app, key, b"not json")
        assert [len(body) for body in inner.bodies] == [70_000, 8]

    async def test_two_keys_in_one_request_are_left(self, fast, key, known):
        inner = Inner()
        app = fast(inner)
        app.senders.add(read_call(key, body_of(known), ADDRESS))
        await ask(app, key, body_of(known), (b"authentication", b"f" * 64))
        assert len(inner.bodies) == 1

    async def test_many_at_once_share_commits_and_each_is_stored(
        self, fast, key, acme, monkeypatch
    ):
        devices = await _devices(acme, 60)
        batches = []
        real = writer_module.store
        monkeypatch.setattr(
            writer_module,
            "store",
            lambda calls, now: batches.append(len(calls)) or real(calls, now),
        )
        app = fast(Inner())
        for device in devices:
            app.senders.add(read_call(key, body_of(device), ADDRESS))
        answers = await asyncio.gather(*(ask(app, key, body_of(d)) for d in devices * 2))
        assert {status for status, _ in answers} == {200}
        assert sum(batches) == 120
        assert len(batches) < 60
        assert await _checkins(devices) == {2}

    async def test_full_queue_tells_devices_to_come_back(self, fast, key, known, monkeypatch):
        app = fast(Inner())
        app.senders.add(read_call(key, body_of(known), ADDRESS))

        async def full(call):
            raise Full

        monkeypatch.setattr(app.writer, "submit", full)
        status, said = await ask(app, key, body_of(known))
        assert (status, said) == (503, b"")


@pytest.mark.django_db(transaction=True)
async def test_queue_is_bounded(key, known, monkeypatch):
    monkeypatch.setattr(grouping, "LONGEST_QUEUE", 3)
    writer = GroupWriter(lambda batch, now: time.sleep(0.2))
    call = read_call(key, body_of(known), ADDRESS)
    tasks = [asyncio.ensure_future(writer.submit(call)) for _ in range(12)]
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(result, Full) for result in done)
    acknowledged = [result for result in done if not isinstance(result, Full)]
    writer.close()
    assert await _checkins([known]) == {len(acknowledged)}


async def _devices(acme, count):
    def make():
        devices = DeviceFactory.create_batch(count, organization=acme)
        for device in devices:
            DeviceState.objects.get_or_create(device=device)
        connections.close_all()
        return devices

    return await asyncio.to_thread(make)


async def _checkins(devices):
    def read():
        found = {s.checkins for s in DeviceState.objects.filter(device__in=devices)}
        connections.close_all()
        return found

    return await asyncio.to_thread(read)
