"""Where foreign code runs: with /usr to read, a folder of limited size, and nothing else."""

from builds.sandbox.contract import (
    Collected,
    Limits,
    Outcome,
    Runner,
    SandboxJob,
    Step,
)
from builds.sandbox.runner import OpenRunner, SandboxRunner, make_runner
from builds.sandbox.status import SandboxStatus, sandbox_status

__all__ = [
    "Collected",
    "Limits",
    "OpenRunner",
    "Outcome",
    "Runner",
    "SandboxJob",
    "SandboxRunner",
    "SandboxStatus",
    "Step",
    "make_runner",
    "sandbox_status",
]
