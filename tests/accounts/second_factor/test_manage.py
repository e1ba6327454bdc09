"""Listing, renaming and removing one's own factors, on pages and over REST."""

from __future__ import annotations

import pytest

from accounts.actor import PROVED_AT
from accounts.models import RecoveryCodes, SmsDevice, TotpDevice
from accounts.second_factor.factors import factor_confirm, factor_remove, factors_reset
from audit.models import AuditEvent
from tests.accounts.second_factor.conftest import app_of, codes_of, phone_of, verified
from tests.factories.keys import make_api_key
from tests.support.outbox import last_mail

PAGE = "/accounts/second-factor/"
REST = "/api/v1/second-factors/"


def stale(client):
    session = client.session
    session[PROVED_AT] -= 3600
    session.save()
    return client


def test_person_sees_their_factors_and_codes(olga, vera):
    app_of(olga)
    codes_of(olga)
    client = verified(olga)
    page = client.get(PAGE).text
    assert "Phone" in page
    assert "10 of 10 are unused" in page


def test_person_without_one_is_told_why(signed_in, olga):
    assert "Your password alone opens your account" in signed_in(olga).get(PAGE).text


def test_person_renames_a_factor(olga):
    app = app_of(olga)
    client = verified(olga)
    assert client.post(f"{PAGE}{app.uid}/rename/", {"name": "Pixel"}).status_code == 302
    app.refresh_from_db()
    assert app.name == "Pixel"
    assert AuditEvent.objects.get(verb="accounts.factor_renamed").data["before"] == "Phone"
    assert client.post(f"{PAGE}{app.uid}/rename/", {"name": ""}).status_code == 422


def test_person_removes_the_last_factor_codes_go_too(olga, django_capture_on_commit_callbacks):
    app = app_of(olga)
    codes_of(olga)
    client = verified(olga)
    assert "It is your last one" in client.get(f"{PAGE}{app.uid}/remove/").text
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{PAGE}{app.uid}/remove/")
    olga.refresh_from_db()
    assert olga.second_factor_at is None
    assert not RecoveryCodes.objects.exists()
    assert client.get("/").status_code == 200
    assert (
        AuditEvent.objects.get(verb="accounts.factor_removed").data["factor"]
        == "Authenticator app “Phone”"
    )
    assert "does not open with" in last_mail(olga.email).text


def test_removing_one_of_two_asks_sessions_that_showed_it_for_the_other(olga):
    app = app_of(olga)
    phone_of(olga)
    client = verified(olga)
    client.post(f"{PAGE}{app.uid}/remove/")
    olga.refresh_from_db()
    assert olga.second_factor_at is not None
    assert client.get("/")["Location"].startswith(f"{PAGE}verify/")


def test_removing_where_an_organization_demands_one_holds_back(olga, acme):
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    app = app_of(olga)
    client = verified(olga)
    assert "Acme demands a second factor" in client.get(f"{PAGE}{app.uid}/remove/").text
    client.post(f"{PAGE}{app.uid}/remove/")
    assert client.get("/")["Location"].startswith(f"{PAGE}add/")


@pytest.mark.parametrize("verb", ["rename", "remove"])
def test_factor_of_somebody_else_is_404(olga, vera, verb):
    theirs = app_of(vera)
    app_of(olga)
    client = verified(olga)
    assert client.get(f"{PAGE}{theirs.uid}/{verb}/").status_code == 404
    assert client.post(f"{PAGE}{theirs.uid}/{verb}/", {"name": "x"}).status_code == 404
    assert TotpDevice.objects.filter(pk=theirs.pk, name="Phone").exists()


@pytest.mark.parametrize("verb", ["rename", "remove"])
def test_changing_a_factor_asks_for_one_again(olga, verb):
    app = app_of(olga)
    client = stale(verified(olga))
    assert client.get(f"{PAGE}{app.uid}/{verb}/")["Location"].startswith("/accounts/sudo/")


def test_support_resets_all_factors(olga, system):
    app_of(olga)
    phone_of(olga)
    assert factors_reset(system, user=olga) == 2
    olga.refresh_from_db()
    assert olga.second_factor_at is None


def test_rest_lists_and_removes_ones_own(olga, vera):
    app, theirs = app_of(olga), app_of(vera)
    client = verified(olga)
    rows = client.get(REST).json()
    assert [(row["uid"], row["kind"]) for row in rows] == [(f"{app.uid}", "totp")]
    assert "secret" not in f"{rows}"
    assert client.delete(f"{REST}{theirs.uid}/").status_code == 404
    assert client.delete(f"{REST}{app.uid}/").status_code == 204
    assert client.get(REST).json() == []


def test_rest_wants_a_recent_proof(olga):
    app = app_of(olga)
    answer = stale(verified(olga)).delete(f"{REST}{app.uid}/")
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.recent_proof_required")


def test_rest_refuses_an_api_key(client, alice, acme):
    _, key = make_api_key(acme, user=alice, kind="automation")
    assert client.get(REST, headers={"X-API-Key": key}).status_code == 403


def test_list_asks_a_constant_number_of_queries(olga, django_assert_num_queries):
    app_of(olga)
    client = verified(olga)
    client.get(PAGE)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for _ in range(8):
        app_of(olga)
    with django_assert_num_queries(len(few)):
        client.get(PAGE)


def test_factor_added_by_who_seemed_to_have_one_counts(olga, act):
    """Another request removed the last factor after this one had loaded the person."""
    app = app_of(olga)
    seen_with_one = type(olga).objects.get(pk=olga.pk)
    factor_remove(act(olga), factor=app)
    phone = SmsDevice.objects.create(
        user=seen_with_one, name="Mobile", phone="+420601123456", confirmed=False
    )
    factor_confirm(act(olga), factor=phone)
    olga.refresh_from_db()
    assert olga.second_factor_at is not None
