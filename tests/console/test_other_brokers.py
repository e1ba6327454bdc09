"""`make run` beside RabbitMQ or Mosquitto: it bridges to it, and leaves its port alone."""

from __future__ import annotations

import socket

import pytest

from tests.support.services import free_port
from thinx_console.supervisor.console import Console, StartError
from thinx_console.supervisor.launcher import check_ports
from thinx_console.supervisor.programs import programs_of


@pytest.fixture
def console(tmp_path):
    """Return a console with a broker whose port is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {f"THINX_{name}_PORT": f"{free_port()}" for name in ("HTTP", "HTTPS", "MQTTS")}
        ports["THINX_MQTT_PORT"] = f"{taken.getsockname()[1]}"

        def make(broker: str) -> Console:
            return Console.from_environment(
                {"THINX_DATA_DIR": f"{tmp_path}", "THINX_MQTT_BROKER": broker, **ports}
            )

        yield make


@pytest.mark.parametrize("broker", ["rabbitmq", "mosquitto"])
def test_other_broker_has_its_port_and_gets_a_bridge(console, broker):
    check_ports(console(broker))
    assert {"mqtt", "bridge"} <= {program.name for program in programs_of(console(broker))}


@pytest.mark.parametrize("broker", ["embedded", ""])
def test_own_broker_needs_its_port_and_no_bridge(console, broker):
    with pytest.raises(StartError, match="THINX_MQTT_PORT"):
        check_ports(console(broker))
    assert "bridge" not in {program.name for program in programs_of(console(broker))}
