"""Typed readers for the environment variables that configure this installation."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

_NO_DEFAULT = object()


class MissingSettings(Exception):
    """One or more environment variables are missing or unreadable; the text names all of them."""


@dataclass
class Env:
    """Reads THINX_* variables, remembers what was declared, and collects every problem."""

    declared: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def str(self, name: str, default: object = _NO_DEFAULT, *, help: str = "") -> str:
        """Return the variable's text; without a default its absence is a problem."""
        self._declare(name, default, help)
        value = os.environ.get(name)
        if value is not None and value != "":
            return value
        if default is _NO_DEFAULT:
            self.problems.append(f"{name} is not set")
            return ""
        return "" if default is None else f"{default}"

    def bool(self, name: str, default: object = _NO_DEFAULT, *, help: str = "") -> bool:
        """Return the variable as a truth value; only `true` and `false` are accepted."""
        text = self.str(name, default, help=help).lower()
        if text not in {"true", "false", ""}:
            self.problems.append(f"{name} must be true or false, not {text!r}")
        return text == "true"

    def int(self, name: str, default: object = _NO_DEFAULT, *, help: str = "") -> int:
        """Return the variable as a whole number."""
        text = self.str(name, default, help=help)
        try:
            return int(text)
        except ValueError:
            self.problems.append(f"{name} must be a whole number, not {text!r}")
            return 0

    def list(self, name: str, default: object = "", *, help: str = "") -> list[str]:
        """Return the variable's comma-separated parts, without blanks."""
        text = self.str(name, default, help=help)
        return [part.strip() for part in text.split(",") if part.strip()]

    def secret(self, name: str, default: object = _NO_DEFAULT, *, help: str = "") -> str:
        """Return a secret from NAME, or from the file that NAME_FILE points at."""
        path = os.environ.get(f"{name}_FILE")
        if path:
            self._declare(name, default, help)
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                self.problems.append(f"{name}_FILE cannot be read: {error}")
                return ""
        return self.str(name, default, help=help)

    def finish(self) -> None:
        """Stop with one message that names every missing or malformed variable."""
        if self.problems:
            raise MissingSettings("; ".join(self.problems))

    def _declare(self, name: str, default: object, help: str) -> None:
        if not name.startswith("THINX_"):
            raise ValueError(f"{name}: settings start with THINX_")
        shown = "(required)" if default is _NO_DEFAULT else f"{default if default is not None else ''}"
        self.declared.setdefault(name, f"{shown}\t{help}")


env = Env()
