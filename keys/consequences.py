"""What else goes when a key or a variable goes, in sentences."""

from __future__ import annotations

from typing import Any

from keys.models import ApiKey, DeployKey, EnvVar
from keys.selectors import devices_using_any

NAMED = 5


def revocation_consequences(actor: Any, keys: list[ApiKey]) -> list[str]:
    """Name the devices that call with these keys, and those whose firmware carries one."""
    found = []
    callers = list(devices_using_any(actor, keys)[:NAMED])
    if callers:
        total = devices_using_any(actor, keys).count()
        found.append(f"{_names(callers, total)} last called with it and will be refused.")
    carriers = [key.device for key in keys if key.device is not None]
    if carriers:
        found.append(
            f"The firmware of {_names(carriers, len(carriers))} carries it. Build and install "
            "new firmware by hand: these devices cannot fetch it themselves any more."
        )
    if any(key.kind == "automation" for key in keys):
        found.append("Scripts that use it are refused from their next request on.")
    if not callers and not carriers:
        found.append("No device that you can see has called with it.")
    found.append("This cannot be undone. It takes effect at once.")
    return found


def deploy_key_consequences(actor: Any, keys: list[DeployKey]) -> list[str]:
    """Name the sources that cannot be cloned any more."""
    sources = [
        source for key in keys for source in key.sources.all().allowed(actor).order_by("alias")
    ]
    found = []
    if sources:
        found.append(
            f"{_names(sources, len(sources))} cannot be built until another key is chosen there."
        )
    else:
        found.append("No source uses it.")
    found.append("Remove the public key from the git host as well; it stays there otherwise.")
    found.append("This cannot be undone: the private half exists nowhere else if it was made here.")
    return found


def env_var_consequences(variables: list[EnvVar]) -> list[str]:
    """Say what later builds get, and what running firmware keeps."""
    found = ["Firmware built from now on lacks it, or gets the value of the next wider level."]
    if any(variable.is_secret for variable in variables):
        found.append("A secret value cannot be brought back.")
    found.append("Devices keep the value in their firmware until they get a new build.")
    return found


def _names(objects: list[Any], total: int) -> str:
    names = [f"{thing}" for thing in objects[:NAMED]]
    if total > len(names):
        return f"{', '.join(names)} and {total - len(names)} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
