"""People and organizations in the Django admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied

from accounts.live_access import people_access_changed
from accounts.models import (
    CustomRole,
    Invitation,
    ListPreference,
    Membership,
    Organization,
    Passkey,
    PasskeyAttestation,
    RecoveryCode,
    RecoveryCodes,
    RememberedBrowser,
    SavedView,
    SignIn,
    SmsDevice,
    TotpDevice,
    User,
    UserGroup,
)
from core.admin import ConsoleModelAdmin, register_rest


@admin.register(User)
class UserAdmin(ConsoleModelAdmin):
    """People. Who is staff and superuser is decided here; the rest on the page *People*."""

    title = "People"
    list_display = (
        "email",
        "username",
        "is_active",
        "is_staff",
        "is_superuser",
        "second_factor_at",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "username", "first_name", "last_name")
    ordering = ("email", "pk")
    editable = ("first_name", "last_name", "is_staff", "is_superuser")

    def may_save(self, actor: Any, obj: User, before: User) -> None:
        """Nobody changes their own standing: the last superuser could step down, and be nobody."""
        same = obj.is_staff == before.is_staff and obj.is_superuser == before.is_superuser
        if not same and actor.user.pk == obj.pk:
            raise PermissionDenied
        people_access_changed(obj)


@admin.register(Organization)
class OrganizationAdmin(ConsoleModelAdmin):
    """Organizations. Their place in the tree, limits and demands have pages with their services."""

    list_display = (
        "name",
        "owner_id",
        "is_personal",
        "is_active",
        "requires_second_factor",
        "reviews_pushes",
        "created_at",
    )
    list_filter = ("is_personal", "is_active", "requires_second_factor")
    search_fields = ("name", "owner_id")
    hidden = ("path", "depth", "numchild")
    editable = ("name",)


@admin.register(Membership)
class MembershipAdmin(ConsoleModelAdmin):
    """Who holds which role where."""

    list_display = ("user", "organization", "role", "custom_role", "created_at")
    list_filter = ("role",)
    search_fields = ("user__email", "organization__name")


@admin.register(CustomRole)
class CustomRoleAdmin(ConsoleModelAdmin):
    """Named sets of actions."""

    list_display = ("name", "organization", "created_at")
    search_fields = ("name", "organization__name")


@admin.register(Invitation)
class InvitationAdmin(ConsoleModelAdmin):
    """Mailed offers of a role."""

    list_display = ("email", "organization", "role", "invited_by", "created_at", "expires_at")
    list_filter = ("role",)
    search_fields = ("email", "organization__name")


@admin.register(UserGroup)
class UserGroupAdmin(ConsoleModelAdmin):
    """Groups of users."""

    list_display = ("name", "organization", "created_at")
    search_fields = ("name", "organization__name")


@admin.register(SignIn)
class SignInAdmin(ConsoleModelAdmin):
    """Open browser sessions; ended on the page *People*."""

    title = "Sign-ins"
    list_display = ("user", "address", "method", "user_agent", "created_at", "last_used_at")
    search_fields = ("user__email", "address")


@admin.register(RememberedBrowser)
class RememberedBrowserAdmin(ConsoleModelAdmin):
    """Browsers that are not asked for the second factor; deleting one makes it ask again."""

    list_display = ("user", "address", "user_agent", "created_at", "expires_at")
    search_fields = ("user__email", "address")
    deletable = True


@admin.register(SavedView)
class SavedViewAdmin(ConsoleModelAdmin):
    """Views of lists that people saved; those in personal organizations are their own."""

    list_display = ("name", "list_name", "organization", "created_by", "created_at")
    list_filter = ("list_name",)
    search_fields = ("name", "organization__name")


@admin.register(ListPreference)
class ListPreferenceAdmin(ConsoleModelAdmin):
    """How people lay out lists."""

    title = "List preferences"
    list_display = ("user", "list_name", "layout", "per_page")
    search_fields = ("user__email", "list_name")


@admin.register(TotpDevice)
class TotpDeviceAdmin(ConsoleModelAdmin):
    """Authenticator apps, without their seeds."""

    title = "Authenticator apps"
    list_display = ("user", "name", "confirmed", "created_at", "last_used_at")
    search_fields = ("user__email",)


@admin.register(SmsDevice)
class SmsDeviceAdmin(ConsoleModelAdmin):
    """Phones that receive codes."""

    title = "Phones for codes"
    list_display = ("user", "phone", "confirmed", "created_at", "last_used_at")
    search_fields = ("user__email", "phone")


@admin.register(RecoveryCodes)
class RecoveryCodesAdmin(ConsoleModelAdmin):
    """Sets of recovery codes."""

    title = "Recovery code sets"
    list_display = ("user", "confirmed", "created_at", "last_used_at")
    search_fields = ("user__email",)


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(ConsoleModelAdmin):
    """Single codes: used or not."""

    list_display = ("codes", "used_at")


@admin.register(Passkey)
class PasskeyAdmin(ConsoleModelAdmin):
    """Passkeys by their names."""

    title = "Passkeys"
    list_display = ("user", "name", "confirmed", "created_at", "last_used_at")
    search_fields = ("user__email",)


@admin.register(PasskeyAttestation)
class PasskeyAttestationAdmin(ConsoleModelAdmin):
    """What authenticators said of themselves."""

    title = "Passkey attestations"


register_rest("accounts")
