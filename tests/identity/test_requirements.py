"""Settings that this machine cannot serve stop the start, in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.identity import requirements
from tests.support.console import ROOT

ENTRY = {"id": "corp", "name": "Corp", "uri": "ldaps://directory.example", "base": "dc=example"}


def check(tmp_path, **env) -> subprocess.CompletedProcess[str]:
    """Run the checks of the real settings in a process of their own."""
    env = {
        "PATH": os.environ["PATH"],
        "THINX_DATA_DIR": f"{tmp_path}",
        "THINX_SECRET_KEY": "x" * 50,
        **env,
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_nothing_is_missing_where_no_directory_is_set_up(settings):
    settings.LDAP_DIRECTORIES = []
    requirements.require_directory_library()


def test_missing_library_is_said_with_what_to_install(settings, monkeypatch):
    settings.LDAP_DIRECTORIES = [ENTRY]
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements/ldap\.txt"):
        requirements.require_directory_library()


def test_directories_and_providers_are_read_from_the_environment(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden\n")
    openid = {"id": "sso", "name": "SSO", "issuer": "https://sso.example/realm", "client_id": "c"}
    done = check(
        tmp_path,
        THINX_LDAP_DIRECTORIES=json.dumps([{**ENTRY, "bind_password_file": f"{secret}"}]),
        THINX_OIDC_PROVIDERS=json.dumps([{**openid, "client_secret_file": f"{secret}"}]),
        THINX_GITHUB_CLIENT_ID="x",
        THINX_GITHUB_CLIENT_SECRET_FILE=f"{secret}",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("THINX_OIDC_PROVIDERS", "{not json: topsecret", "THINX_OIDC_PROVIDERS is not JSON"),
        ("THINX_OIDC_PROVIDERS", '{"id": "topsecret"}', "must be a JSON list of objects"),
        ("THINX_OIDC_PROVIDERS", '[{"id": "a", "client_secret": "topsecret"}]', "entry 1 lacks"),
        ("THINX_SAML_PROVIDERS", '[{"id":"github","name":"x","metadata_file":"x"}]', "'github'"),
        (
            "THINX_OIDC_PROVIDERS",
            '[{"id": "a", "name": "A", "issuer": "http://sso.example", "client_id": "c", '
            '"client_secret": "topsecret"}]',
            "the issuer must be https://",
        ),
        ("THINX_SIGN_UP", "everybody", "THINX_SIGN_UP is open, invited or closed"),
    ],
)
def test_unreadable_settings_are_named_and_not_repeated(tmp_path, name, text, said):
    done = check(tmp_path, **{name: text})
    assert done.returncode != 0
    assert said in done.stderr
    assert "topsecret" not in done.stderr
