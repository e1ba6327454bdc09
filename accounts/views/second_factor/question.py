"""The question for a second factor, as signing in and sudo mode ask it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property
from django.views.generic import View

from accounts.forms.second_factor import CodeForm
from accounts.second_factor.attempts import CodeRefused
from accounts.second_factor.factors import code_check
from accounts.second_factor.limits import guess_failed, guess_passed, guess_wait
from accounts.second_factor.passkeys import passkey_place
from accounts.second_factor.recovery import FEW, recovery_left
from accounts.second_factor.sms import sms_send
from accounts.second_factor.ways import Way, ways_of
from accounts.views.second_factor.going_on import (
    carried_fields,
    local_next,
    no_traces,
    too_many_answers,
)
from core.exceptions import DomainError
from core.views import ScopedViewMixin


@no_traces
class QuestionView(ScopedViewMixin, View):
    """One way at a time; the others are a button away. Everything works without JavaScript.

    A form of this page says `asked=1`; any other POST is one that came too late elsewhere, and
    its fields are kept.
    """

    template_name: ClassVar[str]
    title: ClassVar[str]
    offers_memory: ClassVar[bool] = False

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Ask."""
        return self.page(self.chosen(request.GET.get("with", "")), None)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Check the answer and go on; or change the way; or send a code."""
        if "asked" not in request.POST:
            return self.page(self.chosen(""), carried_fields(request))
        carried = request.POST.get("carried")
        if "with" in request.POST:
            return self.page(self.chosen(request.POST["with"]), carried)
        way = self.chosen(request.POST.get("way", ""))
        wait = guess_wait(self.actor.user.pk, self.actor.address)
        if wait:
            return too_many_answers(request, wait)
        if "send" in request.POST:
            return self._send(way, carried)
        return self._answer(way, carried)

    @cached_property
    def ways(self) -> list[Way]:
        """Return the ways of this person."""
        return ways_of(self.actor.user)

    def chosen(self, key: str) -> Way | None:
        """Return the way of this key, or the one used last."""
        return next((way for way in self.ways if way.key == key), next(iter(self.ways), None))

    def passed(self, way: Way | None, carried: str | None) -> HttpResponseBase:
        """Go on after a right answer."""
        raise TypeError(f"{type(self).__name__} does not say what follows")

    def ask_otherwise(self, form: Any, carried: str | None) -> HttpResponse:
        """Ask somebody who has no second factor."""
        raise TypeError(f"{type(self).__name__} does not say what else to ask")

    def page(self, way: Way | None, carried: str | None, form: Any = None) -> HttpResponse:
        """Return the page with one way open."""
        if way is None:
            return self.ask_otherwise(form, carried)
        context = {
            "title": self.title,
            "way": way,
            "others": [other for other in self.ways if other.key != way.key],
            "form": form or CodeForm(kind=way.kind),
            "place": passkey_place(self.request) if way.kind == "passkey" else None,
            "offers_memory": self.offers_memory,
            "remember": "remember" in self.request.POST,
            "next": local_next(self.request),
            "carried": carried,
        }
        status = 422 if form is not None and form.errors else 200
        return render(self.request, self.template_name, context, status=status)

    def _send(self, way: Way | None, carried: str | None) -> HttpResponse:
        if way is not None and way.kind == "sms":
            try:
                sms_send(self.actor, factor=way.factor)
            except DomainError as error:
                messages.error(self.request, error.message)
        return self.page(way, carried)

    def _answer(self, way: Way | None, carried: str | None) -> HttpResponseBase:
        if way is None or way.kind == "passkey":
            return self.page(way, carried)
        form = CodeForm(self.request.POST, kind=way.kind)
        if not form.is_valid():
            return self.page(way, carried, form)
        person = self.actor.user
        try:
            code_check(self.actor, factor=way.factor, code=form.cleaned_data["code"])
        except CodeRefused as error:
            if error.code == "accounts.code_refused":
                guess_failed(person.pk, self.actor.address)
            form.add_error("code", error.message)
            return self.page(way, carried, form)
        guess_passed(person.pk)
        self._warn_of_few_codes(way)
        return self.passed(way, carried)

    def _warn_of_few_codes(self, way: Way) -> None:
        if way.kind != "recovery":
            return
        left = recovery_left(self.actor.user)
        if left <= FEW:
            said = f"{left} recovery {'code is' if left == 1 else 'codes are'} left."
            messages.warning(self.request, f"{said} Make new ones on your second factor page.")
