"""What goes wrong with devices, and with how many of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from enum import StrEnum


class Mode(StrEnum):
    """How a device takes what it is given."""

    SOUND = "sound"
    SILENT = "silent"
    FAIL_INSTALL = "fail_install"
    REBOOT = "reboot"
    OLD_VERSION = "old_version"
    SLOW = "slow"
    CORRUPT = "corrupt"


@dataclass(frozen=True)
class Failures:
    """Shares of a fleet, from 0 to 1; who is not named is sound.

    silent: is not heard of again once it was offered firmware or sent configuration.
    fail_install: rolls back, and says `rolled back from X: reason`.
    reboot: loses its power half-way through the download, once for each version.
    old_version: downloads, restarts, and reports what it reported before.
    slow: reads its firmware at `Simulation.slow_rate`.
    corrupt: gets other bytes than were sent, and refuses them.
    """

    silent: float = 0.0
    fail_install: float = 0.0
    reboot: float = 0.0
    old_version: float = 0.0
    slow: float = 0.0
    corrupt: float = 0.0

    def __post_init__(self) -> None:
        shares = [getattr(self, field.name) for field in fields(self)]
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError("the shares of failures are from 0 to 1, and no more than 1 together")

    def modes(self, count: int, seed: int) -> list[Mode]:
        """Return the mode of each device: exactly its share of them, the same for the same seed."""
        wanted: list[Mode] = []
        for field in fields(self):
            wanted += [Mode(field.name)] * round(getattr(self, field.name) * count)
        modes = (wanted + [Mode.SOUND] * count)[:count]
        random.Random(f"{seed}/failures").shuffle(modes)  # noqa: S311 - play, not secrets
        return modes


def share(text: str) -> float:
    """Read `5%` or `0.05`. Raises ValueError."""
    number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= number <= 1:
        raise ValueError(f"{text} is no share: 0% to 100%")
    return number
