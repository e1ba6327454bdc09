"""Where people go on after a question, and what they had typed before it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.second_factor.recovery import recovery_left

# Not in a cache, not in an error report.
no_traces = method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
# What is never sent back to a browser.
SECRET_FIELD = re.compile(r"password|passphrase|secret|private|token|code|\bpin\b|csrf", re.I)


def local_next(request: HttpRequest) -> str:
    """Return the address asked for in `next`, or "" when it leads away from this console."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_ours else ""


def carried_fields(request: HttpRequest) -> str:
    """Return what came with a form that was sent too late, without its secrets.

    Such a POST is sent on to the question with 307, so its body arrives there.
    """
    kept = QueryDict(mutable=True)
    for name, values in request.POST.lists():
        if not SECRET_FIELD.search(name):
            kept.setlist(name, values)
    return kept.urlencode()


def go_on(request: HttpRequest, carried: str | None, default: str = "") -> HttpResponse:
    """Go where the person wanted to, or offer to send again the form that came too late."""
    target = local_next(request)
    if target and carried is not None:
        fields = QueryDict(carried)
        hidden = [
            {"name": name, "value": value} for name, values in fields.lists() for value in values
        ]
        context: dict[str, Any] = {"hidden": hidden, "action_url": target, "title": "Confirmed"}
        return render(request, "accounts/second_factor/go_on.html", context)
    return redirect(target or default or resolve_url(settings.LOGIN_REDIRECT_URL))


def enrolled_url(request: HttpRequest) -> str:
    """Return where one goes after adding a factor: to recovery codes if there are none yet."""
    target = local_next(request)
    if recovery_left(request.user) == 0:  # type: ignore[arg-type]
        query = f"?{urlencode({'next': target}, safe='/')}" if target else ""
        return f"{reverse('accounts:factor_recovery')}{query}"
    return target or reverse("accounts:factor_list")


def too_many_answers(request: HttpRequest, wait: int) -> HttpResponse:
    """Return the 429 page, which says when to come back."""
    minutes = -(-wait // 60)
    context = {
        "message": f"Too many wrong answers. Try again in {minutes} "
        f"{'minute' if minutes == 1 else 'minutes'}; until then even the right one is not "
        "looked at."
    }
    response = render(request, "errors/429.html", context, status=429)
    response["Retry-After"] = f"{wait}"
    return response
