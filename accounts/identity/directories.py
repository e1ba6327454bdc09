"""Sign-in by LDAP or Active Directory: several directories, asked in their order.

Only imported where THINX_LDAP_DIRECTORIES names one: django-auth-ldap is an optional extra.
"""

from __future__ import annotations

import logging
from typing import Any

import ldap
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.http import HttpRequest
from django_auth_ldap.backend import LDAPBackend, _LDAPUser
from django_auth_ldap.config import (
    ActiveDirectoryGroupType,
    GroupOfNamesType,
    LDAPGroupType,
    LDAPSearch,
    NestedActiveDirectoryGroupType,
    PosixGroupType,
)

from accounts.actor import Actor
from accounts.identity.names import free_username
from accounts.identity.passwords import DIRECTORY
from accounts.models import User
from accounts.services.directories import directory_person, directory_roles

logger = logging.getLogger(__name__)
FILTER = "(|(uid=%(user)s)(sAMAccountName=%(user)s)(mail=%(user)s))"
GROUP_FILTERS: dict[str, tuple[type[LDAPGroupType], str]] = {
    "names": (GroupOfNamesType, "(objectClass=groupOfNames)"),
    "posix": (PosixGroupType, "(objectClass=posixGroup)"),
    "ad": (ActiveDirectoryGroupType, "(objectClass=group)"),
    "ad-nested": (NestedActiveDirectoryGroupType, "(objectClass=group)"),
}
ATTRIBUTES = {
    "id": "entryUUID",
    "email": "mail",
    "username": "uid",
    "first_name": "givenName",
    "last_name": "sn",
}


class DirectoryBackend(ModelBackend):
    """Asks each directory for the password, in their order; one that is down is passed over."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """Return the person of the first directory that takes the password."""
        if not username or not password or "\0" in username or not username.isprintable():
            return None
        for entry in settings.LDAP_DIRECTORIES:
            person = Directory(entry).authenticate(request, username=username, password=password)
            if person is not None and person.is_active:
                person.directory = f"{DIRECTORY}{entry['id']}"
                return person
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Leave permissions to ScopeBackend."""
        return False


class Directory(LDAPBackend):
    """One directory: django-auth-ldap with our people and roles in place of its own."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry = entry
        self.attributes = {**ATTRIBUTES, **entry.get("attributes", {})}
        self.settings_prefix = f"AUTH_LDAP_{entry['id'].upper().replace('-', '_')}_"
        self.default_settings = _library_settings(entry, self.attributes)

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[User, bool]:
        """Return the person of an entry whose password was right, with the roles of its groups.

        Nothing is left for the library to save. Raises its AuthenticationFailed for somebody
        who may not come in.
        """
        facts = {name: _first(ldap_user.attrs, attr) for name, attr in self.attributes.items()}
        facts["username"] = free_username(facts["username"], username)
        if not facts["id"] or not facts["email"]:
            logger.warning("directory %s: an entry lacks its id or address", self.entry["id"])
            raise _LDAPUser.AuthenticationFailed("the entry lacks its id or address")
        actor = Actor.named_system(f"ldap {self.entry['name']}")
        groups = (
            {dn.lower() for dn in ldap_user.group_dns} if self.entry.get("group_base") else set()
        )
        with transaction.atomic():
            account = directory_person(actor, entry=self.entry, facts=facts)
            if account is None:
                raise _LDAPUser.AuthenticationFailed("nobody new is taken")
            directory_roles(actor, entry=self.entry, account=account, groups=groups)
        return account.user, False


def _library_settings(entry: dict[str, Any], attributes: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "SERVER_URI": entry["uri"],
        "START_TLS": bool(entry.get("start_tls", False)),
        "BIND_DN": entry.get("bind_dn", ""),
        "BIND_PASSWORD": entry.get("bind_password", ""),
        "USER_SEARCH": LDAPSearch(
            entry["base"],
            ldap.SCOPE_SUBTREE,
            entry.get("filter", FILTER),
            attrlist=sorted({*attributes.values(), "uid", "gidNumber"}),
        ),
        "ALWAYS_UPDATE_USER": False,
        "CONNECTION_OPTIONS": _connection_options(entry),
        "REQUIRE_GROUP": entry.get("require_group"),
    }
    if entry.get("group_base"):
        kind, default = GROUP_FILTERS[entry.get("group_type", "names")]
        search = entry.get("group_filter", default)
        found["GROUP_SEARCH"] = LDAPSearch(entry["group_base"], ldap.SCOPE_SUBTREE, search)
        found["GROUP_TYPE"] = kind()
    return found


def _connection_options(entry: dict[str, Any]) -> dict[int, Any]:
    """Return what each connection is told; the order of the TLS options matters to the library."""
    seconds = entry.get("timeout", 3)
    options: dict[int, Any] = {
        ldap.OPT_NETWORK_TIMEOUT: seconds,
        ldap.OPT_TIMEOUT: seconds,
        ldap.OPT_REFERRALS: 0,
        ldap.OPT_X_TLS_REQUIRE_CERT: ldap.OPT_X_TLS_DEMAND,
    }
    if entry.get("ca_file"):
        options[ldap.OPT_X_TLS_CACERTFILE] = entry["ca_file"]
    options[ldap.OPT_X_TLS_NEWCTX] = 0
    return options


def _first(attributes: Any, name: str) -> str:
    """Return the first value of an attribute; bytes (an objectGUID) as hex."""
    values = (attributes or {}).get(name) or [""]
    return values[0].hex() if isinstance(values[0], bytes) else f"{values[0]}".strip()
