"""What people read when something is not there, not theirs, or broken."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from thinx_console.errors import server_error


def test_missing_page_says_so_in_our_look(signed_in, vera):
    response = signed_in(vera).get("/no-such-page/")
    assert response.status_code == 404
    assert b"Nothing here" in response.content


def test_missing_page_answers_htmx_with_a_toast(signed_in, vera):
    response = signed_in(vera).get("/no-such-page/", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert b"data-toast" in response.content
    assert b"<html" not in response.content


def test_form_without_token_is_refused_with_a_page(vera):
    client = Client(enforce_csrf_checks=True)
    client.force_login(vera, backend="accounts.backends.EmailBackend")
    response = client.post("/accounts/sign-out/")
    assert response.status_code == 403
    assert b"THiNX Console" in response.content


def test_broken_page_needs_nothing_to_say_so():
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert b"fault is on our side" in response.content


@pytest.mark.parametrize("path", ["/", "/devices/", "/audit/", "/api-keys/", "/sources/"])
def test_stranger_is_sent_to_sign_in(db, client, path):
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/sign-in/?next={path}"


def test_every_page_carries_the_content_security_policy(signed_in, vera):
    policy = signed_in(vera).get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
