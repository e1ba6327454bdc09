"""Where organizations have news sent: add, change, test, remove."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit
from notifications import events
from notifications.channels import Channel, channels
from notifications.choices import Level
from notifications.kinds import kinds
from notifications.models import NotificationDelivery, NotificationRule
from notifications.services.addresses import address_ask, destination_of
from notifications.services.delivering import deliveries_wake

SECRET_PREFIX = "whsec_"  # noqa: S105  # what secrets of Standard Webhooks begin with
TEST = "test"
# What a change is recorded of; the destination by what pages show of it.
RECORDED = (
    "name", "channel", "shown_as", "kinds", "least_level", "tag", "is_on", "offline_after",
)  # fmt: skip


@transaction.atomic
def rule_add(
    actor: Any, *, organization: Any, name: str, channel: str, destination: str, **chosen: Any
) -> tuple[NotificationRule, str]:
    """Have news of an organization sent somewhere; return the rule and its secret, if it has one.

    Nothing is sent to an e-mail address before it is confirmed, unless it is the actor's own.
    The secret is shown this once. `chosen` may hold kinds, least_level, mesh, tag, is_on and
    offline_after (seconds). Audits. Raises DomainError `notifications.*`, `outbound.*`, `mail.*` or
    `sms.*`.
    """
    way = _channel(channel)
    rule = NotificationRule(
        organization=organization, name=name, channel=channel, created_by=actor.user
    )
    _place(rule, way, destination)
    _choose(rule, chosen)
    secret = _new_secret() if way.has_secret else ""
    rule.secret = secret
    _save(rule)
    address_ask(actor, rule)
    _note(actor, events.RuleAdded, rule, **_facts(rule))
    return rule, secret


@transaction.atomic
def rule_change(
    actor: Any, *, rule: NotificationRule, name: str = "", destination: str = "", **chosen: Any
) -> NotificationRule:
    """Change what a rule sends; an empty destination stays as it was. Audits, broadcasts.

    Another e-mail address waits for its confirmation, as that of a new rule does.
    """
    rule = NotificationRule.objects.select_for_update().get(pk=rule.pk)
    before = _facts(rule)
    rule.name = name or rule.name
    if destination:
        is_same = destination.strip() == destination_of(rule)
        _place(rule, _channel(rule.channel), destination)
        rule.last_error = ""
    _choose(rule, chosen)
    _save(rule)
    if destination and not is_same:
        address_ask(actor, rule)
    after = _facts(rule)
    changed = {key: value for key, value in after.items() if before[key] != value}
    if destination or changed:
        _note(actor, events.RuleChanged, rule, changed=changed)
    return rule


@transaction.atomic
def rule_delete(actor: Any, *, rule: NotificationRule) -> None:
    """Send nothing there any more; what was on its way goes with it. Audits, broadcasts."""
    _note(actor, events.RuleDeleted, rule, **_facts(rule))
    rule.delete()


@transaction.atomic
def rule_test(actor: Any, *, rule: NotificationRule) -> NotificationDelivery:
    """Send a test by the ordinary way, whatever the rule asks for. Audits, broadcasts.

    Raises Conflict `notifications.not_confirmed`.
    """
    if rule.confirmed_at is None:
        raise Conflict(
            "notifications.not_confirmed",
            "This address is not confirmed yet, so nothing is sent there.",
        )
    delivery = NotificationDelivery.objects.create(
        rule=rule,
        organization=rule.organization,
        channel=rule.channel,
        kind=TEST,
        level=Level.INFO,
        title=f"Test of the rule {rule}"[:240],
        text="If you can read this, it works.",
        url=rule.get_absolute_url(),
        due_at=timezone.now(),
    )
    _note(actor, events.RuleTested, rule)
    deliveries_wake([delivery])
    return delivery


@transaction.atomic
def rule_secret_replace(actor: Any, *, rule: NotificationRule) -> str:
    """Give a webhook another secret and return it, this once; the old one signs nothing more."""
    if not _channel(rule.channel).has_secret:
        raise DomainError("notifications.no_secret", "This channel signs nothing.")
    rule = NotificationRule.objects.select_for_update().get(pk=rule.pk)
    secret = _new_secret()
    rule.secret = secret
    rule.save(update_fields=["secret"])
    _note(actor, events.RuleSecretReplaced, rule)
    return secret


def _channel(slug: str) -> Channel:
    if slug not in channels or not channels.get(slug).rules:
        raise DomainError(
            "notifications.channel_unusable",
            "Rules cannot send this way.",
            fields={"channel": ["Rules cannot send this way."]},
        )
    return channels.get(slug)


def _place(rule: NotificationRule, way: Channel, destination: str) -> None:
    try:
        checked = way.check(destination.strip())
    except DomainError as error:
        fields = {"destination": [error.message]}
        raise DomainError(error.code, error.message, fields=fields) from None
    rule.destination = checked
    rule.shown_as = way.shown(checked)[:200]


def _choose(rule: NotificationRule, chosen: dict[str, Any]) -> None:
    for name in ("kinds", "least_level", "mesh", "tag", "is_on"):
        if name in chosen:
            setattr(rule, name, chosen[name])
    if "offline_after" in chosen:
        _wait(rule, chosen["offline_after"])
    unknown = [slug for slug in rule.kinds if slug not in kinds or not kinds.get(slug).for_rules]
    if unknown:
        said = f"There is no such kind: {', '.join(f'{slug}'[:40] for slug in unknown[:3])}."
        raise DomainError("notifications.no_such_kind", said, fields={"kinds": [said]})
    mesh = rule.mesh
    if mesh is not None and not mesh.organization.path.startswith(rule.organization.path):
        said = "This mesh is of another organization."
        raise DomainError("notifications.foreign_mesh", said, fields={"mesh": [said]})


def _wait(rule: NotificationRule, seconds: int | None) -> None:
    if rule.pk is None:
        rule.offline_after = seconds
    else:
        rule.wait_choose(seconds, timezone.now())


def _save(rule: NotificationRule) -> None:
    # Nothing but what somebody typed.
    typed = {"name", "channel", "least_level", "tag", "offline_after"}
    rule.full_clean(exclude={field.name for field in rule._meta.fields} - typed)
    rule.save()


def _new_secret() -> str:
    return f"{SECRET_PREFIX}{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _facts(rule: NotificationRule) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(rule, name) for name in RECORDED}
    return {**facts, "mesh": f"{rule.mesh}" if rule.mesh is not None else ""}


def _note(actor: Any, event: Any, rule: NotificationRule, **facts: Any) -> None:
    record(actor, event, rule, organization=rule.organization, **facts)
    changed_on_commit(rule, f"org.{rule.organization.uid}")
