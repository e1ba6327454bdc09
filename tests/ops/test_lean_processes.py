"""What the processes of `make run` leave out until it is used: idle memory is made of imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.crypto import create_keyring

ROOT = Path(__file__).resolve().parent.parent.parent
NEVER = {"psycopg", "onelogin", "lxml", "xmlsec", "PIL", "git", "phonenumbers", "ua_parser"}
WEB = """
import thinx_console.asgi
from django.urls import get_resolver
get_resolver().reverse_dict
"""
WORKER = """
from thinx_console.supervisor.celery_worker import app
app.loader.import_default_modules()
app.finalize()
"""
MQTT = """
import django
django.setup()
import gateway.management.commands.mqtt_broker, gateway.management.commands.mqtt_bridge
import gateway.following, gateway.services
"""
PROCESSES = {
    "web": ("thinx_console.settings.base", WEB, {"celery", "kombu"}),
    "worker": ("", WORKER, {"requests", "prompt_toolkit", "thinx_console.urls", "devices.views"}),
    "mqtt": (
        "thinx_console.settings.mqtt",
        MQTT,
        {"webauthn", "celery", "kombu", "requests", "thinx_console.urls", "devices.views"},
    ),
}


def loaded(tmp_path: Path, settings: str, code: str) -> set[str]:
    """Return the modules of an embedded process after it has started."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("THINX_") and name != "DJANGO_SETTINGS_MODULE"
    }
    create_keyring(tmp_path / "master.key")
    environ |= {"THINX_DATA_DIR": f"{tmp_path}", "CELERY_SKIP_CHECKS": "1"}
    if settings:
        environ["DJANGO_SETTINGS_MODULE"] = settings
    tell = "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code + tell],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("process", PROCESSES)
def test_heavy_libraries_wait_until_they_are_used(process, tmp_path):
    settings, code, more = PROCESSES[process]
    assert loaded(tmp_path, settings, code) & (NEVER | more) == set()


def test_a_worker_that_needs_a_link_has_all_pages(tmp_path):
    needs = """
from django.contrib import admin
from django.urls import reverse
assert not admin.site._registry
reverse("devices:device_configuration", args=["00000000-0000-0000-0000-000000000000"])
assert admin.site._registry
"""
    assert "fleet.pushes.device_views" in loaded(tmp_path, "", WORKER + needs)
