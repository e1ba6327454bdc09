"""A build of a source for no device in particular, which a rollout can bring to many."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from builds.forms import GenericBuildForm
from builds.models import Build, Source
from builds.services import build_start
from core.views import ObjectActionView, register_model_view


@register_model_view(Source, "build")
class SourceBuildView(ObjectActionView):
    """Starts a build that holds nothing of any device."""

    queryset = Source.objects.select_related("organization")
    action = "build"
    form_class = GenericBuildForm
    title = "Build {} for many devices?"
    submit_label = "Build firmware"

    def consequences(self, obj: Any) -> list[str]:
        """Say what is in it and how it gets anywhere."""
        return [
            f"Builds the newest commit of {obj.branch} with the variables of the source and the "
            "organization, without those of any device and without a key.",
            "Only a rollout brings it to devices.",
        ]

    def perform(self, obj: Any, form: Any) -> Build:
        """Call the service."""
        return build_start(self.actor, source=obj, **form.cleaned_data)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the build and watch it."""
        return redirect(result.get_absolute_url())
