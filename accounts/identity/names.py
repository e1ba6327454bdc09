"""User names: which are free, and whom a typed name means."""

from __future__ import annotations

import re
import secrets

from django.core.exceptions import ValidationError

from accounts.models import User

ALLOWED = re.compile(r"[\w.+-]{1,150}")


def person_named(name: str) -> User | None:
    """Return the person of an e-mail address or a user name, in any case.

    An address comes first: nobody takes it from its owner by choosing it as a user name.
    """
    name = name.strip()
    if "@" in name and (owner := User.objects.filter(email__iexact=name).first()):
        return owner
    return User.objects.filter(username__iexact=name).order_by("pk").first()


def require_free_username(name: str, *, person: User | None = None) -> str:
    """Return the user name; raises ValidationError when it is taken in any case, or has an @.

    With an @ it could be somebody else's e-mail address, and sign-in would not know who is meant.
    """
    if not ALLOWED.fullmatch(name):
        raise ValidationError("Use letters, digits and . + - _ only.", code="username_characters")
    others = User.objects.filter(username__iexact=name)
    if others.exclude(pk=person.pk if person else None).exists():
        raise ValidationError("This user name is taken. Choose another one.", code="username_taken")
    return name


def free_username(*wishes: str) -> str:
    """Return the first wish that is free, or one made of them."""
    bases = [base for wish in wishes if (base := _plain(wish))] or ["user"]
    for base in bases:
        if not User.objects.filter(username__iexact=base).exists():
            return base
    return f"{bases[0]}-{secrets.token_hex(3)}"


def _plain(wish: str) -> str:
    return re.sub(r"[^a-z0-9._-]", "", wish.split("@", 1)[0].lower())[:100]
