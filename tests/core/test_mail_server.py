"""Mail over SMTP to a server of the tests, and into the outbox folder."""

from __future__ import annotations

import logging

import pytest
from django.core import mail as django_mail

from core.mail import MailError, mail_deliver
from core.outbox import KEPT, outbox_message, outbox_messages, outbox_put_sms
from tests.support.outbox import last_mail, last_sms, links_in
from tests.support.services import free_port
from tests.support.smtp import mail_server
from thinx_console.settings.messages import email_from_url

RENDERED = {
    "to": "ann@example.org",
    "subject": "Příliš žluťoučký kůň",
    "text": "Otevřete http://127.0.0.1:7442/x/?a=b\n.\n..konec\n",
    "html": "<p>kůň</p>",
    "date": "Sun, 22 Nov 2026 01:00:00 -0000",
    "id": "<1@console.example.org>",
}


@pytest.fixture
def use(settings):
    def apply(url: str) -> None:
        for name, value in email_from_url(url).items():
            setattr(settings, name, value)
        settings.DEFAULT_FROM_EMAIL = "Console <console@example.org>"

    return apply


@pytest.fixture
def server(use):
    with mail_server() as running:
        use(f"smtp://kim%40x:letmein@127.0.0.1:{running.port}?tls=none")
        yield running


def refusal() -> MailError:
    with pytest.raises(MailError) as refused:
        mail_deliver(RENDERED)
    return refused.value


def test_server_gets_the_mail_as_it_was_rendered(server):
    assert mail_deliver(RENDERED) == RENDERED["id"]
    (sender, to, _), (mail,) = server.taken[0], server.mails()
    assert (sender, to) == ("console@example.org", ["ann@example.org"])
    assert server.signed_in == ["kim@x"]
    assert mail["Subject"] == RENDERED["subject"]
    assert mail["Message-ID"] == RENDERED["id"]
    text = mail.get_body(("plain",)).get_content()
    assert text.replace("\r\n", "\n") == RENDERED["text"]
    assert mail.get_body(("html",)).get_content().strip() == RENDERED["html"]


@pytest.mark.parametrize(("answer", "permanent"), [("550 unknown", True), ("451 try later", False)])
def test_answer_of_the_server_decides_whether_it_is_tried_again(answer, permanent, server):
    server.answers["ann"] = answer
    error = refusal()
    assert error.permanent == permanent
    assert "ann" not in f"{error}"


def test_password_that_is_wrong_is_not_tried_again(server):
    server.password = "changed"
    assert refusal().permanent


def test_server_that_is_away_may_be_back_later(use):
    use(f"smtp://127.0.0.1:{free_port()}?tls=none")
    assert not refusal().permanent


def test_server_without_starttls_gets_no_mail_and_no_password(server, use, caplog):
    caplog.set_level(logging.DEBUG)
    use(f"smtp://kim:letmein@127.0.0.1:{server.port}")
    refusal()
    assert server.taken == server.signed_in == []
    assert "letmein" not in caplog.text


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtp://u:p@mail.example.org", 587, False, True),
        ("smtp://mail.example.org?tls=none", 25, False, False),
        ("smtp://mail.example.org:2525", 2525, False, True),
        ("smtps://u:p@mail.example.org", 465, True, False),
    ],
)
def test_address_of_the_server_says_how_to_reach_it(url, port, ssl, tls):
    found = email_from_url(url)
    assert found["EMAIL_HOST"] == "mail.example.org"
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (port, ssl, tls)


@pytest.mark.parametrize("url", ["mail.example.org", "imap://u:p4ss@x", "smtp://u:p4ss@x?tls=off"])
def test_address_that_is_wrong_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match="THINX_EMAIL_URL") as refused:
        email_from_url(url)
    assert "p4ss" not in f"{refused.value}"


@pytest.fixture
def folder(settings, tmp_path, use):
    use("")
    settings.OUTBOX_DIR = tmp_path / "data" / "outbox"
    return settings.OUTBOX_DIR


def test_outbox_keeps_mail_and_sms_for_their_owner_only(folder):
    mail_deliver(RENDERED)
    outbox_put_sms("+420601000001", "482913 is your code")
    assert [message.kind for message in outbox_messages()] == ["sms", "mail"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    found = last_mail("ann@example.org", folder)
    assert (found.subject, found.text) == (RENDERED["subject"], RENDERED["text"])
    assert "<p>kůň</p>" in found.html
    assert links_in(found) == ["http://127.0.0.1:7442/x/?a=b"]
    assert last_sms("+420601000001", folder) == "482913 is your code"


def test_outbox_takes_what_django_sends_by_itself(folder):
    django_mail.send_mail("Plain", "Only text", None, ["ann@example.org"])
    assert last_mail("ann@example.org", folder).text.strip() == "Only text"


def test_outbox_keeps_the_newest_and_no_more(folder):
    for number in range(KEPT + 3):
        outbox_put_sms("+420601000001", f"{number}")
    kept = [message.subject for message in outbox_messages()]
    assert kept == [f"{number}" for number in range(KEPT + 2, 2, -1)]


def test_outbox_shows_what_is_whole_and_passes_over_the_rest(folder):
    uid = outbox_put_sms("+420601000001", "x")
    (folder / f"20261122T010000000000Z-{'0' * 32}.sms").write_text("{")
    (folder / "1-notes.txt").write_text("x")
    assert [message.uid for message in outbox_messages()] == [uid]
    assert outbox_message(uid).text == "x"
