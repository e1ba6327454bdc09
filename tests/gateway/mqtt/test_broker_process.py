"""The process of `manage.py mqtt_broker` knows every table it reads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.once
@pytest.mark.parametrize("command", ["mqtt_broker", "mqtt_bridge"])
def test_command_starts_with_the_settings_of_its_process(command):
    argv = [sys.executable, "manage.py", command, "--help"]
    argv += ["--settings", "thinx_console.settings.mqtt"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "thinx_console.settings.mqtt"}
    done = subprocess.run(
        argv, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
