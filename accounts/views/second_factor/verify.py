"""After any first factor: the question for the second."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from accounts.second_factor.browsers import browser_remember
from accounts.second_factor.sessions import session_verify
from accounts.second_factor.ways import Way
from accounts.views.second_factor.going_on import go_on
from accounts.views.second_factor.question import QuestionView


class FactorVerifyView(QuestionView):
    """Asks for a factor of one's own before anything else; nothing to ask means to go on."""

    template_name = "accounts/second_factor/verify.html"
    title = "Second factor"
    offers_memory = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let through who has passed: also whom passkey.js brings back after its ceremony."""
        actor = request.actor  # type: ignore[attr-defined]
        is_asked = request.method in {"GET", "HEAD", "POST"}
        if not is_asked or not actor.is_authenticated or actor.held_back == "verify":
            return super().dispatch(request, *args, **kwargs)
        if actor.held_back == "enrol":
            return redirect("accounts:factor_enrol")
        response = go_on(request, None)
        factor = getattr(request.user, "otp_device", None)
        if request.method == "POST" and "remember" in request.POST and factor is not None:
            browser_remember(actor, request=request, response=response, factor=factor)
        return response

    def passed(self, way: Way | None, carried: str | None) -> HttpResponseBase:
        assert way is not None
        session_verify(self.request, way.factor)
        response = go_on(self.request, None)
        if "remember" in self.request.POST and way.kind != "recovery":
            browser_remember(self.actor, request=self.request, response=response, factor=way.factor)
        return response

    def ask_otherwise(self, form: Any, carried: str | None) -> HttpResponse:
        return redirect("accounts:factor_enrol")
