"""Where the settings come from: a JSON file, then the environment, then the command line."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from thinx_agent.errors import ConfigError

PREFIX = "THINX_AGENT_"
_KEY = re.compile(r"[0-9a-f]{64}")
_OWNER = re.compile(r"[a-z0-9]{64,}")
_SECRET = {"api_key"}


@dataclass(frozen=True)
class Config:
    """Everything that can be set. The API key never comes from the command line."""

    server: str = ""
    api_key: str = ""
    api_key_file: str = ""
    owner: str = ""
    mac: str = ""
    alias: str = ""
    platform: str = "python"
    firmware: str = "thinx-agent"
    version: str = "0.0.0"
    data_dir: str = "thinx-data"
    runner: str = ""
    public_key: str = ""
    ca_file: str = ""
    interval: float = 300
    confirm: float = 10
    timeout: float = 20
    max_size: int = 64 << 20
    once: bool = False

    @property
    def folder(self) -> Path:
        """The folder that holds the state, the slots and the pinned key."""
        return Path(self.data_dir).expanduser().resolve()

    @property
    def runner_argv(self) -> list[str]:
        """The command firmware is run under; empty means this Python."""
        return shlex.split(self.runner)


HELP = {
    "server": "address of the console, like https://console.example.com",
    "api_key_file": "file that holds the API key (or THINX_AGENT_API_KEY)",
    "owner": "owner id of the organization, 64 characters",
    "mac": "hardware address; found out when not given",
    "alias": "name shown in the console for a new device",
    "platform": "platform that firmware must be for",
    "firmware": "name reported before any firmware is installed",
    "version": "version reported before any firmware is installed",
    "data_dir": "folder for state and firmware",
    "runner": "command that runs a firmware; {firmware} and {slot} are filled in",
    "public_key": "base64 Ed25519 key of the console; else taken on first use",
    "ca_file": "certificate authority of the console",
    "interval": "seconds between check-ins",
    "confirm": "seconds within which new firmware must come up",
    "timeout": "seconds to wait for the console",
    "max_size": "largest firmware in bytes",
    "once": "check in once, take an update if there is one, and end",
}


def load(argv: Sequence[str], environ: Mapping[str, str]) -> Config:
    """Return the settings, checked. Raises `ConfigError`."""
    given = vars(_parser().parse_args(list(argv)))
    file = given.pop("config") or environ.get(PREFIX + "CONFIG", "")
    values: dict[str, object] = _from_file(file) if file else {}
    values.update(_from_environment(environ))
    values.update({name: value for name, value in given.items() if value not in (None, False)})
    config = Config(**_typed(values))
    return _checked(_with_key(config))


def hardware_address() -> str:
    """Return this machine's address in the form consoles show."""
    digits = f"{uuid.getnode():012X}"
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thinx-agent", description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", help="JSON file with any of these settings")
    for item in fields(Config):
        if item.name in _SECRET:
            continue
        flag = "--" + item.name.replace("_", "-")
        if item.name == "once":
            parser.add_argument(flag, action="store_true", help=HELP[item.name])
        else:
            parser.add_argument(flag, help=HELP[item.name])
    return parser


def _from_file(path: str) -> dict[str, object]:
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"the settings in {path} cannot be read: {error}") from error
    known = {item.name for item in fields(Config)}
    if not isinstance(content, dict) or not set(content) <= known:
        raise ConfigError(f"{path} may hold only: {', '.join(sorted(known))}")
    return content


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    names = {item.name: PREFIX + item.name.upper() for item in fields(Config)}
    return {name: environ[key] for name, key in names.items() if environ.get(key)}


def _typed(values: Mapping[str, object]) -> dict:
    result: dict[str, object] = {}
    for item in fields(Config):
        if item.name not in values:
            continue
        value = values[item.name]
        try:
            if item.name == "once":
                value = value is True or str(value).lower() in {"1", "true", "yes"}
            elif item.name == "max_size":
                value = int(str(value))
            elif item.name in {"interval", "confirm", "timeout"}:
                value = float(str(value))
            else:
                value = str(value)
        except ValueError as error:
            raise ConfigError(f"{item.name} must be a number") from error
        result[item.name] = value
    return result


def _with_key(config: Config) -> Config:
    if config.api_key or not config.api_key_file:
        return config
    try:
        key = Path(config.api_key_file).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"the API key cannot be read: {error}") from error
    return Config(**{**vars(config), "api_key": key})


def _checked(config: Config) -> Config:
    if not config.server:
        raise ConfigError("the address of the console is missing (--server)")
    if not _KEY.fullmatch(config.api_key):
        raise ConfigError("the API key is missing (THINX_AGENT_API_KEY or --api-key-file)")
    if not _OWNER.fullmatch(config.owner):
        raise ConfigError("the owner id is missing (--owner)")
    if not 0.1 <= config.interval <= 30 * 86400 or not 0 < config.confirm <= 3600:
        raise ConfigError("interval or confirm is out of range")
    return config
