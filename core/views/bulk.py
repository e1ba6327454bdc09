"""Verbs on many objects: the selection, or everything that matches the filters."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from core.exceptions import DomainError
from core.scoping import scope_form_fields
from core.views.base import ScopedViewMixin, heading, noun
from core.views.registry import url_name
from core.views.selection import Selection

MAX_ROWS = 1000


class BulkActionView(ScopedViewMixin, View):
    """POST with `selected=<uid>…` (or `all=1` and the list's `query`) asks; `confirm=1` does.

    The service runs per row; one row's refusal does not stop the others, and the result names
    each refusal. `form_class` asks for more than a yes; `perform` finds it in `self.form`.
    """

    action: ClassVar[str]
    filterset_class: ClassVar[Any]
    form_class: ClassVar[Any] = None
    form: Any = None
    submit_label: ClassVar[str] = "Continue"
    done_word: ClassVar[str] = "done"
    danger: ClassVar[bool] = False
    template_name: ClassVar[str] = "generic/confirm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return to the list: there is nothing selected in a link."""
        return redirect(self._list_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask first, then do it row by row."""
        rows = self._selected()
        if not rows:
            messages.info(request, "Nothing was selected that you may change.")
            return redirect(self._list_url())
        confirmed = bool(request.POST.get("confirm"))
        self.form = self.make_form(request.POST if confirmed else None)
        if not confirmed or (self.form is not None and not self.form.is_valid()):
            return self._ask(rows)
        self._perform_all(rows)
        return redirect(self._list_url())

    def make_form(self, data: Any) -> Any:
        """Return the extra fields of the question, narrowed to what the actor may view."""
        if self.form_class is None:
            return None
        form = self.form_class(data)
        scope_form_fields(form, self.actor)
        return form

    def perform(self, obj: Any) -> None:
        """Call the service for one row."""
        raise TypeError(f"{type(self).__name__} does not say which service acts")

    def consequences(self, rows: list[Any]) -> list[str]:
        """Return sentences on what else is affected."""
        return []

    def _selected(self) -> list[Any]:
        chosen = Selection.of(self.request.POST)
        permitted = chosen.among(self.get_rows(self.action), self.filterset_class, self.request)
        rows = list(permitted[: MAX_ROWS + 1])
        if len(rows) > MAX_ROWS:
            said = f"These are the first {MAX_ROWS}; do it again for the rest."
            messages.info(self.request, said)
        return rows[:MAX_ROWS]

    def _perform_all(self, rows: list[Any]) -> None:
        refused = []
        for row in rows:
            try:
                self.perform(row)
            except DomainError as error:
                refused.append(f"{row}: {error.message}")
        count = len(rows) - len(refused)
        if count:
            messages.success(self.request, f"{count} {noun(self.model, count)} {self.done_word}.")
        for sentence in refused[:10]:
            messages.error(self.request, sentence)

    def _ask(self, rows: list[Any]) -> HttpResponse:
        count = len(rows)
        # Those rows and no others: what is asked about is what will be done.
        hidden = Selection(uids=tuple(row.uid for row in rows)).hidden()
        context = {
            "title": f"{self.submit_label} {count} {noun(self.model, count)}?",
            "objects": rows,
            "consequences": self.consequences(rows),
            "typed": "",
            "form": self.form,
            "hidden": hidden,
            "submit_label": f"{self.submit_label} {count} {noun(self.model, count)}",
            "danger": self.danger,
            "cancel_url": self._list_url(),
            "action_url": self.request.path,
            "crumbs": [{"label": heading(self.model), "url": self._list_url()}],
        }
        status = 422 if self.form is not None and self.form.errors else 200
        return render(self.request, self.template_name, context, status=status)

    def _list_url(self) -> str:
        return reverse(url_name(self.model, "list"))


class BulkDeleteView(BulkActionView):
    """Deletes the selected rows."""

    action = "delete"
    submit_label = "Delete"
    done_word = "deleted"
    danger = True
