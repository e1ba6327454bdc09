"""Adding a second factor: which kind, and its pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from accounts.forms.second_factor import CodeForm, NameForm, PhoneForm, TotpForm
from accounts.models import SmsDevice
from accounts.second_factor.attempts import CodeRefused
from accounts.second_factor.demands import demanding_organizations
from accounts.second_factor.factors import code_check, factor_confirm, factor_room
from accounts.second_factor.limits import guess_failed, guess_wait
from accounts.second_factor.passkeys import passkey_place
from accounts.second_factor.recovery import recovery_left, recovery_make
from accounts.second_factor.sessions import session_verify
from accounts.second_factor.sms import (
    phone_number,
    sms_begin,
    sms_is_offered,
    sms_is_waiting,
    sms_send,
)
from accounts.second_factor.totp import totp_begin, totp_qr, totp_seed
from accounts.second_factor.words import factor_in_words, masked
from accounts.views.second_factor.going_on import (
    enrolled_url,
    local_next,
    no_traces,
    too_many_answers,
)
from core.exceptions import DomainError
from core.views import ScopedViewMixin


class EnrolView(ScopedViewMixin, View):
    """Base of the pages that add a factor: who sits there has proved it lately."""

    sudo = True

    def context(self, **more: Any) -> dict[str, Any]:
        """Return what every page of enrolment shows."""
        held = self.actor.held_back == "enrol"
        return {
            "next": local_next(self.request),
            "demanding": demanding_organizations(self.actor.user) if held else [],
            "held": held,
            **more,
        }

    def confirm(self, factor: Any, name: str = "") -> HttpResponseBase:
        """Let a factor open that has answered right; the session has shown it then."""
        factor_confirm(self.actor, factor=factor, name=name)
        if not self.actor.verified:
            session_verify(self.request, factor)
        messages.success(self.request, f"{factor_in_words(factor)} is added.")
        return redirect(enrolled_url(self.request))

    def wait(self) -> HttpResponse | None:
        """Return the refusal of whoever guessed too often."""
        seconds = guess_wait(self.actor.user.pk, self.actor.address)
        return too_many_answers(self.request, seconds) if seconds else None

    def is_right(self, factor: Any, form: Any) -> bool:
        """Tell whether the form's code confirms the factor; say why not in the form."""
        if not form.is_valid():
            return False
        try:
            factor_room(self.actor.user)
            code_check(self.actor, factor=factor, code=form.cleaned_data["code"])
        except CodeRefused as error:
            guess_failed(self.actor.user.pk, self.actor.address)
            form.add_error("code", error.message)
        except DomainError as error:
            form.add_error(None, error.message)
        return not form.errors


@no_traces
class FactorEnrolView(EnrolView):
    """Which kind of factor to add; where an organization demands one, its name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Offer the kinds."""
        context = self.context(
            title="Add a second factor", has_sms=sms_is_offered(), place=passkey_place(request)
        )
        return render(request, "accounts/second_factor/enrol.html", context)


@no_traces
class TotpAddView(EnrolView):
    """Scan, type the first code, done."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the seed as a picture and as text."""
        return self._page(TotpForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Check the first code."""
        factor, form = totp_begin(self.actor.user), TotpForm(request.POST)
        refusal = self.wait()
        if refusal is not None:
            return refusal
        if self.is_right(factor, form):
            return self.confirm(factor, form.cleaned_data["name"])
        return self._page(form)

    def _page(self, form: TotpForm) -> HttpResponse:
        factor = totp_begin(self.actor.user)
        seed = totp_seed(factor)
        context = self.context(
            title="Authenticator app",
            form=form,
            qr=totp_qr(factor),
            seed=" ".join(seed[at : at + 4] for at in range(0, len(seed), 4)),
        )
        status = 422 if form.errors else 200
        return render(self.request, "accounts/second_factor/totp_add.html", context, status=status)


@no_traces
class SmsAddView(EnrolView):
    """The number first, then the code sent to it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the number; the one of the profile is filled in."""
        return self._page(PhoneForm(initial={"phone": self.actor.user.phone}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Send a code to the number."""
        form = PhoneForm(request.POST)
        if form.is_valid():
            try:
                factor_room(self.actor.user)
                phone = phone_number(form.cleaned_data["phone"])
                factor = sms_begin(self.actor.user, phone=phone)
                if not sms_is_waiting(factor):
                    sms_send(self.actor, factor=factor)
                target = local_next(request)
                query = f"?{urlencode({'next': target}, safe='/')}" if target else ""
                return redirect(f"{reverse('accounts:factor_sms_confirm')}{query}")
            except DomainError as error:
                form.add_error("phone" if error.fields else None, error.message)
        return self._page(form)

    def _page(self, form: PhoneForm) -> HttpResponse:
        status = 422 if form.errors else 200
        context = self.context(title="Codes by SMS", form=form, is_offered=sms_is_offered())
        return render(self.request, "accounts/second_factor/sms_add.html", context, status=status)


@no_traces
class SmsConfirmView(EnrolView):
    """The code that was sent to the number."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the code."""
        factor = self._factor()
        return (
            self._page(factor, CodeForm(kind="sms"))
            if factor
            else redirect("accounts:factor_sms_add")
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Check the code, or send another."""
        factor = self._factor()
        if factor is None:
            return redirect("accounts:factor_sms_add")
        refusal = self.wait()
        if refusal is not None:
            return refusal
        if "send" in request.POST:
            return self._send(factor)
        form = CodeForm(request.POST, kind="sms")
        if self.is_right(factor, form):
            return self.confirm(factor, masked(factor.phone))
        return self._page(factor, form)

    def _send(self, factor: SmsDevice) -> HttpResponse:
        try:
            sms_send(self.actor, factor=factor)
            messages.success(self.request, "Another code is on its way.")
        except DomainError as error:
            messages.error(self.request, error.message)
        return self._page(factor, CodeForm(kind="sms"))

    def _factor(self) -> SmsDevice | None:
        begun = SmsDevice.objects.filter(user=self.actor.user, confirmed=False)
        return begun.order_by("-pk").first()

    def _page(self, factor: SmsDevice, form: CodeForm) -> HttpResponse:
        context = self.context(title="Type the code", form=form, phone=factor.phone)
        status = 422 if form.errors else 200
        return render(
            self.request, "accounts/second_factor/sms_confirm.html", context, status=status
        )


@no_traces
class PasskeyAddView(EnrolView):
    """What a passkey is, what to call it, and the button that makes one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page; static/js/passkey.js does the rest."""
        context = self.context(
            title="Passkey",
            form=NameForm(initial={"name": "Passkey"}),
            place=passkey_place(request),
        )
        return render(request, "accounts/second_factor/passkey_add.html", context)


@no_traces
class RecoveryView(EnrolView):
    """Ten codes on paper for the day the phone is lost."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Say what they are and how many are left."""
        if self.actor.user.second_factor_at is None:
            return redirect("accounts:factor_list")
        left = recovery_left(self.actor.user)
        context = self.context(title="Recovery codes", left=left)
        return render(request, "accounts/second_factor/recovery.html", context)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Make new ones and show them, this once."""
        if self.actor.user.second_factor_at is None:
            return redirect("accounts:factor_list")
        codes = recovery_make(self.actor, user=self.actor.user)
        context = self.context(
            title="Your recovery codes",
            secret="\n".join(codes),
            secret_rows=len(codes),
            secret_label=f"For {self.actor.user.email} at {self.request.get_host()}",
            filename="thinx-console-recovery-codes.txt",
            note="This is the only time they are shown. Keep them where your phone is not: on "
            "paper, or in a password manager. Codes from before do not work any more.",
            done_url=local_next(request) or reverse("accounts:factor_list"),
        )
        return render(request, "accounts/second_factor/recovery_codes.html", context)
