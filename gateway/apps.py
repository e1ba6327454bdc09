"""Django's entry to the gateway app."""

from __future__ import annotations

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """What devices talk to."""

    name = "gateway"
    verbose_name = "Gateway"
