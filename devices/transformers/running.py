"""Running the chains of many devices at once, and judging what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from devices.reports import LIMITS
from devices.statuses import read_status
from devices.transformers.constants import BATCH_SECONDS
from devices.transformers.engine import Job, Outcome, engine
from devices.transformers.patience import patience

MAX_STATUS = LIMITS["status"]


@dataclass(frozen=True, slots=True)
class Link:
    """One script of a chain, and the transformer it is of (its key and its name)."""

    body: str
    transformer_id: int | None = None
    alias: str = ""


@dataclass(slots=True)
class Run:
    """One status on its way through one chain; `text` and `level` are what people will see.

    `error` says why the chain failed; then text and level are those of the raw status.
    """

    raw: str
    device: str
    chain: Sequence[Link]
    text: str = ""
    level: str = "ok"
    error: str = ""
    outcome: Outcome | None = None
    failed_at: Link | None = None
    steps: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text, self.level = read_status(self.raw)

    @property
    def is_open(self) -> bool:
        """Tell whether a script of the chain is still to run."""
        return not self.error and len(self.steps) < len(self.chain)

    @property
    def job(self) -> Job:
        """Return the next call."""
        status = self.steps[-1].text if self.steps else self.raw
        return Job(self.chain[len(self.steps)].body, status, self.device)

    def take(self, outcome: Outcome) -> None:
        """Go one step on, or end where a script failed."""
        link = self.chain[len(self.steps)]
        self.steps.append(outcome)
        self.outcome = outcome
        problem = outcome.sentence
        if not problem and len(self.steps) == len(self.chain):
            text, level = read_status(outcome.text)
            if len(text) <= MAX_STATUS:
                self.text, self.level = text, level
            else:
                problem = f"The result has {len(text)} characters; a status has {MAX_STATUS}."
        if problem:
            self.error, self.failed_at = problem, link


def run_chains(runs: Sequence[Run], *, budget: float = BATCH_SECONDS) -> None:
    """Run every chain to its end, all first scripts together, then all second ones, and so on.

    A script that used up its patience lately is answered as it was then, and not run.
    """
    while open_runs := [run for run in runs if run.is_open]:
        jobs = [run.job for run in open_runs]
        rested = {n for n, job in enumerate(jobs) if patience.is_exhausted(job.body)}
        asked = [job for n, job in enumerate(jobs) if n not in rested]
        answers: Any = iter(engine().run(asked, budget=budget))
        for n, run in enumerate(open_runs):
            outcome = patience.SLOW if n in rested else next(answers)
            if outcome.code == "slow" and n not in rested:
                patience.note(jobs[n].body)
            run.take(outcome)
