"""What the pages of one's own account share: their tabs and their head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from accounts.models import User
from core.views import ScopedViewMixin


@dataclass(frozen=True)
class ProfileTab:
    """One tab: its word and the URL name it leads to."""

    label: str
    url_name: str


TABS = (
    ProfileTab("Overview", "accounts:profile"),
    ProfileTab("Security", "accounts:profile_security"),
    ProfileTab("Sign-ins", "accounts:signin_list"),
    ProfileTab("Notifications", "notifications:choices"),
    ProfileTab("Data", "accounts:profile_data"),
)


class OwnAccountMixin(ScopedViewMixin):
    """A view that concerns nobody but the person who asks."""

    @property
    def person(self) -> User:
        """Return that person."""
        return self.actor.user


@method_decorator(never_cache, name="dispatch")
class ProfilePage(OwnAccountMixin, TemplateView):
    """One tab of the profile. `tab` is its URL name."""

    tab: ClassVar[str]
    lead: ClassVar[str] = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the head and the tabs."""
        found = {"title": "Profile", "person": self.person, "lead": self.lead, "tabs": self._tabs()}
        return super().get_context_data(**{**found, **kwargs})

    def _tabs(self) -> list[dict[str, Any]]:
        return [
            {
                "label": tab.label,
                "url": reverse(tab.url_name),
                "active": tab.url_name == self.tab,
                "count": None,
            }
            for tab in TABS
        ]
