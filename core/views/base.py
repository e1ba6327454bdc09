"""What every console view does first: know who asks, and send strangers to sign in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.text import capfirst

from core.scoping import get_allowed


class ScopedViewMixin:
    """Gives the view its actor; rows start at `allowed(actor, action)`.

    With `sudo`, a session that has not proved lately who sits there is asked first.
    """

    request: HttpRequest
    queryset: Any
    kwargs: dict[str, Any]
    sudo: ClassVar[bool] = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask strangers to sign in, whatever the view is."""
        if not request.actor.is_authenticated:  # type: ignore[attr-defined]
            return redirect_to_login(request.get_full_path())
        if self.sudo and not request.actor.is_recent:  # type: ignore[attr-defined]
            asked = redirect_to_login(request.get_full_path(), reverse(settings.SUDO_URL))
            # 307 sends the form along, so that nothing typed is lost.
            asked.status_code = 307 if request.method == "POST" else 302
            return asked
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    @property
    def actor(self) -> Any:
        """Return who is asking."""
        return self.request.actor  # type: ignore[attr-defined]

    @property
    def model(self) -> type[Model]:
        """Return the model that the view is about."""
        return self.queryset.model

    def get_one(self, action: str) -> Any:
        """Return the row of this URL; 404 when not viewable, 403 when not permitted."""
        return get_allowed(self.queryset.all(), self.actor, action, uid=self.kwargs["uid"])

    def get_rows(self, action: str) -> Any:
        """Return the rows permitted, within the organization chosen in the header."""
        rows = self.queryset.all().allowed(self.actor, action)
        chosen = getattr(self.request, "organization", None)
        if not chosen or self.model.scope_path == "pk":  # type: ignore[attr-defined]
            return rows
        path = self.model.scope_path  # type: ignore[attr-defined]
        return rows.filter(**{f"{path}__path__startswith": chosen.path})


def noun(model: type[Model], count: int = 1) -> str:
    """Return "device" or "devices", as the model's Meta says."""
    return f"{model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"


def heading(model: type[Model]) -> str:
    """Return the plural with a capital letter, as lists are titled."""
    return capfirst(noun(model, 2))
