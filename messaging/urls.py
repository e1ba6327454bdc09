"""URLs of questions; the views register themselves."""

from __future__ import annotations

from django.urls import path

from core.views import get_model_urls
from messaging import views
from messaging.models import DeviceQuestion

app_name = "messaging"
urlpatterns = [
    path("open/", views.OpenQuestionsView.as_view(), name="open_questions"),
    *get_model_urls(DeviceQuestion),
]
