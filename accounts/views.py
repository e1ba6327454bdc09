"""Pages of people and organizations: signing in and out, profile, members."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash, views
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView, View

from accounts import throttle
from accounts.actor import client_address
from accounts.filters import OrganizationFilterSet
from accounts.forms import (
    FirstOperatorForm,
    OrganizationForm,
    OrganizationSwitchForm,
    PasswordChangeForm,
    SignInForm,
)
from accounts.models import Membership, Organization, User
from accounts.selectors import SESSION_KEY, account_activity, own_memberships
from accounts.services import (
    first_operator_create,
    first_operator_token_is_valid,
    organization_rename,
    password_change,
)
from accounts.tables import MemberTable, OrganizationTable
from core.exceptions import Conflict
from core.scoping import get_allowed
from core.views import (
    Action,
    Fact,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    ScopedViewMixin,
    register_model_view,
)

TWO_WEEKS = 14 * 24 * 3600


class PasswordGuessMixin:
    """Ends the guessing of a password after ten failures of one account at one address."""

    request: HttpRequest
    wrong_guess: ClassVar[str] = NON_FIELD_ERRORS

    def guessed_name(self) -> str:
        """Return the account whose password is asked."""
        raise TypeError(f"{type(self).__name__} does not say whose password it asks")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse before the password is looked at."""
        wait = throttle.seconds_to_wait(self.guessed_name(), client_address(request))
        if wait:
            return too_many_attempts(request, wait)
        return super().post(request, *args, **kwargs)  # type: ignore[misc]

    def form_invalid(self, form: Any) -> HttpResponse:
        """Count the failure if it was the password's."""
        if self.wrong_guess in form.errors:
            throttle.guess_failed(self.guessed_name(), client_address(self.request))
        return super().form_invalid(form)  # type: ignore[misc]

    def form_valid(self, form: Any) -> HttpResponse:
        """Forget the failures before this success."""
        throttle.guess_passed(self.guessed_name(), client_address(self.request))
        return super().form_valid(form)  # type: ignore[misc]


def too_many_attempts(request: HttpRequest, wait: int) -> HttpResponse:
    """Return the 429 page, which says when to come back."""
    minutes = -(-wait // 60)
    context = {
        "message": "Too many wrong passwords. Try again in "
        f"{minutes} {'minute' if minutes == 1 else 'minutes'}; until then even the right one "
        "is not looked at."
    }
    response = render(request, "errors/429.html", context, status=429)
    response["Retry-After"] = f"{wait}"
    return response


class SignInView(PasswordGuessMixin, views.LoginView):
    """Sign in by e-mail address or user name."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def guessed_name(self) -> str:
        return self.request.POST.get("username", "")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        self.request.session.set_expiry(TWO_WEEKS if form.cleaned_data["remember"] else 0)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(nobody_yet=not User.objects.exists(), **kwargs)


class SignOutView(views.LogoutView):
    """End this session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().post(request, *args, **kwargs)
        messages.info(request, "You are signed out.")
        return response


class PasswordChangeView(PasswordGuessMixin, views.PasswordChangeView):
    """Choose a new password; this session stays, the others end."""

    form_class = PasswordChangeForm
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:profile")
    extra_context = {"cancel_url": success_url}
    wrong_guess = "old_password"

    def guessed_name(self) -> str:
        return f"{self.request.user.pk}"

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        throttle.guess_passed(self.guessed_name(), client_address(self.request))
        person = form.user
        password_change(
            self.request.actor,  # type: ignore[attr-defined]
            user=person,
            password=form.cleaned_data["new_password1"],
        )
        update_session_auth_hash(self.request, person)
        messages.success(
            self.request, "Your password is changed. Your other sessions are signed out."
        )
        return redirect(self.get_success_url())


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class FirstOperatorView(FormView):
    """The one-time link of the first start."""

    form_class = FirstOperatorForm
    template_name = "accounts/first_operator.html"
    success_url = reverse_lazy("dashboard")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if first_operator_token_is_valid(self.kwargs["token"]):
            return super().dispatch(request, *args, **kwargs)
        return self.used_up()

    def form_valid(self, form: FirstOperatorForm) -> HttpResponse:
        try:
            person = first_operator_create(**form.cleaned_data)
        except Conflict:
            return self.used_up()
        login(self.request, person, backend="accounts.backends.EmailBackend")
        return redirect(self.get_success_url())

    def used_up(self) -> HttpResponse:
        """Say that this link opens nothing any more."""
        context = {
            "title": "This link is used up",
            "text": "It works once and for a day. If nobody has an account here yet, start the "
            "console again: it prints a new link.",
            "action": {"label": "Sign in", "url": reverse_lazy("accounts:sign_in")},
        }
        return render(self.request, "accounts/message.html", context, status=404)


class ProfileView(ScopedViewMixin, TemplateView):
    """Who is signed in, where they belong, and what their account did lately."""

    template_name = "accounts/profile.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.actor.user
        return super().get_context_data(
            title="Profile",
            facts=[
                Fact("E-mail address", person.email),
                Fact("User name", person.username),
                Fact("Last sign-in", time=person.last_login),
                Fact("Member since", time=person.date_joined),
            ],
            memberships=own_memberships(self.actor),
            activity=account_activity(self.actor),
            **kwargs,
        )


@register_model_view(Organization, "list", detail=False)
class OrganizationListView(ObjectListView):
    """Every organization that the actor belongs to, directly or from above."""

    queryset = Organization.objects.annotate(members=Count("memberships"))
    filterset_class = OrganizationFilterSet
    table_class = OrganizationTable
    lead = "Everything belongs to an organization. Roles held on one cover those below it."
    is_live = False


@register_model_view(Organization)
class OrganizationView(ObjectTabView):
    """One organization with its members."""

    queryset = Organization.objects.all()
    table_class = MemberTable
    template_name = "accounts/organization.html"
    actions = (Action("Rename", "edit", permission="change", icon="edit"),)
    empty_title = "Nobody is a direct member"
    empty_text = "Its members hold their role on an organization above this one."

    def rows(self, obj: Organization) -> Any:
        members = Membership.objects.allowed(self.actor).filter(organization=obj)
        return members.select_related("user")

    def facts(self, obj: Organization) -> list[Fact]:
        return [
            Fact("Owner ID", obj.owner_id, mono=True, copy=True),
            Fact("Kind", "Personal" if obj.is_personal else "Shared"),
            Fact("Created", time=obj.created_at),
        ]


@register_model_view(Organization, "edit")
class OrganizationEditView(ObjectEditView):
    """Rename an organization."""

    queryset = Organization.objects.all()
    form_class = OrganizationForm

    def save(self, form: OrganizationForm, obj: Organization) -> Organization:
        return organization_rename(self.actor, organization=obj, name=form.cleaned_data["name"])


@register_model_view(Organization, "switch", detail=False)
class OrganizationSwitchView(ScopedViewMixin, View):
    """Narrow every page to one organization, or to none."""

    queryset = Organization.objects.all()
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember the choice in the session and go back to the list, or the dashboard."""
        form = OrganizationSwitchForm(request.POST)
        uid = form.cleaned_data["organization"] if form.is_valid() else None
        request.session.pop(SESSION_KEY, None)
        if uid is not None:
            chosen = get_allowed(self.queryset.all(), self.actor, "view", uid=uid)
            request.session[SESSION_KEY] = f"{chosen.uid}"
        return redirect(_list_behind(request))


def _list_behind(request: HttpRequest) -> str:
    """Return the page the request came from, unless that was one object's or a foreign page."""
    parts = urlsplit(request.headers.get("Referer", ""))
    try:
        match = resolve(parts.path)
    except Resolver404:
        return "dashboard"
    is_ours = parts.netloc == request.get_host()
    return parts.path if is_ours and not match.kwargs else "dashboard"
