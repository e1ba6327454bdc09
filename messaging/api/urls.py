"""REST addresses of questions."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from messaging.api.viewsets import QuestionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("questions", QuestionViewSet, basename="devicequestion")

urlpatterns = router.urls
