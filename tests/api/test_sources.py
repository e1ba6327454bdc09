"""Sources over REST; their access is tested against a real sshd."""

from __future__ import annotations

import pytest

from builds.models import Source


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


def test_admin_adds_a_source_with_a_key_and_a_token(api, world):
    answer = api.post(
        "sources/",
        {
            "organization": f"{world.organization.uid}",
            "alias": "greenhouse",
            "url": "https://github.com/team/greenhouse.git",
            "deploy_key": f"{world.deploy_key.uid}",
            "access_token": "ghp_topsecret",
        },
    )
    assert answer.status_code == 201, answer.content
    assert "ghp_topsecret" not in answer.content.decode()
    assert "access_token" not in answer.json()
    source = Source.objects.get(uid=answer.json()["uid"])
    assert source.access_token.reveal() == "ghp_topsecret"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ext::sh -c id",
        "/etc",
        "-oProxyCommand=id:x",
        "http://169.254.169.254/",
    ],
)
def test_dangerous_address_is_refused_at_its_field(api, world, url):
    body = {"organization": f"{world.organization.uid}", "alias": "x", "url": url}
    answer = api.post("sources/", body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["url"]
    assert answer.json()["code"].startswith("source.")


def test_key_of_another_organization_is_refused(api, world, alice):
    home = api.get("whoami/").json()["organization"]["uid"]
    answer = api.post(
        "sources/",
        {
            "organization": home,
            "alias": "x",
            "url": "https://github.com/a/b.git",
            "deploy_key": f"{world.deploy_key.uid}",
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "source.foreign_key")


def test_test_of_an_unreachable_repository_says_why(api, world):
    Source.objects.filter(pk=world.source.pk).update(url="ssh://git@127.0.0.1:9/x.git")
    answer = api.post(f"{world.path('sources')}test/")
    assert answer.status_code == 200, answer.content
    assert answer.json()["check_code"] not in ("", "ok")
    assert answer.json()["check_message"]
    assert answer.json()["checked_at"]


def test_viewer_may_not_test_access(api_as, vera, world):
    assert api_as(vera).post(f"{world.path('sources')}test/").status_code == 403
