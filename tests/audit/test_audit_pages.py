"""The audit log in the console: who may read it, filters, export with the chain head, one event."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from io import StringIO

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import AsyncClient
from django.utils import timezone

from accounts.events import OrganizationChanged
from audit.actors import SystemActor
from audit.models import AuditEvent, AuditHead
from audit.recorder import record
from audit.services import audit_archive
from keys.services import api_key_revoke, api_key_update, env_var_set
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

LIST = "/audit/"


def page_of(event) -> str:
    return f"{LIST}{event.uid}/"


def exported(client, kind: str, query: str = "") -> str:
    answer = client.get(f"{LIST}?export={kind}{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def verbs(response) -> list[str]:
    return [row.record.verb for row in response.context["table"].rows]


@pytest.fixture
def open_as(signed_in, acme):
    """A client signed in as the person given, narrowed to Acme."""

    def narrowed(user):
        client = signed_in(user)
        client.post("/accounts/organizations/switch/", {"organization": acme.uid})
        return client

    return narrowed


@pytest.fixture
def key(acme, alice):
    made, _ = make_api_key(acme, user=alice, alias="sensors")
    return made


@pytest.mark.parametrize("who", ["alice", "olga"])
def test_admin_and_operator_read_what_happened(open_as, request, key, who):
    page = open_as(request.getfixturevalue(who)).get(LIST)
    assert verbs(page) == ["keys.apikey_created"]
    assert "API key created" in page.text
    assert key.get_absolute_url() in page.text


def test_viewer_and_outsider_read_nothing_of_it(open_as, signed_in, vera, mallory, key):
    event = AuditEvent.objects.get(verb="keys.apikey_created")
    for client in (open_as(vera), signed_in(mallory)):
        assert "keys.apikey_created" not in verbs(client.get(LIST))
        assert client.get(page_of(event)).status_code == 404


def test_object_that_is_gone_has_no_link(open_as, alice, key):
    url = key.get_absolute_url()
    key.delete()
    page = open_as(alice).get(LIST).text
    assert "sensors" in page
    assert url not in page


def test_log_narrows_by_verb_actor_object_level_and_time(open_as, alice, olga, acme, key, act):
    api_key_revoke(act(alice), key=key)
    with time_machine.travel(timezone.now() - dt.timedelta(days=40)):
        old = record(act(olga), OrganizationChanged, acme, organization=acme)
    client = open_as(alice)
    today, then = timezone.now().date(), old.at.date()
    created, revoked, changed = "keys.apikey_created", "keys.apikey_revoked", old.verb
    for query, found in (
        ("verb=keys.apikey_created", [created]),
        ("level=warning", [revoked]),
        ("actor=olga", [changed]),
        ("target_type=accounts.organization", [changed]),
        (f"target={key.uid}", [revoked, created]),
        ("period=day", [revoked, created]),
        (f"since={today}", [revoked, created]),
        (f"until={then}", [changed]),
        ("q=sensors", [revoked, created]),
        (f"q={key.prefix}", [revoked, created]),
        ("credential=nothing", []),
        ("address=192.0.2.", []),
        ("request_id=0123456789abcdef", []),
        ("q=nothing-like-it", []),
        ("sort=at", [changed, created, revoked]),
    ):
        assert verbs(client.get(f"{LIST}?{query}")) == found, query


def test_list_shows_the_head_of_the_chain(open_as, alice, key, acme):
    head = AuditHead.objects.get(organization=acme)
    page = open_as(alice).get(LIST).text
    assert head.hash in page
    assert "Chain head" in page


def test_list_over_all_organizations_shows_each_head_one_may_read(signed_in, vera, key, acme):
    other = OrganizationFactory(name="Beta")
    join(vera, other)
    make_api_key(other)
    page = signed_in(vera).get(LIST).text
    assert AuditHead.objects.get(organization=other).hash in page
    assert AuditHead.objects.get(organization=acme).hash not in page


def test_export_carries_hashes_and_ends_with_the_chain_head(open_as, alice, key, acme):
    lines = exported(open_as(alice), "csv").splitlines()
    newest, event = AuditEvent.objects.filter(organization=acme).order_by("-seq")
    row = list(csv.DictReader(lines))[1]
    assert (row["What"], row["Hash"], row["Number"]) == (event.verb, event.hash, "1")
    assert row["When"] == event.at.isoformat(timespec="seconds")
    assert next(csv.reader([lines[-1]])) == ["Chain head", "of Acme", "2", newest.hash]


def test_export_is_audited_with_its_filters(open_as, alice, key, acme):
    exported(open_as(alice), "json", "&verb=keys.apikey_created")
    event = AuditEvent.objects.get(organization=acme, verb="audit.exported")
    assert event.actor == "alice@example.org"
    assert event.data == {"kind": "json", "filters": "export=json&verb=keys.apikey_created"}


def test_json_export_can_be_checked_without_the_console(open_as, alice, key, acme, act):
    api_key_revoke(act(alice), key=key)
    document = json.loads(exported(open_as(alice), "json", "&sort=at"))
    (head,) = document["chains"]
    assert head["chain"] == f"{acme.uid}"
    events = sorted(document["events"], key=lambda event: event["seq"])
    fields = """format seq uid at verb actor actor_uid credential address request_id target_type
        target_uid target_label"""
    previous = "0" * 64
    for event in events:
        assert event["previous_hash"] == previous
        data = json.dumps(event["data"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        said = [previous, event["chain"], *(f"{event[name]}" for name in fields.split()), data]
        previous = hashlib.sha256("\0".join(said).encode()).hexdigest()
        assert event["hash"] == previous
    assert (head["seq"], head["hash"]) == (3, previous)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_export_serves_as_kept_heads(open_as, alice, key, acme, kind, tmp_path, tampering):
    file = tmp_path / "export"
    file.write_text(exported(open_as(alice), kind))
    call_command("audit_verify", "--expect", f"{file}", stdout=StringIO())
    with tampering():
        AuditEvent.objects.filter(organization=acme, seq=2)._raw_delete("default")
        first = AuditEvent.objects.get(organization=acme, seq=1)
        AuditHead.objects.filter(organization=acme).update(seq=1, hash=first.hash)
    with pytest.raises(CommandError, match="Broken"):
        call_command("audit_verify", "--expect", f"{file}", stdout=StringIO(), stderr=StringIO())


def test_export_is_narrowed_to_what_one_may_read(open_as, vera, key):
    assert "apikey_created" not in exported(open_as(vera), "json").partition('"events"')[2]


@pytest.mark.django_db(transaction=True)
async def test_export_streams_to_an_asynchronous_server_too(alice, key, acme):
    client = AsyncClient()
    await sync_to_async(client.force_login)(alice, backend="accounts.backends.EmailBackend")
    for kind in ("csv", "json"):
        answer = await client.get(f"{LIST}?export={kind}")
        text = "".join([part.decode() async for part in answer.streaming_content])
        assert "keys.apikey_created" in text
    await sync_to_async(connections.close_all)()  # of the thread that streamed


def test_event_page_shows_before_and_after(open_as, alice, key, act):
    api_key_update(act(alice), key=key, alias="renamed", expires_at=None)
    event = AuditEvent.objects.get(verb="keys.apikey_changed")
    page = open_as(alice).get(page_of(event)).text
    assert "What changed" in page
    assert re.search(r"<th scope=\"row\">Alias</th>.*sensors.*renamed", page)


def test_secret_that_changed_shows_as_dots(open_as, alice, acme, act):
    for value in ("canary-1", "canary-2"):
        env_var_set(act(alice), organization=acme, name="A", value=value, is_secret=True)
    event = AuditEvent.objects.filter(verb="keys.envvar_set").latest("seq")
    assert event.data["changes"] == {"value": {"before": "••••••••", "after": "••••••••"}}
    page = open_as(alice).get(page_of(event)).text
    assert page.count("••••••••") >= 2
    assert "canary" not in page


def test_archive_shows_beside_the_head(open_as, alice, key, acme, settings):
    client = open_as(alice)
    assert list(audit_archive(SystemActor("tests"), before=timezone.now()))
    page = client.get(LIST).text
    assert "1 of them archived" in page
    assert "Archived up to 1" in page
    assert "manage.py audit_archive" in page
    settings.AUDIT_KEEP_DAYS = 90
    assert "older than 90 days" in client.get(LIST).text


def test_event_page_shows_everything_and_its_neighbours(open_as, alice, key, act):
    api_key_revoke(act(alice), key=key)
    first, second = AuditEvent.objects.filter(organization=key.organization).order_by("seq")
    page = open_as(alice).get(page_of(second)).text
    for said in (second.hash, second.previous_hash, "alice@example.org", f"{key.uid}", "sensors"):
        assert said in page
    assert page_of(first) in page
    assert "The newest of its chain" in page
    assert "Hash matches" in page
    assert "The first of its chain" in open_as(alice).get(page_of(first)).text


def test_event_that_was_edited_says_so(open_as, alice, key, tampering):
    with tampering():
        AuditEvent.objects.filter(verb="keys.apikey_created").update(actor="somebody else")
    event = AuditEvent.objects.get(verb="keys.apikey_created")
    assert "Changed after it was written" in open_as(alice).get(page_of(event)).text


def test_nothing_can_be_written_through_these_pages(open_as, alice, key):
    event = AuditEvent.objects.get(verb="keys.apikey_created")
    client = open_as(alice)
    for url in (LIST, page_of(event)):
        assert client.post(url).status_code == 405
        assert client.delete(url).status_code == 405


def test_list_costs_the_same_number_of_queries_with_one_and_ten_rows(open_as, alice, acme):
    client = open_as(alice)

    def add(count: int) -> int:
        for n in range(count):
            make_api_key(acme, user=alice, alias=f"key {n}")
        return queries_of(client, LIST)

    assert add(1) == add(9) <= 16


def test_stranger_opens_the_log_is_sent_to_sign_in(client, db):
    assert client.get(LIST)["Location"] == "/accounts/sign-in/?next=/audit/"
