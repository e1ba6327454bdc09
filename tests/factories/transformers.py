"""Status transformers."""

from __future__ import annotations

from accounts.actor import Actor
from devices.transformers.models import StatusTransformer
from devices.transformers.services import transformer_create

SYSTEM = Actor.named_system("tests")
UPPER = "function transformer(status, device) { return status.toUpperCase(); }"
BROKEN = "function transformer(status) {\n  return nothing.here;\n}"


def make_transformer(organization, body: str = UPPER, alias: str = "Upper") -> StatusTransformer:
    """Return a transformer with one version."""
    return transformer_create(SYSTEM, organization=organization, alias=alias, body=body)
