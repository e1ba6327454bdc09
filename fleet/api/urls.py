"""REST addresses of the workflows: a router each."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from fleet.bulk.api.viewsets import BulkJobViewSet
from fleet.pushes.api.viewsets import ConfigPushViewSet, ConfigReceiptViewSet
from fleet.rollouts.api.viewsets import RolloutPlanViewSet, RolloutViewSet
from fleet.transfers.api.viewsets import TransferViewSet

router = SimpleRouter(use_regex_path=False)
router.register("bulk-jobs", BulkJobViewSet, basename="bulkjob")
router.register("config-pushes", ConfigPushViewSet, basename="configpush")
router.register("config-receipts", ConfigReceiptViewSet, basename="configreceipt")
router.register("rollout-plans", RolloutPlanViewSet, basename="rolloutplan")
router.register("rollouts", RolloutViewSet, basename="rollout")
router.register("transfers", TransferViewSet, basename="transferparty")

urlpatterns = router.urls
