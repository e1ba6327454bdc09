"""The admin site itself: who may enter, and which routes it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import reverse

from core.admin.scoped import ConsoleModelAdmin, ScopedAdminMixin

# These go by other addresses here, or not at all.
DROPPED_ROUTES = {
    "login", "logout", "password_change", "password_change_done", "autocomplete", "view_on_site",
}  # fmt: skip


class ConsoleAdminSite(admin.AdminSite):
    """Opens to active staff whose session has shown a second factor; has no sign-in of its own."""

    site_title = "THiNX Console"
    site_header = "Django admin"
    index_title = "Every table you may see"
    empty_value_display = "none"
    app_names: ClassVar[dict[str, str]] = {}

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether this session may see anything here."""
        actor: Any = request.actor  # type: ignore[attr-defined]
        user = actor.user
        if user is None or actor.impersonator is not None:
            return False
        return bool(user.is_active and user.is_staff and actor.verified)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:  # noqa: FBT001, FBT002
        """Lead strangers to our sign-in, staff without a factor to it, and hide from the rest."""
        inner = super().admin_view(view, cacheable)

        methods = ["GET", "HEAD", "POST"] if getattr(view, "writes", False) else ["GET", "HEAD"]

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                return refuse(request)
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, view)

    def get_urls(self) -> list[Any]:
        """Leave out what the console has itself."""
        return [url for url in super().get_urls() if getattr(url, "name", "") not in DROPPED_ROUTES]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the tables under the names that people know them by."""
        found = super().get_app_list(request, app_label)
        for app in found:
            app["name"] = self.app_names.get(app["app_label"], app["name"])
            for table in app["models"]:
                table["name"] = self._registry[table["model"]].label  # type: ignore[attr-defined]
            app["models"].sort(key=lambda table: table["name"])
        return found

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only what obeys the access rule."""
        if admin_class is None or not issubclass(admin_class, ScopedAdminMixin):
            raise TypeError(f"{admin_class} is no ConsoleModelAdmin")
        super().register(model_or_iterable, admin_class, **options)


def refuse(request: HttpRequest) -> HttpResponseBase:
    """Answer those who may not see the admin."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    if not actor.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if actor.impersonator is not None or not actor.user.is_staff:
        raise Http404
    messages.warning(request, "The Django admin opens behind a second factor. Add one first.")
    return redirect_to_login(request.get_full_path(), reverse(settings.SECOND_FACTOR_URL))


def register_rest(app_label: str) -> None:
    """Register the models of an app that have no class of their own, to be read."""
    for model in apps.get_app_config(app_label).get_models():
        if not admin.site.is_registered(model):
            admin.site.register(model, ConsoleModelAdmin)
