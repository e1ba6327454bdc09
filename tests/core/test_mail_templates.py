"""Every mail that the code sends has its three templates, and all of them look like ours."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "templates" / "emails"
APPS = ("accounts", "audit", "builds", "core", "devices", "gateway", "keys", "messaging")
APPS += ("thinx_console",)
PARTS = {"base", "_button"}
TEMPLATES = sorted(path.stem for path in FOLDER.glob("*.html") if path.stem not in PARTS)


def sent_by_the_code() -> set[str]:
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "send_mail":
                    continue
                if node.args and isinstance(node.args[0], ast.Constant):
                    found.add(node.args[0].value)
    return found


@pytest.mark.parametrize("name", sorted(sent_by_the_code() | set(TEMPLATES)))
def test_mail_has_a_subject_a_text_and_html(name):
    for ending in (".subject.txt", ".txt", ".html"):
        assert (FOLDER / f"{name}{ending}").is_file(), f"{name}{ending}"


@pytest.mark.parametrize("name", TEMPLATES)
def test_html_of_a_mail_fetches_nothing_and_runs_nothing(name):
    html = (FOLDER / f"{name}.html").read_text(encoding="utf-8")
    assert html.startswith('{% extends "emails/base.html" %}')
    assert not re.search(r"<(img|script|link|iframe|form|video)\b|url\(|@import|\bon\w+=", html)
    assert "|safe" not in html
    assert "{% block why %}" in html
    assert "{% block preheader %}" in html


@pytest.mark.parametrize("name", TEMPLATES)
def test_words_of_a_mail_are_calm(name):
    for ending in (".subject.txt", ".txt", ".html"):
        said = re.sub(r"<!doctype|!important|{%.*?%}", "", (FOLDER / f"{name}{ending}").read_text())
        assert "!" not in said
        assert not re.search(r"\b(oops|error)\b", said, re.IGNORECASE)
