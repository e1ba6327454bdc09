"""Forms of one's own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.avatars import FORMATS, MAX_BYTES, squared
from accounts.models import User
from accounts.places import clean_phone, clean_zone, countries, shown_phone, zone_suggestions


class Suggestions(forms.TextInput):
    """A text field with suggestions of the browser's own: searchable without any script."""

    template_name = "accounts/widgets/suggestions.html"

    def __init__(self, suggestions: Any, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the suggestions, and the list that the field names."""
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}-list"
        context["widget"]["attrs"]["list"] = list_id
        return {**context, "list_id": list_id, "suggestions": self.suggestions()}


class ProfileForm(forms.ModelForm):
    """Names, user name, phone, time zone and language."""

    country = forms.ChoiceField(
        label="Country of the phone",
        required=False,
        help_text="Only needed for a number that does not start with +.",
    )
    phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        help_text="For SMS, such as +420 601 123 456. Nobody else sees it.",
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        widget=Suggestions(zone_suggestions, attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Times on pages and in mail are shown in it. Start to type, such as Prague.",
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "username", "phone", "time_zone", "language"]

    field_order = [
        "first_name", "last_name", "username", "country", "phone", "time_zone", "language",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.fields
        fields["country"].choices = [("", "As the number says"), *countries()]  # type: ignore[attr-defined]
        fields["language"] = forms.ChoiceField(
            label="Language",
            choices=settings.LANGUAGES,
            help_text="The console speaks only English now." if len(settings.LANGUAGES) < 2 else "",
        )
        fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        fields["last_name"].widget.attrs["autocomplete"] = "family-name"
        fields["username"].label = "User name"
        fields["username"].widget.attrs["autocomplete"] = "username"
        fields["username"].help_text = "You can sign in by it. Letters, digits and . + - _"
        if self.instance.phone:
            self.initial["phone"] = shown_phone(self.instance.phone)

    def clean_time_zone(self) -> str:
        """Return the zone by its proper name."""
        return clean_zone(self.cleaned_data["time_zone"])

    def clean(self) -> dict[str, Any]:
        """Read the phone together with its country."""
        cleaned = super().clean() or self.cleaned_data
        if "phone" in cleaned:
            try:
                cleaned["phone"] = clean_phone(cleaned["phone"], cleaned.get("country", ""))
            except ValidationError as error:
                self.add_error("phone", error)
        return cleaned

    def _post_clean(self) -> None:
        """Leave the row to the service, which checks it again."""


class AvatarForm(forms.Form):
    """A picture of oneself; `picture` is what is kept of it once the form is valid."""

    file = forms.FileField(
        label="Picture",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=f"{', '.join(FORMATS[:-1])} or WebP, up to {MAX_BYTES // 1024**2} MB. It is cut "
        "to a square; where and with what it was taken is dropped.",
    )

    def clean_file(self) -> bytes:
        """Return the square."""
        found = self.cleaned_data["file"]
        return squared(found, found.size)
