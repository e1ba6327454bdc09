"""A simulated device that is deleted by itself takes its process and its files along."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from devices.models import Device
from thinx_console.example.agents import agent_stop, has_agent


@receiver(post_delete, sender=Device)
def end_agent(instance: Device, **_: Any) -> None:
    """End the agent once the deletion is certain."""
    if has_agent(instance.uid):
        transaction.on_commit(partial(agent_stop, instance.uid))
