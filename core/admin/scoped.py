"""Model admins by the one access rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.dispatch import Signal
from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from core.admin.fields import (
    declares,
    has_field,
    is_relation,
    is_scoped,
    narrowed,
    route_name,
    shown_fields,
)
from core.scoping import is_allowed, may_somewhere
from core.secret_fields import is_secret

# Sent with actor, row, verb ("changed", "deleted"), fields, before (the row as it was).
admin_wrote = Signal()

LONG = (models.TextField, models.JSONField, models.BinaryField)
SHOWN_COLUMNS = 6


class UidChangeList(ChangeList):
    """Links rows by their public id, or not at all."""

    def url_for_result(self, result: Any) -> str:
        """Return the address of a row."""
        return reverse(f"admin:{route_name(self.opts)}_change", args=[result.uid])


class ScopedAdminMixin:
    """Rows by `allowed()`, permissions by the actor, no secret anywhere, writes told.

    Reads only, unless the class names `editable` fields, or says `deletable`. A model without an
    organization is for actors whom nothing limits.
    """

    editable: ClassVar[Sequence[str]] = ()
    deletable: ClassVar[bool] = False
    hidden: ClassVar[Sequence[str]] = ()
    title: ClassVar[str] = ""
    actions = None
    view_on_site = False
    show_full_result_count = False
    list_per_page = 50
    model: type[models.Model]
    opts: Any
    admin_site: admin.AdminSite

    @property
    def has_page(self) -> bool:
        """Tell whether rows have an address: by their uid only, for keys stay in the process."""
        return has_field(self.model, "uid") and isinstance(
            self.model._meta.get_field("uid"), models.UUIDField
        )

    @property
    def label(self) -> str:
        """Return what the table is called."""
        return capfirst(self.title or f"{self.opts.verbose_name_plural}")

    # --- Routes ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Return the list, and where rows have one, their page and its deletion."""
        name, wrap = route_name(self.opts), self.admin_site.admin_view
        urls = [path("", wrap(self.changelist_view), name=f"{name}_changelist")]  # type: ignore[attr-defined]
        if self.has_page:
            urls.append(path("<uuid:uid>/", wrap(self.page_view), name=f"{name}_change"))
        if self.deletable:
            urls.append(path("<uuid:uid>/delete/", wrap(self.drop_view), name=f"{name}_delete"))
        return urls

    def page_view(self, request: HttpRequest, uid: Any) -> HttpResponseBase:
        """Show one row; a row that can be changed asks first for a recent proof."""
        self._must_exist(request, uid)
        if self.editable and not request.actor.is_recent:  # type: ignore[attr-defined]
            return redirect_to_login(request.get_full_path(), reverse(settings.SUDO_URL))
        row = self.get_object(request, f"{uid}")
        context = {"title": f"{row}", "subtitle": None}
        return self.change_view(request, f"{uid}", extra_context=context)  # type: ignore[attr-defined]

    page_view.writes = True  # type: ignore[attr-defined]

    def drop_view(self, request: HttpRequest, uid: Any) -> HttpResponseBase:
        """Ask, then delete one row."""
        self._must_exist(request, uid)
        if not request.actor.is_recent:  # type: ignore[attr-defined]
            return redirect_to_login(request.get_full_path(), reverse(settings.SUDO_URL))
        return self.delete_view(request, f"{uid}")  # type: ignore[attr-defined]

    drop_view.writes = True  # type: ignore[attr-defined]

    def response_change(self, request: HttpRequest, obj: models.Model) -> HttpResponse:
        """Stay on the page, saying what happened."""
        messages.success(request, f"{obj} is saved.")
        return HttpResponseRedirect(request.path)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Show the list; for those who may not see the table there is none."""
        if not self.has_view_permission(request):
            raise Http404
        context = {"title": self.label, **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that links by uid."""
        return UidChangeList

    @property
    def media(self) -> Media:
        """Nothing here needs Django's jQuery: no actions, no pop-ups, no calendars."""
        return Media()

    # --- Rows ------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows that this actor may view."""
        actor: Any = request.actor  # type: ignore[attr-defined]
        rows = self.model._default_manager.all()
        if is_scoped(self.model) and declares(self.model, "view"):
            rows = rows.allowed(actor, "view")  # type: ignore[attr-defined]
        elif not actor.is_unrestricted:
            return rows.none()
        ordering = self.get_ordering(request)  # type: ignore[attr-defined]
        return rows.order_by(*ordering) if ordering else rows

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model | None:
        """Return the row of a uid."""
        try:
            row = self.get_queryset(request).filter(uid=object_id).first()
        except (ValidationError, ValueError):
            return None
        actor: Any = request.actor  # type: ignore[attr-defined]
        if row is not None and actor.is_unrestricted and is_scoped(self.model):
            actor.oversee(self.model, row)
        return row

    def _must_exist(self, request: HttpRequest, uid: Any) -> None:
        if self.get_object(request, f"{uid}") is None:
            raise Http404

    # --- Permissions -----------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the table shows at all."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether rows, or this row, may be seen."""
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing begins here: the console's own pages call the services that it takes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the editable fields may be changed."""
        return bool(self.editable) and self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the row may be deleted, where that needs no service."""
        return self.deletable and self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, action: str, obj: Any) -> bool:
        actor: Any = request.actor  # type: ignore[attr-defined]
        if not is_scoped(self.model) or not declares(self.model, action):
            return bool(actor.is_unrestricted)
        if obj is None:
            return may_somewhere(actor, self.model, action)
        return is_allowed(obj, actor, action)

    # --- Fields ----------------------------------------------------------------------------

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return every column but secrets, keys and what the class hides; the editable first."""
        rest = [name for name in shown_fields(self.model, self.hidden) if name not in self.editable]
        return [*self.editable, *rest]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all fields in one set, whatever a subclass of Django's declares."""
        return [(None, {"fields": self.get_fields(request, obj)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return all fields but the editable ones."""
        return [name for name in self.get_fields(request, obj) if name not in self.editable]

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        """Return the columns of the list: those declared, or the first short ones."""
        declared = self.list_display  # type: ignore[attr-defined]
        if tuple(declared) != ("__str__",):
            return declared
        short = [
            name
            for name in shown_fields(self.model, (*self.hidden, "uid"))
            if not isinstance(self.model._meta.get_field(name), LONG)
        ]
        return ["__str__", *short[:SHOWN_COLUMNS]]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Link rows that have a page."""
        return super().get_list_display_links(request, list_display) if self.has_page else None  # type: ignore[misc]

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """Fetch the related rows that the columns name with the list."""
        names = self.get_list_display(request)
        return [name for name in names if is_relation(self.model, name)] or False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Take only the filters of the page: any other column could be guessed letter by letter."""
        offered = {name for name in self.list_filter if isinstance(name, str)}  # type: ignore[attr-defined]
        return lookup.split("__", 1)[0] in offered and not is_secret(self.model, lookup)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what the actor may view."""
        kwargs["queryset"] = narrowed(db_field.remote_field.model, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what the actor may view."""
        kwargs["queryset"] = narrowed(db_field.remote_field.model, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    # --- Writes ----------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save the changed fields, re-check that the row is still within reach, and tell."""
        actor: Any = request.actor  # type: ignore[attr-defined]
        fields = [name for name in form.changed_data if name in self.editable]
        before = self.model._default_manager.get(pk=obj.pk)
        self.may_save(actor, obj, before)
        if not fields:
            return
        obj.save(update_fields=fields)
        if not self._may(request, "change", obj):
            raise PermissionDenied
        admin_wrote.send(
            sender=self.model, actor=actor, row=obj, verb="changed", fields=fields, before=before
        )

    def may_save(self, actor: Any, obj: Any, before: Any) -> None:
        """Raise PermissionDenied where the new values are not this actor's to give."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one row, after asking again, and tell."""
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        fields = shown_fields(self.model, self.hidden)
        before = self.model._default_manager.get(pk=obj.pk)
        admin_wrote.send(
            sender=self.model,
            actor=request.actor,  # type: ignore[attr-defined]
            row=obj,
            verb="deleted",
            fields=fields,
            before=before,
        )
        obj.delete()

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave it to the audit log: one record, that nobody can change."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave it to the audit log."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Leave it to the audit log."""


class ConsoleModelAdmin(ScopedAdminMixin, admin.ModelAdmin):
    """What every model of the admin site subclasses."""
