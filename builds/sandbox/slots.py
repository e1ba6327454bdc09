"""A user id of its own for each build that runs at this moment on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator

from builds.exceptions import BuildCancelled, BuildPlatformError

FIRST_UID = 20001
SLOTS = 64
WAIT_SECONDS = 60.0


@contextlib.contextmanager
def slot_uid(cancelled: Callable[[], bool] = lambda: False) -> Iterator[int | None]:
    """Reserve a free user id for one build; None when we are not root and cannot change ours.

    The reservation is an abstract socket: one per machine, whoever asks, and gone with the
    process that holds it, however that ends.
    """
    if os.geteuid() != 0:
        yield None
        return
    deadline = time.monotonic() + WAIT_SECONDS
    while (held := _reserve()) is None:
        if cancelled():
            raise BuildCancelled
        if time.monotonic() > deadline:
            raise BuildPlatformError(
                "build.platform.no_slot",
                f"All {SLOTS} build slots of this machine are taken. Build again when others end.",
            )
        time.sleep(0.25)
    uid, reservation = held
    try:
        yield uid
    finally:
        reservation.close()


def _reserve() -> tuple[int, socket.socket] | None:
    for uid in range(FIRST_UID, FIRST_UID + SLOTS):
        reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            reservation.bind(f"\0thinx-build-slot-{uid}")
        except OSError:
            reservation.close()
            continue
        return uid, reservation
    return None
