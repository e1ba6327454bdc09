"""What a User-Agent header says, in words for people."""

from __future__ import annotations

from functools import lru_cache

LONGEST = 300


def kept_agent(header: str) -> str:
    """Return as much of the header as is stored."""
    return header.replace("\x00", "\ufffd")[:LONGEST]


@lru_cache(maxsize=1000)
def browser_in_words(header: str) -> str:
    """Return "Firefox 133 on Windows", or how far it can be told."""
    from ua_parser import parse  # noqa: PLC0415  only who shows or mails it needs its tables

    if not header:
        return "Unknown browser"
    found = parse(header)
    browser, system = found.user_agent, found.os
    if browser is None and system is None:
        return header[:40]
    name = " ".join(filter(None, (browser.family, browser.major))) if browser else "A browser"
    return f"{name} on {system.family}" if system else name
