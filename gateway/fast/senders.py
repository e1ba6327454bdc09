"""Which keys the services have seen from which addresses, in this process."""

from __future__ import annotations

from collections import OrderedDict

from gateway.fast.calls import Call

MOST = 200_000


class KnownSenders:
    """The last keys and addresses that passed the services; no proof of anything by itself.

    Whether a key is right is decided by the statement, each time.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def is_known(self, call: Call) -> bool:
        """Tell whether the services have seen this key from this address."""
        return call.sender in self._seen

    def add(self, call: Call) -> None:
        """Remember; the oldest is forgotten."""
        self._seen[call.sender] = None
        self._seen.move_to_end(call.sender)
        if len(self._seen) > MOST:
            self._seen.popitem(last=False)
