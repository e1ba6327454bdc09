"""The audit log in the console: who may read it, filters, export with the chain head, one event."""

from __future__ import annotations

import csv
import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.events import OrganizationChanged
from audit.models import AuditEvent, AuditHead
from audit.recorder import record
from keys.services import api_key_revoke
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

LIST = "/audit/"


def page_of(event) -> str:
    return f"{LIST}{event.uid}/"


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
    answer = open_as(alice).get(f"{LIST}?export=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    event = AuditEvent.objects.get(organization=acme)
    row = next(csv.DictReader(lines))
    assert (row["What"], row["Hash"], row["Number"]) == (event.verb, event.hash, "1")
    assert row["When"] == event.at.isoformat(timespec="seconds")
    assert next(csv.reader([lines[-1]])) == ["Chain head", "of Acme", "1", event.hash]


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
