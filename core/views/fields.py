"""One field of an object, changed where it is shown."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from core.views.edit import ObjectEditView


class ObjectFieldView(ObjectEditView):
    """The edit form with one of its fields, named by `?name=`; registered as `field`.

    A fact with `field` leads here. htmx puts the form in place of the fact and hears of the end by
    the event `field:saved`; without JavaScript it is a small page. Only this field is saved, so
    what others changed meanwhile stays.
    """

    def make_form(self, obj: Any, data: Any) -> Any:
        """Return the form without its other fields. 404 for a field that is not there."""
        form = super().make_form(obj, data)
        name = self.request.GET.get("name") or next(iter(form.fields))
        if name not in form.fields:
            raise Http404
        form.fields = {name: form.fields[name]}
        return form

    def done(self, obj: Any, *, created: bool) -> HttpResponse:
        """Let the page fetch itself anew, or go back to it."""
        if not self._in_place:
            return super().done(obj, created=created)
        return HttpResponse(status=204, headers={"HX-Trigger": "field:saved"})

    @property
    def _in_place(self) -> bool:
        return bool(self.request.htmx)  # type: ignore[attr-defined]

    def _page(self, form: Any, obj: Any) -> HttpResponse:
        field = next(iter(form))
        field.field.widget.attrs["autofocus"] = True
        if not self._in_place:
            return super()._page(form, obj)
        context = {
            "form": form,
            "object": obj,
            "field": field,
            "action_url": self.request.get_full_path(),
            "cancel_url": self.back_url(obj),
        }
        status = 422 if form.is_bound and form.errors else 200
        return render(self.request, "components/field_form.html", context, status=status)
