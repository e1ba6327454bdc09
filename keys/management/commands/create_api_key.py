"""`manage.py create_api_key`: an API key for scripts, without a browser."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actor import Actor
from accounts.models import Organization, User
from accounts.services import personal_organization
from keys.choices import ApiKeyKind
from keys.services import api_key_create


class Command(BaseCommand):
    """Create an automation key that acts as the person named; printed this once."""

    help = "Create an API key and print it with the owner id. The key is not shown again."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose key it is and what it is called."""
        parser.add_argument("--email", required=True, help="Whose key it is.")
        parser.add_argument("--alias", required=True, help="What the key is called.")
        parser.add_argument(
            "--organization",
            help="Id of the organization; without it, the person's own.",
        )
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(
        self, *args: Any, email: str, alias: str, organization: str | None, **options: Any
    ) -> None:
        """Create it as that person, within what they may do."""
        person = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody has an account with the e-mail address {email}.")
        actor = Actor.for_user(person)
        place = _organization(actor, organization)
        if not alias.strip() or len(alias) > 80:
            raise CommandError("The alias needs 1 to 80 characters.")
        _, secret = api_key_create(
            actor, organization=place, alias=alias.strip(), kind=ApiKeyKind.AUTOMATION
        )
        if options["json"]:
            self.stdout.write(json.dumps({"owner_id": place.owner_id, "api_key": secret}))
            return
        self.stdout.write(f"owner id  {place.owner_id}\nAPI key   {secret}")


def _organization(actor: Actor, uid: str | None) -> Organization:
    if uid is None:
        assert actor.user is not None
        return personal_organization(actor.user)
    try:
        wanted = uuid.UUID(uid)
    except ValueError:
        raise CommandError(f"{uid} is not the id of an organization.") from None
    found = Organization.objects.allowed(actor).filter(uid=wanted).first()
    if found is None:
        raise CommandError(f"{actor.label} belongs to no organization with the id {uid}.")
    creatable = Organization.objects.filter(pk__in=actor.organization_ids("keys.add_apikey"))
    if not creatable.filter(pk=found.pk).exists():
        raise CommandError(f"{actor.label} may not create API keys in {found}.")
    return found
