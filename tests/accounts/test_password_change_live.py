"""A new password ends the WebSockets of the other sessions, too."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async

from accounts.services import password_change
from tests.console.test_live import connect
from thinx_console import live

pytestmark = pytest.mark.django_db(transaction=True)


async def test_other_session_is_closed_within_the_recheck(olga, act, monkeypatch):
    monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
    socket = await connect(olga)
    assert await socket.receive_nothing(timeout=0.3)
    change = sync_to_async(password_change)
    await change(act(olga), user=olga, password="staple battery horse")
    assert (await socket.receive_output(timeout=3))["code"] == 4401
