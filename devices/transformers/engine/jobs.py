"""What the engine is asked and what it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.exceptions import DomainError

_PLACE = re.compile(r"<input>:(\d+):(\d+)")
_STOPPED = ("stopped", "InternalError: interrupted")
SLOW = "It did not finish within 0.25 s of processor time."


class EngineUnavailable(DomainError):
    """No child process can run scripts now; the text says what to do."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "transformers.engine_busy",
            "No script can run at the moment: all engines are busy. Try again in a few seconds.",
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One call: a script, a status and the device as JSON. Without a status: only compile."""

    body: str
    status: str | None
    device: str = "{}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: a text, or an error with its place in the script (from 1; 0: none).

    `code` is ok, kept (the script returned nothing), failed, slow, missing, no_text, too_long or
    unrun.
    """

    code: str
    text: str = ""
    error: str = ""
    line: int = 0
    column: int = 0

    @property
    def is_ok(self) -> bool:
        """Tell whether the script ran to its end."""
        return not self.error

    @property
    def place(self) -> str:
        """Return "line 2, column 14", or nothing."""
        return f"line {self.line}, column {self.column}" if self.line else ""

    @property
    def sentence(self) -> str:
        """Return the error with its place."""
        return f"{self.error} ({self.place})" if self.place else self.error


def read_outcome(job: Job, kind: str, text: str) -> Outcome:
    """Return what the child said of a job, in the words of people."""
    text = text.replace("\0", "").encode(errors="replace").decode()
    match kind:
        case "text":
            return Outcome("ok", text)
        case "kept":
            return Outcome("kept", job.status or "")
        case "missing":
            return Outcome("missing", error="The script defines no function named transformer.")
        case "no_text":
            return Outcome("no_text", error=f"The script returned {text}; only a value has text.")
        case "too_long":
            return Outcome("too_long", error=f"The result is too long: {text} characters.")
        case "unrun":
            return Outcome("unrun", error="Not run: the others took all the time there was.")
        case "slow":
            return Outcome("slow", error=SLOW)
    return _failure(job, text)


def _failure(job: Job, text: str) -> Outcome:
    if text.startswith(_STOPPED):
        return Outcome("slow", error=SLOW)
    lines = text.strip().splitlines() or ["The script threw an empty text."]
    line, column = _place(job.body, "\n".join(lines[1:]))
    message = lines[0][:300]
    # With no memory left, the engine's error has no text either.
    if "out of memory" in message or message.strip() == "InternalError":
        message = "It needs more than 8 MB of memory."
    return Outcome("failed", error=message, line=line, column=column)


def _place(body: str, trace: str) -> tuple[int, int]:
    """Return where the script failed; what was added after its end counts as its end."""
    found = _PLACE.search(trace)
    if found is None:
        return 0, 0
    line, column = int(found[1]), int(found[2])
    lines = body.split("\n")
    if line > len(lines):
        return len(lines), len(lines[-1]) + 1
    return line, column
