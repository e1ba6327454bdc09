"""The pages of one's own account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.generic import FormView, View

from accounts.avatars import CONTENT_TYPE
from accounts.forms import PasswordChangeForm
from accounts.forms.profile import AvatarForm, ProfileForm
from accounts.forms.sign_up import NewPasswordForm
from accounts.identity.lockout import too_many_attempts
from accounts.identity.passwords import is_kept_elsewhere
from accounts.models import User
from accounts.places import shown_phone
from accounts.profile_cards import Card, cards_for, register
from accounts.second_factor import limits
from accounts.selectors import account_activity, own_memberships
from accounts.selectors.people import visible_people
from accounts.services import password_change
from accounts.services.profile import avatar_clear, avatar_set, profile_change
from accounts.services.sign_ins import MARK, sign_ins_end
from accounts.views.profile_pages import OwnAccountMixin, ProfilePage
from core.exceptions import DomainError
from core.views import Fact, ScopedViewMixin


class PasswordChangeView(OwnAccountMixin, FormView):
    """Choose a new password; this session stays, the others end.

    Who has none yet, having come by a provider, proves otherwise who sits there; so does who has
    a second factor, on top of the current password.
    """

    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:profile")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.actor.user  # type: ignore[attr-defined]
        self.sudo = person is not None and (  # type: ignore[misc]
            not person.has_usable_password() or person.second_factor_at is not None
        )
        if person is not None and is_kept_elsewhere(person):
            return render(request, "accounts/password_elsewhere.html")
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> Any:
        return PasswordChangeForm if self.person.has_usable_password() else NewPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        mine = User.objects.get(pk=self.person.pk)
        return {**super().get_form_kwargs(), "user": mine}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.success_url, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse before the password is looked at, after too many wrong ones."""
        wait = limits.guess_wait(self.person.pk, self.actor.address)
        if wait:
            return too_many_attempts(request, wait)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        if "old_password" in form.errors:
            limits.guess_failed(self.person.pk, self.actor.address)
        return super().form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        limits.guess_passed(self.person.pk)
        person = form.user
        password_change(self.actor, user=person, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, person)
        sign_ins_end(self.actor, user=person, keep=self.request.session.get(MARK))
        messages.success(
            self.request, "Your password is changed. Your other sessions are signed out."
        )
        return redirect(self.get_success_url())


class ProfileView(ProfilePage):
    """Who is signed in, where they belong, and what their account did lately."""

    tab = "accounts:profile"
    template_name = "accounts/profile.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.person
        return super().get_context_data(
            facts=[
                Fact("E-mail address", person.email),
                Fact("User name", person.username),
                Fact("Phone", shown_phone(person.phone) if person.phone else ""),
                Fact("Time zone", person.time_zone),
                Fact("Language", dict(settings.LANGUAGES).get(person.language, person.language)),
                Fact("Last sign-in", time=person.last_login),
                Fact("Member since", time=person.date_joined),
            ],
            memberships=own_memberships(self.actor).select_related("custom_role"),
            activity=account_activity(self.actor),
            **kwargs,
        )


class ProfileEditView(OwnAccountMixin, FormView):
    """Change names, user name, phone, time zone and language."""

    form_class = ProfileForm
    template_name = "accounts/profile_edit.html"
    success_url = reverse_lazy("accounts:profile")

    def get_form_kwargs(self) -> dict[str, Any]:
        # A row of its own: what is refused must not show in the header.
        mine = User.objects.get(pk=self.person.pk)
        return {**super().get_form_kwargs(), "instance": mine}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [{"label": "Profile", "url": self.success_url}]
        return super().get_context_data(
            title="Edit your profile", crumbs=crumbs, cancel_url=self.success_url, **kwargs
        )

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        values = {name: form.cleaned_data[name] for name in form.Meta.fields}
        try:
            profile_change(self.actor, user=form.instance, **values)
        except DomainError as error:
            for name, texts in error.fields.items():
                form.add_error(name if name in form.fields else None, texts)
            return self.form_invalid(form)
        messages.success(self.request, "Your profile is saved.")
        return super().form_valid(form)

    def form_invalid(self, form: ProfileForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class AvatarEditView(OwnAccountMixin, FormView):
    """Choose a picture, or go back to initials."""

    form_class = AvatarForm
    template_name = "accounts/avatar_edit.html"
    success_url = reverse_lazy("accounts:profile")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [{"label": "Profile", "url": self.success_url}]
        return super().get_context_data(
            title="Your picture",
            person=self.person,
            crumbs=crumbs,
            cancel_url=self.success_url,
            submit_label="Use this picture",
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "remove" in request.POST:
            avatar_clear(self.actor, user=self.person)
            messages.success(request, "Your picture is removed.")
            return redirect(self.success_url)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AvatarForm) -> HttpResponse:
        avatar_set(self.actor, user=self.person, picture=form.cleaned_data["file"])
        messages.success(self.request, "Your picture is changed.")
        return super().form_valid(form)

    def form_invalid(self, form: AvatarForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class AvatarView(ScopedViewMixin, View):
    """The picture of oneself, or of somebody who shares an organization."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the file. Its address changes with the picture, so browsers may keep it."""
        person = visible_people(self.actor).filter(uid=self.kwargs["uid"]).first()
        if person is None or not person.avatar:
            raise Http404
        try:
            with default_storage.open(person.avatar, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise Http404 from None
        response = HttpResponse(content, content_type=CONTENT_TYPE)
        response["Cache-Control"] = "private, max-age=31536000, immutable"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


class SecurityView(ProfilePage):
    """How the account opens: one card for each way, from accounts.profile_cards."""

    tab = "accounts:profile_security"
    template_name = "accounts/profile_security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cards=cards_for(self.request), **kwargs)


register(Card("password", "accounts/cards/password.html", order=10))
