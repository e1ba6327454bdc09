"""URLs of the outbox."""

from __future__ import annotations

from django.urls import path

from thinx_console.outbox import views

app_name = "outbox"
urlpatterns = [
    path("", views.OutboxListView.as_view(), name="message_list"),
    path("<uuid:uid>/", views.OutboxMessageView.as_view(), name="message"),
    path("<uuid:uid>/html/", views.OutboxHtmlView.as_view(), name="message_html"),
]
