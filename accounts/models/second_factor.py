"""Second factors. django-otp is the only store: each of these is one of its devices.

What proves a person is never kept as it is: seeds are sealed, codes are digests, passkeys are
public keys (in `passkeys.py`).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_otp.models import CooldownMixin, Device, ThrottlingMixin, TimestampMixin

from accounts.models.people import User
from core.fields import EncryptedTextField
from core.models import UidModel


class TotpDevice(UidModel, TimestampMixin, ThrottlingMixin, Device):  # type: ignore[django-manager-missing]
    """An authenticator app: RFC 6238, 6 digits every 30 seconds.

    `last_step` is the time step of the last code accepted, so that none works twice; `drift`
    is how many steps the app's clock was off then.
    """

    kind: ClassVar[str] = "totp"
    secret = EncryptedTextField()
    drift = models.SmallIntegerField(default=0)
    last_step = models.BigIntegerField(default=-1)

    def get_throttle_factor(self) -> int:
        """Return the seconds to wait after the first wrong code; each further one doubles them."""
        return 1


class SmsDevice(UidModel, TimestampMixin, ThrottlingMixin, CooldownMixin, Device):  # type: ignore[django-manager-missing]
    """A phone that receives a code. `digest` is of the code sent last, empty once it is used.

    `tries` counts the wrong answers to that code.
    """

    kind: ClassVar[str] = "sms"
    phone = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, blank=True)
    valid_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    def get_throttle_factor(self) -> int:
        """Return the seconds to wait after the first wrong code; each further one doubles them."""
        return 1

    def get_cooldown_duration(self) -> int:
        """Return the seconds between two codes."""
        return 60


class RecoveryCodes(UidModel, TimestampMixin, ThrottlingMixin, Device):  # type: ignore[django-manager-missing]
    """A set of codes for the day the phone is lost. It counts as a factor only beside another."""

    kind: ClassVar[str] = "recovery"

    def get_throttle_factor(self) -> int:
        """Return the seconds to wait after the first wrong code; each further one doubles them."""
        return 1


class RecoveryCode(models.Model):
    """One code of the set; it opens the door once."""

    codes = models.ForeignKey(RecoveryCodes, models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["codes", "digest"], name="recovery_code_once")
        ]

    def __str__(self) -> str:
        return "used" if self.used_at else "unused"


class RememberedBrowser(UidModel):
    """A browser that is not asked for the second factor until `expires_at`.

    Its cookie holds a random token, of which this is the SHA-256. `factor` is the persistent id
    of the django-otp device that was shown; when that is removed, the browser is forgotten.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="remembered_browsers")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    factor = models.CharField(max_length=80)
    user_agent = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"browser of {self.user}"
