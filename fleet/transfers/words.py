"""What a transfer does, in sentences for people: the same for both sides, before and after."""

from __future__ import annotations

from typing import Any

from fleet.transfers.choices import EnvironmentMode, KeyMode, SourceMode
from fleet.transfers.constants import ANSWER_WITHIN

HOURS = int(ANSWER_WITHIN.total_seconds() // 3600)
WHAT_FOLLOWS = [
    "With each device go its history, messages, builds and firmware. Firmware holds the values "
    "that it was built with.",
    "Meshes, transformers, shares and configuration that is on its way stay behind.",
    "Each device is told its new owner at its next check-in. Other keys of the sender open "
    "nothing for it from then on.",
]
SENDER_FIRST = f"Nothing moves before the recipient accepts, within {HOURS} hours. Until then you "
SENDER_FIRST += "can withdraw it."


def option_sentences(transfer: Any) -> list[str]:
    """Return what was chosen, a sentence each."""
    return [_sources(transfer), _keys(transfer), _variables(transfer)]


def sentences(transfer: Any) -> list[str]:
    """Return all that happens with each device."""
    return [*option_sentences(transfer), *WHAT_FOLLOWS]


def _sources(transfer: Any) -> str:
    how = "with" if transfer.with_credentials else "without"
    what = f"address, branch and pinned host key, {how} its deploy key and access token"
    if transfer.source_mode == SourceMode.MOVE:
        return (
            f"Each source moves: {what}. The sender's own is deleted, with the variables set for "
            "it, unless other devices or builds still use it."
        )
    return f"Each source is copied: {what}."


def _keys(transfer: Any) -> str:
    if transfer.key_mode == KeyMode.MOVE:
        return (
            "The API key of each device goes along and opens nothing but that device, which keeps "
            "calling without a break. The sender may know that key: replace it in time."
        )
    return (
        "No API key goes along: keys in the firmware of these devices are revoked. The devices "
        "cannot be used until they carry firmware with a key of the recipient."
    )


def _variables(transfer: Any) -> str:
    if transfer.environment_mode == EnvironmentMode.KEEP:
        return "Variables set for a single device go along, secret ones too."
    return "Variables set for a single device are deleted."
