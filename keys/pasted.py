"""Reading variables that somebody pasted as lines of `NAME=value`."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from keys.models import VARIABLE_NAME


@dataclass(frozen=True)
class PastedVariable:
    """One line: its number for messages, the name and the value."""

    line: int
    name: str
    value: str


def read_variables(text: str) -> tuple[list[PastedVariable], list[str]]:
    """Return the variables and one sentence per faulty line; no sentence repeats a value."""
    found: dict[str, PastedVariable] = {}
    faults = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        fault = _fault(name.strip(), equals, found)
        if fault:
            faults.append(f"Line {number}: {fault}")
        else:
            found[name.strip()] = PastedVariable(number, name.strip(), _unquoted(value.strip()))
    return list(found.values()), faults


def _fault(name: str, equals: str, found: dict[str, PastedVariable]) -> str:
    if not equals:
        return "there is no = in it."
    try:
        VARIABLE_NAME(name)
    except ValidationError as error:
        return f"{error.message}"
    if name in found:
        return f"{name} is in line {found[name].line} already."
    return ""


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
