"""Every write leaves an event: read from the code, so that a new service cannot forget it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from audit.events import events
from core import look

ROOT = Path(__file__).parent.parent.parent
APPS = ("accounts", "notifications", "keys", "messaging", "devices", "builds", "fleet", "gateway")
WRITERS = {"record", "append"}
ORM = {"save", "create", "bulk_create", "update", "delete", "get_or_create", "update_or_create"}
# Services that take an actor and leave no event of their own, each with the reason why.
SILENT: dict[str, str] = {}


def functions() -> dict[str, tuple[str, ast.FunctionDef]]:
    """Return every function of the modules that write, by name."""
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if {"migrations", "api", "views", "forms"} & {*path.parts}:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    found[node.name] = (f"{path.relative_to(ROOT)}", node)
    return found


def calls(node: ast.FunctionDef) -> set[str]:
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            names.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            names.add(inner.attr)
    return names


def recording(known: dict[str, tuple[str, ast.FunctionDef]]) -> set[str]:
    """Return the functions that come to `record`, directly or through others."""
    reached = set(WRITERS)
    called = {name: calls(node) for name, (_, node) in known.items()}
    while True:
        more = {name for name, names in called.items() if names & reached} - reached
        if not more:
            return reached
        reached |= more


def services() -> list[str]:
    """Return the public functions in services modules that are told who acts, and write rows."""
    return sorted(
        name
        for name, (path, node) in functions().items()
        if "services" in path
        and not name.startswith("_")
        and node.args.args
        and node.args.args[0].arg == "actor"
        and calls(node) & ORM
    )


def test_every_service_that_is_told_who_acts_leaves_an_event():
    known = functions()
    recorded = recording(known) | SILENT.keys()
    silent = [f"{known[name][0]}:{name}" for name in services() if name not in recorded]
    assert not silent, " ".join(silent)


def test_the_scan_sees_services_at_all():
    assert {"api_key_create", "device_edit", "build_start", "source_update"} <= {*services()}


@pytest.mark.parametrize("event", events, ids=lambda event: event.slug)
def test_event_reads_well(event):
    sprite = (ROOT / "static" / look.ICON_SPRITE).read_text()
    assert f'id="{event.icon}"' in sprite
    assert event.level in {"info", "warning", "error"}
    assert event.label[0].isupper()
    assert not event.label.endswith((".", "!"))
    assert event.slug.count(".") == 1
    assert len(event.slug) <= 64


def test_every_event_type_is_recorded_somewhere():
    said = "\n".join(
        path.read_text()
        for app in (*APPS, "audit", "core", "thinx_console")
        for path in (ROOT / app).rglob("*.py")
        if not path.name.endswith("events.py") or app == "audit"
    )
    unused = [event.slug for event in events if said.count(type(event).__name__) < 1]
    assert unused == []
