"""Sign-in by LDAP, against a private slapd: who comes in, with which roles, and who does not."""

from __future__ import annotations

import time

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory

from accounts.choices import Role
from accounts.models import Membership, Organization, User
from accounts.services.memberships import membership_set
from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD as LOCAL
from tests.factories.accounts import make_user
from tests.support.services import free_port
from tests.support.slapd import PASSWORD, group_dn, slapd
from thinx_console.settings.identity import ldap_directory

BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.EmailBackend",
    "accounts.identity.directories.DirectoryBackend",
    "accounts.backends.ScopeBackend",
]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with slapd("nina", "paul", "root") as running:
        yield running


@pytest.fixture
def use(settings, server):
    """Set up directories; without any, the one of Corp with these changes."""
    settings.AUTHENTICATION_BACKENDS = BACKENDS

    def go(*entries, **changed):
        found = entries or (server.entry(**changed),)
        settings.LDAP_DIRECTORIES = [ldap_directory(entry) for entry in found]

    return go


@pytest.fixture
def roles(acme):
    return [
        {"group": group_dn("Operators"), "organization": f"{acme.uid}", "role": "operator"},
        {"group": group_dn("admins"), "organization": f"{acme.uid}", "role": "admin"},
    ]


@pytest.fixture(autouse=True)
def empty_groups(server):
    for group in ("operators", "admins", "staff"):
        server.set_members(group)


def sign_in(name="nina", password=PASSWORD) -> Client:
    client = Client()
    client.post("/accounts/sign-in/", {"username": name, "password": password})
    return client


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def role_in(organization) -> str:
    found = Membership.objects.filter(organization=organization, user__username="nina").first()
    return found.role if found else ""


@pytest.mark.parametrize("name", ["nina", "NINA", "nina@example.org"])
def test_person_of_the_directory_gets_an_account_and_an_organization(use, name):
    use()
    client = sign_in(name)
    assert is_in(client)
    assert client.get("/").status_code == 200
    person = User.objects.get()
    assert (person.email, person.username, f"{person}") == (
        "nina@example.org",
        "nina",
        "Nina Person",
    )
    assert not person.has_usable_password()
    assert Organization.objects.get(memberships__user=person).is_personal
    created = AuditEvent.objects.get(verb="accounts.signed_up")
    assert (created.actor, created.data["method"]) == ("system: ldap Corp", "Corp")
    assert AuditEvent.objects.get(verb="accounts.signed_in").data["method"] == "Corp"
    sign_in(name)
    assert User.objects.count() == 1


def test_person_whose_address_changed_is_still_the_same(use, server):
    use()
    sign_in()
    server.set_attribute("nina", "mail", "nina.n@example.org")
    try:
        assert is_in(sign_in())
    finally:
        server.set_attribute("nina", "mail", "nina@example.org")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("nina", "wrong"),
        ("nina", ""),
        ("nina", " "),
        ("*", PASSWORD),
        ("nin*", PASSWORD),
        ("nina)(uid=*", PASSWORD),
        ("*)(objectClass=*", PASSWORD),
        ("nina\0", PASSWORD),
        ("nobody", PASSWORD),
        ("cn=admin,dc=example,dc=org", "directory-secret"),
    ],
)
def test_wrong_empty_and_injected_are_refused(use, name, password):
    use()
    assert not is_in(sign_in(name, password))
    assert not User.objects.exists()


def test_empty_password_is_refused_below_the_form_too(use):
    use()
    request = RequestFactory().post("/")
    assert authenticate(request, username="nina", password="") is None


@pytest.mark.parametrize("way", ["starttls", "ldaps"])
def test_connection_is_encrypted_and_the_certificate_checked(use, server, way):
    uri = {"starttls": server.plain, "ldaps": server.tls}[way]
    use(uri=uri, start_tls=way == "starttls", ca_file=server.ca_file)
    assert is_in(sign_in())


@pytest.mark.parametrize("way", ["starttls", "ldaps"])
def test_server_of_an_unknown_authority_is_refused(use, server, way):
    uri = {"starttls": server.plain, "ldaps": server.tls}[way]
    use(uri=uri, start_tls=way == "starttls")
    assert not is_in(sign_in())


def test_groups_give_the_strongest_role_and_take_it_back(use, server, acme, alice, roles):
    use(roles=roles)
    sign_in()
    assert role_in(acme) == ""
    server.set_members("operators", "nina")
    sign_in()
    assert role_in(acme) == Role.OPERATOR
    server.set_members("admins", "nina")
    sign_in()
    assert role_in(acme) == Role.ADMIN
    server.set_members("admins")
    sign_in()
    assert role_in(acme) == Role.OPERATOR
    server.set_members("operators")
    sign_in()
    assert role_in(acme) == ""
    changes = AuditEvent.objects.filter(verb__startswith="accounts.membership_")
    assert set(changes.values_list("actor", flat=True)) == {"system: ldap Corp"}
    assert changes.count() == 4


def test_role_that_somebody_gave_by_hand_stays(use, acme, alice, roles, system):
    use(roles=roles)
    sign_in()
    person = User.objects.get(username="nina")
    membership_set(system, user=person, organization=acme, role=Role.VIEWER)
    sign_in()
    assert role_in(acme) == Role.VIEWER


def test_last_admin_stays_though_the_group_is_gone(use, server, acme, roles):
    use(roles=roles)
    server.set_members("admins", "nina")
    sign_in()
    server.set_members("admins")
    assert is_in(sign_in())
    assert role_in(acme) == Role.ADMIN


def test_role_in_an_organization_that_is_gone_keeps_nobody_out(use, server, roles):
    roles[0]["organization"] = "00000000-0000-0000-0000-000000000000"
    use(roles=roles)
    server.set_members("operators", "nina")
    assert is_in(sign_in())


def test_group_that_is_required_keeps_others_out(use, server):
    use(require_group=group_dn("staff"))
    assert not is_in(sign_in())
    server.set_members("staff", "nina")
    assert is_in(sign_in())


def test_first_directory_is_down_the_next_one_answers_soon(use, server):
    dead = {**server.entry(uri=f"ldap://127.0.0.1:{free_port()}"), "id": "dead", "name": "Dead"}
    use(dead, server.entry())
    began = time.monotonic()
    assert is_in(sign_in())
    assert time.monotonic() - began < 30
    assert SocialAccount.objects.get().provider == "ldap:corp"


def test_directory_that_hangs_is_given_up(use, server):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        silent = server.entry(uri=f"ldap://127.0.0.1:{deaf.getsockname()[1]}", timeout=1)
        use({**silent, "id": "silent", "name": "Silent"}, server.entry())
        began = time.monotonic()
        assert is_in(sign_in())
        assert time.monotonic() - began < 30


def test_all_directories_are_down_local_people_still_come_in(use, server, olga):
    use(uri=f"ldap://127.0.0.1:{free_port()}")
    assert is_in(sign_in("olga", LOCAL))
    assert not is_in(sign_in())


def test_local_password_opens_no_account_of_the_directory(use):
    use()
    sign_in()
    person = User.objects.get()
    person.set_password(LOCAL)
    person.save()
    assert not is_in(sign_in("nina", LOCAL))


def test_local_password_opens_it_where_the_directory_allows(use, server):
    use(local_password=True)
    sign_in()
    person = User.objects.get()
    person.set_password(LOCAL)
    person.save()
    use(local_password=True, uri=f"ldap://127.0.0.1:{free_port()}")
    assert is_in(sign_in("nina", LOCAL))


def test_person_who_was_here_before_keeps_their_account(use):
    person = make_user("nina")
    use()
    assert sign_in().session["_auth_user_id"] == f"{person.pk}"
    assert AuditEvent.objects.filter(verb="accounts.provider_linked").exists()


def test_directory_takes_over_no_superuser(use):
    make_user("root", is_superuser=True)
    use()
    assert not is_in(sign_in("root"))
    assert is_in(sign_in("root", LOCAL))


def test_second_directory_takes_over_nobody_of_the_first(use, server):
    use()
    sign_in()
    other = {**server.entry(), "id": "other", "name": "Other"}
    use(other)
    assert not is_in(sign_in())
    assert SocialAccount.objects.get().provider == "ldap:corp"


def test_directory_may_be_told_to_take_nobody_new(use):
    use(create=False)
    assert not is_in(sign_in())
    make_user("nina")
    assert is_in(sign_in())


def test_person_without_an_address_stays_out(use, server):
    server.set_attribute("paul", "mail")
    use()
    assert not is_in(sign_in("paul"))
    server.set_attribute("paul", "mail", "paul@example.org")


def test_closed_account_stays_closed(use):
    use()
    sign_in()
    User.objects.update(is_active=False)
    assert not is_in(sign_in())


def test_guessing_a_directory_password_ends_too(use):
    use()
    for _ in range(10):
        sign_in(password="guess")
    answer = Client().post("/accounts/sign-in/", {"username": "nina", "password": PASSWORD})
    assert answer.status_code == 429


def test_person_of_the_directory_cannot_unlink_it(use):
    use()
    client = sign_in()
    account = SocialAccount.objects.get()
    page = client.get("/accounts/connections/").text
    assert "By your organization" in page
    client.post("/accounts/connections/unlink/", {"provider": "ldap:corp", "uid": account.uid})
    assert SocialAccount.objects.exists()


def test_lost_password_is_said_to_be_kept_elsewhere(use, django_capture_on_commit_callbacks):
    from django.core import mail

    use()
    sign_in()
    with (
        django_capture_on_commit_callbacks(execute=True),
        django_capture_on_commit_callbacks(execute=True),
    ):
        Client().post("/accounts/password/reset/", {"name": "nina"})
    assert mail.outbox[-1].subject == "Your password is kept elsewhere"


def test_no_password_and_no_address_reach_the_log(use, server, caplog):
    use()
    sign_in()
    sign_in(password="nearly right")
    use(uri=f"ldap://127.0.0.1:{free_port()}")
    sign_in()
    for secret in (PASSWORD, "nearly right", "directory-secret"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "changed",
    [
        {"uri": "ldap://directory.example"},
        {"uri": "http://directory.example"},
        {"group_type": "other"},
        {"roles": [{"group": "x", "organization": "y", "role": "king"}]},
        {"roles": [{"group": "x"}]},
    ],
)
def test_unsafe_or_unreadable_settings_are_refused_at_start(server, changed):
    with pytest.raises(ValueError, match="THINX_LDAP_DIRECTORIES: corp"):
        ldap_directory(server.entry(**changed))


def test_password_of_the_directory_is_not_changed_here(use):
    use()
    client = sign_in()
    page = client.get("/accounts/password/").text
    assert "Your password is kept elsewhere" in page
    client.post("/accounts/password/", {"new_password1": LOCAL, "new_password2": LOCAL})
    assert not User.objects.get().has_usable_password()
