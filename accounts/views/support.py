"""People, for staff: look somebody up, let them in, keep them out, stand in their shoes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.generic import View

from accounts.impersonation import impersonation_begin, impersonation_forget
from accounts.models import User
from accounts.selectors.support import (
    people,
    people_overview,
    person_factors,
    person_memberships,
    person_sign_ins,
)
from accounts.services.support import (
    impersonation_end,
    impersonation_start,
    user_deactivate,
    user_end_sessions,
    user_reactivate,
    user_reset_second_factor,
)
from accounts.support_tables import UserFilterSet, UserTable
from core.views import (
    Fact,
    ObjectAction,
    ObjectActionView,
    ObjectListView,
    ObjectView,
    ScopedViewMixin,
    register_model_view,
)


class PeopleMixin(ScopedViewMixin):
    """People belong to no single organization: only whom nothing limits finds any."""

    queryset = User.objects.all()

    def get_rows(self, action: str) -> Any:
        return people_overview(self.actor)

    def get_one(self, action: str) -> Any:
        person = get_object_or_404(people(self.actor), uid=self.kwargs["uid"])
        # People have no page but this one, which is not everybody's: not the model's to know.
        person.get_absolute_url = lambda: _page_of(person)  # type: ignore[attr-defined]
        return person


@register_model_view(User, "list", detail=False)
class UserListView(PeopleMixin, ObjectListView):
    """Everybody who has an account."""

    filterset_class = UserFilterSet
    table_class = UserTable
    title = "People"
    lead = "Everybody who has an account here. What you do for them is in their audit log."
    is_live = False
    saved_views = (
        ("Everybody", ""),
        ("Deactivated", "is_active=false"),
        ("Staff", "is_staff=true"),
        ("Without a second factor", "second_factor=false"),
    )


@register_model_view(User)
class UserView(PeopleMixin, ObjectView):
    """One person: where they belong, where they are signed in, what they prove themselves with."""

    template_name = "accounts/support/user.html"

    def crumbs(self, obj: User) -> list[dict[str, str]]:
        return [{"label": "People", "url": reverse("accounts:user_list")}]

    def status_value(self, obj: User) -> str:
        return "active" if obj.is_active else "disabled"

    def lead(self, obj: User) -> str:
        return obj.email

    def facts(self, obj: User) -> list[Fact]:
        standing = "Superuser" if obj.is_superuser else "Staff" if obj.is_staff else "Person"
        return [
            Fact("E-mail address", obj.email, copy=True),
            Fact("User name", obj.username),
            Fact("Standing", standing),
            Fact("Second factor since", time=obj.second_factor_at),
            Fact("Last sign-in", time=obj.last_login),
            Fact("Member since", time=obj.date_joined),
        ]

    def extra_context(self, obj: User) -> dict[str, Any]:
        return {
            "object_actions": _buttons(obj, self.actor),
            "memberships": person_memberships(obj),
            "sign_ins": person_sign_ins(obj),
            "factors": person_factors(obj),
        }


class SupportActionView(PeopleMixin, ObjectActionView):
    """A verb of staff on one person; says afterwards what happened."""

    action = "support"
    sudo = True
    argument = "user"

    def done(self, obj: User, result: Any) -> HttpResponse:
        messages.success(self.request, self.success.format(obj))
        return redirect(_page_of(obj))


@register_model_view(User, "deactivate")
class UserDeactivateView(SupportActionView):
    """Keep somebody out."""

    title = "Deactivate {}?"
    submit_label = "Deactivate"
    danger = True
    success = "{} is deactivated."
    service = user_deactivate

    def consequences(self, obj: User) -> list[str]:
        return [
            "They are signed out everywhere and cannot sign in.",
            "API keys that act for them open nothing; their devices go on.",
            "Their roles stay, so that reactivating brings everything back.",
        ]


@register_model_view(User, "reactivate")
class UserReactivateView(SupportActionView):
    """Let somebody in again."""

    title = "Reactivate {}?"
    submit_label = "Reactivate"
    success = "{} may sign in again."
    service = user_reactivate

    def consequences(self, obj: User) -> list[str]:
        return ["They may sign in again, with the roles they had. Their API keys work again."]


@register_model_view(User, "end_sessions")
class UserEndSessionsView(SupportActionView):
    """Sign somebody out everywhere."""

    title = "End all sessions of {}?"
    submit_label = "End sessions"
    danger = True
    success = "{} is signed out everywhere."
    service = user_end_sessions

    def consequences(self, obj: User) -> list[str]:
        return [
            "Every browser must sign in again. Open pages close within seconds.",
            "API keys go on working.",
        ]


@register_model_view(User, "reset_second_factor")
class UserResetSecondFactorView(SupportActionView):
    """Remove every second factor of somebody who lost theirs."""

    title = "Reset the second factor of {}?"
    submit_label = "Reset second factor"
    danger = True
    success = "{} has no second factor any more."
    service = user_reset_second_factor

    def typed(self, obj: User) -> str:
        return obj.email

    def consequences(self, obj: User) -> list[str]:
        kinds = ", ".join(factor["kind"] for factor in person_factors(obj))
        what = f"Removed for good: {kinds}." if kinds else "They have none now."
        return [
            f"{what} Browsers that were remembered are forgotten.",
            "Until they enrol again, their password alone opens the account.",
            "They are signed out everywhere, and told of it by mail.",
            "Make sure over another channel that it is really they who ask.",
        ]


@register_model_view(User, "impersonate")
class UserImpersonateView(SupportActionView):
    """See the console as somebody else sees it, for a quarter of an hour."""

    title = "Act as {}?"
    submit_label = "Impersonate for 15 minutes"

    def consequences(self, obj: User) -> list[str]:
        return [
            "For 15 minutes you see and may do what they may, with your name beside theirs.",
            "Each request is written into their audit log.",
            "Their account, second factor, password and new keys stay closed to you.",
        ]

    def perform(self, obj: User, form: Any) -> None:
        impersonation_start(self.actor, user=obj)
        impersonation_begin(self.request.session, obj)

    def done(self, obj: User, result: Any) -> HttpResponse:
        return redirect("dashboard")


class ImpersonationStopView(ScopedViewMixin, View):
    """Be oneself again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """End it and go to the person's page; without one to end, to the dashboard."""
        person = self.actor.user
        if self.actor.impersonator is None:
            return redirect("dashboard")
        impersonation_end(self.actor, user=person, reason="stopped")
        impersonation_forget(request.session)
        messages.success(request, f"You are yourself again, no longer {person}.")
        return redirect("accounts:user", uid=person.uid)


def _page_of(person: User) -> str:
    return reverse("accounts:user", args=[person.uid])


def _buttons(person: User, actor: Any) -> list[ObjectAction]:
    """Return what staff may do for this person in their present state."""
    itself = actor.user is not None and actor.user.pk == person.pk

    def button(label: str, verb: str, icon: str, style: str = "default", why: str = "") -> Any:
        url = reverse(f"accounts:user_{verb}", args=[person.uid])
        return ObjectAction(label, url, icon, style, confirm=True, disabled_reason=why)

    buttons = []
    if person.is_active:
        why = "Nobody acts as a member of staff" if person.is_staff or person.is_superuser else ""
        buttons.append(button("Impersonate", "impersonate", "users", why=why))
    else:
        buttons.append(button("Reactivate", "reactivate", "circle-check", "primary"))
    buttons.append(button("End sessions", "end_sessions", "logout", "danger"))
    if person.second_factor_at is not None:
        buttons.append(button("Reset second factor", "reset_second_factor", "shield", "danger"))
    if person.is_active and not itself:
        buttons.append(button("Deactivate", "deactivate", "ban", "danger"))
    return buttons
