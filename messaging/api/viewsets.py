"""REST of questions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import ReadOnlyViewSet
from messaging.api.serializers import AnswerSerializer, QuestionSerializer
from messaging.filters import QuestionFilterSet
from messaging.models import DeviceQuestion
from messaging.question_services import question_answer, question_dismiss


class QuestionViewSet(ReadOnlyViewSet):
    """What devices ask people. Newest first."""

    queryset = DeviceQuestion.objects.select_related("device__organization", "answered_by")
    serializer_class = QuestionSerializer
    filterset_class = QuestionFilterSet
    ordering_fields = ("asked_at", "state")
    action_permissions = {"answer": "answer", "dismiss": "answer"}
    action_serializers = {"answer": AnswerSerializer}

    @extend_schema(request=AnswerSerializer, responses=QuestionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, uid: Any) -> Response:
        """Answer the device, over MQTT; 409 when somebody has dealt with the question."""
        question, said = self.get_object(), self.valid_data()
        question_answer(self.actor, question=question, reply=said["reply"])
        return Response(self.represent(question))

    @extend_schema(request=None, responses=QuestionSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, uid: Any) -> Response:
        """Put the question away; the device is told nothing."""
        question = self.get_object()
        return Response(self.represent(question_dismiss(self.actor, question=question)))
