"""URLs of the page and of the CA."""

from __future__ import annotations

from django.urls import path

from thinx_console.connect import views

app_name = "connect"
urlpatterns = [
    path("connect/", views.ConnectView.as_view(), name="page"),
    path("ca.pem", views.ca_pem, name="ca_pem"),
    path("ca.sha256", views.ca_sha256, name="ca_sha256"),
]
