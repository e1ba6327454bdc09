"""`manage.py first_operator_link`: how the first person gets in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from accounts.models import User
from accounts.services import first_operator_create, first_operator_token


class Command(BaseCommand):
    """Create the operator that the environment names, or print the one-time link."""

    help = (
        "Print the one-time link that creates the first operator; nothing when there is one. "
        "With THINX_BOOTSTRAP_EMAIL and THINX_BOOTSTRAP_PASSWORD, create that operator instead."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; silent when somebody is there."""
        if settings.BOOTSTRAP_EMAIL and settings.BOOTSTRAP_PASSWORD:
            _create_operator()
        token = first_operator_token()
        if token is not None:
            path = reverse("accounts:first_operator", kwargs={"token": token})
            self.stdout.write(f"{settings.PUBLIC_URL}{path}")


def _create_operator() -> None:
    if User.objects.exists():
        return
    email, password = settings.BOOTSTRAP_EMAIL, settings.BOOTSTRAP_PASSWORD
    try:
        validate_password(password, User(email=email))
        first_operator_create(email=email, password=password)
    except ValidationError as error:
        raise CommandError(
            f"THINX_BOOTSTRAP_EMAIL or THINX_BOOTSTRAP_PASSWORD: {' '.join(error.messages)}"
        ) from None
