"""Forms of transformers. They check and clean; the services write."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from django import forms
from django.db.models import Q

from core.forms.fields import UidChoiceField
from devices.models import Device
from devices.transformers.constants import MAX_BODY, MAX_CHAIN, RECENT, TEMPLATE
from devices.transformers.engine import EngineUnavailable
from devices.transformers.gallery import gallery
from devices.transformers.models import StatusTransformer
from devices.transformers.services import clean_body
from devices.transformers.trying import script_check


class TransformerForm(forms.Form):
    """The script, and what *Try* runs it on. A script that does not compile is not saved."""

    alias = forms.CharField(label="Name", max_length=80)
    body = forms.CharField(
        label="Script",
        max_length=MAX_BODY,
        strip=False,
        initial=TEMPLATE,
        widget=forms.Textarea(
            attrs={"rows": 16, "class": "mono", "spellcheck": "false", "data-code": "javascript"}
        ),
        help_text="JavaScript with a function transformer(status, device) that returns the text "
        "to show. #w in it marks a warning, #e an error. Nothing returned keeps the status.",
    )
    note = forms.CharField(
        label="What changed", max_length=200, required=False, help_text="Kept with the version."
    )
    device = forms.CharField(
        label="Try on a device",
        max_length=80,
        required=False,
        help_text="Its name or id; its last statuses are what the script gets.",
    )
    samples = forms.CharField(
        label="Try on samples",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        help_text=f"One status per line, at most {RECENT}. Nothing is stored.",
    )

    def __init__(
        self, data: Any = None, *, instance: Any = None, actor: Any = None, **kwargs: Any
    ) -> None:
        if instance is not None:
            body = instance.current.body if instance.current else TEMPLATE
            shown = {"alias": instance.alias, "body": body}
            kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)
        self.actor = actor
        self.is_trial = bool(data and "try" in data)
        self.tried: list[Any] | None = None
        self.gallery = list(gallery)
        # A name is for saving; trying needs none.
        self.fields["alias"].required = not self.is_trial

    def clean_body(self) -> str:
        """Have the engine compile the script, and say where it is wrong."""
        body = clean_body(self.cleaned_data["body"])
        try:
            found = script_check(body)
        except EngineUnavailable as error:
            raise forms.ValidationError(error.message) from None
        if found.error:
            self.fields["body"].widget.attrs["data-error-line"] = found.line
            raise forms.ValidationError(found.sentence)
        return body

    def clean_device(self) -> Device | None:
        """Return the device of this name or id, among those that the actor may view."""
        said = self.cleaned_data["device"].strip()
        if not said:
            return None
        rule = Q(alias=said)
        with contextlib.suppress(ValueError):
            rule |= Q(uid=uuid.UUID(said))
        found = Device.objects.allowed(self.actor).filter(rule).order_by("alias", "pk").first()
        if found is None:
            raise forms.ValidationError("There is no device of this name or id.")
        return found

    def clean_samples(self) -> list[str]:
        """Return one status per line."""
        lines = self.cleaned_data["samples"].splitlines()
        return [line[:400] for line in lines if line.strip()][:RECENT]


class ChainForm(forms.Form):
    """The chain of one device: a choice for each place, the empty ones left out."""

    def __init__(self, data: Any = None, *, device: Device, chain: list[Any]) -> None:
        super().__init__(data)
        choices = StatusTransformer.objects.filter(organization=device.organization)
        shown = min(len(chain) + 2, MAX_CHAIN) if data is None else MAX_CHAIN
        for place in range(shown):
            self.fields[f"place_{place + 1}"] = UidChoiceField(
                choices.order_by("alias", "pk"),
                label=f"{place + 1}.",
                required=False,
                empty_label="Nothing",
                initial=chain[place].uid if place < len(chain) else None,
            )

    @property
    def chain(self) -> list[StatusTransformer]:
        """Return the transformers chosen, in their order."""
        chosen = [self.cleaned_data[name] for name in self.fields]
        return [transformer for transformer in chosen if transformer is not None]


class AttachTransformerForm(forms.Form):
    """Which transformer many devices get, at the end of their chains."""

    transformer = UidChoiceField(
        StatusTransformer.objects.order_by("alias", "pk"), empty_label="Choose a transformer"
    )


class RestoreForm(forms.Form):
    """Which version becomes the newest again."""

    number = forms.IntegerField(label="Version", min_value=1)
