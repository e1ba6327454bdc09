"""Console pages: the inbox, a person's choices, and the rules of organizations."""

from __future__ import annotations
