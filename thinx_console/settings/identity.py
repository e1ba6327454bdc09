"""Who may make an account, and the ways to sign in: passwords, providers, directories."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from thinx_console.env import env_secret, env_str

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
TAKEN_IDS = {"github", "google", "openid_connect", "saml", "ldap"}


def _json_list(name: str, *, needs: tuple[str, ...], help: str) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; raises ValueError that never repeats the text."""
    try:
        entries = json.loads(env_secret(name, "[]", help=help) or "[]")
    except ValueError:
        raise ValueError(f"{name} is not JSON") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{name} must be a JSON list of objects")
    for place, entry in enumerate(entries, start=1):
        missing = [key for key in needs if not entry.get(key)]
        if missing:
            raise ValueError(f"{name}: entry {place} lacks {', '.join(missing)}")
        _require_id(name, entry, [other["id"] for other in entries[: place - 1]])
        for key in [key for key in entry if key.endswith("_file") and key != "ca_file"]:
            entry[key.removesuffix("_file")] = _text_of(name, entry[key])
    return entries


def _require_id(name: str, entry: dict[str, Any], others: list[str]) -> None:
    found = f"{entry['id']}"
    if not found.replace("-", "").isalnum() or found in TAKEN_IDS or found in others:
        raise ValueError(f"{name}: {found!r} is taken or holds more than letters, digits and -")


def _text_of(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{name}: {error}") from None


def origin_of(url: str) -> str:
    """Return scheme and host of an address, as Content-Security-Policy wants them."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https address")
    return f"{parts.scheme}://{parts.netloc}"


def _single_app(prefix: str, name: str, **more: Any) -> dict[str, Any]:
    """Return allauth's entry of a provider that there is one of, or nothing."""
    client_id = env_str(
        f"THINX_{prefix}_CLIENT_ID", "", help=f"Sign-in by {name}: id of the OAuth application."
    )
    secret = env_secret(f"THINX_{prefix}_CLIENT_SECRET", "", help=f"Sign-in by {name}: its secret.")
    if not client_id:
        return {}
    apps = [{"client_id": client_id, "secret": secret, "name": name, "settings": {}}]
    return {prefix.lower(): {"APPS": apps, "OAUTH_PKCE_ENABLED": True, **more}}


def openid_app(entry: dict[str, Any]) -> dict[str, Any]:
    """Return allauth's entry of one OpenID provider; raises ValueError for one without TLS."""
    issuer = urlsplit(entry["issuer"])
    if issuer.scheme != "https" and issuer.hostname not in LOOPBACK:
        raise ValueError(f"THINX_OIDC_PROVIDERS: {entry['id']}: the issuer must be https://")
    own = ("scope", "sign_up", "verified_email", "token_auth_method")
    return {
        "provider_id": entry["id"],
        "name": entry["name"],
        "client_id": entry["client_id"],
        "secret": entry.get("client_secret", ""),
        "settings": {
            "server_url": entry["issuer"].rstrip("/"),
            **{key: entry[key] for key in own if key in entry},
        },
    }


def saml_app(entry: dict[str, Any]) -> dict[str, Any]:
    """Return allauth's entry of one SAML provider, from the metadata in `metadata`."""
    # The library brings xmlsec: only who uses SAML waits for it.
    from onelogin.saml2.idp_metadata_parser import (  # noqa: PLC0415
        OneLogin_Saml2_IdPMetadataParser as Parser,
    )

    idp = Parser.parse(entry["metadata"], entity_id=entry.get("entity_id"))["idp"]
    certificate = idp.get("x509cert") or idp["x509certMulti"]["signing"][0]
    return {
        "provider_id": entry["id"],
        "client_id": entry["id"],
        "name": entry["name"],
        "settings": {
            "idp": {
                "entity_id": idp["entityId"],
                "sso_url": idp["singleSignOnService"]["url"],
                "x509cert": certificate,
            },
            "advanced": {
                "reject_deprecated_algorithm": True,
                "reject_idp_initiated_sso": True,
                "allow_single_label_domains": True,  # a console within a network
            },
            **{key: entry[key] for key in ("sign_up", "verified_email") if key in entry},
            **({"attribute_mapping": entry["attributes"]} if "attributes" in entry else {}),
            **({"sp": {"entity_id": entry["sp_entity_id"]}} if "sp_entity_id" in entry else {}),
        },
    }


def ldap_directory(entry: dict[str, Any]) -> dict[str, Any]:
    """Return one directory; raises ValueError for what would send passwords in the clear."""
    name = f"THINX_LDAP_DIRECTORIES: {entry['id']}"
    for uri in entry["uri"].split():
        parts = urlsplit(uri)
        is_here = parts.hostname in LOOPBACK
        if parts.scheme not in {"ldap", "ldaps", "ldapi"}:
            raise ValueError(f"{name}: uri begins with ldap://, ldaps:// or ldapi://")
        if parts.scheme == "ldap" and not entry.get("start_tls") and not is_here:
            raise ValueError(f"{name}: ldap:// needs start_tls, or use ldaps://")
    if entry.get("group_type", "names") not in {"names", "posix", "ad", "ad-nested"}:
        raise ValueError(f"{name}: group_type is names, posix, ad or ad-nested")
    for rule in entry.get("roles", ()):
        if set(rule) != {"group", "organization", "role"}:
            raise ValueError(f"{name}: each of roles has group, organization and role")
        if rule["role"] not in {"viewer", "operator", "admin"}:
            raise ValueError(f"{name}: {rule['role']!r} is not viewer, operator or admin")
    if entry.get("roles") and not entry.get("group_base"):
        raise ValueError(f"{name}: roles need group_base")
    return entry


# --- Accounts --------------------------------------------------------------------------------
SIGN_UP = env_str(
    "THINX_SIGN_UP",
    "",
    help="Who may make an account: open, invited or closed. Left empty: open while "
    "THINX_PUBLIC_URL is this machine, invited otherwise.",
)
if SIGN_UP not in {"", "open", "invited", "closed"}:
    raise ValueError("THINX_SIGN_UP is open, invited or closed")
PASSWORD_RESET_TIMEOUT = 2 * 3600
ACTIVATION_SECONDS = 3 * 24 * 3600

ACCOUNT_ADAPTER = "accounts.identity.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_RATE_LIMITS = False  # ours are in accounts.identity.limits
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_ON_GET = False
SOCIALACCOUNT_ADAPTER = "accounts.identity.adapters.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.sign_up.ProviderSignUpForm"}
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10

# --- Lockouts --------------------------------------------------------------------------------
AXES_HANDLER = "accounts.identity.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "accounts.identity.lockout.account_name"
AXES_CLIENT_IP_CALLABLE = "accounts.identity.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "accounts.identity.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- Providers -------------------------------------------------------------------------------
GITHUB_URL = env_str(
    "THINX_GITHUB_URL", "https://github.com", help="Sign-in by GitHub: another GitHub server."
).rstrip("/")
_OPENID = _json_list(
    "THINX_OIDC_PROVIDERS",
    needs=("id", "name", "issuer", "client_id"),
    help="Sign-in by OpenID Connect: JSON list of providers ([sign-in.md](sign-in.md)).",
)
_SAML = [
    saml_app(entry)
    for entry in _json_list(
        "THINX_SAML_PROVIDERS",
        needs=("id", "name", "metadata_file"),
        help="Sign-in by SAML: JSON list of providers ([sign-in.md](sign-in.md)).",
    )
]
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    **_single_app(
        "GITHUB",
        "GitHub",
        SCOPE=["read:user", "user:email"],
        **({} if GITHUB_URL == "https://github.com" else {"GITHUB_URL": GITHUB_URL}),
    ),
    **_single_app("GOOGLE", "Google", SCOPE=["openid", "profile", "email"]),
    "openid_connect": {
        "APPS": [openid_app(entry) for entry in _OPENID],
        "OAUTH_PKCE_ENABLED": True,
    },
    "saml": {"APPS": _SAML},
}
# Browsers follow a form to these places only (Content-Security-Policy: form-action).
SIGN_IN_ORIGINS = sorted(
    {
        *([origin_of(GITHUB_URL)] if "github" in SOCIALACCOUNT_PROVIDERS else []),
        *(["https://accounts.google.com"] if "google" in SOCIALACCOUNT_PROVIDERS else []),
        *(origin_of(url) for e in _OPENID for url in [e["issuer"], *e.get("origins", [])]),
        *(origin_of(app["settings"]["idp"]["sso_url"]) for app in _SAML),
    }
)

# --- Directories -----------------------------------------------------------------------------
LDAP_DIRECTORIES = [
    ldap_directory(entry)
    for entry in _json_list(
        "THINX_LDAP_DIRECTORIES",
        needs=("id", "name", "uri", "base"),
        help="Sign-in by LDAP or Active Directory: JSON list, asked in this order "
        "([sign-in.md](sign-in.md)).",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.EmailBackend",
    "django_otp_webauthn.backends.WebAuthnBackend",
    *(["accounts.identity.directories.DirectoryBackend"] if LDAP_DIRECTORIES else []),
    "accounts.backends.ScopeBackend",
]
IDENTITY_APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "axes",
]
