"""Staff look people up, let them in, keep them out."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from accounts.models import RememberedBrowser, TotpDevice, User
from accounts.services.support import user_deactivate
from audit.models import AuditEvent
from core.exceptions import Conflict
from keys.choices import ApiKeyKind
from tests.accounts.support.conftest import enrol
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.keys import make_api_key
from tests.support.outbox import last_mail
from tests.support.queries import queries_of

VERBS = ("deactivate", "reactivate", "end_sessions", "reset_second_factor", "impersonate")


def page(person, verb="") -> str:
    return reverse(f"accounts:user_{verb}" if verb else "accounts:user", args=[person.uid])


def press(client, person, verb, **data):
    return client.post(page(person, verb), {"confirm": "1", **data})


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_staff_find_a_person_by_part_of_the_address(staff, alice, vera):
    answer = staff.get(reverse("accounts:user_list"), {"q": "alic"})
    assert "alice@example.org" in answer.text
    assert "vera@example.org" not in answer.text
    assert ".html" not in answer.text


def test_staff_filter_the_deactivated(staff, alice, vera):
    User.objects.filter(pk=vera.pk).update(is_active=False)
    answer = staff.get(reverse("accounts:user_list"), {"is_active": "false"})
    assert "vera@example.org" in answer.text
    assert "alice@example.org" not in answer.text


def test_list_costs_as_many_queries_for_many_people(staff, alice):
    few = queries_of(staff, reverse("accounts:user_list"))
    for number in range(12):
        make_user(f"person{number}")
    assert queries_of(staff, reverse("accounts:user_list")) == few


def test_page_shows_roles_sign_ins_and_kinds_of_factors(staff, alice, signed_in, acme):
    signed_in(alice)
    enrol(alice)
    answer = staff.get(page(alice)).text
    assert "Acme" in answer
    assert "Authenticator app" in answer
    assert "JBSWY3DPEHPK3PXP" not in answer
    assert "Unknown browser" in answer


@pytest.mark.parametrize("verb", ["", *VERBS])
@pytest.mark.parametrize("asking", ["alice", "root"])
def test_people_are_hidden_from_everybody_else(request, signed_in, olga, asking, verb):
    """`root` is a superuser, but has not shown a second factor."""
    client = signed_in(request.getfixturevalue(asking))
    assert client.get(page(olga, verb)).status_code == 404
    assert client.get(reverse("accounts:user_list")).status_code == 404
    assert client.get("/api/v1/users/").status_code == 404
    if verb:
        assert press(client, olga, verb).status_code == 404
    olga.refresh_from_db()
    assert olga.is_active


def test_deactivated_person_is_signed_out_and_their_keys_are_dead(staff, alice, signed_in, acme):
    theirs = signed_in(alice)
    _, secret = make_api_key(acme, user=alice, kind=ApiKeyKind.AUTOMATION)
    key = {"X-API-Key": secret}
    assert staff.get("/api/v1/whoami/", headers=key).status_code == 200
    assert press(staff, alice, "deactivate").status_code == 302
    assert theirs.get("/").status_code == 302
    assert staff.get("/api/v1/whoami/", headers=key).status_code == 401
    assert "accounts.user_deactivated" in verbs()


def test_reactivated_person_signs_in_again(staff, alice, client):
    press(staff, alice, "deactivate")
    press(staff, alice, "reactivate")
    asked = {"username": alice.email, "password": PASSWORD}
    assert client.post(reverse("accounts:sign_in"), asked).status_code == 302
    assert verbs().count("accounts.user_reactivated") == 1


def test_deactivating_twice_is_audited_once(staff, alice):
    press(staff, alice, "deactivate")
    press(staff, alice, "deactivate")
    assert verbs().count("accounts.user_deactivated") == 1


def test_nobody_deactivates_themselves(staff, ruth):
    assert press(staff, ruth, "deactivate").status_code == 422
    ruth.refresh_from_db()
    assert ruth.is_active


def test_last_superuser_stays(ruth, system):
    with pytest.raises(Conflict) as caught:
        user_deactivate(system, user=ruth)
    assert caught.value.code == "accounts.last_superuser"


def test_staff_end_every_session_of_a_person(staff, alice, olga, signed_in):
    first, second, other = signed_in(alice), signed_in(alice), signed_in(olga)
    assert press(staff, alice, "end_sessions").status_code == 302
    assert first.get("/").status_code == 302
    assert second.get("/").status_code == 302
    assert other.get("/").status_code == 200
    event = AuditEvent.objects.get(verb="accounts.sessions_ended")
    assert event.data["count"] == 2
    assert event.actor == "ruth@example.org"


def test_reset_wants_the_address_typed(staff, alice):
    enrol(alice)
    assert press(staff, alice, "reset_second_factor", typed="no").status_code == 422
    assert TotpDevice.objects.filter(user=alice).exists()


def test_reset_removes_every_factor_ends_sessions_and_tells_the_person(
    staff, alice, verified, django_capture_on_commit_callbacks
):
    factor = enrol(alice)
    RememberedBrowser.objects.create(
        user=alice, digest="0" * 64, factor=factor.persistent_id, expires_at=alice.second_factor_at
    )
    theirs = verified(alice)
    with django_capture_on_commit_callbacks(execute=True):
        press(staff, alice, "reset_second_factor", typed=alice.email)
    alice.refresh_from_db()
    assert alice.second_factor_at is None
    assert not TotpDevice.objects.filter(user=alice).exists()
    assert not RememberedBrowser.objects.filter(user=alice).exists()
    assert theirs.get("/").status_code == 302
    assert "second factor" in last_mail(alice.email).subject
    assert AuditEvent.objects.get(verb="accounts.second_factor_reset").data["kinds"] == [
        "TotpDevice"
    ]


def test_rest_deactivates_reactivates_and_ends_sessions(staff, alice, signed_in):
    theirs = signed_in(alice)
    base = f"/api/v1/users/{alice.uid}"
    assert staff.post(f"{base}/end-sessions/").json() == {"ended": 1}
    assert theirs.get("/").status_code == 302
    assert staff.post(f"{base}/deactivate/").json()["is_active"] is False
    assert staff.post(f"{base}/reactivate/").json()["is_active"] is True
    shown = staff.get(f"{base}/").json()
    assert shown["email"] == alice.email
    assert shown["second_factor_at"] is None
    assert "password" not in shown


@pytest.mark.parametrize("page", ["", "{}/", "{}/deactivate/"])
def test_pages_of_the_api_open(staff, alice, page):
    address = f"/api/v1/users/{page.format(alice.uid)}"
    answer = staff.get(address, headers={"Accept": "text/html"})
    assert answer.status_code in {200, 405}
    assert "<html" in answer.text


def test_rest_wants_a_recent_proof(staff, alice):
    session = staff.session
    session["proved_at"] = time.time() - 16 * 60
    session.save()
    answer = staff.post(f"/api/v1/users/{alice.uid}/deactivate/")
    assert answer.status_code == 403
    assert answer.json()["code"] == "accounts.recent_proof_required"


def test_key_of_a_superuser_finds_no_people(ruth, acme, client):
    _, secret = make_api_key(acme, user=ruth, kind=ApiKeyKind.AUTOMATION)
    answer = client.get("/api/v1/users/", headers={"X-API-Key": secret})
    assert answer.status_code == 404
