"""Which addresses are fetched, and where they really lead."""

from __future__ import annotations

import ipaddress

import pytest

from builds.engine import git_urls
from builds.engine.git_urls import clean_branch, pin, validate_git_url
from builds.exceptions import BuildUserError


@pytest.fixture
def names(monkeypatch):
    """Return the table of names that the resolver answers from."""
    table: dict[str, list[str]] = {}

    def resolve(host, port):
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            return [ipaddress.ip_address(address) for address in table.get(host, ())]

    monkeypatch.setattr(git_urls, "resolve_host", resolve)
    return table


@pytest.mark.parametrize(
    ("url", "user", "host", "port", "name"),
    [
        ("ssh://git@example.com/team/fw.git", "git", "example.com", 22, "fw"),
        ("ssh://git@example.com:2222/~ada/fw", "git", "example.com", 2222, "fw"),
        ("git@example.com:team/fw.git", "git", "example.com", 22, "fw"),
        ("https://example.com/team/fw.git", "", "example.com", 443, "fw"),
        ("https://example.com:8443/My%20Firmware/", "", "example.com", 8443, "My-Firmware"),
        ("ssh://git@[2001:4860:4860::8888]:22/fw.git", "git", "[2001:4860:4860::8888]", 22, "fw"),
    ],
)
@pytest.mark.usefixtures("names")
def test_address_of_a_repository_is_read(url, user, host, port, name):
    found = validate_git_url(url)
    assert (found.user, found.host, found.port, found.name) == (user, host, port, name)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "source.url_invalid"),
        ("file:///etc", "source.url_scheme"),
        ("/etc", "source.url_scheme"),
        ("../x", "source.url_scheme"),
        ("C:\\repo", "source.url_invalid"),
        ("ext::sh -c id", "source.url_invalid"),
        ("ext::id", "source.url_scheme"),
        ("ext::git@host:path", "source.url_scheme"),
        ("git@host::path", "source.url_scheme"),
        ("git://example.com/x", "source.url_scheme"),
        ("http://example.com/x", "source.url_scheme"),
        ("ftp://example.com/x", "source.url_scheme"),
        ("--upload-pack=id", "source.url_invalid"),
        ("-oProxyCommand=id@host:x", "source.url_invalid"),
        ("ssh://-oProxyCommand=id/x", "source.url_host"),
        ("ssh://git@-oProxyCommand=id/x", "source.url_host"),
        ("git@-oProxyCommand:x", "source.url_host"),
        ("ssh://-x@example.com/x", "source.url_host"),
        ("https://ada:secret@example.com/x", "source.url_password"),
        ("https://ghp_token@example.com/x", "source.url_password"),
        ("ssh://git:secret@example.com/x", "source.url_password"),
        ("https://example.com/x\nHost: y", "source.url_invalid"),
        ("https://example.com/x y", "source.url_invalid"),
        ("https://example.com/\x1b[31m", "source.url_invalid"),
        ("https://example.com", "source.url_invalid"),
        ("https://example.com/", "source.url_invalid"),
        ("https://example.com/a/../../b", "source.url_invalid"),
        ("https://example.com/%2e%2e/b", "source.url_invalid"),
        ("https://example.com/x?y=z", "source.url_invalid"),
        ("https://example.com:99999/x", "source.url_invalid"),
        ("https://exa_mple..com/x", "source.url_host"),
        ("ssh://git@example.com/-x", "source.url_invalid"),
        ("git@example.com:-x", "source.url_invalid"),
        ("https://" + "a" * 500, "source.url_invalid"),
    ],
)
@pytest.mark.usefixtures("names")
def test_address_that_is_none_is_refused(url, code):
    with pytest.raises(BuildUserError) as refusal:
        validate_git_url(url)
    assert refusal.value.code == code
    assert refusal.value.fields["url"]
    assert "secret" not in refusal.value.message
    assert "ghp_token" not in refusal.value.message


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "[::1]", "[fe80::1]",
        "[fd00::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[::]",
    ],
)  # fmt: skip
def test_private_machine_is_refused_by_number(host):
    with pytest.raises(BuildUserError) as refusal:
        validate_git_url(f"ssh://git@{host}/x.git")
    assert refusal.value.code == "source.url_private"


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1"])
def test_private_machine_is_refused_in_strange_spellings(host):
    assert git_urls.resolve_host(host, 443) == [ipaddress.ip_address("127.0.0.1")]
    with pytest.raises(BuildUserError) as refusal:
        validate_git_url(f"https://{host}/x.git")
    assert refusal.value.code == "source.url_private"


def test_name_of_a_private_machine_is_refused(names):
    names["inside.example.com"] = ["10.0.0.5"]
    with pytest.raises(BuildUserError) as refusal:
        validate_git_url("https://inside.example.com/x")
    assert refusal.value.code == "source.url_private"


def test_name_with_one_private_address_among_others_is_refused(names):
    names["mixed.example.com"] = ["93.184.216.34", "127.0.0.1"]
    with pytest.raises(BuildUserError):
        validate_git_url("https://mixed.example.com/x")


def test_name_is_pinned_to_the_address_that_was_checked(names):
    names["example.com"] = ["93.184.216.34"]
    url = validate_git_url("https://example.com/x")
    assert url.address == "93.184.216.34"


def test_name_that_moves_inside_is_refused_when_it_is_looked_up_again(names):
    names["example.com"] = ["93.184.216.34"]
    url = validate_git_url("https://example.com/x")
    names["example.com"] = ["192.168.0.1"]
    with pytest.raises(BuildUserError):
        pin(url)


@pytest.mark.usefixtures("names")
def test_name_without_an_address_is_left_to_the_fetch():
    assert validate_git_url("https://nowhere.example.com/x").address == ""


def test_loopback_is_allowed_for_local_development_only():
    url = validate_git_url("ssh://git@127.0.0.1:2222/x", allow_loopback=True)
    assert url.address == "127.0.0.1"
    with pytest.raises(BuildUserError):
        validate_git_url("ssh://git@10.0.0.1/x", allow_loopback=True)


def test_network_that_the_operator_opened_is_allowed():
    assert validate_git_url("ssh://git@10.0.0.1/x", networks=["10.0.0.0/8"])
    with pytest.raises(BuildUserError):
        validate_git_url("ssh://git@192.168.0.1/x", networks=["10.0.0.0/8"])


def test_repositories_of_this_console_may_be_fetched_over_http():
    own = ["http://127.0.0.1:7442/examples/"]
    url = validate_git_url("http://127.0.0.1:7442/examples/python.git", own_prefixes=own)
    assert url.own
    assert pin(url) == url
    for other in (
        "http://127.0.0.1:7442/admin/",
        "http://127.0.0.1:7442/examples/../admin/x",
        "http://127.0.0.1:74420/examples/x",
        "http://127.0.0.1:7442.example.com/examples/x",
    ):
        with pytest.raises(BuildUserError):
            validate_git_url(other, own_prefixes=own)


@pytest.mark.parametrize("name", ["main", "origin/main", " main ", "feature/x-1", "v1.2.3"])
def test_name_of_a_branch_is_taken(name):
    assert clean_branch(name) == name.strip().removeprefix("origin/")


@pytest.mark.parametrize(
    "name", ["", "-x", "--upload-pack=id", "a..b", "a b", "a\nb", "a~1", "@{x}", "x.lock", "/x"]
)
def test_name_that_is_no_branch_is_refused(name):
    with pytest.raises(BuildUserError) as refusal:
        clean_branch(name)
    assert refusal.value.code == "source.branch_invalid"
