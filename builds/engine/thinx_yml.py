"""thinx.yml: read strictly, so that a typing error is a sentence and not a surprise."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from builds.exceptions import BuildUserError

NAMES = ("thinx.yml", "thinx.yaml")
MAX_SIZE = 64 * 1024
MAX_DEPTH = 12
MAX_TEXT = 2000
NOTHING = {"", "~", "null"}

# Every platform that a THiNX repository may name; those without a builder here are refused
# by name later, with a sentence of their own.
PLATFORMS = (
    "arduino", "micropython", "mongoose", "nodejs", "nodemcu", "pine64", "platformio", "python",
    "sigfox",
)  # fmt: skip
GENERAL: dict[str, tuple[str, ...]] = {
    "devsec": ("ckey", "ssid", "pass"),
    "environment": ("target",),
}
OPTIONS: dict[str, tuple[str, ...]] = {
    "arduino": (
        "platform", "arch", "board", "flash_ld", "f_cpu", "flash_size", "partitions", "source",
        "test", "libs",
    ),
    "platformio": ("environment", "target", "arch", "platform"),
    "micropython": ("platform", "arch", "build", "build_type", "modules", "compile"),
    "nodemcu": ("platform", "arch", "build", "build_type", "build_float", "modules"),
    "python": ("platform", "arch", "entry"),
    "nodejs": ("platform", "arch"),
    "mongoose": ("platform", "arch"),
    "pine64": ("platform", "arch"),
    "sigfox": ("platform", "arch", "board"),
}  # fmt: skip


@dataclass(frozen=True)
class ThinxYml:
    """The settings of one repository: its platform, that platform's options, and the rest."""

    platform: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""
    secrets: tuple[str, ...] = ()


def _bad(message: str, line: int | None = None, name: str = "thinx.yml") -> BuildUserError:
    where = f"{name}, line {line}: " if line else f"{name}: "
    return BuildUserError("build.user.thinx_yml", where + message, line=line)


def parse(data: bytes, name: str = "thinx.yml") -> ThinxYml:
    """Read the text of a thinx.yml; raises BuildUserError with the line that is wrong."""
    try:
        return _parse(data)
    except BuildUserError as error:
        error.message = error.message.replace("thinx.yml", name, 1)
        raise


def _parse(data: bytes) -> ThinxYml:
    if len(data) > MAX_SIZE:
        raise _bad(f"the file is larger than {MAX_SIZE // 1024} kB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad("the file is not UTF-8 text.") from None
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        lines = _check_shape(root)
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _bad(f"{error.problem or 'this is not YAML'}.", line) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise _bad("this is not YAML.") from None
    return _build(values, lines) if values else ThinxYml()


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value in NOTHING


def _check_events(text: str) -> None:
    """Refuse what makes small files large or deep, before anything is built from it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent):
            raise _bad("references (&name, *name) are not supported.", line)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _bad("the lists and sections are nested too deeply.", line)


def _check_shape(root: yaml.Node | None) -> dict[str, int]:
    """Return the line of each top-level key and each option, `section.option`."""
    lines: dict[str, int] = {}
    if root is None or _is_empty(root):
        return lines
    for section, node in _pairs(root, "the file"):
        lines[section.value] = section.start_mark.line + 1
        _check_name(section, (*PLATFORMS, *GENERAL))
        known = OPTIONS.get(section.value) or GENERAL[section.value]
        if _is_empty(node):
            continue
        for option, value in _pairs(node, f"“{section.value}”"):
            lines[f"{section.value}.{option.value}"] = option.start_mark.line + 1
            _check_name(option, known)
            if isinstance(value, yaml.ScalarNode) and len(value.value) > MAX_TEXT:
                raise _bad("this value is too long.", value.start_mark.line + 1)
    return lines


def _pairs(node: yaml.Node, what: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise _bad(f"{what} must hold lines of the form “name: value”.", line)
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _bad("a name must be a plain word.", line)
        if key.value in seen:
            raise _bad(f"“{key.value}” is there twice.", line)
        seen.add(key.value)
    return node.value


def _check_name(key: yaml.ScalarNode, known: tuple[str, ...]) -> None:
    if key.value in known:
        return
    close = difflib.get_close_matches(key.value, known, 1)
    hint = f" Did you mean “{close[0]}”?" if close else f" Known are: {', '.join(known)}."
    raise _bad(f"“{key.value[:60]}” is not known.{hint}", key.start_mark.line + 1)


def _build(values: dict[str, Any], lines: dict[str, int]) -> ThinxYml:
    first = next(iter(values))
    platform = first if first in PLATFORMS else ""
    target = (values.get("environment") or {}).get("target") or ""
    if not isinstance(target, str):
        raise _bad("“target” must be the path of a file.", lines.get("environment.target"))
    devsec = values.get("devsec") or {}
    secrets = tuple(str(value) for value in devsec.values() if value is not None)
    options = values.get(platform) or {} if platform else {}
    _check_values(platform, options, lines)
    return ThinxYml(platform, options, target, secrets)


def _check_values(platform: str, options: Mapping[str, Any], lines: dict[str, int]) -> None:
    for option, value in options.items():
        line = lines.get(f"{platform}.{option}")
        if option in {"libs", "test"} and isinstance(value, str):
            continue
        if option in {"libs", "test"}:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise _bad(f"“{option}” must be a list of names.", line)
        elif option not in {"modules", "build"} and not isinstance(value, (str, int, float, bool)):
            raise _bad(f"“{option}” must be one value.", line)
