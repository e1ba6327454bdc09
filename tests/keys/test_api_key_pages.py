"""API keys in the console: shown once, listed by prefix, revoked with what that breaks."""

from __future__ import annotations

import csv
import datetime as dt
import re

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from devices.models import DeviceState
from keys.models import ApiKey
from keys.services import api_key_revoke, firmware_key_for, key_digest
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

LIST = "/api-keys/"
ADD = f"{LIST}add/"
NEW = {"alias": "Greenhouse", "kind": "device", "lifetime": ""}


def page_of(key) -> str:
    return f"{LIST}{key.uid}/"


def names(response) -> list[str]:
    return [row.record.alias for row in response.context["table"].rows]


def called(device, key) -> None:
    """Let the device have presented this key."""
    DeviceState.objects.filter(device=device).update(last_key_prefix=key.prefix)


@pytest.fixture
def at_acme(signed_in, alice, acme):
    """Alice's browser, narrowed to Acme."""
    client = signed_in(alice)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    return client


def test_admin_creates_key_sees_it_this_once(at_acme, acme):
    answer = at_acme.post(ADD, NEW)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = re.search(r'id="secret"[^>]*>([0-9a-f]{64})<', answer.text).group(1)
    key = ApiKey.objects.get()
    assert (key.digest, key.prefix, key.organization) == (key_digest(secret), secret[:8], acme)
    assert key.expires_at is None
    assert answer.text.count(secret) == 1
    assert acme.owner_id in answer.text
    assert "Authentication: &lt;API key&gt;" in answer.text
    for url in (LIST, page_of(key), f"{page_of(key)}audit/", f"{page_of(key)}edit/", "/"):
        assert secret not in at_acme.get(url).text
    assert secret not in f"{dict(at_acme.session)}"


def test_automation_key_page_shows_how_scripts_use_it(at_acme, alice):
    page = at_acme.post(ADD, {**NEW, "kind": "automation"}).text
    assert "X-API-Key: &lt;API key&gt;" in page
    assert ApiKey.objects.get().user == alice


def test_key_can_be_made_to_expire(at_acme):
    at_acme.post(ADD, {**NEW, "lifetime": "30"})
    left = ApiKey.objects.get().expires_at - timezone.now()
    assert dt.timedelta(days=29) < left <= dt.timedelta(days=30)


def test_key_without_a_name_is_refused(at_acme):
    answer = at_acme.post(ADD, {**NEW, "alias": ""})
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403)])
def test_others_create_key_in_acme_are_refused(signed_in, request, acme, who, status):
    client = signed_in(request.getfixturevalue(who))
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    assert client.post(ADD, NEW).status_code == status
    assert not ApiKey.objects.exists()


def test_list_says_what_opens_what(at_acme, acme, system):
    device = DeviceFactory(organization=acme, alias="pump")
    firmware_key_for(system, device=device)
    key, secret = make_api_key(acme, alias="sensors")
    ApiKey.objects.filter(pk=key.pk).update(
        last_used_at=timezone.now(), last_used_address="198.51.100.4"
    )
    page = at_acme.get(LIST)
    assert names(page) == ["Firmware of pump", "sensors"]
    assert f"{key.prefix}…" in page.text
    assert "198.51.100.4" in page.text
    assert secret not in page.text
    assert device.get_absolute_url() in page.text


def test_list_narrows_by_state_and_kind(at_acme, acme, system):
    make_api_key(acme, alias="live")
    over, _ = make_api_key(acme, alias="over")
    ApiKey.objects.filter(pk=over.pk).update(expires_at=timezone.now() - dt.timedelta(days=1))
    gone, _ = make_api_key(acme, alias="gone")
    api_key_revoke(system, key=gone)
    make_api_key(acme, alias="script", kind="automation")
    for query, found in (
        ("state=active", ["live", "script"]),
        ("state=expired", ["over"]),
        ("state=revoked", ["gone"]),
        ("kind=automation", ["script"]),
        ("used=true", []),
        ("q=liv", ["live"]),
        (f"q={over.prefix}", ["over"]),
        ("firmware=true", []),
    ):
        assert names(at_acme.get(f"{LIST}?{query}")) == found, query


def test_outsider_sees_and_opens_none_of_them(signed_in, mallory, acme):
    key, _ = make_api_key(acme)
    client = signed_in(mallory)
    assert names(client.get(LIST)) == []
    for url in (page_of(key), f"{page_of(key)}edit/", f"{page_of(key)}revoke/"):
        assert client.get(url).status_code == 404
    assert client.post(f"{page_of(key)}revoke/", {"confirm": "1"}).status_code == 404


def test_export_has_no_digest_and_no_key(at_acme, acme):
    key, secret = make_api_key(acme, alias="=HYPERLINK(1)")
    answer = at_acme.get(f"{LIST}?export=csv")
    text = b"".join(answer.streaming_content).decode()
    row = next(csv.DictReader(text.splitlines()))
    assert (row["Name"], row["State"], row["Starts with"]) == (
        "'=HYPERLINK(1)",
        "active",
        key.prefix,
    )
    assert secret not in text
    assert key.digest not in text


def test_list_costs_the_same_number_of_queries_with_one_and_ten_rows(at_acme, acme, system):
    def add(count: int) -> int:
        for n in range(count):
            firmware_key_for(system, device=DeviceFactory(organization=acme))
            make_api_key(acme, alias=f"key {n}")
        return queries_of(at_acme, LIST)

    assert add(1) == add(9) <= 15


def test_page_names_devices_that_call_with_it(at_acme, acme, umbrella):
    key, _ = make_api_key(acme, alias="sensors")
    ours, foreign = DeviceFactory(organization=acme), DeviceFactory(organization=umbrella)
    called(ours, key)
    called(foreign, key)
    page = at_acme.get(page_of(key)).text
    assert ours.alias in page
    assert foreign.alias not in page


def test_admin_edits_name_and_last_day(at_acme, acme):
    key, _ = make_api_key(acme, alias="sensors")
    day = timezone.now().date() + dt.timedelta(days=9)
    at_acme.post(f"{page_of(key)}edit/", {"alias": "Sensors", "expires_at": day.isoformat()})
    key.refresh_from_db()
    assert (key.alias, key.expires_at.date()) == ("Sensors", day)
    assert f'value="{day}"' in at_acme.get(f"{page_of(key)}edit/").text


def test_last_day_in_the_past_is_refused(at_acme, acme):
    key, _ = make_api_key(acme)
    data = {"alias": "x", "expires_at": "2020-01-01"}
    answer = at_acme.post(f"{page_of(key)}edit/", data)
    assert answer.status_code == 422
    assert "This day is over." in answer.text


def test_admin_revokes_key_after_reading_what_it_breaks(at_acme, acme):
    key, _ = make_api_key(acme, alias="sensors")
    device = DeviceFactory(organization=acme, alias="pump-7")
    called(device, key)
    question = at_acme.get(f"{page_of(key)}revoke/").text
    assert "pump-7 last called with it and will be refused." in question
    key.refresh_from_db()
    assert not key.is_revoked
    at_acme.post(f"{page_of(key)}revoke/", {"confirm": "1"})
    key.refresh_from_db()
    assert key.is_revoked
    page = at_acme.get(page_of(key)).text
    assert "Revoked" in page
    assert "revoke/" not in page
    assert AuditEvent.objects.filter(verb="keys.apikey_revoked", actor="alice@example.org").exists()


def test_revoking_a_firmware_key_warns_of_the_firmware(at_acme, acme, system):
    device = DeviceFactory(organization=acme, alias="pump-7")
    firmware_key_for(system, device=device)
    key = ApiKey.objects.get(device=device)
    assert "The firmware of pump-7 carries it." in at_acme.get(f"{page_of(key)}revoke/").text


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_revoke_key_are_refused(signed_in, request, acme, who, status):
    key, _ = make_api_key(acme)
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"{page_of(key)}revoke/", {"confirm": "1"}).status_code == status
    key.refresh_from_db()
    assert not key.is_revoked


def test_admin_revokes_several_and_foreign_ones_stay(at_acme, acme, umbrella):
    ours = [make_api_key(acme, alias=f"key {n}")[0] for n in range(3)]
    foreign, _ = make_api_key(umbrella)
    chosen = {"selected": [key.uid for key in (*ours[:2], foreign)]}
    question = at_acme.post(f"{LIST}bulk-revoke/", chosen)
    assert "Revoke 2 API keys?" in question.text
    at_acme.post(f"{LIST}bulk-revoke/", {**chosen, "confirm": "1"})
    revoked = set(ApiKey.objects.filter(revoked_at__isnull=False))
    assert revoked == {*ours[:2]}


def test_operator_is_offered_no_revoking(signed_in, olga, acme):
    make_api_key(acme)
    page = signed_in(olga).get(f"{LIST}")
    assert "key" in names(page)[0]
    client = signed_in(olga)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    key = ApiKey.objects.get()
    client.post(f"{LIST}bulk-revoke/", {"selected": [key.uid], "confirm": "1"})
    key.refresh_from_db()
    assert not key.is_revoked


def test_empty_list_leads_on(at_acme):
    page = at_acme.get(LIST).text
    assert "No API keys yet" in page
    assert ADD in page


def test_rows_offer_what_the_reader_may_do_with_them(at_acme, acme, signed_in, vera, system):
    live, _ = make_api_key(acme, alias="live")
    gone, _ = make_api_key(acme, alias="gone")
    api_key_revoke(system, key=gone)
    page = at_acme.get(LIST).text
    assert f"{page_of(live)}revoke/" in page
    assert f"{page_of(gone)}revoke/" not in page
    assert f"{page_of(live)}revoke/" not in signed_in(vera).get(LIST).text
