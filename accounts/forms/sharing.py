"""The forms of sharing: with whom, what, until when; and of asking what somebody could do."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import UserGroup
from accounts.selectors.access import action_words, actions_on, day, own_end
from accounts.selectors.shares import Share
from core.forms.fields import UidChoiceField
from core.scoping import is_allowed

LIFETIMES = (
    ("0", "Until it is withdrawn"),
    ("1", "For a day"),
    ("7", "For a week"),
    ("30", "For 30 days"),
    ("90", "For 90 days"),
)


class ShareForm(forms.Form):
    """One person or group, the actions that the sharer holds here, and an end."""

    person = forms.EmailField(
        label="E-mail address",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text="Of a person who has an account here. They get a mail.",
    )
    group = UidChoiceField(
        UserGroup.objects.none(),
        label="Or a group",
        required=False,
        empty_label="No group",
        help_text="All its members, now and later.",
    )
    actions = forms.MultipleChoiceField(
        label="What they may do",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They may always see it. You can give what you may do here yourself.",
    )
    lifetime = forms.ChoiceField(label="Until", choices=LIFETIMES, initial="0")
    last_day = forms.DateField(
        label="Or until a day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The end of this day. It counts instead of the choice above.",
    )

    def __init__(
        self, data: Any = None, *, obj: Any, actor: Actor, share: Share | None = None, **kwargs: Any
    ) -> None:
        if share is not None:
            end = share.expires_at
            kwargs["initial"] = {
                "actions": sorted(share.actions),
                "last_day": timezone.localtime(end).date().isoformat() if end else None,
            }
        super().__init__(data, **kwargs)
        held = [a for a in actions_on(type(obj)) if a != "view" and is_allowed(obj, actor, a)]
        words = [(action, action_words(type(obj), action)) for action in held]
        self.fields["actions"].choices = [(a, w[:1].upper() + w[1:]) for a, w in words]  # type: ignore[attr-defined]
        if not held:
            del self.fields["actions"]
        self._limit(own_end(actor, obj, ["view"]))
        if share is not None:
            del self.fields["person"], self.fields["group"]
        else:
            self._offer_groups(actor)

    def _offer_groups(self, actor: Actor) -> None:
        groups = UserGroup.objects.allowed(actor).filter(organization__is_active=True)
        field: Any = self.fields["group"]
        field.queryset = groups.select_related("organization")
        field.label_from_instance = lambda group: f"{group} ({group.organization})"
        if not groups.exists():
            del self.fields["group"]
            self.fields["person"].required = True

    def _limit(self, end: datetime | None) -> None:
        if end is not None:
            self.fields["lifetime"].help_text = f"You hold it until {day(end)} yourself."

    def clean(self) -> dict[str, Any]:
        """Return the end as a moment, and demand one recipient."""
        cleaned = self.cleaned_data
        if "person" in self.fields and "person" not in self.errors:
            named = [name for name in ("person", "group") if cleaned.get(name)]
            if len(named) != 1:
                said = "Name one person or one group." if named else "Say whom to share it with."
                self.add_error("person", said)
        cleaned["until"] = self._until(cleaned)
        return cleaned

    def _until(self, cleaned: dict[str, Any]) -> datetime | None:
        if cleaned.get("last_day"):
            end = timezone.make_aware(datetime.combine(cleaned["last_day"], time(23, 59, 59)))
            if end < timezone.now():
                self.add_error("last_day", ValidationError("This day is over. Choose a later one."))
            return end
        days = int(cleaned.get("lifetime") or 0)
        return timezone.now() + timedelta(days=days) if days else None


class PersonForm(forms.Form):
    """Whose possibilities are asked for."""

    person = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"list": "known-people", "autocomplete": "off"}),
    )
