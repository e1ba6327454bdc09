"""S5: a canary in every secret, the whole journey used, and no canary anywhere it must not be."""

from __future__ import annotations

import gzip
import json
import logging
import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.actor import Actor
from accounts.second_factor.browsers import COOKIE, browser_remember
from accounts.second_factor.factors import factor_confirm
from accounts.second_factor.recovery import recovery_make
from accounts.second_factor.totp import totp_begin, totp_seed
from accounts.services.invitations import invitation_send
from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.models import Artifact, BuildLogLine, SigningKey
from builds.services import build_run, build_start, source_create, token_issue
from core.secret_fields import REGISTER, Protection
from fleet.models import ConfigVariant
from fleet.pushes.services import config_push_start
from keys.models import DeployKey, EnvVar
from keys.services import api_key_create, env_var_set, firmware_key_for
from messaging.services import publish_on_commit
from notifications.services.rules import rule_add, rule_test
from tests.factories.accounts import PASSWORD
from tests.support.outbox import last_mail, links_in
from tests.support.queries import everything_in_redis

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.toolchain,
    pytest.mark.usefixtures("artifacts_folder"),
]

VALUE = "canary-2c9e-value"
PLAIN = "canary-2c9e-plain"
ACCESS = "canary-2c9e-access"
PUSHED = "canary-2c9e-pushed"
GIVEN_BACK = "canary-3b7a-given-back"
TOLD = "canary-2c9e-told"
HOOKED = "canary-2c9e-hooked"
PAGES = [
    *("/", "/devices/", "/sources/", "/builds/", "/artifacts/", "/api-keys/", "/deploy-keys/"),
    *("/environment/", "/audit/", "/audit/?export=csv", "/audit/?export=json"),
    *("/environment/?export=csv", "/api-keys/?export=csv", "/accounts/profile/"),
    *("/accounts/organizations/", "/search/?q=canary"),
    *("/notifications/", "/notifications/rules/", "/accounts/notifications/"),
]
RESOURCES = [
    *("devices", "api-keys", "deploy-keys", "env-vars", "sources", "builds", "artifacts"),
    *("audit-events", "organizations", "config-pushes", "config-receipts"),
    *("notifications", "notification-rules"),
]


@pytest.fixture
def lines(caplog):
    """Everything that is logged, but the SQL of the test database's own logger."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    return caplog


@pytest.fixture
def canaries(acme, alice, system, device, python_source, lines, settings) -> dict[str, str]:
    """One of each secret, made by the service that makes it, by the name of its field."""
    actor = Actor.for_user(alice, verified=True)
    _, script = api_key_create(actor, organization=acme, alias="ci", kind="automation")
    _, device_key = api_key_create(actor, organization=acme, alias="fleet")
    env_var_set(actor, organization=acme, name="GREETING", value=VALUE, is_secret=True)
    env_var_set(actor, organization=acme, name="PLACE", value=PLAIN)
    source_create(
        actor,
        organization=acme,
        alias="private",
        url="https://git.example.org/a/b.git",
        access_token=ACCESS,
    )
    build = build_start(actor, device=device)
    build_run(f"{build.uid}")
    build.refresh_from_db()
    assert build.status == BuildStatus.SUCCEEDED, build.error_message
    artifact = Artifact.objects.get(build=build, is_firmware=True)
    app = totp_begin(alice)
    factor_confirm(actor, factor=app)
    answer = HttpResponse()
    browser_remember(actor, request=RequestFactory().get("/"), response=answer, factor=app)
    invitation_send(actor, organization=acme, email="new@example.org", role="viewer")
    pushed = {"WORD": PUSHED}
    receipt = config_push_start(actor, device=device, values=pushed, secret_names=["WORD"])
    ConfigVariant.objects.create(
        push=receipt.push,
        names=["WORD"],
        secret_names=["WORD"],
        sealed_values=json.dumps({"WORD": GIVEN_BACK}),
    )
    topic = f"/{acme.owner_id}/{device.udid}"
    told = f'{{"configuration":{{"WORD":"{TOLD}"}}}}'
    publish_on_commit(topic, told, organization=acme, device=device)
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    hook = f"https://127.0.0.1:9/{HOOKED}"
    rule, signing = rule_add(
        actor, organization=acme, name="Hook", channel="webhook", destination=hook
    )
    rule_test(actor, rule=rule)  # nobody answers there
    private = DeployKey.objects.get().private_key.reveal().splitlines()
    return {
        "keys.ApiKey.digest": script,
        "keys.ApiKey.digest (device)": device_key,
        "keys.ApiKey.mqtt_digest": device_key,
        "keys.ApiKey.sealed_key": firmware_key_for(system, device=device),
        "fleet.ConfigPush.sealed_values": PUSHED,
        "fleet.ConfigVariant.sealed_values": GIVEN_BACK,
        "messaging.Publication.payload": TOLD,
        "notifications.NotificationRule.destination": HOOKED,
        "notifications.NotificationRule.secret": signing,
        "keys.EnvVar.value": VALUE,
        "keys.EnvVar.value (plain)": PLAIN,
        "keys.DeployKey.private_key": private[2],
        "builds.Source.access_token": ACCESS,
        "builds.SigningKey.private_key": SigningKey.objects.get().private_key.reveal(),
        "builds.OneTimeToken.digest": token_issue(device=device, artifact=artifact),
        "accounts.TotpDevice.secret": totp_seed(app),
        "accounts.RecoveryCode.digest": recovery_make(actor, user=alice)[0],
        "accounts.RememberedBrowser.digest": answer.cookies[COOKIE].value,
        "accounts.Invitation.digest": _token_in(links_in(last_mail("new@example.org"))[0]),
        "accounts.User.password": PASSWORD,
    }


@pytest.fixture
def used(canaries, client, acme, device, alice) -> str:
    """Use it all as people, scripts and devices do; return what every page and answer said."""
    said = []
    client.post("/accounts/sign-in/", {"login": alice.email, "password": PASSWORD})
    client.force_login(alice, backend="accounts.backends.EmailBackend")
    type(alice).objects.filter(pk=alice.pk).update(second_factor_at=None)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    for page in PAGES + [event.get_absolute_url() for event in AuditEvent.objects.all()]:
        said.append(_text(client.get(page)))
    key = {"X-API-Key": canaries["keys.ApiKey.digest"]}
    for resource in RESOURCES:
        answer = client.get(f"/api/v1/{resource}/", headers=key)
        assert answer.status_code == 200, resource
        said.append(_text(answer))
    for wrong in ("f" * 64, canaries["keys.ApiKey.digest (device)"]):
        said.append(_text(client.get("/api/v1/devices/", headers={"X-API-Key": wrong})))
    body = {"registration": {"mac": device.mac, "owner": acme.owner_id, "udid": device.udid}}
    client.post(
        "/device/register",
        body,
        content_type="application/json",
        headers={"Authentication": canaries["keys.ApiKey.sealed_key"]},
    )
    ott = canaries["builds.OneTimeToken.digest"]
    assert client.get(f"/device/firmware?ott={ott}").status_code == 200
    return "\n".join(said)


def test_no_canary_is_where_it_must_not_be(canaries, used, lines, artifacts_folder):
    registered = {
        label
        for label, line in REGISTER.items()
        if line.protection in {Protection.SEALED, Protection.DIGEST, Protection.PASSWORD}
    }
    tried = {name.split(" ")[0] for name in canaries}
    assert registered - tried == {"accounts.SmsDevice.digest"}  # six digits: found anywhere
    logged = "\n".join(f"{record.getMessage()} {record.args}" for record in lines.records)
    log = "\n".join(BuildLogLine.objects.values_list("text", flat=True))
    places = {
        "the database": _dump(),
        "the cache and the broker": _broker(),
        "a log line": logged,
        "the log of the build": log,
        "a page or an answer": used,
        "the data folder": _files(),
    }
    # The test of the test: the scan reads what is there.
    assert "greeter" in places["the database"]
    assert "kitchen" in used
    assert EnvVar.objects.get(name="GREETING").value.reveal() == VALUE
    shown = {"keys.EnvVar.value (plain)": {"a page or an answer", "the log of the build"}}
    for name, canary in canaries.items():
        assert len(canary) >= 10
        for place, text in places.items():
            if place not in shown.get(name, set()):
                assert canary not in text, f"{name} is in {place}"


def _token_in(text: str) -> str:
    found = re.findall(r"[A-Za-z0-9_-]{20,}", text)
    assert found, text
    return max(found, key=len)


def _text(answer) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode()
    return answer.content.decode()


def _dump() -> str:
    """Return every row of every table, as it lies there."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [repr(tuple(map(_plain, row))) for row in cursor.fetchall()]
    return "\n".join(rows)


def _plain(value) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return json.dumps(value) if isinstance(value, dict | list) else f"{value}"


def _broker() -> str:
    held = getattr(cache, "_cache", None)  # in memory when the tests have no Redis
    if isinstance(held, dict):
        return "\n".join(f"{name} {value!r}" for name, value in held.items())
    return everything_in_redis(settings.CACHES["default"]["LOCATION"])


def _files() -> str:
    """Return what builds and archives left in the data folder, but the master key itself."""
    from pathlib import Path

    texts = []
    for path in Path(settings.DATA_DIR).rglob("*"):
        if not path.is_file() or path.name.startswith(("master.key", "test.sqlite3")):
            continue
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        texts.append(content.decode("latin-1"))
    return "\n".join(texts)
