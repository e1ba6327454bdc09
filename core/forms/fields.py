"""Form fields that keep integer keys inside the process."""

from __future__ import annotations

from typing import Any

from django import forms


class UidChoiceField(forms.ModelChoiceField):
    """A choice among rows by their public id; `scope_form_fields` narrows it to the actor's."""

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "uid")
        super().__init__(queryset, **kwargs)
