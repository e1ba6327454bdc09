"""Console pages of transformers, and of the chain of one device."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from core.exceptions import DomainError
from core.views import (
    Action,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    ObjectView,
    Tab,
    register_model_view,
)
from devices.models import Device, DeviceState
from devices.transformers import services
from devices.transformers.filters import TransformerFilterSet
from devices.transformers.forms import (
    ChainForm,
    RestoreForm,
    TransformerForm,
)
from devices.transformers.gallery import gallery
from devices.transformers.models import DeviceTransformer, StatusTransformer
from devices.transformers.selectors import devices_using, diff_lines
from devices.transformers.tables import TransformerTable, VersionTable
from devices.transformers.trying import script_try

SHOWN = 12
TRANSFORMERS = StatusTransformer.objects.select_related("organization", "current__author")


def _counted(rows: Any, name: str) -> Any:
    """Return a sub-query that counts the rows of each transformer."""
    found = rows.filter(**{name: OuterRef("pk")}).order_by().values(name)
    count = found.annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


LISTED = TRANSFORMERS.annotate(
    device_count=_counted(DeviceTransformer.objects, "transformer"),
    failing_count=_counted(DeviceState.objects.exclude(status_error=""), "status_error_by"),
)
TRANSFORMER_ACTIONS = (
    Action("Edit and try", "edit", permission="change", icon="edit", style="primary"),
    Action("Delete", "delete", icon="trash", style="danger"),
)


@register_model_view(StatusTransformer, "list", detail=False)
class TransformerListView(ObjectListView):
    """Every transformer that the reader may see."""

    queryset = LISTED
    filterset_class = TransformerFilterSet
    table_class = TransformerTable
    lead = "Scripts that make text for people of what devices say: hex, JSON or codes."
    actions = (Action("Add transformer", "add", icon="plus", style="primary"),)
    row_actions = TRANSFORMER_ACTIONS
    empty = EmptyState(
        "No transformers yet",
        "A device says 0d4801; you want to read “Battery 3.40 V”. Write a few lines of "
        "JavaScript, or start from a ready one, try it on what a device said, and attach it.",
        icon="code",
        button="Add transformer",
    )
    saved_views = (("All", ""), ("Used", "used=true"), ("Unused", "used=false"))


class TransformerPage(ObjectView):
    """What every tab of a transformer shows."""

    queryset = TRANSFORMERS
    actions = (*TRANSFORMER_ACTIONS, SHARE_ACTION)
    tabs = (
        Tab("Overview"),
        Tab("Versions", "versions"),
        ACCESS_TAB,
        AUDIT_TAB,
    )

    def facts(self, obj: Any) -> list[Fact]:
        """Say which version runs, and since when."""
        current = obj.current
        return [
            Fact("Version", current.number if current else "none"),
            Fact("Saved", time=current.created_at if current else None),
            Fact("By", current.author if current else ""),
            Fact("What changed", current.note if current else ""),
            Fact("Organization", obj.organization),
            Fact("Id", obj.uid, mono=True, copy=True),
        ]


@register_model_view(StatusTransformer)
class TransformerView(TransformerPage):
    """The script that runs, and who uses it."""

    template_name = "devices/transformer.html"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the devices that use it."""
        devices = list(devices_using(self.actor, obj)[: SHOWN + 1])
        return {"devices": devices[:SHOWN], "has_more": len(devices) > SHOWN}


register_sharing(StatusTransformer, TransformerPage)


@register_model_view(StatusTransformer, "versions")
class TransformerVersionsView(TransformerPage, ObjectTabView):
    """Every text it ever had."""

    tab = "versions"
    table_class = VersionTable

    def rows(self, obj: Any) -> Any:
        """Return the versions, the newest first."""
        return obj.versions.select_related("author", "transformer").defer("body")


@register_model_view(StatusTransformer, "diff")
class TransformerDiffView(TransformerPage):
    """What changed between two versions."""

    tab = "versions"
    template_name = "devices/transformer_diff.html"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add both versions and the lines between them; by default the last change."""
        versions = list(obj.versions.select_related("author").defer("body"))
        newest = versions[0].number if versions else 0
        after = self._number("to", newest)
        before = self._number("from", after - 1)
        texts = dict(obj.versions.filter(number__in=(before, after)).values_list("number", "body"))
        lines = diff_lines(texts.get(before, ""), texts.get(after, ""))
        return {
            "versions": versions,
            "before": before,
            "after": after,
            "lines": lines,
            "may_restore": after != newest and after in texts,
        }

    def _number(self, name: str, default: int) -> int:
        said = self.request.GET.get(name, "")
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else default


@register_model_view(StatusTransformer, "restore")
class TransformerRestoreView(ObjectActionView):
    """Makes the text of an earlier version the newest one."""

    queryset = TRANSFORMERS
    action = "change"
    form_class = RestoreForm
    title = "Restore a version of {}"
    submit_label = "Restore"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start with the version that the link names."""
        return {"initial": {"number": self.request.GET.get("number")}}

    def consequences(self, obj: Any) -> list[str]:
        """Say that nothing is lost."""
        return [
            "The text becomes a new version, which runs at once on what the devices said last.",
            "The versions in between stay.",
        ]

    def perform(self, obj: Any, form: Any) -> Any:
        """Call the service."""
        number = form.cleaned_data["number"]
        services.transformer_restore(self.actor, transformer=obj, number=number)
        messages.success(self.request, f"Version {number} runs again.")


@register_model_view(StatusTransformer, "audit")
class TransformerAuditView(TransformerPage, AuditTab):
    """What was done to the transformer."""


@register_model_view(StatusTransformer, "add", detail=False)
@register_model_view(StatusTransformer, "edit")
class TransformerEditView(ObjectEditView):
    """Writes a script: *Try* runs it on real statuses, *Save* keeps it."""

    queryset = TRANSFORMERS
    form_class = TransformerForm
    template_name = "devices/transformer_edit.html"
    submit_label = "Save"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what the script makes of the statuses when that is all that is asked."""
        if "try" not in request.POST:
            return super().post(request, *args, **kwargs)
        obj = self._object()
        form = self.make_form(obj, request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                form.tried = script_try(
                    self.actor, body=data["body"], device=data["device"], samples=data["samples"]
                )
            except DomainError as error:
                form.add_error(None, error.message)
        return self._page(form, obj)

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Tell the form who asks, since it looks for devices."""
        return {**super().form_kwargs(obj), "actor": self.actor}

    def initial(self) -> dict[str, Any]:
        """Start from an entry of the gallery, if the link names one."""
        example = self.request.GET.get("example", "")
        if example not in gallery:
            return super().initial()
        entry = gallery.get(example)
        return {"alias": entry.label, "body": entry.body, "samples": "\n".join(entry.samples)}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        data = {name: form.cleaned_data[name] for name in ("alias", "body", "note")}
        if obj is not None:
            return services.transformer_edit(self.actor, transformer=obj, **data)
        return services.transformer_create(self.actor, organization=self.organization(), **data)


@register_model_view(StatusTransformer, "delete")
class TransformerDeleteView(ObjectDeleteView):
    """Deletes a transformer after saying which devices lose it."""

    queryset = TRANSFORMERS
    service = services.transformer_delete
    argument = "transformer"

    def consequences(self, obj: Any) -> list[str]:
        """Count the devices that show what they say from then on."""
        count = obj.places.count()
        versions = obj.versions.count()
        lines = [f"{versions} version{'' if versions == 1 else 's'} of the script."]
        if count:
            many = "1 device shows" if count == 1 else f"{count:,} devices show"
            lines.append(f"{many} what the rest of the chain makes of its status, or the raw text.")
        return lines


@register_model_view(Device, "transformers")
class DeviceTransformersView(ObjectActionView):
    """Sets the chain of one device: attach, detach and reorder in one form."""

    queryset = Device.objects.select_related("organization")
    action = "change"
    form_class = ChainForm
    template_name = "devices/device_transformers.html"
    title = "Transformers of {}"
    chosen_among = "place_1"
    submit_label = "Save"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start with the chain as it is."""
        return {"device": obj, "chain": services.chain_of(obj)}

    def perform(self, obj: Any, form: Any) -> Any:
        """Call the service."""
        services.device_set_transformers(self.actor, device=obj, transformers=form.chain)
        messages.success(self.request, f"The transformers of {obj} are saved.")
