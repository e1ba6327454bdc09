"""Writes docs/access.md from the access table: `python -m tests.meta.publish`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.meta.access_table import CAST, TABLE, kinds

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "access.md"
HEAD = """# Who may do what

Every route of the console, the API and the Django admin, and what each of a cast of people and
keys gets there. The tests try every cell, with each method, on an object of Acme and on one of the
organization below it; a route that is missing here fails them, and so does a method that is not
named and yet not refused. Made from `tests/meta/access_table.py` by `python -m tests.meta.publish`.

`ok` is any answer that is not a refusal; `in` the way to the sign-in page; `hold` the way to the
second factor (403 for the API); a number is that HTTP status. Not viewable is 404, viewable but not
permitted is 403, no or a bad credential is 401.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_cast(), *_kinds(), *_routes()]) + "\n"


def _cast() -> Iterator[str]:
    yield "## Who asks\n"
    yield "| Who | What they are to Acme |\n|---|---|"
    yield from (f"| {name} | {relation} |" for name, relation in CAST.items())
    yield ""


def _kinds() -> Iterator[str]:
    yield "## What each kind of route answers\n"
    yield f"| Kind | {' | '.join(CAST)} |"
    yield f"|---|{'---|' * len(CAST)}"
    for kind, cells in kinds().items():
        yield f"| {kind} | {' | '.join(cells.values())} |"
    yield ""


def _routes() -> Iterator[str]:
    yield "## The routes\n"
    lines = [line.split() for line in TABLE.splitlines() if line.strip()]
    ordered = sorted(lines, key=lambda line: (_space(line[1]), line[1]))
    for space, group in groupby(ordered, key=lambda line: _space(line[1])):
        yield f"### {space}\n\n| Route | Methods | Kind |\n|---|---|---|"
        yield from (f"| {name} | {methods.replace(',', ' ')} | {k} |" for methods, name, k in group)
        yield ""


def _space(name: str) -> str:
    space, colon, _ = name.partition(":")
    return space if colon else "console"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
