"""Verbs on one object: a question, then one POST, then one service."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from core.exceptions import DomainError
from core.scoping import scope_form_fields
from core.views.base import ScopedViewMixin, heading, noun
from core.views.registry import url_name


class ObjectActionView(ScopedViewMixin, View):
    """GET asks, POST does. `action` has no default: forgetting it is an error at import time."""

    action: ClassVar[str]
    form_class: ClassVar[Any] = None
    template_name: ClassVar[str] = "generic/confirm.html"
    title: ClassVar[str] = ""
    submit_label: ClassVar[str] = "Continue"
    cancel_label: ClassVar[str] = "Cancel"
    danger: ClassVar[bool] = False
    # The field of the form without whose choices there is nothing to do.
    chosen_among: ClassVar[str] = ""
    # What acts, which of its arguments is the object, and what is said then of it: {} is the
    # object, {1} what the service returned.
    service: ClassVar[Any] = None
    argument: ClassVar[str] = ""
    success: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not getattr(cls, "action", ""):
            raise ImproperlyConfigured(f"{cls.__name__} names no action")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, naming the object and what follows."""
        obj = self.get_one(self.action)
        return self._page(obj, self.make_form(obj, None))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, or say why not."""
        obj = self.get_one(self.action)
        form = self.make_form(obj, request.POST)
        typed = self.typed(obj)
        if typed and request.POST.get("typed") != typed:
            return self._page(obj, form, f"Type {typed} to confirm.")
        if form is not None and not form.is_valid():
            return self._page(obj, form)
        try:
            result = self.perform(obj, form)
        except DomainError as error:
            return self._page(obj, form, error.message)
        return self.done(obj, result)

    def make_form(self, obj: Any, data: Any) -> Any:
        """Return the extra fields of the question, narrowed to what the actor may view."""
        if self.form_class is None:
            return None
        form = self.form_class(data, **self.form_kwargs(obj))
        scope_form_fields(form, self.actor)
        return form

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Return further arguments of the form."""
        return {}

    def perform(self, obj: Any, form: Any) -> Any:
        """Call the service with what the form says."""
        service = type(self).service
        if service is None:
            raise TypeError(f"{type(self).__name__} does not say which service acts")
        values = {} if form is None else form.cleaned_data
        return service(self.actor, **{self.argument: obj}, **values)

    def consequences(self, obj: Any) -> list[str]:
        """Return sentences on what else is affected."""
        return []

    def typed(self, obj: Any) -> str:
        """Return what must be typed to confirm what cannot be undone."""
        return ""

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the way here: the list, then the object."""
        model = type(obj)
        return [
            {"label": heading(model), "url": reverse(url_name(model, "list"))},
            {"label": f"{obj}", "url": obj.get_absolute_url()},
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go back to the object, saying what happened."""
        if self.success:
            messages.success(self.request, self.success.format(obj, result))
        return redirect(obj.get_absolute_url())

    def _page(self, obj: Any, form: Any, problem: str = "") -> HttpResponse:
        if problem:
            messages.error(self.request, problem)
        context = {
            "title": self.title.format(obj) if self.title else f"{self.submit_label}: {obj}",
            "objects": [obj],
            "object": obj,
            "consequences": self.consequences(obj),
            "typed": self.typed(obj),
            "form": form,
            "submit_label": self.submit_label,
            "cancel_label": self.cancel_label,
            "danger": self.danger,
            "cancel_url": obj.get_absolute_url(),
            "action_url": self.request.get_full_path(),
            "crumbs": self.crumbs(obj),
            "missing": self._missing(form),
        }
        bad = problem or (form is not None and form.is_bound and form.errors)
        return render(self.request, self.template_name, context, status=422 if bad else 200)

    def _missing(self, form: Any) -> dict[str, str] | None:
        """Return what has to be made before there is anything to choose, and where."""
        field = form.fields.get(self.chosen_among) if form is not None else None
        if field is None or field.queryset.exists():
            return None
        model = field.queryset.model
        return {"noun": noun(model), "url": reverse(url_name(model, "add"))}


class ObjectDeleteView(ObjectActionView):
    """Deletes one object after saying what goes with it."""

    action = "delete"
    title = "Delete {}?"
    submit_label = "Delete"
    danger = True

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the list, saying what happened."""
        messages.success(self.request, f"The {noun(type(obj))} {obj} is deleted.")
        return redirect(reverse(url_name(type(obj), "list")))
