"""Every route, every method, every member of the cast, an object of theirs and one below it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, get_resolver, resolve, reverse
from django.urls.resolvers import URLResolver

from tests.meta.access_table import CAST, OK, kinds, rows
from tests.meta.publish import PAGE, page
from tests.meta.world import KEYS, World

pytestmark = pytest.mark.once

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# A method that the table does not name for a route never acts: any of these will do.
CLOSED = {"in", "hold", "401", "403", "404", "405"}
# A view takes a method or not, whoever asks: those who may most try, of each way to come in.
TRY_CLOSED = {"anon", "alice", "ruth", "robot"}
HOLDING_VIEWS = {"accounts:factor_verify", "accounts:factor_enrol"}
# The table must stay this wide: routes x methods x cast, and once more for each object.
CELLS = 20_000
# What stands in an address that names no object of the cast.
NOBODYS: tuple[dict[str, Any], ...] = (
    {},
    {"token": "x"},
    {"slug": "edit"},
    {"name": "no-such-example"},
    {"key": "x"},
    {"uid": UUID(int=0), "token": "x"},
    {"uid": UUID(int=0), "recipient": UUID(int=0)},
    {"provider": "nobody"},
    {"provider_id": "nobody"},
    {"organization_slug": "nobody"},
    {"app_label": "accounts"},
)


def named_routes(patterns, prefix="") -> set[str]:
    """Return the names of all routes; those without one are DRF's catch-all for its root."""
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            found |= named_routes(pattern.url_patterns, prefix + space)
        elif pattern.name:
            found.add(prefix + pattern.name)
    return found


def test_every_route_is_in_the_table():
    assert named_routes(get_resolver().url_patterns) == {name for _, name, _ in rows()}


def test_no_line_is_written_twice():
    lines = [(method, name) for method, name, _ in rows()]
    assert sorted(lines) == sorted(set(lines))


@pytest.fixture
def world(db) -> World:
    return World()


def address_of(name: str, objects: dict[str, Any]) -> tuple[str, bool]:
    """Return the address, and whether it names one of the objects."""
    for kwargs in NOBODYS:
        try:
            return reverse(name, kwargs=kwargs), False
        except NoReverseMatch:
            continue
    space, _, rest = name.partition(":")
    words = rest.replace("-", "_").split("_")
    if space == "admin":  # <app>_<model>_<page>, also of models that the world has no row of
        row = objects.get(words[1])
        return reverse(name, kwargs={"uid": row.uid if row else UUID(int=0)}), row is not None
    return reverse(name, kwargs={"uid": objects[words[0]].uid}), True


def answer(client: Client, method: str, address: str) -> str:
    """Return what the route says; whatever it did is rolled back."""
    with transaction.atomic():
        response = client.generic(method, address, b"", content_type=content_type(address))
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    if response.status_code in {302, 303}:
        return sent_to(response.headers["Location"])
    if response.status_code == 403 and is_held_back(response):
        return "hold"
    return f"{response.status_code}" if response.status_code in {401, 403, 404, 405, 500} else OK


def sent_to(location: str) -> str:
    """Tell the ways to the doors from any other redirect."""
    try:
        view = resolve(location.partition("?")[0]).view_name
    except Resolver404:
        return OK
    if view in HOLDING_VIEWS:
        return "hold"
    return "in" if view == "accounts:sign_in" else OK


def is_held_back(response: Any) -> bool:
    return b'"accounts.second_factor_' in response.content


def content_type(address: str) -> str:
    is_form = not address.startswith(("/api/", "/device/"))
    return "application/x-www-form-urlencoded" if is_form else "application/json"


def cells(world: World, person: str):
    """Yield (method, route, address, expected set) of everything that a person may try."""
    expected = kinds()
    table = {(method, name): kind for method, name, kind in rows()}
    for place, objects in world.objects.items():
        for name in sorted({name for _, name in table}):
            address, names_object = address_of(name, objects)
            if place == "plant" and not names_object:
                continue
            for method in METHODS:
                kind = table.get((method, name))
                if kind is None and (place == "plant" or person not in TRY_CLOSED):
                    continue  # what is closed is closed whatever the object
                wanted = CLOSED if kind is None else {expected[kind][acts_as(person, place, kind)]}
                yield method, name, address, wanted


def acts_as(person: str, place: str, kind: str) -> str:
    """Below Acme its roles hold as in it, chloe rules, and neither shares nor keys reach there."""
    if place == "acme":
        return person
    if person == "robot" and kind.startswith("api_") and kind != "api_nobodys":
        return "guest"
    return {"chloe": "alice", "shared": "guest"}.get(person, person)


def test_the_matrix_is_wide_enough(world):
    count = sum(len(list(cells(world, person))) for person in CAST)
    print(f"\n{count:,} cells")
    assert count >= CELLS


def wanted_after_sign_out(person: str) -> str:
    """Whoever was signed in is sent to the same page as a stranger, having been signed out."""
    return "in" if person == "anon" or person in KEYS else OK


@pytest.mark.parametrize("person", CAST)
def test_each_of_the_cast_gets_what_the_table_says(person, world, pytestconfig):
    wrong = []
    client = world.client(person)
    chosen = re.compile(pytestconfig.getoption("--routes"))
    for method, name, address, wanted in cells(world, person):
        if not chosen.search(name):
            continue
        got = answer(client, method, address)
        if name == "accounts:sign_out":
            client = world.client(person)
            got = {"in": wanted_after_sign_out(person)}.get(got, got)
        if got not in wanted:
            wrong.append(f"{method} {name}: {got}, not {' or '.join(sorted(wanted))}")
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong)


def test_the_published_page_says_the_same():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.meta.publish"
