"""How people and other systems are told: a registry. A module here that registers itself is one."""

from __future__ import annotations

from notifications.channels._base import Addressee, Channel, Letter, channels

__all__ = ["Addressee", "Channel", "Letter", "channels"]
