"""Django's entry to the fleet app."""

from __future__ import annotations

from core.pages import PagesConfig


class FleetConfig(PagesConfig):
    """Workflows over devices, a folder each."""

    name = "fleet"
    verbose_name = "Fleet"

    def ready(self) -> None:
        """Register audit events, what an account owns, and the bulk actions."""
        from fleet.bulk import belongings as bulk_belongings  # noqa: F401
        from fleet.bulk import events as bulk_events  # noqa: F401
        from fleet.bulk.registry import bulk_actions
        from fleet.pushes import belongings, events, news  # noqa: F401
        from fleet.rollouts import belongings as rollout_belongings  # noqa: F401
        from fleet.rollouts import device_note  # noqa: F401
        from fleet.rollouts import events as rollout_events  # noqa: F401
        from fleet.rollouts import news as rollout_news  # noqa: F401
        from fleet.transfers import belongings as transfer_belongings  # noqa: F401
        from fleet.transfers import events as transfer_events  # noqa: F401
        from fleet.transfers import news as transfer_news  # noqa: F401

        bulk_actions.autodiscover("fleet.bulk.actions")
        super().ready()

    def load_pages(self) -> None:
        """Add the tabs of a device, and the buttons over the list of devices."""
        from fleet.bulk import bar
        from fleet.pushes import device_views, views  # noqa: F401
        from fleet.rollouts import plan_views as rollout_plan_views  # noqa: F401
        from fleet.rollouts import views as rollout_views  # noqa: F401
        from fleet.transfers import views as transfer_views  # noqa: F401

        bar.put_up()
