"""A fleet that lives with a real server, and with a real broker."""

from __future__ import annotations

import contextlib
import threading

import pytest

from devices.models import Device
from gateway.simulator import Failures, Simulation, State
from tests.factories.keys import make_api_key
from tests.gateway.live import live_console
from tests.gateway.mqtt.conftest import BrokerThread

SECONDS = 60


@pytest.fixture
def fleet(transactional_db, acme):
    """Make a simulation of Acme's devices, quick ones; `url` is where they call."""

    def make(url, count=6, **options):
        options = {"interval": 0.3, "install_seconds": (0.1, 0.3), "spread": 0.2, **options}
        key = make_api_key(acme)[1]
        return Simulation(url, key, acme.owner_id, count=count, **options)

    return make


@pytest.fixture
def console(transactional_db):
    with live_console() as url:
        yield url


@pytest.fixture
def broker(transactional_db):
    with BrokerThread() as running:
        yield f"mqtt://127.0.0.1:{running.port}"


@pytest.fixture
def offered(publish):
    """Have firmware for every device there is."""

    def store(version="99.0.1", size=0):
        content = (f"firmware {version} ".encode() * size)[:size] or None
        for device in Device.objects.order_by("pk"):
            publish(device, version, content)

    return store


@pytest.fixture
def lived(fleet):
    """Live until something is so; fail when it is not soon enough."""

    def live(simulation, until):
        assert simulation.run(until, within=SECONDS), simulation.report()
        return simulation

    return live


@pytest.fixture
def living():
    """Have a simulation live in a thread for as long as the block lasts."""

    @contextlib.contextmanager
    def live(simulation):
        thread = threading.Thread(target=simulation.run)
        thread.start()
        try:
            yield simulation
        finally:
            simulation.stop()
            thread.join(SECONDS)
            assert not thread.is_alive()

    return live


def registered(simulation):
    """Tell whether every device has registered."""
    return not simulation.states[State.NEW]


def all_of(mode, count):
    """Return the options of a fleet in which all have one mode."""
    return {"count": count, "failures": Failures(**{mode: 1.0})}
