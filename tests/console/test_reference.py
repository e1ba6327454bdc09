"""Documents that are made from the code agree with it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = (
    "core",
    "audit",
    "accounts",
    "keys",
    "messaging",
    "notifications",
    "devices",
    "builds",
    "fleet",
    "gateway",
    "thinx_console",
)
CODE = re.compile(r"[a-z]+(\.[a-z_]+)+\Z")
RAISES = re.compile(r"(Error|Conflict|QuotaExceeded|NotConfigured|Denied|refuse\w*)\Z")


def reference(tmp_path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "manage.py", "settings_reference"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_settings_page_is_what_the_settings_declare(tmp_path):
    committed = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").strip()
    assert committed == reference(tmp_path), "run `python manage.py settings_reference --write`"


def raised_codes() -> set[str]:
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
                if RAISES.search(name) and is_text and CODE.match(first.value):
                    found.add(first.value)
    return found


@pytest.mark.parametrize("code", sorted(raised_codes()))
def test_error_code_is_documented(code):
    assert f"`{code}`" in (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
