"""Sign-in by e-mail address or user name, and `user.has_perm` as a view on the one rule."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.db.models import Model
from django.http import HttpRequest

from accounts.actor import Actor, is_verified
from accounts.identity.names import person_named
from accounts.identity.passwords import is_kept_elsewhere
from accounts.models import User
from core.scoping import is_allowed, perm_name


class EmailBackend(ModelBackend):
    """Checks a password for an e-mail address or a user name, in any case.

    Whether the address is confirmed is not asked here: signing in goes on to say so
    (`accounts.views.sign_in`), and whoever else accepts a password must ask
    `accounts.identity.addresses.has_verified_address`.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """Return the user, or None; an unknown name costs as much time as a wrong password."""
        if not username or password is None:
            return None
        user = person_named(username)
        if user is None:
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return None if is_kept_elsewhere(user) else user
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Leave permissions to ScopeBackend."""
        return False


class ScopeBackend(BaseBackend):
    """Answers `user.has_perm(perm, obj)` by `allowed()`; there is no other answer."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Tell whether the row is inside what the user may act on; False without a row."""
        if obj is None or not user_obj.is_active or not isinstance(user_obj, User):
            return False
        action = perm.split(".", 1)[1].rpartition("_")[0]
        if perm_name(type(obj), action) != perm or not hasattr(obj, "scope_path"):
            return False
        return is_allowed(obj, Actor.for_user(user_obj, verified=is_verified(user_obj)), action)
