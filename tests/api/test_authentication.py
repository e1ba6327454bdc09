"""Which credential opens the API: session with CSRF, either header, nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from keys.choices import ApiKeyKind
from keys.services import api_key_revoke
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

DEVICES = "/api/v1/devices/"


def get(client, **headers):
    return client.get(DEVICES, headers=headers)


@pytest.mark.parametrize(
    "header", ["X-API-Key: {}", "Authorization: Bearer {}", "Authorization: bearer {}"]
)
def test_automation_key_opens_the_api_in_either_header(client, automation_key, header):
    name, value = header.format(automation_key[1]).split(": ")
    assert get(client, **{name: value}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "0" * 64},
        {"X-API-Key": "not a key"},
        {"X-API-Key": "ü" * 64},
        {"Authorization": "Bearer " + "0" * 64},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
    ],
)
def test_missing_or_wrong_credential_is_401_and_says_how(db, client, headers):
    answer = get(client, **headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="THiNX Console"'
    by_password = headers.get("Authorization", "").startswith("Basic")
    code = "accounts.password_refused" if by_password else "request.unauthenticated"
    assert answer.json()["code"] == code


def test_digest_of_a_key_is_not_a_key(client, automation_key):
    assert get(client, **{"X-API-Key": automation_key[0].digest}).status_code == 401


def test_device_key_does_not_open_the_api(client, acme, alice):
    _, key = make_api_key(acme, user=alice, kind=ApiKeyKind.DEVICE)
    assert get(client, **{"X-API-Key": key}).status_code == 401


def test_firmware_key_of_a_device_does_not_open_the_api(client, acme, alice):
    device = DeviceFactory(organization=acme)
    _, key = make_api_key(acme, user=alice, kind=ApiKeyKind.AUTOMATION, device=device)
    assert get(client, **{"X-API-Key": key}).status_code == 401


def test_revoked_key_is_refused_from_the_next_request_on(client, automation_key, system):
    row, key = automation_key
    assert get(client, **{"X-API-Key": key}).status_code == 200
    api_key_revoke(system, key=row)
    assert get(client, **{"X-API-Key": key}).status_code == 401


def test_expired_key_is_refused(client, acme, alice):
    _, key = make_api_key(
        acme,
        user=alice,
        kind=ApiKeyKind.AUTOMATION,
        expires_at=timezone.now() - timedelta(seconds=1),
    )
    assert get(client, **{"X-API-Key": key}).status_code == 401


def test_key_of_a_deactivated_person_is_refused(client, automation_key, alice):
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert get(client, **{"X-API-Key": automation_key[1]}).status_code == 401


def test_key_of_somebody_who_left_shows_nothing(client, automation_key, alice, acme):
    DeviceFactory(organization=acme)
    Membership.objects.filter(user=alice, organization=acme).delete()
    assert get(client, **{"X-API-Key": automation_key[1]}).json()["count"] == 0


def test_key_never_reaches_beyond_its_organization(client, automation_key, alice, umbrella):
    from accounts.choices import Role
    from tests.factories.accounts import join

    join(alice, umbrella, Role.ADMIN)
    device = DeviceFactory(organization=umbrella)
    headers = {"X-API-Key": automation_key[1]}
    assert client.get(f"{DEVICES}{device.uid}/", headers=headers).status_code == 404
    body = {"alias": "x", "organization": f"{umbrella.uid}"}
    answer = client.post(DEVICES, body, content_type="application/json", headers=headers)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["organization"])


def test_wrong_key_beside_a_good_session_is_401(alice, signed_in):
    assert get(signed_in(alice), **{"X-API-Key": "0" * 64}).status_code == 401


def test_session_writes_need_the_csrf_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="accounts.backends.EmailBackend")
    body = {"alias": "x"}
    refused = client.post(DEVICES, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "request.forbidden")
    client.get("/api/v1/", headers={"Accept": "text/html"})
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    taken = client.post(DEVICES, body, content_type="application/json", headers=token)
    assert taken.status_code == 201


def test_key_writes_need_no_csrf_token(automation_key):
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        DEVICES,
        {"alias": "x"},
        content_type="application/json",
        headers={"X-API-Key": automation_key[1]},
    )
    assert answer.status_code == 201


def test_whoami_names_person_credential_and_home(api_with_key, automation_key, acme, alice):
    answer = api_with_key(automation_key[1]).get("whoami/").json()
    assert answer["person"]["email"] == alice.email
    assert answer["credential"]["kind"] == "api_key"
    assert answer["credential"]["label"].endswith(automation_key[0].prefix)
    assert answer["organization"]["uid"] == f"{acme.uid}"
    assert answer["organization"]["owner_id"] == acme.owner_id
    assert automation_key[1] not in str(answer)


def test_whoami_of_a_session_lists_every_role(api_as, alice, acme):
    answer = api_as(alice).get("whoami/").json()
    assert answer["credential"]["kind"] == "session"
    assert answer["organization"]["is_personal"]
    assert {role["name"] for role in answer["roles"]} == {"Acme", "alice"}


def test_using_a_key_is_noted_on_it(client, automation_key):
    get(client, **{"X-API-Key": automation_key[1]})
    automation_key[0].refresh_from_db()
    assert automation_key[0].last_used_at is not None
    assert automation_key[0].last_used_address == "127.0.0.1"


def test_pages_elsewhere_may_send_a_key_only_from_origins_that_are_set(client, db, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    headers = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-api-key",
    }
    known = client.options(DEVICES, headers={**headers, "Origin": "https://app.example.org"})
    assert "x-api-key" in known.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in known.headers
    other = client.options(DEVICES, headers={**headers, "Origin": "https://evil.example.org"})
    assert "Access-Control-Allow-Origin" not in other.headers
