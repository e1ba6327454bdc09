"""The tables of the workflows; Django looks for them here. Each stands beside its workflow."""

from __future__ import annotations

from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.pushes.models import ConfigPush, ConfigReceipt, ConfigVariant
from fleet.rollouts.models import Rollout, RolloutPlan, RolloutTarget
from fleet.transfers.models import Transfer, TransferItem, TransferParty, TransferProof

__all__ = [
    "BulkJob",
    "BulkJobItem",
    "ConfigPush",
    "ConfigReceipt",
    "ConfigVariant",
    "Rollout",
    "RolloutPlan",
    "RolloutTarget",
    "Transfer",
    "TransferItem",
    "TransferParty",
    "TransferProof",
]
