"""The tab of a source with its rollouts, and the pages of its default plan."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from builds.models import Source
from builds.views.sources import SourcePage
from core.views import Action, ObjectEditView, ObjectTabView, register_model_view
from core.views.actions import object_actions
from fleet.rollouts import automatic
from fleet.rollouts.forms import RolloutPlanForm
from fleet.rollouts.models import Rollout, RolloutPlan
from fleet.rollouts.tables import SourceRolloutTable
from fleet.rollouts.words import plan_facts

PLANS = RolloutPlan.objects.select_related("organization", "source")


def _named(source: Source) -> str:
    return f"source={source.uid}"


ADD = Action("Set a default plan", "add", icon="plus", model=RolloutPlan, query=_named)
EDIT = Action("Edit the plan", "edit", permission="change", icon="edit")


@register_model_view(Source, "rollouts")
class SourceRolloutsView(SourcePage, ObjectTabView):
    """The rollouts of a source, and by which plan new builds go out by themselves."""

    tab = "rollouts"
    template_name = "fleet/source_rollouts.html"
    live_models = "fleet.rollout,fleet.rolloutplan"
    table_class = SourceRolloutTable
    empty_title = "Nothing was rolled out yet"
    empty_text = "Build firmware for many devices, then make a rollout of it; or set a plan above."

    def rows(self, obj: Any) -> Any:
        """Return the rollouts, newest first."""
        rows = Rollout.objects.allowed(self.actor).filter(source=obj)
        return rows.select_related("organization", "source", "build__source", "created_by")

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the default plan, as far as the reader may see it."""
        plan = PLANS.allowed(self.actor).filter(source=obj).first()
        buttons = object_actions((EDIT,), plan, self.actor) if plan is not None else ()
        if plan is None and not RolloutPlan.objects.filter(source=obj).exists():
            buttons = object_actions((ADD,), obj, self.actor)
        facts = plan_facts(plan) if plan is not None else ()
        more = {"plan": plan, "plan_facts": facts, "tab_actions": buttons}
        return {**super().extra_context(obj), **more}


@register_model_view(RolloutPlan, "add", detail=False)
@register_model_view(RolloutPlan, "edit")
class RolloutPlanEditView(ObjectEditView):
    """Sets or changes the default plan of a source."""

    queryset = PLANS
    form_class = RolloutPlanForm
    template_name = "fleet/rollout_edit.html"
    create_title = "Set a default plan"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer sources of this organization that have none."""
        return {**super().form_kwargs(obj), "organization": self.organization()}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        if obj is not None:
            return automatic.rollout_plan_edit(self.actor, rollout_plan=obj, **form.cleaned_data)
        organization = self.organization()
        return automatic.rollout_plan_create(
            self.actor, organization=organization, **form.cleaned_data
        )

    def back_url(self, obj: Any) -> str:
        """Lead to the source, or to all of them."""
        return obj.get_absolute_url() if obj is not None else reverse("builds:source_list")

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the way here, over the source."""
        crumbs = [{"label": "Sources", "url": reverse("builds:source_list")}]
        if obj is not None:
            crumbs.append({"label": f"{obj.source}", "url": obj.get_absolute_url()})
        return crumbs
