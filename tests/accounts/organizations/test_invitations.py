"""Invitations: sent, answered, sent again, withdrawn, by their addressee alone."""

from __future__ import annotations

import logging

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from accounts.choices import Role
from accounts.models import CustomRole, Invitation, Membership
from accounts.selectors.invitations import SESSION_KEY
from accounts.services.invitations import (
    digest_of,
    invitation_accept,
    invitation_resend,
    invitation_send,
    invitation_withdraw,
)
from audit.models import AuditEvent
from core.exceptions import DomainError
from tests.factories.accounts import OrganizationFactory, make_user
from tests.support.outbox import last_mail, links_in

pytestmark = pytest.mark.django_db
ANSWER = "/accounts/invitation/"


@pytest.fixture(autouse=True)
def no_limits_from_before():
    cache.clear()


@pytest.fixture
def sent(act, acme, django_capture_on_commit_callbacks):
    """Return a function that invites somebody, and the path of the link mailed."""

    def send(by, email="guest@example.org", role=Role.OPERATOR, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            invitation = invitation_send(
                act(by), organization=acme, email=email, role=role, **kwargs
            )
        return invitation, path_in(email)

    return send


def path_in(email: str) -> str:
    link = next(link for link in links_in(last_mail(email)) if "/invitation/" in link)
    return link[link.index("/accounts/") :]


def refused(code):
    return pytest.raises(DomainError, check=lambda error: error.code == code)


def test_admin_invites_by_mail_that_names_who_into_what(sent, alice, acme):
    invitation, path = sent(alice)
    found = last_mail("guest@example.org")
    assert found.subject == "alice@example.org invites you into Acme"
    assert "as operator" in found.text
    assert path.startswith(ANSWER)
    assert invitation.digest == digest_of(path.rstrip("/").rpartition("/")[2])
    event = AuditEvent.objects.get(verb="accounts.invitation_sent")
    assert event.data == {"email": "guest@example.org", "role": "Operator"}


def test_page_of_invitations_sends_one(signed_in, alice, acme):
    url = f"/accounts/organizations/{acme.uid}/invite/"
    answer = signed_in(alice).post(url, {"email": "New@Example.org", "role": "viewer"})
    assert answer["Location"] == f"/accounts/organizations/{acme.uid}/invitations/"
    assert Invitation.objects.get().email == "new@example.org"
    page = signed_in(alice).get(answer["Location"]).text
    assert "new@example.org" in page
    assert "Open" in page


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_invite_are_refused(signed_in, request, acme, who, status):
    url = f"/accounts/organizations/{acme.uid}/invite/"
    client = signed_in(request.getfixturevalue(who))
    assert client.post(url, {"email": "a@example.org", "role": "viewer"}).status_code == status
    assert not Invitation.objects.exists()


def test_link_leads_on_to_an_address_without_the_token(sent, client, alice, guest):
    _, path = sent(alice)
    answer = client.get(path)
    assert answer["Location"] == ANSWER
    page = client.get(ANSWER).text
    assert "alice@example.org invites guest@example.org into Acme as <b>operator</b>" in page
    assert "Sign in to accept" in page


def test_addressee_accepts_and_is_a_member(sent, signed_in, alice, guest, acme):
    invitation, path = sent(alice)
    client = signed_in(guest)
    client.get(path)
    answer = client.post(ANSWER, {"accept": "1"})
    assert answer["Location"] == acme.get_absolute_url()
    assert Membership.objects.get(user=guest, organization=acme).role == Role.OPERATOR
    invitation.refresh_from_db()
    assert invitation.accepted_by == guest
    assert AuditEvent.objects.filter(verb="accounts.invitation_accepted").count() == 1
    assert client.get(path).status_code == 404


def test_addressee_declines(sent, signed_in, alice, guest, acme):
    _, path = sent(alice)
    client = signed_in(guest)
    client.get(path)
    client.post(ANSWER, {"decline": "1"})
    assert not acme.memberships.filter(user=guest).exists()
    assert AuditEvent.objects.filter(verb="accounts.invitation_declined").count() == 1
    assert client.get(path).status_code == 404


def test_somebody_else_with_the_link_is_told_whom_it_is_for(sent, signed_in, alice, mallory, acme):
    _, path = sent(alice)
    client = signed_in(mallory)
    client.get(path)
    page = client.get(ANSWER).text
    assert "this invitation is for guest@example.org" in page
    assert "Accept the invitation" not in page
    answer = client.post(ANSWER, {"accept": "1"})
    assert answer.status_code == 403
    assert "Sign in with that address" in answer.text
    assert not acme.memberships.filter(user=mallory).exists()


def test_unverified_address_does_not_count(sent, signed_in, act, alice, acme):
    invitation, _ = sent(alice, email="young@example.org")
    young = make_user("young")
    young.emailaddress_set.update(verified=False)
    with refused("accounts.not_addressee"):
        invitation_accept(act(young), invitation=invitation)


def test_stranger_accepts_is_refused(sent, client, alice, acme):
    _, path = sent(alice)
    client.get(path)
    assert client.post(ANSWER, {"accept": "1"}).status_code == 403


def test_unknown_and_expired_links_open_nothing(sent, client, alice):
    invitation, path = sent(alice)
    assert client.get(f"{ANSWER}nonsense/").status_code == 404
    invitation.expires_at = timezone.now()
    invitation.save()
    assert client.get(path).status_code == 404
    assert client.get(ANSWER).status_code == 404


def test_expired_invitation_can_be_sent_anew(sent, alice):
    invitation, _ = sent(alice)
    invitation.expires_at = timezone.now()
    invitation.save()
    again, _ = sent(alice)
    assert again.pk != invitation.pk


def test_sent_again_the_old_link_is_dead(
    sent, act, client, alice, django_capture_on_commit_callbacks
):
    invitation, old = sent(alice)
    client.get(old)
    with django_capture_on_commit_callbacks(execute=True):
        invitation_resend(act(alice), invitation=invitation)
    assert client.get(ANSWER).status_code == 404
    assert client.get(old).status_code == 404
    assert client.get(path_in("guest@example.org")).status_code == 302


def test_withdrawn_the_link_is_dead(sent, act, client, alice):
    invitation, path = sent(alice)
    invitation_withdraw(act(alice), invitation=invitation)
    assert client.get(path).status_code == 404
    with refused("accounts.invitation_over"):
        invitation_withdraw(act(alice), invitation=invitation)


def test_operator_sees_invitations_but_does_not_withdraw(sent, signed_in, alice, olga, vera, acme):
    invitation, _ = sent(alice)
    url = f"/accounts/invitations/{invitation.uid}/withdraw/"
    assert signed_in(olga).post(url).status_code == 403
    assert signed_in(vera).post(url).status_code == 404
    assert "guest@example.org" in signed_in(olga).get(invitation.get_absolute_url()).text
    assert "guest@example.org" not in signed_in(vera).get(invitation.get_absolute_url()).text


def test_members_and_the_invited_are_not_invited_twice(sent, alice, vera):
    with refused("accounts.already_member"):
        sent(alice, email=vera.email)
    sent(alice)
    with refused("accounts.already_invited"):
        sent(alice, email="GUEST@example.org")


def test_inviter_who_lost_the_right_gives_nothing(sent, act, alice, guest, acme):
    invitation, _ = sent(alice)
    alice.memberships.filter(organization=acme).delete()
    with refused("accounts.inviter_gone"):
        invitation_accept(act(guest), invitation=invitation)


def test_role_wider_than_the_inviters_is_refused(sent, act, acme):
    role = CustomRole.objects.create(
        organization=acme, name="Host", actions=["accounts.add_invitation"]
    )
    host = make_user("host")
    Membership.objects.create(user=host, organization=acme, role=Role.CUSTOM, custom_role=role)
    with refused("accounts.wider_than_own"):
        sent(host, role=Role.ADMIN)


def test_personal_organization_invites_nobody(act, alice):
    own = alice.memberships.get(organization__is_personal=True).organization
    with refused("accounts.personal"):
        invitation_send(act(alice), organization=own, email="a@example.org", role=Role.VIEWER)


def test_too_many_within_an_hour_are_refused(sent, alice, settings):
    settings.INVITATIONS_PER_HOUR = 2
    sent(alice, email="a@example.org")
    sent(alice, email="b@example.org")
    with refused("accounts.too_many_invitations"):
        sent(alice, email="c@example.org")
    assert len(mail.outbox) == 2


def test_token_is_nowhere_but_in_the_mail(sent, signed_in, alice, guest, caplog):
    caplog.set_level(logging.DEBUG)
    invitation, path = sent(alice)
    token = path.rstrip("/").rpartition("/")[2]
    client = signed_in(guest)
    client.get(path)
    client.get(ANSWER)
    client.post(ANSWER, {"accept": "1"})
    assert token not in caplog.text
    assert client.session.get(SESSION_KEY) is None
    invitation.refresh_from_db()
    values = [f"{getattr(invitation, f.attname)}" for f in Invitation._meta.fields]
    assert not any(token in value for value in values)
    assert not any(token in f"{event.data}" for event in AuditEvent.objects.all())


def test_closed_organization_lets_nobody_in(sent, client, alice, acme):
    _, path = sent(alice)
    acme.is_active = False
    acme.save()
    assert client.get(path).status_code == 404


def test_neither_a_key_nor_support_answers_for_somebody(sent, act, alice, guest, acme, root):
    invitation, _ = sent(alice)
    for actor in (act(guest, ceiling=acme), act(guest, impersonator=root)):
        with refused("accounts.not_by_key"):
            invitation_accept(actor, invitation=invitation)


def test_custom_role_from_above_can_be_offered_below(sent, act, alice, guest, acme):
    plant = OrganizationFactory(parent=acme)
    role = CustomRole.objects.create(
        organization=acme, name="Tuner", actions=["devices.view_device"]
    )
    chloe = make_user("chloe")
    Membership.objects.create(user=chloe, organization=plant, role=Role.ADMIN)
    invitation = invitation_send(
        act(chloe),
        organization=plant,
        email=guest.email,
        role=Role.CUSTOM,
        custom_role=role,
    )
    membership = invitation_accept(act(guest), invitation=invitation)
    assert membership.role_name == "Tuner"
