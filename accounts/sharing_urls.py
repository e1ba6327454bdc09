"""URLs of the lists of what is shared."""

from __future__ import annotations

from django.urls import path

from accounts.views import shared

urlpatterns = [
    path("shared/", shared.SharedWithMeView.as_view(), name="shared_with_me"),
    path("shared/outside/", shared.SharedOutsideView.as_view(), name="shared_outside"),
    path("shared/withdraw/", shared.SharedWithdrawView.as_view(), name="shared_withdraw"),
]
