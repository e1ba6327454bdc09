"""Mail is rendered, handed over on commit, and never lost or repeated without need."""

from __future__ import annotations

import logging

import pytest
from django.core import mail
from django.db import transaction

from core.exceptions import DomainError
from core.mail import send_mail
from tests.support.outbox import last_mail, links_in, mails_to

LINK = "http://127.0.0.1:7442/confirm/?t=a&n=b"
CONTEXT = {"name": "Ann <b>", "email": "ann@example.org", "url": LINK, "hours": 24}


@pytest.mark.django_db
def test_mail_is_there_right_after_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        send_mail("confirm_email", "ann@example.org", CONTEXT)
        assert not mail.outbox
    found = last_mail("ann@example.org")
    assert found.subject == "Confirm your e-mail address"
    assert links_in(found)[0] == LINK
    assert mails_to("ann@example.org") == [found.subject]


@pytest.mark.django_db(transaction=True)
def test_mail_of_a_transaction_that_fails_is_not_sent():
    with transaction.atomic():
        send_mail("confirm_email", "ann@example.org", CONTEXT)
        transaction.set_rollback(True)
    assert not mail.outbox


@pytest.mark.django_db(transaction=True)
def test_text_is_plain_and_html_is_escaped():
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    found = last_mail("ann@example.org")
    assert "Hello Ann <b>," in found.text
    assert "Ann &lt;b&gt;" in found.html
    assert "?t=a&amp;n=b" in found.html
    assert "\n\n\n" not in found.text


@pytest.mark.django_db(transaction=True)
def test_subject_is_one_line_whatever_the_context_says(tmp_path, settings):
    folder = tmp_path / "emails"
    folder.mkdir()
    for name, content in (
        ("odd.subject.txt", "You joined\n{{ team }}"),
        ("odd.txt", "x"),
        ("odd.html", "x"),
    ):
        (folder / name).write_text(content)
    options = {"loaders": [("django.template.loaders.filesystem.Loader", [tmp_path])]}
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path], "OPTIONS": options}]
    send_mail("odd", "ann@example.org", {"team": "A\r\nBcc: mallory@example.org"})
    assert mail.outbox[0].subject == "You joined A Bcc: mallory@example.org"
    assert mail.outbox[0].recipients() == ["ann@example.org"]


@pytest.mark.parametrize("to", ["", "ann", "a@b.cz, c@d.cz", "a@b.cz\nBcc: c@d.cz", "Ann <a@b.cz>"])
def test_address_that_is_none_is_refused(to):
    with pytest.raises(DomainError) as refused:
        send_mail("confirm_email", to, CONTEXT)
    assert refused.value.code == "mail.address_unusable"


@pytest.mark.django_db(transaction=True)
def test_mail_is_marked_as_made_by_a_machine():
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    headers = mail.outbox[0].message()
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"].endswith("@localhost>")
    assert headers["Date"]


@pytest.mark.django_db(transaction=True)
def test_log_names_neither_the_address_nor_the_link(caplog):
    caplog.set_level(logging.DEBUG)
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    assert mail.outbox
    assert "ann@example.org" not in caplog.text
    assert LINK not in caplog.text
