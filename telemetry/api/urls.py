"""REST addresses of the history."""

from __future__ import annotations

from django.urls import path

from telemetry.api import views

urlpatterns = [
    path("devices/<uuid:uid>/series/", views.DeviceSeriesView.as_view(), name="device-series"),
    path(
        "devices/<uuid:uid>/checkins/", views.DeviceCheckInsView.as_view(), name="device-checkins"
    ),
    path(
        "devices/<uuid:uid>/statuses/", views.DeviceStatusesView.as_view(), name="device-statuses"
    ),
    path("figures/", views.FiguresView.as_view(), name="figures"),
]
