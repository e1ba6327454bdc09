"""URLs of the workflows that have pages of their own; a folder's views register themselves."""

from __future__ import annotations

from django.urls import include, path

from core.views import get_model_urls
from fleet.bulk.models import BulkJob
from fleet.bulk.views import BulkStartView
from fleet.pushes.models import ConfigPush
from fleet.rollouts.models import Rollout, RolloutPlan
from fleet.transfers.models import TransferParty
from fleet.transfers.question import TransferQuestionView

app_name = "fleet"
urlpatterns = [
    path("bulk-jobs/start/<slug:slug>/", BulkStartView.as_view(), name="bulkjob_start"),
    path("bulk-jobs/", include(get_model_urls(BulkJob))),
    path("config-pushes/", include(get_model_urls(ConfigPush))),
    path("rollouts/", include(get_model_urls(Rollout))),
    path("rollout-plans/", include(get_model_urls(RolloutPlan))),
    path(
        "transfers/question/<uuid:uid>/",
        TransferQuestionView.as_view(),
        name="transferparty_question",
    ),
    path("transfers/", include(get_model_urls(TransferParty))),
]
