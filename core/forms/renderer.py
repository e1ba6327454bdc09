"""Form rendering: our field template, and Bootstrap's class on every widget by its kind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import Input

CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Textarea, "form-control"),
    (Input, "form-control"),
)


def widget_class(widget: forms.Widget) -> str:
    return next((css for kind, css in CLASSES if isinstance(widget, kind)), "")


class ConsoleBoundField(BoundField):
    """A bound field whose widget carries its class, and tells templates what kind it is."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        widget = widget or self.field.widget
        built = super().build_widget_attrs(attrs, widget)
        own = str(widget.attrs.get("class", ""))
        invalid = "is-invalid" if self.form.is_bound and self.errors else ""
        built["class"] = " ".join(filter(None, (widget_class(widget), own, invalid)))
        return built

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_choice_list(self) -> bool:
        kinds = (forms.RadioSelect, forms.CheckboxSelectMultiple)
        return isinstance(self.field.widget, kinds)


class ConsoleRenderer(TemplatesSetting):
    """Set as FORM_RENDERER; needs "django.forms" in INSTALLED_APPS."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
    bound_field_class = ConsoleBoundField
