"""Everything that is kept about a person, as one ZIP of JSON files."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django_otp import devices_for_user

from accounts.account_events import DataExported
from accounts.actor import Actor
from accounts.belongings import all_belongings, plain_fields
from accounts.models import (
    Consent,
    Invitation,
    ListPreference,
    Membership,
    NotificationChoice,
    RememberedBrowser,
    SignIn,
    User,
)
from accounts.selectors.people import own_organization
from audit.models import AuditEvent
from audit.recorder import record
from core.grants import UserGrant

IN_MEMORY = 8 * 1024 * 1024
Rows = Iterable[dict[str, Any]]

README = """This is what {host} keeps about {email}, as of {at}.

account.json          who you are: names, addresses, phone, choices
memberships.json      the roles you hold, and the groups you are in
shared-with-me.json   single objects that others shared with you
invitations.json      organizations you were invited to
consents.json         what you agreed to, as worded then
notifications.json    what you chose to hear of
lists.json            how you laid out lists
sign-ins.json         browsers in which you are signed in, and those that are remembered
second-factors.json   what opens your account besides the password; never the secrets themselves
linked-accounts.json  accounts at other providers that open yours
audit-events.json     what you did, and what happened in your personal organization
organization/         what lies in your personal organization: devices, keys, sources, builds
picture.webp          your picture, if you have one

Times are in UTC. Where it says "(secret)", there is a secret that nobody is shown: private keys,
access tokens, secret variables. Of passwords and API keys only digests are kept, which open
nothing. Logs and files of builds download from their pages.
"""


def account_export(actor: Actor, *, user: User) -> IO[bytes]:
    """Return an open ZIP of everything about the person. Audits. The caller closes it."""
    record(actor, DataExported, user, organization=own_organization(user))
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the caller closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_all(archive, user)
    file.seek(0)
    return file


def _write_all(archive: zipfile.ZipFile, user: User) -> None:
    host = settings.PUBLIC_URL.split("//", 1)[-1]
    now = timezone.now().isoformat(timespec="seconds")
    archive.writestr("README.txt", README.format(host=host, email=user.email, at=now))
    archive.writestr("account.json", _encoded(_account(user)))
    for name, rows in _own_rows(user):
        _write_rows(archive, name, rows)
    organization = own_organization(user)
    if organization is not None:
        said = plain_fields(organization, ("uid", "name", "owner_id", "created_at"))
        archive.writestr("organization/organization.json", _encoded(said))
        for kind in all_belongings():
            _write_rows(archive, f"organization/{kind.slug}", kind.export(organization))
    if user.avatar and default_storage.exists(user.avatar):
        with default_storage.open(user.avatar, "rb") as picture:
            archive.writestr("picture.webp", picture.read())


def _write_rows(archive: zipfile.ZipFile, name: str, rows: Rows) -> None:
    """Write a JSON array row by row, however many there are."""
    with archive.open(f"{name}.json", "w", force_zip64=True) as file:
        separator = "[\n"
        for row in rows:
            file.write(f"{separator}{_encoded(row)}".encode())
            separator = ",\n"
        file.write(b"[]\n" if separator == "[\n" else b"\n]\n")


def _encoded(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def _account(user: User) -> dict[str, Any]:
    fields = (
        "uid", "email", "username", "first_name", "last_name", "phone", "time_zone", "language",
        "date_joined", "last_login", "second_factor_at", "is_staff", "is_superuser",
    )  # fmt: skip
    said = plain_fields(user, fields)
    addresses = user.emailaddress_set.values("email", "verified", "primary")  # type: ignore[attr-defined]
    return {**said, "addresses": list(addresses), "has_password": user.has_usable_password()}


def _own_rows(user: User) -> Iterator[tuple[str, Rows]]:
    """Yield the name of each file with its rows."""
    yield "memberships", _memberships(user)
    yield "shared-with-me", _shared(user)
    yield (
        "invitations",
        Invitation.objects.filter(email__iexact=user.email).values(
            "organization__name", "role", "created_at", "expires_at", "accepted_at", "declined_at",
            "withdrawn_at",
        ),
    )  # fmt: skip
    yield (
        "consents",
        Consent.objects.filter(user=user).values("purpose", "wording", "given_at", "withdrawn_at"),
    )
    choices = NotificationChoice.objects.filter(user=user)
    yield "notifications", choices.values("topic", "channel", "is_on", "decided_at")
    laid_out = ListPreference.objects.filter(user=user)
    yield "lists", laid_out.values("list_name", "columns", "layout", "per_page")
    yield "sign-ins", _browsers(user)
    yield "second-factors", _factors(user)
    linked = user.socialaccount_set.values("provider", "uid", "last_login", "date_joined")  # type: ignore[attr-defined]
    yield "linked-accounts", linked
    yield "audit-events", _events(user)


def _memberships(user: User) -> Rows:
    held = Membership.objects.filter(user=user).select_related("organization", "custom_role")
    for row in held:
        yield {
            "organization": row.organization.name,
            "uid": row.organization.uid,
            "role": row.role_name,
            "since": row.created_at,
            "groups": list(
                row.organization.user_groups.filter(group__user=user).values_list("name", flat=True)
            ),
        }


def _shared(user: User) -> Rows:
    for model in apps.get_models():
        if not issubclass(model, UserGrant):
            continue
        rows: Any = model._default_manager.filter(user=user)
        rows = rows.select_related("permission", "content_object")
        for row in rows:
            obj = row.content_object
            yield {
                "object": obj._meta.label_lower,
                "uid": obj.uid,
                "name": f"{obj}",
                "action": row.permission.codename,
                "until": row.expires_at,
                "since": row.granted_at,
            }


def _browsers(user: User) -> Rows:
    fields = ("address", "user_agent", "created_at", "last_used_at")
    for row in SignIn.objects.filter(user=user):
        yield {"kind": "sign-in", "method": row.method, **plain_fields(row, fields)}
    for known in RememberedBrowser.objects.filter(user=user):
        said = plain_fields(known, (*fields, "expires_at"))
        yield {"kind": "remembered browser", **said}


def _factors(user: User) -> Rows:
    for device in devices_for_user(user, confirmed=None):
        yield {
            "kind": f"{device._meta.verbose_name}",
            "name": device.name,
            "confirmed": device.confirmed,
            "created_at": getattr(device, "created_at", None),
            "last_used_at": getattr(device, "last_used_at", None),
        }


def _events(user: User) -> Rows:
    organization = own_organization(user)
    own = AuditEvent.objects.filter(actor_uid=user.uid)
    found = own if organization is None else own | AuditEvent.objects.filter(
        organization=organization
    )  # fmt: skip
    fields = (
        "uid", "at", "verb", "actor", "address", "target_type", "target_label", "data",
    )  # fmt: skip
    return found.order_by("at", "pk").values(*fields).iterator(chunk_size=2000)
