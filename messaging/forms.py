"""Forms of messages and answers. They check and clean; the services write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from messaging.constants import LONGEST_PAYLOAD
from messaging.payloads import looks_like_broken_json
from messaging.question_services import NO, YES


class PublishForm(forms.Form):
    """What is published, and to which of the device's topics."""

    topic = forms.ChoiceField()
    payload = forms.CharField(
        max_length=LONGEST_PAYLOAD,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 5, "class": "form-control mono", "spellcheck": "false"}
        ),
        help_text="Text or JSON, sent once with QoS 0 and never retained. What sounds like a "
        "secret is masked in the record.",
    )
    as_is = forms.BooleanField(
        label="Send it even if it is not the JSON it looks like", required=False
    )

    def __init__(self, data: Any = None, *, topics: Iterable[str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["topic"].choices = [(topic, topic) for topic in topics]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Say at the field that the payload is broken."""
        cleaned = super().clean() or {}
        broken = looks_like_broken_json(cleaned.get("payload", ""))
        if broken and not cleaned.get("as_is"):
            self.add_error("payload", "This looks like JSON and is not. Mend it, or tick below.")
        return cleaned


class AnswerForm(forms.Form):
    """Yes or no, or a text, as the device wants it."""

    reply = forms.CharField(label="Answer", max_length=400)

    def __init__(self, data: Any = None, *, wants_bool: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if wants_bool:
            self.fields["reply"] = forms.ChoiceField(
                label="Answer", choices=[(YES, "Yes"), (NO, "No")], widget=forms.RadioSelect
            )
