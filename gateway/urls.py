"""Where devices call; these paths are compiled into their libraries."""

from __future__ import annotations

from django.urls import path

from gateway import views

app_name = "gateway"
urlpatterns = [
    path("device/register", views.register, name="register"),
    path("device/addpush", views.addpush, name="addpush"),
    path("device/firmware", views.firmware, name="firmware"),
]
