"""What the settings ask for and this machine may lack."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def require_directory_library() -> None:
    """Refuse to start, in words, when directories are set up and their library is missing."""
    if not getattr(settings, "LDAP_DIRECTORIES", None):
        return
    missing = [name for name in ("ldap", "django_auth_ldap") if find_spec(name) is None]
    if missing:
        raise ImproperlyConfigured(
            "THINX_LDAP_DIRECTORIES is set, and sign-in by directory needs python-ldap and "
            "django-auth-ldap. Install them (pip install -r requirements/ldap.txt, on Debian "
            "after apt-get install libldap2-dev libsasl2-dev gcc), or unset it."
        )
