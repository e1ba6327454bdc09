"""The list of open sign-ins, and ending them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import View

from accounts.browsers import browser_in_words
from accounts.selectors.sign_ins import open_sign_ins
from accounts.services.sign_ins import MARK, sign_in_end, sign_ins_end
from accounts.views.profile_pages import OwnAccountMixin, ProfilePage

SHOWN = 100


class SignInListView(ProfilePage):
    """Where the account is open now."""

    tab = "accounts:signin_list"
    template_name = "accounts/profile_sign_ins.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        here = self.request.session.get(MARK)
        found = list(open_sign_ins(self.person)[: SHOWN + 1])
        rows = [
            {
                "sign_in": sign_in,
                "browser": browser_in_words(sign_in.user_agent),
                "is_here": f"{sign_in.uid}" == here,
            }
            for sign_in in found[:SHOWN]
        ]
        rows.sort(key=lambda row: not row["is_here"])
        has_others = any(not row["is_here"] for row in rows)
        more = len(found) > SHOWN
        return super().get_context_data(rows=rows, has_others=has_others, more=more, **kwargs)


class SignInEndView(OwnAccountMixin, View):
    """End one session of one's own."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End it and go back to the list; 404 for anybody else's."""
        found = open_sign_ins(self.person).filter(uid=self.kwargs["uid"]).first()
        if found is None:
            raise Http404
        words = browser_in_words(found.user_agent)
        sign_in_end(self.actor, sign_in=found)
        messages.success(request, f"The session of {words} is ended.")
        return redirect("accounts:signin_list")


class SignInEndOthersView(OwnAccountMixin, View):
    """End every session but this one."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End them and say how many there were."""
        count = sign_ins_end(self.actor, user=self.person, keep=request.session.get(MARK))
        said = f"{count} other session{'' if count == 1 else 's'} ended." if count else None
        messages.success(request, said or "There is no other session.")
        return redirect("accounts:signin_list")
