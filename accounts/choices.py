"""The built-in roles, and the word for all others."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a member may do in an organization and below it."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"
    CUSTOM = "custom", "Custom role"
