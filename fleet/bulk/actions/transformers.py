"""Puts a transformer at the end of the chains of many devices, and takes one out."""

from __future__ import annotations

from typing import Any

from devices.transformers.forms import AttachTransformerForm
from devices.transformers.services import device_attach_transformer, device_detach_transformer
from fleet.bulk.registry import BulkAction, bulk_actions


@bulk_actions.register
class AttachTransformer(BulkAction):
    """What each device said last is run through it at once."""

    slug = "transformer-attach"
    label = "Attach transformer"
    icon = "code"
    order = 120
    question = "Attach a transformer to"
    form_class = AttachTransformerForm

    def perform(self, actor: Any, device: Any, *, transformer: Any) -> str | None:
        """Call the service."""
        device_attach_transformer(actor, device=device, transformer=transformer)
        return None


@bulk_actions.register
class DetachTransformer(BulkAction):
    """The rest of each chain stays."""

    slug = "transformer-detach"
    label = "Detach transformer"
    icon = "x"
    order = 121
    question = "Detach a transformer from"
    form_class = AttachTransformerForm

    def perform(self, actor: Any, device: Any, *, transformer: Any) -> str | None:
        """Call the service."""
        device_detach_transformer(actor, device=device, transformer=transformer)
        return None
