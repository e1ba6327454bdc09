"""Forms of sources and builds. They check and clean; the services write."""

from __future__ import annotations

from typing import Any

from django import forms

from builds.models import Source
from core.forms.fields import UidChoiceField
from keys.models import DeployKey


class SourceForm(forms.Form):
    """A repository and what opens it. The access token is write-only."""

    alias = forms.CharField(label="Name", max_length=80)
    url = forms.CharField(
        label="Repository URL",
        max_length=500,
        help_text="git@github.com:team/firmware.git, ssh://… or https://….",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    branch = forms.CharField(
        label="Branch or tag",
        max_length=200,
        initial="main",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    deploy_key = UidChoiceField(
        DeployKey.objects.all(),
        label="Deploy key",
        required=False,
        empty_label="None (public repository)",
        help_text="For addresses over ssh. Its public half goes into the repository's deploy keys.",
    )
    access_token = forms.CharField(
        label="Access token",
        max_length=500,
        required=False,
        help_text="For private repositories over https. It is kept encrypted and never shown.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_token = forms.BooleanField(label="Forget the access token", required=False)

    def __init__(
        self, data: Any = None, *, instance: Any = None, organization: Any = None, **kwargs: Any
    ) -> None:
        if instance is not None:
            names = ("alias", "url", "branch", "deploy_key")
            shown = {name: getattr(instance, name) for name in names}
            kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)
        keys = DeployKey.objects.filter(organization=organization).order_by("alias", "pk")
        self.fields["deploy_key"].queryset = keys  # type: ignore[attr-defined]
        if instance is None or not instance.access_token:
            del self.fields["forget_token"]
        else:
            self.fields["access_token"].help_text = "One is stored. Leave empty to keep it."

    def changes(self) -> dict[str, Any]:
        """Return the fields for the service: an empty token keeps the stored one."""
        fields = dict(self.cleaned_data)
        if fields.pop("forget_token", False):
            return {**fields, "access_token": ""}
        if not fields["access_token"]:
            del fields["access_token"]
        return fields


class BuildStartForm(forms.Form):
    """How a build of a device starts."""

    source = UidChoiceField(
        Source.objects.all(),
        empty_label=None,
        help_text="The device has none yet. Attach it on the device's page to keep it.",
    )
    deliver = forms.BooleanField(
        label="Install on the device when it is ready",
        required=False,
        initial=True,
        help_text="Without it the build is kept, and the device is not told.",
    )

    def __init__(self, data: Any = None, *, device: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        rows = Source.objects.filter(organization=device.organization).order_by("alias", "pk")
        self.fields["source"].queryset = rows  # type: ignore[attr-defined]
        if device.source_id is not None:
            del self.fields["source"]


class GenericBuildForm(forms.Form):
    """How a build for no device in particular starts."""

    deliver = forms.BooleanField(
        label="Roll it out when it is ready",
        required=False,
        help_text="By the default plan of the source. Without a plan it waits for a rollout.",
    )
