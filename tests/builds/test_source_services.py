"""Sources: which addresses are taken, and what *Test access* finds out."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from builds.models import Artifact, Build
from builds.services import source_create, source_delete, source_test, source_update
from core.exceptions import DomainError
from keys.services import deploy_key_create
from tests.factories.builds import ArtifactFactory, SourceFactory
from tests.factories.devices import DeviceFactory


def create(acme, system, **kwargs):
    values = {"alias": "s", "url": "https://127.0.0.1/team/fw.git", **kwargs}
    return source_create(system, organization=acme, **values)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "./here",
        "ext::sh -c id",
        "git://example.org/x.git",
        "http://example.org/x.git",
        "ssh://-oProxyCommand=id/x.git",
        "https://user:password@example.org/x.git",
        "https://example.org/x.git\nhttps://other",
        "-oProxyCommand=id",
        "",
        "x" * 1000,
    ],
)
def test_address_that_is_no_repository_is_refused_by_its_field(acme, system, url):
    with pytest.raises(DomainError) as caught:
        create(acme, system, url=url)
    assert caught.value.code.startswith("source.url")
    assert caught.value.fields["url"]


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.7", "[::1]", "169.254.169.254", "0.0.0.0"])
def test_private_address_is_refused_unless_allowed(acme, system, settings, host):
    settings.ALLOW_LOOPBACK_SOURCES = False
    with pytest.raises(DomainError):
        create(acme, system, url=f"https://{host}/x.git")


@pytest.mark.parametrize("branch", ["-x", "a b", "a..b", "--upload-pack=id", "a\nb", ""])
def test_branch_that_is_no_name_is_refused(acme, system, branch):
    with pytest.raises(DomainError) as caught:
        create(acme, system, branch=branch)
    assert "branch" in caught.value.fields


def test_key_of_another_organization_is_refused(acme, umbrella, system):
    key = deploy_key_create(system, organization=umbrella, alias="k", algorithm="ed25519")
    with pytest.raises(DomainError, match="another organization"):
        create(acme, system, deploy_key=key)


def test_access_test_pins_the_host_key_and_finds_the_platform(python_source, git_server):
    assert python_source.check_code == "ok"
    assert python_source.platform == "python"
    assert python_source.known_hosts
    assert python_source.host_fingerprint.startswith("SHA256:")
    assert python_source.refs["branches"] == ["main"]
    assert len(python_source.last_commit) == 40


def test_wrong_key_says_where_to_put_the_right_one(acme, system, git_server):
    key = deploy_key_create(system, organization=acme, alias="other", algorithm="ed25519")
    source = create(acme, system, url=git_server.url("python"), deploy_key=key)
    tested = source_test(system, source=source)
    assert tested.check_code == "build.user.clone_denied"
    assert "deploy key" in tested.check_message


def test_changed_host_key_is_refused_until_it_is_accepted(system, python_source):
    pinned = python_source.known_hosts
    host, _kind, _ = pinned.split()[:3]
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIJHhIfB2ZvKPkLzwMfXT6xHqTfDDVL5oAQ2NqJwGqkNq"
    python_source.known_hosts = f"{host} ssh-ed25519 {other}\n"
    python_source.save()
    refused = source_test(system, source=python_source)
    assert refused.check_code == "build.user.host_key"
    accepted = source_test(system, source=python_source, accept_host_key=True)
    assert accepted.check_code == "ok"
    assert accepted.known_hosts == pinned


def test_missing_branch_names_those_there_are(system, python_source):
    source = source_update(system, source=python_source, branch="develop")
    tested = source_test(system, source=source)
    assert tested.check_code == "build.user.no_branch"
    assert "main" in tested.check_message


def test_unreachable_server_is_said_plainly(acme, system):
    source = create(acme, system, url="ssh://git@127.0.0.1:9/x.git")
    assert source_test(system, source=source).check_code == "build.user.unreachable"


def test_another_address_forgets_the_pinned_host(system, python_source):
    changed = source_update(system, source=python_source, url="https://127.0.0.1/x.git")
    assert (changed.known_hosts, changed.check_code, changed.platform) == ("", "", "")


def test_token_is_neither_audited_nor_readable(acme, system):
    source = create(acme, system, access_token="canary-token-1")
    source_update(system, source=source, access_token="canary-token-2")
    events = str(list(AuditEvent.objects.values_list("data", flat=True)))
    assert "canary" not in events
    assert str(source.access_token) == "••••••••"


def test_deleting_a_source_takes_its_builds_and_leaves_its_devices(acme, system):
    source = SourceFactory(organization=acme)
    device = DeviceFactory(organization=acme, source=source)
    ArtifactFactory(build__source=source)
    source_delete(system, source=source)
    device.refresh_from_db()
    assert device.source is None
    assert not Build.objects.exists()
    assert not Artifact.objects.exists()
