"""What people want to hear of, how, and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from accounts.account_events import ConsentGiven, ConsentWithdrawn, NotificationsChanged
from accounts.actor import Actor
from accounts.models import Consent, NotificationChoice, User
from accounts.selectors.notifications import choices_of
from accounts.selectors.people import own_organization
from accounts.topics import CHANNELS, Topic, topics
from audit.recorder import record
from core.exceptions import DomainError

Wish = tuple[str, str]


@transaction.atomic
def notifications_choose(actor: Actor, *, user: User, wishes: Mapping[Wish, bool]) -> None:
    """Store choices by (topic, channel); those not named stay. Audits what changed.

    A topic with consent records the agreement as worded now, or its withdrawal. Raises
    DomainError `accounts.no_such_choice`, and `accounts.no_phone` for SMS without a number.
    """
    User.objects.select_for_update().get(pk=user.pk)
    for topic, channel in wishes:
        _refuse_unknown(user, topic, channel, is_on=wishes[topic, channel])
    before = choices_of(user)
    changed = {wish: is_on for wish, is_on in wishes.items() if before[wish] != is_on}
    for (topic, channel), is_on in changed.items():
        NotificationChoice.objects.update_or_create(
            user=user, topic=topic, channel=channel, defaults={"is_on": is_on}
        )
    if changed:
        said = {f"{topic} by {channel}": is_on for (topic, channel), is_on in changed.items()}
        organization = own_organization(user)
        record(actor, NotificationsChanged, user, organization=organization, changed=said)
    for slug in {topic for topic, _ in changed}:
        _keep_consent(actor, user, topics.get(slug))


def _keep_consent(actor: Actor, user: User, topic: Topic) -> None:
    if not topic.consent:
        return
    now = choices_of(user)
    is_wanted = any(now[topic.slug, channel] for channel in topic.channels)
    standing = Consent.objects.filter(user=user, purpose=topic.slug, withdrawn_at=None)
    organization = own_organization(user)
    if is_wanted and not standing.exists():
        Consent.objects.create(user=user, purpose=topic.slug, wording=topic.consent)
        record(actor, ConsentGiven, user, organization=organization, purpose=topic.slug)
    elif not is_wanted and standing.update(withdrawn_at=timezone.now()):
        record(actor, ConsentWithdrawn, user, organization=organization, purpose=topic.slug)


def _refuse_unknown(user: User, topic: str, channel: str, *, is_on: bool) -> None:
    if topic not in topics or channel not in topics.get(topic).channels:
        raise DomainError("accounts.no_such_choice", f"Nothing to choose: {topic} by {channel}.")
    if channel == "sms" and is_on and not user.phone:
        raise DomainError(
            "accounts.no_phone", f"{CHANNELS[channel]} needs a phone number in your profile."
        )
