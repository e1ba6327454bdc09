"""API keys, deploy keys and variables over REST: secrets go in and never come out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import Organization
from audit.models import AuditEvent
from keys.choices import ApiKeyKind
from keys.models import ApiKey, DeployKey, EnvVar
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


def put(api, path, here, **body):
    return api.post(path, {**body, "organization": f"{here.uid}"})


def test_new_api_key_is_shown_once_and_works(api, acme, client):
    made = put(api, "api-keys/", acme, alias="CI", kind="automation")
    assert made.status_code == 201
    key = made.json()["key"]
    assert made.json()["prefix"] == key[:8]
    assert made.headers["Cache-Control"] == "no-store"
    headers = {"X-API-Key": key}
    assert client.get("/api/v1/whoami/", headers=headers).status_code == 200
    again = api.get(made.json()["href"].removeprefix("http://testserver"))
    assert key not in again.content.decode()
    assert "key" not in again.json()
    assert key not in api.get("api-keys/").content.decode()


def test_api_key_changes_its_name_and_end_but_not_its_kind(api, world):
    path = world.path("api-keys")
    end = (timezone.now() + timedelta(days=1)).isoformat()
    changed = api.patch(path, {"alias": "renamed", "expires_at": end}).json()
    assert changed["alias"] == "renamed"
    assert parse_datetime(changed["expires_at"]) == parse_datetime(end)
    assert api.patch(path, {"alias": "again"}).json()["expires_at"] == changed["expires_at"]
    answer = api.patch(path, {"kind": "automation"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["kind"])


def test_api_key_that_already_ended_is_refused(api, acme):
    answer = put(api, "api-keys/", acme, alias="x", expires_at="2001-01-01T00:00:00Z")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["expires_at"])


def test_deleting_an_api_key_revokes_it_and_keeps_the_row(api, world):
    assert api.delete(world.path("api-keys")).status_code == 204
    assert api.get(world.path("api-keys")).json()["revoked_at"] is not None


def test_revoking_twice_changes_nothing(api, world):
    path = f"{world.path('api-keys')}revoke/"
    first = api.post(path).json()
    assert first["revoked_at"]
    assert api.post(path).status_code == 200
    assert AuditEvent.objects.filter(verb="keys.apikey_revoked").count() == 1


def test_key_may_revoke_itself_and_is_then_refused(api_with_key, automation_key):
    api = api_with_key(automation_key[1])
    assert api.post(f"api-keys/{automation_key[0].uid}/revoke/").status_code == 200
    assert api.get("whoami/").status_code == 401


@pytest.fixture
def short_lived(acme, alice):
    end = timezone.now() + timedelta(hours=1)
    return make_api_key(acme, user=alice, kind=ApiKeyKind.AUTOMATION, expires_at=end)


def test_key_makes_none_that_outlives_it(api_with_key, short_lived):
    api = api_with_key(short_lived[1])
    later = (short_lived[0].expires_at + timedelta(seconds=1)).isoformat()
    for end in (later, None):
        answer = api.post("api-keys/", {"alias": "x", "expires_at": end})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["expires_at"])
    made = api.post("api-keys/", {"alias": "x"}).json()
    assert parse_datetime(made["expires_at"]) == short_lived[0].expires_at


def test_key_does_not_prolong_itself(api_with_key, short_lived):
    api = api_with_key(short_lived[1])
    path = f"api-keys/{short_lived[0].uid}/"
    assert api.patch(path, {"expires_at": None}).status_code == 400
    assert api.patch(path, {"alias": "x"}).status_code == 200


def test_deploy_key_is_generated_and_its_private_half_stays(api, acme):
    made = put(api, "deploy-keys/", acme, alias="Greenhouse")
    assert made.status_code == 201
    assert made.json()["public_key"].startswith("ssh-ed25519 ")
    assert made.json()["fingerprint"].startswith("SHA256:")
    assert "private" not in made.content.decode().lower()
    key = DeployKey.objects.get(uid=made.json()["uid"])
    assert "PRIVATE KEY" in key.private_key.reveal()


def test_pasted_private_key_is_taken_and_not_echoed(api, acme, world):
    pasted = world.deploy_key.private_key
    pasted = pasted if isinstance(pasted, str) else pasted.reveal()
    made = put(api, "deploy-keys/", acme, alias="pasted", private_key=pasted)
    assert made.status_code == 201, made.content
    assert made.json()["fingerprint"] == world.deploy_key.fingerprint
    assert "PRIVATE KEY" not in made.content.decode()


def test_pasted_nonsense_is_refused_and_not_echoed(api, acme):
    answer = put(api, "deploy-keys/", acme, alias="x", private_key="my secret nonsense")
    assert answer.status_code == 400
    assert "nonsense" not in answer.content.decode()


def test_deploy_key_is_renamed_and_never_replaced(api, world):
    path = world.path("deploy-keys")
    assert api.patch(path, {"alias": "renamed"}).json()["alias"] == "renamed"
    assert api.patch(path, {"private_key": "x"}).status_code == 400
    assert api.patch(path, {"algorithm": "rsa"}).status_code == 400


def test_value_of_a_secret_variable_is_never_answered(api, acme):
    made = put(api, "env-vars/", acme, name="TOKEN", value="s3cr3t-value", is_secret=True)
    assert made.status_code == 201
    assert made.json()["value"] is None
    path = f"env-vars/{made.json()['uid']}/"
    changed = api.patch(path, {"value": "another-s3cr3t"})
    assert changed.json()["value"] is None
    for answer in (api.get(path), api.get("env-vars/"), api.get("audit-events/")):
        assert "s3cr3t" not in answer.content.decode()
    assert EnvVar.objects.get(uid=made.json()["uid"]).value.reveal() == "another-s3cr3t"


def test_plain_variable_shows_its_value_and_keeps_its_spaces(api, acme, olga, api_as):
    made = put(api_as(olga), "env-vars/", acme, name="SSID", value=" green house ")
    assert (made.json()["value"], made.json()["level"]) == (" green house ", "organization")
    assert api.get(f"env-vars/{made.json()['uid']}/").json()["value"] == " green house "


def test_plain_variable_becomes_secret_with_its_value_and_never_plain_again(api, acme):
    made = put(api, "env-vars/", acme, name="SSID", value="green").json()
    path = f"env-vars/{made['uid']}/"
    assert api.patch(path, {"is_secret": True}).json()["value"] is None
    assert EnvVar.objects.get(uid=made["uid"]).value.reveal() == "green"
    answer = api.patch(path, {"is_secret": False})
    assert (answer.status_code, answer.json()["code"]) == (400, "keys.secret_stays_secret")


def test_variable_of_a_device_belongs_to_its_organization(api, world):
    made = api.post("env-vars/", {"name": "A", "value": "1", "device": f"{world.device.uid}"})
    assert made.status_code == 201, made.content
    assert made.json()["level"] == "device"
    assert made.json()["organization"] == f"{world.organization.uid}"


def test_variable_has_one_level_only(api, world):
    body = {"device": f"{world.device.uid}", "source": f"{world.source.uid}"}
    answer = api.post("env-vars/", {"name": "A", "value": "1", **body})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["device"])


def test_variable_of_a_device_elsewhere_is_refused(api, world, alice):
    home = Organization.objects.get(is_personal=True, memberships__user=alice)
    device = DeviceFactory(organization=home)
    answer = put(api, "env-vars/", world.organization, name="A", value="1", device=f"{device.uid}")
    assert (answer.status_code, answer.json()["code"]) == (400, "keys.foreign_level")


def test_name_that_is_set_there_already_is_a_conflict(api, world):
    answer = put(api, "env-vars/", world.organization, name="WIFI_PASS", value="new")
    assert (answer.status_code, answer.json()["code"]) == (409, "keys.variable_exists")
    assert EnvVar.objects.get(name="WIFI_PASS").value.reveal() == "hunter2"


def test_same_name_at_another_level_is_fine(api, world):
    body = {"name": "WIFI_PASS", "value": "near", "source": f"{world.source.uid}"}
    assert api.post("env-vars/", body).status_code == 201


@pytest.mark.parametrize("name", ["1A", "A-B", "A B", "", "A" * 65, "A\nB"])
def test_wrong_name_of_a_variable_is_refused(api, acme, name):
    answer = put(api, "env-vars/", acme, name=name, value="1")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["name"])


def test_variable_keeps_its_name_and_level(api, world):
    path = world.path("env-vars")
    for change in ({"name": "OTHER"}, {"source": f"{world.source.uid}"}):
        assert api.patch(path, change).status_code == 400
    assert api.patch(path, {"name": "WIFI_PASS"}).status_code == 200


def test_no_list_ever_holds_a_digest(api, world):
    digest = ApiKey.objects.get(pk=world.api_key.pk).digest
    assert digest not in api.get("api-keys/").content.decode()
