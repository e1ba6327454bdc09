"""E-mail addresses of rules: nothing is sent there until whoever reads its mail agrees.

The link is signed like those of accounts. It works once, since only a rule that waits takes it,
and for the address it was mailed to alone.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.identity import limits
from accounts.identity.addresses import console_url, is_proven, link_facts, link_key
from audit.recorder import record
from core.exceptions import Conflict, QuotaExceeded
from core.jobs import changed_on_commit
from core.mail import send_mail
from notifications import events
from notifications.channels import channels
from notifications.models import NotificationRule
from notifications.services.delivering import plain

SALT = "notifications.address"


def address_ask(actor: Any, rule: NotificationRule) -> None:
    """Have the destination of a saved rule confirmed, or take it where nobody need be asked.

    Raises QuotaExceeded `notifications.too_many_links`.
    """
    email = destination_of(rule)
    needs_none = not channels.get(rule.channel).confirms or is_proven(actor.user, email)
    rule.confirmed_at = timezone.now() if needs_none else None
    rule.save(update_fields=["confirmed_at"])
    if not needs_none:
        _send(rule, email)


@transaction.atomic
def rule_link_send(actor: Any, *, rule: NotificationRule) -> NotificationRule:
    """Mail the link once more. Audits, broadcasts.

    Raises Conflict `notifications.confirmed_already`, QuotaExceeded `notifications.too_many_links`.
    """
    if rule.confirmed_at is not None:
        raise Conflict("notifications.confirmed_already", "There is nothing to confirm.")
    _send(rule, destination_of(rule))
    _note(actor, events.RuleLinkSent, rule)
    return rule


def rule_of_key(key: str) -> NotificationRule | None:
    """Return the rule that waits for this link, or None when the link opens nothing any more."""
    facts = link_facts(SALT, key)
    if facts is None:
        return None
    uid, mark = facts
    rules = NotificationRule.objects.select_related("organization")
    rule = rules.filter(uid=uid, confirmed_at=None).first()
    return rule if rule is not None and _mark(rule) == mark else None


@transaction.atomic
def rule_address_confirm(actor: Any, *, key: str) -> NotificationRule:
    """Let a rule send to the address whose link this is. Audits, broadcasts.

    Raises Conflict `accounts.link_used` when it was followed or the address changed meanwhile.
    """
    rule = rule_of_key(key)
    waiting = NotificationRule.objects.select_for_update().filter(confirmed_at=None)
    rule = waiting.filter(pk=rule.pk).first() if rule is not None else None
    if rule is None or rule_of_key(key) is None:
        raise Conflict("accounts.link_used", "This link was used already.")
    rule.confirmed_at = timezone.now()
    rule.save(update_fields=["confirmed_at"])
    _note(actor, events.RuleConfirmed, rule)
    return rule


def destination_of(rule: NotificationRule) -> str:
    """Return where a rule sends to, in the clear."""
    return plain(rule.destination)


def _send(rule: NotificationRule, email: str) -> None:
    """Mail the link. It names nobody: whoever fills in the form could write to strangers."""
    wait = limits.NEWS_ADDRESS.take(email, f"{rule.organization_id}")
    if wait:
        raise QuotaExceeded(
            "notifications.too_many_links",
            f"Too many confirmations were asked for. Try again in {-(-wait // 60)} minutes.",
        )
    context = {
        "email": email,
        "url": console_url(
            "notifications:rule_confirm", key=link_key(SALT, f"{rule.uid}", _mark(rule))
        ),
        "hours": settings.ACTIVATION_SECONDS // 3600,
    }
    send_mail("confirm_notifications", email, context)


def _mark(rule: NotificationRule) -> str:
    """Return what ties a link to the address: an address itself would stay in histories."""
    return hashlib.sha256(f"{rule.uid}:{destination_of(rule)}".encode()).hexdigest()[:32]


def _note(actor: Any, event: Any, rule: NotificationRule) -> None:
    record(actor, event, rule, organization=rule.organization, shown_as=rule.shown_as)
    changed_on_commit(rule, f"org.{rule.organization.uid}")
