"""The outbox: who reads it, what it shows, and that reading is recorded."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from audit.models import AuditEvent
from core.mail.backends import OutboxBackend
from core.outbox import outbox_messages, outbox_put_sms
from thinx_console.outbox.access import may_read_outbox

LIST = "/outbox/"
HTML = "<!doctype html><html><head></head><body><script>steal()</script><p>Hi</p></body></html>"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"


@pytest.fixture
def sms():
    return outbox_put_sms("+420601000001", "482913 is your code")


@pytest.fixture
def mail():
    text = "Open https://console.test/a?x=1&y=2 now"
    message = EmailMultiAlternatives("Confirm <it>", text, None, ["ann@example.org"])
    message.attach_alternative(HTML, "text/html")
    OutboxBackend().send_messages([message])
    return next(outbox_messages()).uid


@pytest.fixture
def reader(signed_in, root):
    return signed_in(root)


def frame_of(page: str) -> str:
    return unescape(re.search(r'<iframe[^>]* src="([^"]+)"', page)[1])


def test_superuser_sees_what_was_sent_to_whom_and_not_what_it_says(reader, sms, mail):
    page = reader.get(LIST).content.decode()
    assert "Confirm &lt;it&gt;" in page
    assert "ann@example.org" in page
    assert "+420601000001" in page
    assert "482913" not in page
    assert page.index("ann@example.org") < page.index("+420601000001")


def test_list_is_searched_by_address_and_by_kind(reader, sms, mail):
    assert "ann@example.org" not in reader.get(LIST, {"q": "420601"}).content.decode()
    assert "+420601000001" not in reader.get(LIST, {"kind": "mail"}).content.decode()
    assert "Nothing matches" in reader.get(LIST, {"q": "482913"}).content.decode()


def test_empty_outbox_says_what_it_is_for(reader):
    assert "Nothing was sent yet" in reader.get(LIST).content.decode()


def test_list_comes_as_a_fragment_for_htmx_and_in_pages(reader):
    for number in range(60):
        outbox_put_sms(f"+4206010001{number:02}", "x")
    part = reader.get(LIST, {"page": 2}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count("data-row") == 10


def test_message_shows_text_and_links_and_is_recorded(reader, mail, root):
    page = reader.get(f"{LIST}{mail}/").content.decode()
    assert "Open https://console.test/a?x=1&amp;y=2 now" in page
    assert 'href="https://console.test/a?x=1&amp;y=2"' in page
    assert "steal()" not in page
    event = AuditEvent.objects.get(verb="outbox.message_read")
    assert event.actor_uid == root.uid
    assert event.data == {"kind": "mail", "to": "ann@example.org", "subject": "Confirm <it>"}


def test_code_of_an_sms_is_not_in_the_audit_log(reader, sms):
    assert "482913 is your code" in reader.get(f"{LIST}{sms}/").content.decode()
    assert "482913" not in f"{AuditEvent.objects.get(verb='outbox.message_read').data}"


def test_html_is_shown_where_nothing_runs(reader, mail):
    page = reader.get(f"{LIST}{mail}/")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    frame = reader.get(frame_of(page.content.decode()))
    policy = frame.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'none'", "sandbox ", "form-action 'none'"):
        assert rule in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<p>Hi</p>" in frame.content.decode()
    assert AuditEvent.objects.filter(verb="outbox.message_read").count() == 1


def test_frame_without_the_page_is_not_found(reader, mail, sms):
    address = frame_of(reader.get(f"{LIST}{mail}/").content.decode())
    proof = address.partition("?")[2]
    assert reader.get(f"{LIST}{mail}/html/").status_code == 404
    assert reader.get(f"{LIST}{mail}/html/?proof=x").status_code == 404
    assert reader.get(f"{LIST}{sms}/html/?{proof}").status_code == 404


def test_pages_are_not_kept_by_browsers(reader, mail):
    assert "no-store" in reader.get(f"{LIST}{mail}/").headers["Cache-Control"]


def test_message_that_was_pruned_is_not_found(reader):
    assert reader.get(f"{LIST}00000000-0000-0000-0000-000000000000/").status_code == 404


def test_navigation_has_the_outbox_for_its_readers_only(reader, signed_in, alice):
    assert 'href="/outbox/"' in reader.get("/").content.decode()
    assert 'href="/outbox/"' not in signed_in(alice).get("/").content.decode()


@pytest.mark.parametrize("path", ["", "{uid}/", "{uid}/html/"])
def test_others_find_no_outbox_and_strangers_sign_in(path, signed_in, alice, sms):
    address = LIST + path.format(uid=sms)
    assert signed_in(alice).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert not AuditEvent.objects.filter(verb="outbox.message_read").exists()


def test_outbox_is_gone_once_servers_are_set(reader, settings):
    settings.SMS_GATEWAY = "twilio"
    assert reader.get(LIST).status_code == 404
    settings.EMAIL_BACKEND = "core.mail.backends.OutboxBackend"
    assert reader.get(LIST).status_code == 200


@pytest.mark.parametrize(
    ("embedded", "enrolled", "verified", "may"),
    [
        (True, False, False, True),
        (True, True, False, False),
        (True, True, True, True),
        (False, False, False, False),
        (False, True, True, True),
    ],
)
def test_superuser_without_a_second_factor_reads_it_on_one_machine_only(
    embedded, enrolled, verified, may, root, settings
):
    settings.EMBEDDED = embedded
    root.second_factor_at = timezone.now() if enrolled else None
    assert may_read_outbox(Actor.for_user(root, verified=verified)) is may


def test_key_of_a_superuser_and_whoever_impersonates_one_read_nothing(root, acme, alice):
    assert not may_read_outbox(Actor.for_user(root, credential="key", ceiling=acme))
    assert not may_read_outbox(Actor.for_user(root, impersonator=alice, verified=True))
    assert not may_read_outbox(Actor())
