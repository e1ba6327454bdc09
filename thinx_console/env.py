"""Typed readers for the environment variables that configure this installation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class MissingSettings(Exception):
    """One or more environment variables are missing or unreadable; the text names all of them."""


@dataclass(frozen=True)
class Declaration:
    """One variable this installation reads, for `.env.example` and docs/settings.md."""

    name: str
    default: str | None
    help: str


DECLARED: dict[str, Declaration] = {}
_problems: list[str] = []


def env_str(name: str, default: str | None = None, *, help: str = "") -> str:
    """Return the variable's text; without a default its absence is a problem."""
    _declare(name, default, help)
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        _problems.append(f"{name} is not set")
        return ""
    return default


def env_bool(name: str, default: str | None = None, *, help: str = "") -> bool:
    """Return the variable as a truth value; only `true` and `false` are accepted."""
    text = env_str(name, default, help=help)
    if text not in {"true", "false", ""}:
        _problems.append(f"{name} must be true or false, not {text!r}")
    return text == "true"


def env_int(name: str, default: str | None = None, *, help: str = "") -> int:
    """Return the variable as a whole number."""
    text = env_str(name, default, help=help)
    try:
        return int(text or "0")
    except ValueError:
        _problems.append(f"{name} must be a whole number, not {text!r}")
        return 0


def env_list(name: str, default: str | None = "", *, help: str = "") -> list[str]:
    """Return the variable's comma-separated parts, without blanks."""
    return [part.strip() for part in env_str(name, default, help=help).split(",") if part.strip()]


def env_secret(name: str, default: str | None = None, *, help: str = "") -> str:
    """Return a secret from NAME, or from the file that NAME_FILE points at."""
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return env_str(name, default, help=help)
    _declare(name, default, help)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        _problems.append(f"{name}_FILE cannot be read: {error}")
        return ""


def env_finish() -> None:
    """Stop with one message that names every missing or malformed variable."""
    if _problems:
        raise MissingSettings("; ".join(_problems))


def _declare(name: str, default: str | None, help: str) -> None:
    if not name.startswith("THINX_"):
        raise ValueError(f"{name}: settings start with THINX_")
    DECLARED.setdefault(name, Declaration(name, default, help))
