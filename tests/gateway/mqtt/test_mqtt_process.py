"""The broker's process has few apps; what it imports must be among them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
LOADS = """
import django
django.setup()
import gateway.management.commands.mqtt_broker, gateway.management.commands.mqtt_bridge
import gateway.following, gateway.services
from gateway.mqtt.bridge.running import Bridge
"""


def test_everything_the_broker_imports_is_in_its_settings():
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "thinx_console.settings.mqtt"}
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
