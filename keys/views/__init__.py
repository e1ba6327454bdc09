"""Console pages of keys and variables; importing them registers them."""

from __future__ import annotations

from keys.views import api_keys, deploy_keys, variables

__all__ = ["api_keys", "deploy_keys", "variables"]
