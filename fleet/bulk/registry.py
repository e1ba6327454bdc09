"""The registry of bulk actions: one file of `fleet/bulk/actions/` each, and no other change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.datastructures import MultiValueDict

from core.exceptions import DomainError
from core.registry import Registry
from core.scoping import scope_form_fields


class BulkAction:
    """One verb on many devices.

    `permission` is the action that the actor must hold on each device, `question` the verb that
    stands before "12 devices?", `done_word` what they are afterwards. Small `order`s stand first in
    the bar. The fields of `form_class` become the arguments of `perform`; they are kept in the
    clear while the job lasts, so that what is secret needs a page of its own.
    """

    slug: ClassVar[str] = ""
    label: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    style: ClassVar[str] = "default"
    order: ClassVar[int] = 500
    permission: ClassVar[str] = "change"
    question: ClassVar[str] = ""
    done_word: ClassVar[str] = "changed"
    danger: ClassVar[bool] = False
    # Whose button it is, where that is not whoever holds `permission` on devices.
    offered_for: ClassVar[Any] = None
    offered_to: ClassVar[str] = ""
    form_class: ClassVar[Any] = None

    def perform(self, actor: Any, device: Any, **params: Any) -> str | None:
        """Call the service for one device; return a sentence when there was nothing to do.

        Raises what the service raises: DomainError and PermissionDenied fail this device only.
        """
        raise NotImplementedError

    def narrow(self, form: Any, actor: Any) -> None:
        """Narrow the choices of the form further than to what the actor may view."""

    def consequences(self, devices: Any, count: int) -> list[str]:
        """Return sentences on what else is affected."""
        return []

    def make_form(self, actor: Any, data: Any = None) -> Any:
        """Return the form of the question, or None when a yes is enough."""
        if self.form_class is None:
            return None
        form = self.form_class(data)
        scope_form_fields(form, actor)
        self.narrow(form, actor)
        return form

    def fields_of(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return what was sent for the fields of the form, as a job keeps it."""
        names = self.form_class.base_fields if self.form_class is not None else ()
        texts = data.getlist if isinstance(data, MultiValueDict) else lambda name: data[name]
        return {name: [*texts(name)] for name in names if name in data}

    def clean(self, actor: Any, fields: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return the arguments of `perform`; raises DomainError (bulk.params) with the fields."""
        form = self.make_form(actor, MultiValueDict(fields))
        if form is None:
            return {}
        if form.is_valid():
            return form.cleaned_data
        faults = {name: [f"{text}" for text in said] for name, said in form.errors.items()}
        first = next(iter(faults.values()))[0]
        raise DomainError("bulk.params", first, fields=faults)


bulk_actions: Registry[BulkAction] = Registry("bulk actions")
