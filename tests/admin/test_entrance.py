"""Who gets into the Django admin."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from tests.accounts.support.conftest import enrol
from tests.factories.accounts import join


def test_stranger_is_sent_to_our_sign_in_and_back(client):
    answer = client.get("/admin/accounts/user/")
    expected = f"{reverse('accounts:sign_in')}?next=/admin/accounts/user/"
    assert answer.headers["Location"] == expected


@pytest.mark.parametrize("address", ["/admin/", "/admin/accounts/user/", "/admin/nothing/"])
def test_people_who_are_not_staff_find_nothing(signed_in, alice, address):
    assert signed_in(alice).get(address).status_code == 404


def test_verified_people_who_are_not_staff_find_nothing(verified, alice):
    enrol(alice)
    assert verified(alice).get("/admin/").status_code == 404


def test_staff_without_a_second_factor_are_led_to_enrol(signed_in, root):
    answer = signed_in(root).get("/admin/")
    assert answer.headers["Location"].startswith(reverse("accounts:factor_enrol"))


def test_staff_who_have_not_shown_theirs_see_nothing(signed_in, steve):
    answer = signed_in(steve).get("/admin/")
    assert answer.status_code == 302
    assert "verify" in answer.headers["Location"]


def test_staff_with_a_second_factor_get_in(staff):
    answer = staff.get("/admin/")
    assert answer.status_code == 200
    assert "/admin/devices/device/" in answer.text


def test_impersonated_person_does_not_open_it(staff, olga):
    staff.post(reverse("accounts:user_impersonate", args=[olga.uid]), {"confirm": "1"})
    assert staff.get("/admin/").status_code == 403


@pytest.mark.parametrize("name", ["login", "logout", "password_change", "autocomplete"])
def test_doors_of_its_own_are_gone(name):
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:{name}")


def test_link_shows_to_staff_only(staff, verified, alice, signed_in, acme):
    assert 'href="/admin/"' in staff.get("/devices/").text
    assert 'href="/admin/"' not in signed_in(alice).get("/devices/").text


def test_nothing_registers_past_the_rule():
    with pytest.raises(TypeError):
        admin.site.register(type(join), admin.ModelAdmin)
