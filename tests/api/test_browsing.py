"""The browsable API and the explorer: our look, nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re

import pytest

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:src|href)=\"(?:https?:)?//(?!testserver)")
PAGES = [
    "/api/v1/",
    "/api/v1/devices/",
    "/api/v1/api-keys/",
    "/api/v1/audit-events/",
    "/api/v1/whoami/",
    "/api/v1/schema/explorer/",
    "/api/v1/nothing/",
]


@pytest.fixture
def browse(signed_in):
    def open_as(user, path):
        return signed_in(user).get(path, headers=HTML)

    return open_as


@pytest.mark.parametrize("path", PAGES)
def test_page_has_nothing_inline_and_nothing_from_elsewhere(browse, alice, world, path):
    answer = browse(alice, path)
    page = answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "THiNX Console</title>" in page
    assert not INLINE.search(page)
    assert not ELSEWHERE.search(page)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "resource",
    ["devices", "sources", "builds", "artifacts", "api-keys", "deploy-keys", "env-vars"],
)
def test_object_page_shows_the_answer_and_its_requests(browse, alice, world, resource):
    page = browse(alice, f"/api/v1/{world.path(resource)}").content.decode()
    assert f"{world.path(resource)}" in page
    assert not INLINE.search(page)
    if resource not in ("artifacts", "builds"):
        assert 'data-api-method="PATCH"' in page


def test_viewer_gets_no_editor_for_what_is_not_permitted(browse, vera, alice, world):
    path = f"/api/v1/{world.path('devices')}"
    assert 'data-api-method="DELETE"' in browse(alice, path).content.decode()
    assert "data-api-method" not in browse(vera, path).content.decode()


def test_action_page_offers_its_post_to_whom_it_is_permitted(browse, vera, alice, world):
    path = f"/api/v1/{world.path('builds')}cancel/"
    answer = browse(alice, path)
    assert answer.status_code == 405
    assert 'data-api-method="POST"' in answer.content.decode()
    assert "data-api-method" not in browse(vera, path).content.decode()


def test_editor_starts_from_a_body_that_can_be_sent(browse, alice, api_as):
    import html
    import json

    page = browse(alice, "/api/v1/env-vars/").content.decode()
    body = json.loads(html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)[1]))
    assert {"name", "value", "is_secret"} <= set(body)
    page = browse(alice, "/api/v1/devices/").content.decode()
    body = json.loads(html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)[1]))
    assert api_as(alice).post("devices/", {**body, "alias": "x"}).status_code == 201


def test_secret_value_is_in_no_page(browse, alice, world):
    for path in ("/api/v1/env-vars/", f"/api/v1/{world.path('env-vars')}"):
        assert "hunter2" not in browse(alice, path).content.decode()


def test_text_of_a_device_cannot_leave_the_page(browse, alice, world):
    world.device.alias = "</pre><script>alert(1)</script>"
    world.device.save()
    page = browse(alice, f"/api/v1/{world.path('devices')}").content.decode()
    assert "<script>alert" not in page


def test_stranger_is_asked_to_sign_in_and_brought_back(client, db):
    answer = client.get("/api/v1/devices/?q=a", headers=HTML)
    assert answer.status_code == 401
    assert "next=/api/v1/devices/%3Fq%3Da" in answer.content.decode()
    assert client.get("/api/v1/schema/explorer/").status_code == 302


def test_script_with_a_key_that_accepts_html_is_served(client, automation_key):
    headers = {**HTML, "X-API-Key": automation_key[1]}
    assert client.get("/api/v1/devices/", headers=headers).status_code == 200
