"""Secrets do not reach the log, however a program writes them."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from builds.engine.environment import c_string
from builds.engine.redact import MASK, Redactor

SECRET = 'p@ss "word" /+ä?'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        c_string(SECRET),
        repr(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"a:" + SECRET.encode()).decode(),
        base64.b64encode(b"ab:" + SECRET.encode()).decode(),
        SECRET.encode().hex(),
    ],
)
def test_secret_is_masked_in_each_form(written):
    shown = Redactor([SECRET])(f"before {written} after")
    assert MASK in shown
    assert SECRET not in shown
    assert "word" not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_short_values_and_other_text_stay():
    redact = Redactor(["abc", "", "longer-secret"])
    assert redact("abc is short, longer-secrets are not") == f"abc is short, {MASK}s are not"


def test_secret_of_several_lines_is_masked_line_by_line():
    redact = Redactor(["-----BEGIN KEY-----\nAAAABBBB\n-----END KEY-----\n"])
    assert redact("AAAABBBB") == MASK


def test_longer_secret_wins_over_the_shorter_inside_it():
    assert Redactor(["pass", "password"])("password") == MASK


def test_no_secrets_change_nothing():
    assert Redactor()("text") == "text"
