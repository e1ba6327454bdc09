"""What happens to second factors and remembered browsers when people sign in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.second_factor.sessions import session_prove


@receiver(user_logged_in)
def _proved_by_signing_in(request: HttpRequest | None, **_: Any) -> None:
    """Any first factor proves who sits there, for a quarter of an hour."""
    if getattr(request, "session", None) is not None:
        session_prove(request)  # type: ignore[arg-type]
