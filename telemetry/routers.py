"""Keeps the tables of the history, and nothing else, in the database that is for them."""

from __future__ import annotations

from typing import Any

from telemetry.places import history_alias


class HistoryRouter:
    """The app has no models, so its migrations are all there is to send somewhere."""

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        """Let the app's migrations into its database, and into a database of its own only them."""
        alias = history_alias()
        if app_label == "telemetry":
            return db == alias
        return False if db == alias != "default" else None
