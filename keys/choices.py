"""Kinds of keys."""

from __future__ import annotations

from django.db import models


class ApiKeyKind(models.TextChoices):
    """What an API key opens."""

    DEVICE = "device", "Devices only"
    AUTOMATION = "automation", "Devices and REST API"


class KeyAlgorithm(models.TextChoices):
    """Algorithms of deploy keys."""

    ED25519 = "ed25519", "Ed25519"
    RSA = "rsa", "RSA 4096"
