"""Objects as devices write them: keys without quotes, single quotes, bare words, a quote too many.

Strict JSON is tried first. What is neither is text, and is not read any further.
"""

from __future__ import annotations

import json
import re
from typing import Any

LONGEST = 65_536
DEEPEST = 16
_BLANK = re.compile(r"[\s]*")
_KEY = re.compile(r"[A-Za-z_$][\w$.-]*")
_BARE = re.compile(r"[^,{}\[\]\"'\r\n]*")
_STRINGS = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.S),
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.S),
}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?")
_WORDS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "NaN": None,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.S)


class NotAnObject(ValueError):
    """The text is no object, not even a carelessly written one."""


def read_value(text: str) -> Any:
    """Return what a text says: JSON, or an object written carelessly. Raises `NotAnObject`."""
    if len(text) > LONGEST:
        raise NotAnObject
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        pass
    reader = _Reader(text.strip().rstrip("\"'`;\x00 \t\r\n"))
    try:
        value = reader.object(0)
    except IndexError:
        raise NotAnObject from None
    if not reader.at_end():
        raise NotAnObject
    return value


class _Reader:
    """Reads one object from left to right, never twice over the same place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def object(self, depth: int) -> dict[str, Any]:
        """Read `{key: value, ...}`."""
        self.expect("{", depth)
        found: dict[str, Any] = {}
        while not self.took("}"):
            key = self.key()
            if not self.took(":"):
                raise NotAnObject
            found[key] = self.value(depth + 1)
            if not self.took(",") and self.peek() != "}":
                raise NotAnObject
        return found

    def array(self, depth: int) -> list[Any]:
        """Read `[value, ...]`."""
        self.expect("[", depth)
        found: list[Any] = []
        while not self.took("]"):
            found.append(self.value(depth + 1))
            if not self.took(",") and self.peek() != "]":
                raise NotAnObject
        return found

    def key(self) -> str:
        """Read a name, with or without quotes."""
        if self.peek() in _STRINGS:
            return self.string()
        return self.match(_KEY)

    def value(self, depth: int) -> Any:
        """Read a value; a bare word is a text."""
        start = self.peek()
        if start == "{":
            return self.object(depth)
        if start == "[":
            return self.array(depth)
        if start in _STRINGS:
            return self.string()
        word = self.match(_BARE).strip()
        if not word:
            raise NotAnObject
        if word in _WORDS:
            return _WORDS[word]
        return json.loads(word) if _NUMBER.fullmatch(word) else word

    def string(self) -> str:
        """Read a text in quotes of either kind."""
        inside = self.match(_STRINGS[self.peek()])[1:-1]
        return _ESCAPE.sub(_unescaped, inside)

    def expect(self, sign: str, depth: int) -> None:
        """Take the sign, unless it is another or too deep."""
        if depth > DEEPEST or not self.took(sign):
            raise NotAnObject

    def peek(self) -> str:
        """Return the next sign after blanks; IndexError at the end."""
        blank = _BLANK.match(self.text, self.place)
        assert blank is not None
        self.place = blank.end()
        return self.text[self.place]

    def took(self, sign: str) -> bool:
        """Step over the sign if it is next."""
        if self.peek() != sign:
            return False
        self.place += 1
        return True

    def match(self, pattern: re.Pattern[str]) -> str:
        """Take what the pattern matches here."""
        found = pattern.match(self.text, self.place)
        if found is None:
            raise NotAnObject
        self.place = found.end()
        return found[0]

    def at_end(self) -> bool:
        """Tell whether only blanks follow."""
        return not self.text[self.place :].strip()


def _unescaped(found: re.Match[str]) -> str:
    sign = found[1]
    if len(sign) == 5:
        return chr(int(sign[1:], 16))
    return _ESCAPES.get(sign, sign)
