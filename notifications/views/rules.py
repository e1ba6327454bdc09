"""Pages of rules: where an organization has news sent, and how that goes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from audit.tabs import AUDIT_TAB, AuditTab
from core.concealing import is_concealed
from core.views import (
    Action,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    Tab,
    register_model_view,
)
from notifications.channels import channels
from notifications.filters import RuleFilterSet
from notifications.forms import RuleForm
from notifications.models import NotificationDelivery, NotificationRule
from notifications.selectors import kinds_in_words
from notifications.services.addresses import rule_link_send
from notifications.services.rules import (
    rule_add,
    rule_change,
    rule_delete,
    rule_secret_replace,
    rule_test,
)
from notifications.tables import DeliveryTable, RuleTable
from notifications.waiting import in_words

RULES = NotificationRule.objects.select_related("organization", "mesh__organization", "created_by")
# The destination may be a secret: not in a cache, not in an error report.
no_traces = method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")


def has_secret(rule: NotificationRule) -> bool:
    """Tell whether the rule signs what it sends."""
    return rule.channel in channels and channels.get(rule.channel).has_secret


RULE_ACTIONS = (
    Action(
        "Send a test", "test", permission="change", icon="send", style="primary",
        shown=lambda rule: rule.confirmed_at is not None,
    ),
    Action(
        "Send the link again", "link", permission="change", icon="mail", style="primary",
        shown=lambda rule: rule.confirmed_at is None,
    ),
    Action("Edit", "edit", permission="change", icon="edit"),
    Action(
        "Replace the secret", "secret", permission="change", icon="key", confirm=True,
        shown=has_secret,
    ),
    Action("Delete", "delete", icon="trash", style="danger"),
)  # fmt: skip


@register_model_view(NotificationRule, "list", detail=False)
class RuleListView(ObjectListView):
    """Where news are sent."""

    queryset = RULES
    filterset_class = RuleFilterSet
    table_class = RuleTable
    lead = "Webhooks, chats, addresses and numbers that an organization has news sent to."
    actions = (Action("Add rule", "add", icon="plus", style="primary"),)
    row_actions = RULE_ACTIONS
    empty = EmptyState(
        "No rules yet",
        "A rule sends news to where your team is: a webhook, a chat, a mailing list, a phone. What "
        "you hear of yourself is in your profile.",
        icon="bell",
        button="Add rule",
    )
    saved_views = (("All", ""), ("Webhooks", "channel=webhook"), ("Off", "is_on=false"))


class RulePage:
    """What the pages of a rule have in common."""

    queryset = RULES
    tabs = (Tab("Deliveries"), AUDIT_TAB)
    actions = RULE_ACTIONS

    def status_value(self, obj: NotificationRule) -> str:
        """Return on, off or failing."""
        return obj.state


@register_model_view(NotificationRule)
class RuleView(RulePage, ObjectTabView):
    """One rule, what it sent, and how that went."""

    template_name = "notifications/rule.html"
    table_class = DeliveryTable
    live_models = "notifications.notificationdelivery,notifications.notificationrule"
    empty_title = "Nothing was sent yet"
    empty_text = "Send a test to see that it arrives."

    def rows(self, obj: NotificationRule) -> Any:
        """Return the deliveries, newest first."""
        return NotificationDelivery.objects.allowed(self.actor).filter(rule=obj)

    def facts(self, obj: NotificationRule) -> list[Fact]:
        """Say what it sends, and where."""
        way = channels.get(obj.channel).label if obj.channel in channels else obj.channel
        usual = settings.OFFLINE_NOTICE
        mesh = "a mesh not shared with you" if is_concealed(obj, "mesh") else obj.mesh
        return [
            Fact("Sends by", way),
            Fact("To", obj.shown_as),
            Fact("Confirmed", "" if obj.confirmed_at else "not yet", time=obj.confirmed_at),
            Fact("What", kinds_in_words(obj)),
            Fact("At least", obj.get_least_level_display()),
            Fact("Device offline for longer than", in_words(obj.offline_after or usual)),
            Fact("Only of the mesh", mesh or "any"),
            Fact("Only with the tag", obj.tag or "any"),
            Fact("Organization", obj.organization),
            Fact("Added by", obj.created_by),
            Fact("Added", time=obj.created_at),
            Fact("Sent last", "" if obj.last_sent_at else "never", time=obj.last_sent_at),
        ]


@register_model_view(NotificationRule, "audit")
class RuleAuditView(RulePage, AuditTab):
    """Who changed the rule."""


def secret_page(request: HttpRequest, rule: NotificationRule, secret: str) -> HttpResponse:
    """Show the secret of a webhook, this once."""
    context = {
        "title": f"Secret of {rule}",
        "crumbs": [{"label": f"{rule}", "url": rule.get_absolute_url()}],
        "secret": secret,
        "secret_label": "Signing secret",
        "filename": "webhook-secret.txt",
        "note": "This is the only time it is shown. The receiver checks with it that a call came "
        "from this console; if it is lost, replace it.",
        "done_url": rule.get_absolute_url(),
    }
    return render(request, "generic/secret_once.html", context)


@register_model_view(NotificationRule, "add", detail=False)
@no_traces
class RuleAddView(ObjectEditView):
    """Have news sent somewhere."""

    queryset = RULES
    form_class = RuleForm
    create_title = "Add rule"
    secret = ""

    def save(self, form: RuleForm, obj: None) -> NotificationRule:
        """Call the service."""
        rule, self.secret = rule_add(
            self.actor, organization=self.organization(), **form.cleaned_data
        )
        return rule

    def done(self, obj: NotificationRule, *, created: bool) -> HttpResponse:
        """Show the secret if there is one."""
        if self.secret:
            return secret_page(self.request, obj, self.secret)
        return super().done(obj, created=created)


@register_model_view(NotificationRule, "edit")
@no_traces
class RuleEditView(ObjectEditView):
    """Change what a rule sends, or where."""

    queryset = RULES
    form_class = RuleForm

    def save(self, form: RuleForm, obj: NotificationRule) -> NotificationRule:
        """Call the service."""
        return rule_change(self.actor, rule=obj, **form.cleaned_data)


@register_model_view(NotificationRule, "test")
class RuleTestView(ObjectActionView):
    """Sends a test."""

    queryset = RULES
    action = "change"
    title = "Send a test by {}?"
    submit_label = "Send a test"
    service = rule_test
    argument = "rule"
    success = "The test is on its way."

    def consequences(self, obj: NotificationRule) -> list[str]:
        """Say where to."""
        return [f"One message goes to {obj.shown_as}. The list below the rule says how it went."]


@register_model_view(NotificationRule, "link")
class RuleLinkView(ObjectActionView):
    """Mails the link that confirms the address once more."""

    queryset = RULES
    action = "change"
    title = "Send the link for {} again?"
    submit_label = "Send the link"
    service = rule_link_send
    argument = "rule"
    success = "The link is on its way."

    def consequences(self, obj: NotificationRule) -> list[str]:
        """Say where to."""
        return [f"It goes to {obj.shown_as}. Nothing else is sent there until somebody follows it."]


@register_model_view(NotificationRule, "secret")
@no_traces
class RuleSecretView(ObjectActionView):
    """Gives a webhook another secret."""

    sudo = True
    queryset = RULES
    action = "change"
    title = "Replace the secret of {}?"
    submit_label = "Replace the secret"
    danger = True
    service = rule_secret_replace
    argument = "rule"

    def consequences(self, obj: NotificationRule) -> list[str]:
        """Say what stops."""
        return ["The receiver refuses every call until it knows the new one."]

    def done(self, obj: NotificationRule, result: str) -> HttpResponse:
        """Show it."""
        return secret_page(self.request, obj, result)


@register_model_view(NotificationRule, "delete")
class RuleDeleteView(ObjectDeleteView):
    """Sends nothing there any more."""

    queryset = RULES
    submit_label = "Delete the rule"
    service = rule_delete
    argument = "rule"

    def consequences(self, obj: NotificationRule) -> list[str]:
        """Say what stops."""
        return [f"Nothing is sent to {obj.shown_as} any more. Its list of deliveries goes, too."]
