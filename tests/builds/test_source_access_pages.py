"""Testing the access of a source from its page, against a real sshd."""

from __future__ import annotations

import pytest

from builds.models import Source
from builds.services import source_create
from tests.factories.builds import SourceFactory


@pytest.fixture
def untested(acme, system, git_server, deploy_key):
    return source_create(
        system,
        organization=acme,
        alias="greeter",
        url=git_server.url("python"),
        deploy_key=deploy_key,
    )


def another_host_key(source) -> str:
    """Return the line of a host key that the server does not have."""
    host = source.known_hosts.split()[0]
    return (
        f"{host} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n"
    )


def test_operator_tests_access_sees_host_key_refs_and_platform(signed_in, olga, untested):
    page = signed_in(olga).post(f"/sources/{untested.uid}/test/", follow=True)
    untested.refresh_from_db()
    assert "greeter can be reached." in page.text
    assert untested.host_fingerprint in page.text
    assert untested.host_fingerprint.startswith("SHA256:")
    assert untested.platform == "python"
    assert "Branches and tags" in page.text


def test_changed_host_key_is_refused_until_it_is_replaced(signed_in, olga, untested):
    client = signed_in(olga)
    client.post(f"/sources/{untested.uid}/test/")
    untested.refresh_from_db()
    pinned = untested.host_fingerprint
    Source.objects.filter(pk=untested.pk).update(known_hosts=another_host_key(untested))
    page = client.post(f"/sources/{untested.uid}/test/", follow=True)
    assert "shows another host key" in page.text
    assert "Replace the pinned host key" in page.text
    question = client.get(f"/sources/{untested.uid}/replace-host-key/")
    assert "somebody stands in between" in question.text
    page = client.post(f"/sources/{untested.uid}/replace-host-key/", follow=True)
    untested.refresh_from_db()
    assert "greeter can be reached." in page.text
    assert untested.host_fingerprint == pinned


def test_refused_key_tells_what_to_do(signed_in, olga, acme, system, git_server, alice):
    from keys.services import deploy_key_create

    stray = deploy_key_create(system, organization=acme, alias="stray", algorithm="ed25519")
    source = source_create(
        system, organization=acme, alias="x", url=git_server.url("python"), deploy_key=stray
    )
    page = signed_in(olga).post(f"/sources/{source.uid}/test/", follow=True)
    assert "The repository refused this deploy key" in page.text
    assert stray.public_key.strip() in page.text


@pytest.mark.parametrize("verb", ["test", "replace-host-key"])
@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404)])
def test_who_may_not_tests_source_is_refused(request, signed_in, acme, verb, who, status):
    source = SourceFactory(organization=acme)
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"/sources/{source.uid}/{verb}/").status_code == status


def test_stranger_tests_source_is_sent_to_sign_in(client, acme):
    source = SourceFactory(organization=acme)
    assert client.post(f"/sources/{source.uid}/test/").status_code == 302
