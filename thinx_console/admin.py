"""Tables of libraries in the Django admin: to be read, by actors whom nothing limits."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group

from core.admin import ConsoleModelAdmin

admin.site.app_names = {  # type: ignore[attr-defined]
    "account": "Sign-in by e-mail",
    "socialaccount": "Sign-in by providers",
    "axes": "Lockouts",
    "auth": "Groups of Django",
}


@admin.register(EmailAddress)
class EmailAddressAdmin(ConsoleModelAdmin):
    """Addresses that people confirmed, or did not."""

    list_display = ("email", "user", "verified", "primary")
    list_filter = ("verified", "primary")
    search_fields = ("email", "user__email")


@admin.register(SocialAccount)
class SocialAccountAdmin(ConsoleModelAdmin):
    """Accounts elsewhere that people sign in with."""

    list_display = ("user", "provider", "last_login", "date_joined")
    search_fields = ("user__email", "provider")
    hidden = ("extra_data",)


@admin.register(AccessAttempt, AccessFailureLog, AccessLog)
class AccessAdmin(ConsoleModelAdmin):
    """What the lockouts are counted from."""

    list_display = ("attempt_time", "username", "ip_address", "user_agent")
    search_fields = ("username", "ip_address")
    hidden = ("get_data", "post_data", "session_hash")


@admin.register(Group)
class GroupAdmin(ConsoleModelAdmin):
    """What carries the members and the shares of a group of users; its name is that one's uid."""

    list_display = ("name",)
