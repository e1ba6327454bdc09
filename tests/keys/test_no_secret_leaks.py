"""One canary in each kind of secret, and every page, export, event and log line searched for it."""

from __future__ import annotations

import logging
import re

import pytest

from audit.models import AuditEvent
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import firmware_key_for
from keys.ssh import generate_pair
from tests.factories.devices import DeviceFactory

CANARY = "canary-5a1f0d77"


@pytest.fixture
def at_acme(signed_in, alice, acme):
    client = signed_in(alice)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    return client


@pytest.fixture
def secrets(at_acme, acme, system, caplog):
    """Make one of each through the pages, as a person would."""
    caplog.set_level(logging.DEBUG)
    key_page = at_acme.post("/api-keys/add/", {"alias": "a", "kind": "device"}).text
    api_key = re.search(r'id="secret"[^>]*>([0-9a-f]{64})<', key_page).group(1)
    pair = generate_pair("ed25519", "x")
    pasted = {"alias": "d", "method": "pasted", "private_key": pair.private}
    at_acme.post("/deploy-keys/add/", pasted)
    at_acme.post("/environment/add/", {"name": "A", "value": CANARY, "is_secret": "on"})
    variable = EnvVar.objects.get()
    at_acme.post(f"/environment/{variable.uid}/edit/", {"value": f"{CANARY}-2"})
    at_acme.post("/environment/import/", {"text": f"B={CANARY}", "is_secret": "on"})
    firmware = firmware_key_for(system, device=DeviceFactory(organization=acme))
    return [api_key, firmware, pair.private.splitlines()[2], CANARY]


def pages() -> list[str]:
    found = ["/", "/search/?q=A", "/accounts/profile/", "/audit/"]
    for base, model in (
        ("api-keys", ApiKey),
        ("deploy-keys", DeployKey),
        ("environment", EnvVar),
    ):
        found.append(f"/{base}/")
        for row in model.objects.all():
            verb = "revoke" if model is ApiKey else "delete"
            found += [f"/{base}/{row.uid}/{page}" for page in ("", "audit/", "edit/", f"{verb}/")]
    found += [f"/audit/{event.uid}/" for event in AuditEvent.objects.all()]
    return found


def test_no_page_shows_a_secret(at_acme, secrets):
    for url in pages():
        answer = at_acme.get(url)
        assert answer.status_code in {200, 404}, url
        for secret in secrets:
            assert secret not in answer.text, url


def test_no_export_shows_a_secret(at_acme, secrets):
    for url in ("/api-keys/", "/deploy-keys/", "/environment/", "/audit/"):
        text = b"".join(at_acme.get(f"{url}?export=csv").streaming_content).decode()
        for secret in secrets:
            assert secret not in text, url


def test_no_event_session_or_log_line_holds_a_secret(at_acme, secrets, caplog):
    at_acme.get("/environment/")
    events = " ".join(f"{event.__dict__}" for event in AuditEvent.objects.all())
    said = " ".join(
        record.getMessage() for record in caplog.records if record.name != "django.db.backends"
    )
    for secret in secrets:
        assert secret not in events
        assert secret not in said
        assert secret not in f"{dict(at_acme.session)}"


def test_database_holds_no_secret_in_the_clear(at_acme, secrets):
    rows = [*ApiKey.objects.values(), *DeployKey.objects.values(), *EnvVar.objects.values()]
    for secret in secrets:
        assert secret not in f"{rows}"
