"""Invitations: listing, sending, sending again, withdrawing; and answering one by its link."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from accounts.forms.members import InvitationForm
from accounts.identity.policy import sign_up_allowed
from accounts.models import Invitation, Organization, User
from accounts.selectors.invitations import (
    SESSION_KEY,
    invitation_in,
    invited_addresses,
    open_invitation,
    with_state,
)
from accounts.selectors.roles import chosen_role, role_choices
from accounts.services.invitations import (
    digest_of,
    invitation_accept,
    invitation_decline,
    invitation_resend,
    invitation_send,
    invitation_withdraw,
)
from accounts.tables import InvitationTable
from accounts.views.organization_page import (
    OrganizationForm,
    OrganizationRowsPage,
    PartVerb,
)
from core.exceptions import DomainError
from core.views import Action, register_model_view

ROWS = with_state(Invitation.objects.select_related("organization", "custom_role", "invited_by"))


def is_unanswered(invitation: Any) -> bool:
    """Tell whether it can be sent again or withdrawn."""
    return invitation.state in {"open", "expired"}


@register_model_view(Organization, "invitations")
class OrganizationInvitationsView(OrganizationRowsPage):
    """Who was invited, by whom, and what came of it."""

    tab = "invitations"
    table_class = InvitationTable
    tab_text = "An invitation is a mail with a link that works once, for the person invited alone."
    row_actions = (
        Action("Send again", "resend", permission="change", icon="mail", shown=is_unanswered),
        Action(
            "Withdraw",
            "withdraw",
            permission="delete",
            icon="ban",
            style="danger",
            shown=is_unanswered,
        ),
    )
    empty_title = "Nobody is invited"
    empty_text = "Invite people by their e-mail address. They choose a password themselves."

    def rows(self, obj: Any) -> Any:
        """Return its invitations."""
        return ROWS.filter(organization=obj).allowed(self.actor)


@register_model_view(Organization, "invite")
class OrganizationInviteView(OrganizationForm):
    """Invite somebody."""

    made = Invitation
    sudo = True
    tab = "invitations"
    form_class = InvitationForm
    title = "Invite somebody into {}"
    submit_label = "Send the invitation"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer what the actor may give."""
        roles = role_choices(self.actor, obj)
        return {"roles": roles, "initial": {"role": roles[0][0] if roles else ""}}

    def perform(self, obj: Any, form: Any) -> Invitation:
        """Send it."""
        return invitation_send(
            self.actor,
            organization=obj,
            email=form.cleaned_data["email"],
            **chosen_role(obj, form.cleaned_data["role"]),
        )

    def said(self, obj: Any, result: Any) -> str:
        """Say where it went."""
        return f"The invitation is on its way to {result.email}."


class InvitationVerb(PartVerb):
    """A question about one invitation."""

    queryset = ROWS
    tab = "invitations"


@register_model_view(Invitation, "resend")
class InvitationResendView(InvitationVerb):
    """Mail a new link."""

    action = "change"
    title = "Send the invitation to {0.email} again?"
    submit_label = "Send again"

    def perform(self, obj: Any, form: Any) -> Any:
        """Send it."""
        return invitation_resend(self.actor, invitation=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say what becomes of the first link."""
        return ["The mail has a new link. The one sent before works no longer."]

    def said(self, obj: Any, result: Any) -> str:
        """Say where it went."""
        return f"A new invitation is on its way to {obj.email}."


@register_model_view(Invitation, "withdraw")
class InvitationWithdrawView(InvitationVerb):
    """Take an offer back."""

    action = "delete"
    title = "Withdraw the invitation to {0.email}?"
    submit_label = "Withdraw"
    danger = True

    def perform(self, obj: Any, form: Any) -> Any:
        """Withdraw it."""
        return invitation_withdraw(self.actor, invitation=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say what becomes of the link."""
        return ["Its link works no longer. No mail is sent."]

    def said(self, obj: Any, result: Any) -> str:
        """Say what is gone."""
        return f"The invitation to {obj.email} is withdrawn."


@method_decorator(never_cache, name="dispatch")
class InvitationOpenView(View):
    """The link in the mail: remembers the invitation, and drops the token from the address.

    The address that follows holds no secret, so none shows in the history, in a Referer or in
    the log of a proxy for longer than this one request.
    """

    http_method_names = ["get"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Go on to the question, or say that the link opens nothing."""
        digest = digest_of(token)
        if open_invitation(digest) is None:
            return is_over(request)
        request.session[SESSION_KEY] = digest
        return redirect("accounts:invitation_answer")


@method_decorator(never_cache, name="dispatch")
class InvitationAnswerView(View):
    """Who invites into what, with which role: accept, decline, or first sign in or up."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask."""
        invitation = invitation_in(request)
        return self.page(request, invitation) if invitation else is_over(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Accept or decline, as the signed-in person."""
        invitation = invitation_in(request)
        if invitation is None:
            return is_over(request)
        actor = request.actor  # type: ignore[attr-defined]
        try:
            if "decline" in request.POST:
                invitation_decline(actor, invitation=invitation)
                messages.info(request, f"You declined the invitation to {invitation.organization}.")
                target = reverse("dashboard")
            else:
                membership = invitation_accept(actor, invitation=invitation)
                role = membership.role_name.lower()
                messages.success(request, f"You are {role} of {invitation.organization} now.")
                target = invitation.organization.get_absolute_url()
        except DomainError as error:
            return self.page(request, invitation, error.message, error.status)
        request.session.pop(SESSION_KEY, None)
        return redirect(target)

    def page(
        self, request: HttpRequest, invitation: Invitation, problem: str = "", status: int = 200
    ) -> HttpResponse:
        """Draw the question for whoever looks at it."""
        person: Any = request.user if request.user.is_authenticated else None
        here = reverse("accounts:invitation_answer")
        context = {
            "title": f"Join {invitation.organization}",
            "invitation": invitation,
            "person": person,
            "is_addressee": person is not None
            and invitation.email.lower() in invited_addresses(person),
            "problem": problem,
            "here": here,
            "sign_in_url": f"{reverse('accounts:sign_in')}?next={here}",
            "sign_up_url": sign_up_url(request, invitation, here),
        }
        return render(request, "accounts/invitation_answer.html", context, status=status)


def sign_up_url(request: HttpRequest, invitation: Invitation, here: str) -> str:
    """Return where to make an account, unless the address has one or nobody may."""
    if not sign_up_allowed(request) or User.objects.filter(email__iexact=invitation.email).exists():
        return ""
    try:
        return f"{reverse('accounts:sign_up')}?next={here}"
    except NoReverseMatch:
        return ""


def is_over(request: HttpRequest) -> HttpResponse:
    """Say that there is nothing to answer; the address of the request is not logged."""
    request.session.pop(SESSION_KEY, None)
    context = {
        "title": "This invitation is not open any more",
        "text": "It was answered, withdrawn or sent again, or its time is over. Ask who invited "
        "you for a new one.",
        "action": {"label": "Go to the console", "url": reverse("dashboard")},
    }
    return render(request, "accounts/message.html", context, status=404)
