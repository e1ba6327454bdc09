"""URLs of second factors, below /accounts/; they are named like all of accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views.second_factor import sudo

urlpatterns = [
    path("sudo/", sudo.SudoView.as_view(), name="sudo"),
]
