"""One's own account over REST: by the browser session, and by nothing else."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.cache import cache

from accounts.models import Consent, User
from accounts.selectors.sign_ins import open_sign_ins
from audit.models import AuditEvent
from tests.accounts.test_profile_picture import png

READS = ("account/", "account/notifications/", "sign-ins/")


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def forget_proof(api):
    session = api.client.session
    session["proved_at"] = 0.0
    session.save()


def test_person_reads_and_changes_the_account(api_as, olga):
    api = api_as(olga)
    assert api.get("account/").json()["email"] == olga.email
    body = {"first_name": "Olga", "phone": "+420 601 123 456", "time_zone": "europe/prague"}
    changed = api.patch("account/", body).json()
    assert (changed["phone"], changed["time_zone"]) == ("+420601123456", "Europe/Prague")
    assert AuditEvent.objects.filter(verb="accounts.profile_changed").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"phone": "601"}, "phone"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"language": "xx"}, "language"),
        ({"username": "vera"}, "username"),
        ({"is_superuser": True}, "is_superuser"),
        ({"first_name": None}, "first_name"),
    ],
)
def test_bad_value_is_400_and_names_its_field(api_as, olga, vera, body, field):
    answer = api_as(olga).patch("account/", body)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, [field])
    olga.refresh_from_db()
    assert not olga.is_superuser


def test_address_changes_only_in_the_console(api_as, olga):
    api_as(olga).patch("account/", {"email": "new@example.org"})
    olga.refresh_from_db()
    assert olga.email == "olga@example.org"


@pytest.mark.parametrize("path", READS)
def test_key_does_not_open_the_account(api_with_key, automation_key, path):
    assert api_with_key(automation_key[1]).get(path).status_code == 403


@pytest.mark.parametrize("path", READS)
def test_stranger_is_401(client, db, path):
    assert client.get(f"/api/v1/{path}").status_code == 401


def test_sign_ins_are_listed_and_ended(api_as, olga):
    here, there = api_as(olga), api_as(olga)
    rows = here.get("sign-ins/").json()
    assert [row["is_this"] for row in rows].count(True) == 1
    other = next(row for row in rows if not row["is_this"])
    assert here.delete(f"sign-ins/{other['uid']}/").status_code == 204
    assert there.get("account/").status_code == 401
    assert here.get("account/").status_code == 200


def test_sign_in_of_somebody_else_is_404(api_as, olga, mallory):
    theirs = api_as(olga).get("sign-ins/").json()[0]["uid"]
    assert api_as(mallory).delete(f"sign-ins/{theirs}/").status_code == 404


def test_all_others_end_at_once(api_as, olga):
    here, *others = [api_as(olga) for _ in range(3)]
    assert here.post("sign-ins/end-others/").json() == {"ended": 2}
    assert [api.get("account/").status_code for api in others] == [401, 401]
    assert open_sign_ins(olga).count() == 1


def test_choices_are_read_and_changed(api_as, olga):
    api = api_as(olga)
    assert api.get("account/notifications/").json()["build_failed"] == {
        "email": True,
        "inbox": True,
        "sms": False,
    }
    answer = api.patch("account/notifications/", {"product": {"email": True}})
    assert answer.json()["product"] == {"email": True}
    assert Consent.objects.get(user=olga).withdrawn_at is None


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        {"build_failed": True},
        {"build_failed": {"email": "perhaps"}},
        {"weather": {"email": True}},
        {"security": {"email": False}},
        {"security": {"sms": True}},
    ],
)
def test_choice_that_cannot_be_is_400(api_as, olga, body):
    assert api_as(olga).patch("account/notifications/", body).status_code == 400


def test_picture_is_put_fetched_and_removed(api_as, olga):
    api = api_as(olga)
    assert api.get("account/picture/").status_code == 404
    url = "/api/v1/account/picture/"
    put = api.client.put(url, png().getvalue(), content_type="image/png")
    assert put.status_code == 204
    assert api.get("account/picture/")["Content-Type"] == "image/webp"
    assert api.get("account/").json()["has_picture"] is True
    assert api.delete("account/picture/").status_code == 204
    assert api.get("account/picture/").status_code == 404


def test_what_is_no_picture_is_400_and_too_much_is_413(api_as, olga):
    client = api_as(olga).client
    url = "/api/v1/account/picture/"
    assert client.put(url, b"<svg/>", content_type="image/png").status_code == 400
    assert client.put(url, b"", content_type="image/png").status_code == 400
    assert client.put(url, b"{}", content_type="application/json").status_code == 415
    huge = b"\0" * (5 * 1024 * 1024 + 1)
    assert client.put(url, huge, content_type="image/png").status_code == 413


def test_export_needs_a_recent_proof(api_as, olga):
    api = api_as(olga)
    answer = api.post("account/export/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert "account.json" in archive.namelist()
    forget_proof(api)
    refused = api.post("account/export/")
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.recent_proof_required")


def test_account_is_deleted_with_its_address_as_confirmation(api_as, guest):
    api = api_as(guest)
    assert api.send("delete", "account/", {"confirm": "x@example.org"}).status_code == 400
    assert api.send("delete", "account/", {"confirm": guest.email}).status_code == 202
    assert api.get("account/").status_code == 401
    assert not User.objects.get(pk=guest.pk).is_active


def test_deletion_needs_a_recent_proof_and_another_admin(api_as, alice):
    api = api_as(alice)
    refused = api.send("delete", "account/", {"confirm": alice.email})
    assert (refused.status_code, refused.json()["code"]) == (409, "accounts.hand_over_first")
    forget_proof(api)
    assert api.send("delete", "account/", {"confirm": alice.email}).status_code == 403
    alice.refresh_from_db()
    assert alice.is_active
