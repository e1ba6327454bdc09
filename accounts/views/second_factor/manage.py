"""One's own second factors and remembered browsers: what there is, and removing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from accounts.browsers import browser_in_words
from accounts.forms.second_factor import NameForm
from accounts.models import RememberedBrowser, User
from accounts.profile_cards import Card, register
from accounts.second_factor.browsers import browser_forget, browsers_forget
from accounts.second_factor.demands import demanding_organizations
from accounts.second_factor.factors import factor_get, factor_remove, factor_rename, factors_of
from accounts.second_factor.recovery import FEW, HOW_MANY, recovery_left
from accounts.second_factor.words import factor_in_words, icon_of, kind_in_words
from core.views import ScopedViewMixin


def crumbs(*labels: str) -> list[dict[str, str]]:
    """Return the way back, with the page itself at the end."""
    way = [
        {"label": "Profile", "url": reverse("accounts:profile")},
        {"label": "Second factor", "url": reverse("accounts:factor_list")},
    ]
    return [*way, *({"label": label} for label in labels)]


def overview(user: User) -> dict[str, Any]:
    """Return what the page and the card of the profile say."""
    factors = [
        {
            "factor": factor,
            "kind": kind_in_words(factor.kind),
            "icon": icon_of(factor.kind),
        }
        for factor in factors_of(user)
    ]
    left = recovery_left(user)
    return {
        "factors": factors,
        "codes_left": left,
        "codes_total": HOW_MANY,
        "few_codes": left <= FEW,
    }


register(
    Card(
        "second_factor",
        "accounts/second_factor/card.html",
        order=20,
        context=lambda request: overview(request.user),  # type: ignore[arg-type]
    )
)


class FactorListView(ScopedViewMixin, View):
    """Second factors, recovery codes, remembered browsers."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        person = self.actor.user
        browsers = RememberedBrowser.objects.filter(user=person, expires_at__gt=timezone.now())
        context = {
            "title": "Second factor",
            "crumbs": crumbs(),
            "lead": "Something you have, asked for after your password.",
            "browsers": [
                {"browser": browser, "words": browser_in_words(browser.user_agent)}
                for browser in browsers
            ],
            "demanding": demanding_organizations(person),
            **overview(person),
        }
        return render(request, "accounts/second_factor/list.html", context)


class FactorEditView(ScopedViewMixin, View):
    """Call a factor something else."""

    sudo = True

    def get(self, request: HttpRequest, uid: UUID) -> HttpResponse:
        """Return the form."""
        factor = factor_get(self.actor.user, uid)
        return self._page(NameForm(initial={"name": factor.name}), factor)

    def post(self, request: HttpRequest, uid: UUID) -> HttpResponseBase:
        """Rename."""
        factor, form = factor_get(self.actor.user, uid), NameForm(request.POST)
        if not form.is_valid():
            return self._page(form, factor)
        factor_rename(self.actor, factor=factor, name=form.cleaned_data["name"])
        messages.success(request, f"It is called {factor.name} now.")
        return redirect("accounts:factor_list")

    def _page(self, form: NameForm, factor: Any) -> HttpResponse:
        context = {
            "title": f"Rename {factor.name}",
            "crumbs": crumbs("Rename"),
            "form": form,
            "submit_label": "Save",
            "cancel_url": reverse("accounts:factor_list"),
        }
        status = 422 if form.errors else 200
        return render(self.request, "generic/object_edit.html", context, status=status)


class FactorDeleteView(ScopedViewMixin, View):
    """Remove a factor, after saying what follows."""

    sudo = True

    def get(self, request: HttpRequest, uid: UUID) -> HttpResponse:
        """Ask."""
        person = self.actor.user
        factor = factor_get(person, uid)
        context = {
            "title": f"Remove {factor.name}?",
            "crumbs": crumbs("Remove"),
            "objects": [factor_in_words(factor)],
            "consequences": self._consequences(person, factor),
            "submit_label": "Remove it",
            "danger": True,
            "cancel_url": reverse("accounts:factor_list"),
        }
        return render(request, "generic/confirm.html", context)

    def post(self, request: HttpRequest, uid: UUID) -> HttpResponseBase:
        """Remove."""
        factor = factor_get(self.actor.user, uid)
        factor_remove(self.actor, factor=factor)
        messages.success(request, f"{factor_in_words(factor)} is removed.")
        return redirect("accounts:factor_list")

    def _consequences(self, person: User, factor: Any) -> list[str]:
        others = len(factors_of(person)) - 1
        said = ["Browsers that were remembered with it are asked again."]
        if others:
            said.append("Sessions that showed it, maybe this one, are asked for another factor.")
            return said
        said.append("It is your last one: your account then opens with the first factor alone.")
        said.append("Your recovery codes go with it.")
        demanding = demanding_organizations(person)
        if demanding:
            names = ", ".join(demanding)
            said.append(f"{names} demands a second factor: you must add one before you go on.")
        return said


class BrowserForgetView(ScopedViewMixin, View):
    """Ask one remembered browser again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: UUID) -> HttpResponseBase:
        """Forget it."""
        browser = get_object_or_404(RememberedBrowser, user=self.actor.user, uid=uid)
        browser_forget(self.actor, browser=browser)
        messages.success(request, "This browser is asked for your second factor again.")
        return redirect("accounts:factor_list")


class BrowserForgetAllView(ScopedViewMixin, View):
    """Ask every remembered browser again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Forget all."""
        count = browsers_forget(self.actor, user=self.actor.user)
        said = f"{count} {'browser is' if count == 1 else 'browsers are'} asked again."
        messages.success(request, said)
        return redirect("accounts:factor_list")
