"""Sharing one object with one person or group: giving, changing, taking back, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import models, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User, UserGroup
from accounts.selectors.access import action_words, actions_on, day, own_end
from accounts.selectors.shares import (
    Share,
    holder_of,
    person_by_email,
    share_of,
)
from accounts.sharing_events import ObjectShared, ShareChanged, ShareEnded, ShareExpired
from audit.recorder import record
from core.exceptions import Conflict, DomainError, Forbidden
from core.grants import grant_tables, shareable_models
from core.jobs import access_changed
from core.mail import send_mail
from core.ratelimit import RateLimit
from core.scoping import get_allowed, is_allowed

# Asking for addresses one after the other would tell who has an account here.
UNKNOWN_ADDRESSES = RateLimit("share-unknown-address", limit=20, window=3600)


def person_to_share_with(actor: Actor, *, email: str) -> User:
    """Return the person of an address; raises `accounts.share_no_account` when there is none.

    After twenty addresses that lead nowhere the answer is the same for every address, for an hour.
    """
    asker = f"{actor.user.uid}" if actor.user is not None else ""
    person = None if UNKNOWN_ADDRESSES.retry_after(asker) else person_by_email(email)
    if person is None:
        UNKNOWN_ADDRESSES.failed(asker)
        said = "No account may be shared with by this address."
        raise DomainError("accounts.share_no_account", said, fields={"person": [said]})
    return person


@transaction.atomic
def object_share(
    actor: Actor,
    *,
    obj: Any,
    to: User | UserGroup,
    actions: Iterable[str],
    until: datetime | None = None,
) -> Share:
    """Give a person or a group actions on one object; `view` is always among them.

    Raises Conflict `accounts.already_shared`, Forbidden `accounts.wider_than_own`. Audits on the
    object, broadcasts, mails to a person.
    """
    _lock(actor, obj)
    _require_recipient(actor, to)
    if share_of(obj, to) is not None:
        raise Conflict(
            "accounts.already_shared", f"{obj} is shared with {to} already. Change that share."
        )
    wanted = _require_within(actor, obj, actions, until)
    share = _write(actor, obj, to, wanted, until)
    record(
        actor,
        ObjectShared,
        obj,
        organization=obj.organization,
        shared_with=share.label,
        changes=_changes(None, share),
    )
    _tell_watchers(obj, to)
    if isinstance(to, User):
        _mail(actor, share)
    return share


@transaction.atomic
def share_change(
    actor: Actor,
    *,
    obj: Any,
    to: User | UserGroup,
    actions: Iterable[str],
    until: datetime | None = None,
) -> Share:
    """Replace what somebody was given, and until when. Audits, broadcasts."""
    _lock(actor, obj)
    before = _require_share(obj, to)
    wanted = _require_within(actor, obj, actions, until)
    share = _write(actor, obj, to, wanted, until)
    changes = _changes(before, share)
    if changes:
        record(
            actor,
            ShareChanged,
            obj,
            organization=obj.organization,
            shared_with=share.label,
            changes=changes,
        )
        _tell_watchers(obj, to)
    return share


@transaction.atomic
def object_unshare(actor: Actor, *, obj: Any, to: User | UserGroup) -> None:
    """Take back what somebody was given; everybody may give up what they were given themselves.

    Audits, broadcasts: open pages of theirs close their connection at once.
    """
    if to != actor.user:
        _lock(actor, obj)
    before = _require_share(obj, to)
    _rows(obj, to).delete()
    record(
        actor,
        ShareEnded,
        obj,
        organization=obj.organization,
        shared_with=before.label,
        changes=_changes(before, None),
    )
    _tell_watchers(obj, to)


def shares_end(model: type[models.Model], pks: Any) -> None:
    """Take back every share of these objects at once: part of what gives them to other owners.

    Whoever calls audits what happened to the objects.
    """
    for table in grant_tables(model) or ():
        table._default_manager.filter(content_object__in=pks).delete()


def grants_sweep(now: datetime | None = None) -> int:
    """Delete the grants that are over and audit the end of each share; return how many shares."""
    actor, now = Actor.named_system("accounts.sweep_grants"), now or timezone.now()
    return sum(
        _sweep(actor, table, now)
        for model in shareable_models()
        for table in grant_tables(model) or ()
    )


@transaction.atomic
def _sweep(actor: Actor, table: Any, now: datetime) -> int:
    holder = "user" if hasattr(table, "user_id") else "group__user_group"
    over = table._default_manager.select_for_update(of=("self",)).filter(expires_at__lte=now)
    shares: dict[Any, Share] = {}
    for grant in over.select_related("content_object__organization", "permission", holder):
        obj, to = grant.content_object, holder_of(grant)
        if to is not None:
            shares.setdefault((obj.pk, to.pk), Share(obj, to)).take(grant)
    over.delete()
    for share in shares.values():
        record(
            actor,
            ShareExpired,
            share.obj,
            organization=share.obj.organization,
            shared_with=share.label,
            changes=_changes(share, None),
        )
    return len(shares)


def _lock(actor: Actor, obj: Any) -> None:
    """Let one at a time share an object, and only who may."""
    type(obj)._base_manager.select_for_update().get(pk=obj.pk)
    get_allowed(type(obj)._default_manager, actor, "share", pk=obj.pk)


def _require_recipient(actor: Actor, to: User | UserGroup) -> None:
    if isinstance(to, UserGroup):
        if not (to.organization.is_active and is_allowed(to, actor)):
            raise DomainError(
                "accounts.share_no_group", "There is no such group, or you may not see it."
            )
    elif not to.is_active:
        raise DomainError(
            "accounts.share_no_account", "No account may be shared with by this address."
        )
    elif to == actor.user:
        raise Conflict("accounts.share_with_oneself", "This is you. Name somebody else.")


def _require_share(obj: Any, to: User | UserGroup) -> Share:
    share = share_of(obj, to)
    if share is None:
        raise Conflict("accounts.not_shared", f"{obj} is not shared with {to} any more.")
    return share


def _require_within(
    actor: Actor, obj: Any, actions: Iterable[str], until: datetime | None
) -> list[str]:
    """Return the actions with `view`; nobody gives more, or for longer, than they hold here."""
    model, known = type(obj), actions_on(type(obj))
    asked = {*actions, "view"}
    unknown = sorted(asked - set(known))
    if unknown:
        said = f"{unknown[0][:40]!r} is not an action that can be shared here."
        raise DomainError("accounts.share_unknown_action", said, fields={"actions": [said]})
    wanted = [action for action in known if action in asked]
    lacking = [action for action in wanted if not is_allowed(obj, actor, action)]
    if lacking:
        words = ", ".join(action_words(model, action) for action in lacking)
        raise Forbidden(
            "accounts.wider_than_own",
            f"You cannot give more than you may do here yourself. You may not: {words}.",
        )
    if until is not None and until <= timezone.now():
        said = "This moment is over. Choose a later one."
        raise DomainError("accounts.share_end_past", said, fields={"until": [said]})
    end = own_end(actor, obj, wanted)
    if end is not None and (until is None or until > end):
        raise Forbidden(
            "accounts.share_outlives_own",
            f"You hold this until {day(end)} yourself. Choose an end that is not later.",
        )
    return wanted


def _rows(obj: Any, to: User | UserGroup) -> Any:
    tables = grant_tables(type(obj))
    assert tables is not None
    if isinstance(to, User):
        return tables.user._default_manager.filter(content_object=obj, user=to)
    return tables.group._default_manager.filter(content_object=obj, group=to.group)


def _write(
    actor: Actor, obj: Any, to: User | UserGroup, actions: list[str], until: datetime | None
) -> Share:
    """Put these grants in place of those that are there."""
    meta = type(obj)._meta
    rows = _rows(obj, to)
    rows.delete()
    names = {f"{action}_{meta.model_name}" for action in actions}
    permissions = Permission.objects.filter(
        codename__in=names, content_type__app_label=meta.app_label
    )
    holder = {"user": to} if isinstance(to, User) else {"group": to.group}
    fixed = {"content_object": obj, "expires_at": until, "granted_by": actor.user, **holder}
    table = rows.model
    table._default_manager.bulk_create(
        [table(permission=permission, **fixed) for permission in permissions]
    )
    return Share(obj, to, set(actions), until, timezone.now(), actor.user)


def _changes(before: Share | None, after: Share | None) -> dict[str, dict[str, Any]]:
    """Return what differs, as the audit log keeps it."""
    values = [
        {"actions": ", ".join(sorted(share.actions)), "until": _moment(share.expires_at)}
        if share is not None
        else {"actions": None, "until": None}
        for share in (before, after)
    ]
    return {
        name: {"before": values[0][name], "after": values[1][name]}
        for name in values[0]
        if values[0][name] != values[1][name]
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment is not None else None


def _tell_watchers(obj: Any, to: User | UserGroup) -> None:
    """Have the pages that show the object ask again; members of a group are among its watchers."""
    watchers = [f"{obj._meta.model_name}.{obj.uid}"]
    access_changed(*watchers, *([f"person.{to.uid}"] if isinstance(to, User) else []))


def _mail(actor: Actor, share: Share) -> None:
    assert isinstance(share.to, User)
    context = {
        "name": share.to.get_full_name(),
        "sharer": f"{actor.user}" if actor.user is not None else "The console",
        "kind": share.obj._meta.verbose_name,
        "object": f"{share.obj}",
        "organization": f"{share.obj.organization}",
        "words": share.words[:1].lower() + share.words[1:],
        "until": day(share.expires_at) if share.expires_at else "",
        "url": f"{settings.PUBLIC_URL}{share.obj.get_absolute_url()}",
    }
    send_mail("object_shared", share.to.email, context, language=share.to.language)
