"""The form that creates or changes an object, through one service."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from core.exceptions import DomainError
from core.scoping import (
    drop_unseen_choices,
    is_allowed,
    may_in,
    may_somewhere,
    scope_form_fields,
)
from core.views.base import ScopedViewMixin, heading, noun
from core.views.registry import url_name


class ObjectEditView(ScopedViewMixin, View):
    """Without a uid it creates. Declares `form_class`; `save` calls the service.

    After saving, the row must still be inside what the actor may do; otherwise everything is
    rolled back and answered 403.
    """

    form_class: ClassVar[Any]
    template_name: ClassVar[str] = "generic/object_edit.html"
    create_title: ClassVar[str] = ""
    submit_label: ClassVar[str] = ""
    lead: ClassVar[str] = ""

    @property
    def action(self) -> str:
        """Return the permission that the URL needs."""
        return "change" if "uid" in self.kwargs else "add"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the form."""
        obj = self._object()
        return self._page(self.make_form(obj, None), obj)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save and go on, or return the form with its faults."""
        obj = self._object()
        form = self.make_form(obj, request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    saved = self.save(form, obj)
                    if not is_allowed(saved, self.actor, self.action):
                        raise PermissionDenied
                return self.done(saved, created=obj is None)
            except DomainError as error:
                add_errors(form, error)
            except ValidationError as error:
                form.add_error(None, ValidationError(error.messages))
        return self._page(form, obj)

    def make_form(self, obj: Any, data: Any) -> Any:
        """Return the form with every choice narrowed to what the actor may view."""
        form = self.form_class(data, **self.form_kwargs(obj))
        scope_form_fields(form, self.actor)
        drop_unseen_choices(form, obj, self.actor)
        return form

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Return further arguments of the form: the instance, or initial values."""
        return {"instance": obj} if obj is not None else {"initial": self.initial()}

    def initial(self) -> dict[str, Any]:
        """Return what a new form starts with: the query string's values of known fields."""
        fields = getattr(self.form_class, "base_fields", {})
        return {name: v for name, v in self.request.GET.items() if name in fields}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service; return the saved object."""
        raise TypeError(f"{type(self).__name__} does not say which service saves")

    def done(self, obj: Any, *, created: bool) -> HttpResponse:
        """Go to the object's page, saying what happened."""
        verb = "added" if created else "saved"
        messages.success(self.request, f"{obj} is {verb}.")
        return redirect(obj.get_absolute_url())

    def back_url(self, obj: Any) -> str:
        """Return where *Cancel* leads: the object, or the list."""
        return obj.get_absolute_url() if obj is not None else reverse(url_name(self.model, "list"))

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the way here: the list, then the object."""
        crumbs = [{"label": heading(self.model), "url": reverse(url_name(self.model, "list"))}]
        if obj is not None:
            crumbs.append({"label": f"{obj}", "url": obj.get_absolute_url()})
        return crumbs

    def organization(self) -> Any:
        """Return the organization that new objects go into."""
        return self.request.home_organization  # type: ignore[attr-defined]

    def _place(self) -> str:
        organization = self.organization()
        return f"In the organization {organization}." if organization else ""

    def _object(self) -> Any:
        if "uid" in self.kwargs:
            return self.get_one("change")
        if not self._may_add():
            raise PermissionDenied
        return None

    def _may_add(self) -> bool:
        organization = self.organization()
        if organization and self.model.scope_path != "pk":  # type: ignore[attr-defined]
            return may_in(self.actor, self.model, "add", organization)
        return may_somewhere(self.actor, self.model, "add")

    def _page(self, form: Any, obj: Any) -> HttpResponse:
        model = self.model
        title = f"Edit {obj}" if obj is not None else self.create_title or f"Add {noun(model)}"
        back = self.back_url(obj)
        context = {
            "form": form,
            "object": obj,
            "title": title,
            "crumbs": self.crumbs(obj),
            "lead": self.lead or ("" if obj is not None else self._place()),
            "submit_label": "Save" if obj is not None else self.submit_label or title,
            "cancel_url": back,
        }
        status = 422 if form.is_bound and form.errors else 200
        return render(self.request, self.template_name, context, status=status)


def add_errors(form: Any, error: DomainError) -> None:
    """Put the sentences of a refusal beside the fields they are about, else above the form."""
    placed = False
    for name, texts in error.fields.items():
        if name in form.fields:
            form.add_error(name, texts)
            placed = True
    if not placed:
        form.add_error(None, error.message)
