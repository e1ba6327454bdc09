"""Turn terminal output into escaped HTML, a class per colour; logtail.js does the same live."""

from __future__ import annotations

import re
from html import escape

SGR = re.compile(r"\x1b\[([0-9;]*)m")
OTHER_ESCAPES = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-ln-~]"  # any control sequence but a colour
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b[@-Z\\^_=>78cM]"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")
STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline"}
CLEARS = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",)}


def clean(text: str) -> str:
    """Drop what a log cannot show; a line rewritten with carriage returns keeps its last state."""
    line = text.rstrip("\r\n").rsplit("\r", 1)[-1]
    return CONTROLS.sub("", OTHER_ESCAPES.sub("", line))


def _extended(codes: list[int]) -> int | None:
    """Take the arguments of a 38/48 code off `codes`; return one of the 16 basic colours."""
    kind = codes.pop(0) if codes else None
    if kind == 2:
        del codes[:3]
    if kind == 5 and codes:
        colour = codes.pop(0)
        return colour if colour < 16 else None
    return None


def _apply(codes: list[int], look: dict[str, str]) -> None:
    while codes:
        code = codes.pop(0)
        if code == 0:
            look.clear()
        elif code in STYLES:
            look[STYLES[code]] = STYLES[code]
        elif code in CLEARS:
            for name in CLEARS[code]:
                look.pop(name, None)
        elif code in {38, 48}:
            colour = _extended(codes)
            if colour is not None:
                look["fg" if code == 38 else "bg"] = f"{'fg' if code == 38 else 'bg'}-{colour}"
        else:
            _apply_colour(code, look)


def _apply_colour(code: int, look: dict[str, str]) -> None:
    for side, base, bright, reset in (("fg", 30, 90, 39), ("bg", 40, 100, 49)):
        if code == reset:
            look.pop(side, None)
        elif base <= code < base + 8:
            look[side] = f"{side}-{code - base}"
        elif bright <= code < bright + 8:
            look[side] = f"{side}-{code - bright + 8}"


def to_html(text: str) -> str:
    """Return `text` as HTML: every character escaped, colours as <span class="ansi-...">."""
    parts = SGR.split(clean(text))
    look: dict[str, str] = {}
    out = []
    for index, part in enumerate(parts):
        if index % 2:
            _apply([int(code or 0) for code in part.split(";")], look)
        elif part:
            body = escape(part.replace("\x1b", ""))
            names = " ".join(f"ansi-{name}" for name in look.values())
            out.append(f'<span class="{names}">{body}</span>' if names else body)
    return "".join(out)


def to_text(text: str) -> str:
    """Return `text` without colours and controls, as a downloaded log has it."""
    return SGR.sub("", clean(text)).replace("\x1b", "")
