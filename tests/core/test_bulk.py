"""Bulk verbs of lists, with what people and scripts may send."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient

from core.views import bulk
from devices.models import Mesh
from tests.factories.devices import DeviceFactory, MeshFactory

URL = "/meshes/bulk-delete/"


@pytest.mark.parametrize("junk", ["x", "z" * 36, "0" * 35, "\x00" * 36, "é" * 36])
def test_junk_in_the_selection_is_ignored(signed_in, alice, junk):
    response = signed_in(alice).post(URL, {"selected": junk})
    assert response.status_code == 302


def test_more_rows_than_one_action_takes_are_said(signed_in, alice, acme, monkeypatch):
    monkeypatch.setattr(bulk, "MAX_ROWS", 3)
    MeshFactory.create_batch(5, organization=acme)
    client = signed_in(alice)
    asked = client.post(URL, {"all": "1", "query": ""})
    assert b"the first 3" in asked.content
    client.post(URL, {"all": "1", "query": "", "confirm": "1"})
    assert Mesh.objects.count() == 2


def test_thousand_rows_can_be_confirmed(signed_in, alice, acme):
    mesh = MeshFactory(organization=acme)
    selected = [str(mesh.uid)] * bulk.MAX_ROWS
    response = signed_in(alice).post(URL, {"selected": selected, "confirm": "1"})
    assert response.status_code == 302
    assert not Mesh.objects.exists()


@pytest.mark.django_db(transaction=True)
async def test_csv_streams_from_an_asgi_server(alice, acme, recwarn):
    await sync_to_async(DeviceFactory.create_batch)(3, organization=acme)
    client = AsyncClient()
    await client.aforce_login(alice, backend="accounts.backends.EmailBackend")
    response = await client.get("/devices/?export=csv")
    text = b"".join([part async for part in response.streaming_content]).decode()
    assert text.count("\r\n") == 4
    await sync_to_async(connections.close_all)()
