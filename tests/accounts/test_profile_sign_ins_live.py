"""Ending a sign-in closes its WebSocket within seconds, and nobody else's."""

from __future__ import annotations

import time

import pytest
from asgiref.sync import sync_to_async

from accounts.models import SignIn
from accounts.services.sign_ins import sign_in_end, sign_ins_end
from tests.console.test_live import connect, threads_leave_no_connection  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


async def test_socket_of_an_ended_sign_in_closes_within_5_seconds(olga, act):
    here, there = await connect(olga), await connect(olga)
    newest = await sync_to_async(SignIn.objects.filter(user=olga).latest)("pk")
    began = time.monotonic()
    await sync_to_async(sign_in_end)(act(olga), sign_in=newest)
    assert (await there.receive_output(timeout=5))["code"] == 4401
    assert time.monotonic() - began < 5
    assert await here.receive_nothing(timeout=0.3)
    await here.disconnect()


async def test_ending_all_others_leaves_one_socket(olga, act):
    first, *others = [await connect(olga) for _ in range(3)]
    kept = await sync_to_async(SignIn.objects.filter(user=olga).earliest)("pk")
    await sync_to_async(sign_ins_end)(act(olga), user=olga, keep=f"{kept.uid}")
    for socket in others:
        assert (await socket.receive_output(timeout=5))["code"] == 4401
    assert await first.receive_nothing(timeout=0.3)
    await first.disconnect()
