"""Forms of members, invitations, roles and groups."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.catalogue import catalogue, offered_permissions


class RoleForm(forms.Form):
    """Which role somebody holds."""

    role = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class InvitationForm(RoleForm):
    """Whom to invite, and with which role."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text="Only a person with this address can accept.",
    )
    field_order = ["email", "role"]


class CustomRoleForm(forms.Form):
    """What a role is called, and what it contains. The template draws the actions as a grid."""

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autofocus": True}))
    actions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="May do"
    )

    def __init__(self, *args: Any, own: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        choices = [(perm, perm) for perm in sorted(offered_permissions())]
        self.fields["actions"].choices = choices  # type: ignore[attr-defined]

    def grid(self) -> list[dict[str, Any]]:
        """Return one row per kind of object with its boxes, ticked or not, own or not."""
        ticked = set(self["actions"].value() or ())
        return [
            {
                "label": entry.label,
                "usual": [action and self._box(action, ticked) for action in entry.usual],
                "others": [self._box(action, ticked) for action in entry.others],
            }
            for entry in catalogue()
        ]

    def clean_actions(self) -> list[str]:
        """Refuse a role that contains nothing."""
        actions = self.cleaned_data["actions"]
        if not actions:
            raise forms.ValidationError("Tick at least one action.")
        return actions

    def _box(self, action: Any, ticked: set[str]) -> dict[str, Any]:
        return {
            "perm": action.perm,
            "word": action.word,
            "checked": action.perm in ticked,
            "own": action.perm in self.own,
        }


class GroupForm(forms.Form):
    """What a group is called."""

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autofocus": True}))


class GroupMemberForm(forms.Form):
    """Whom to put into a group."""

    person = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text="Of somebody who holds a role in this organization, above or below it.",
    )
