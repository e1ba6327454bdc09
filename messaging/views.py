"""Console pages of questions. The messages of a device are among its own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View

from core.views import (
    Action,
    EmptyState,
    ObjectActionView,
    ObjectListView,
    register_model_view,
)
from core.views.base import ScopedViewMixin
from messaging.choices import QuestionState
from messaging.filters import QuestionFilterSet
from messaging.forms import AnswerForm
from messaging.models import DeviceQuestion
from messaging.question_services import question_answer, question_dismiss
from messaging.tables import QuestionTable

QUESTIONS = DeviceQuestion.objects.select_related("device__organization")
MOST_COUNTED = 100


def is_open(question: DeviceQuestion) -> bool:
    """Tell whether the question still waits for somebody."""
    return question.state == QuestionState.OPEN


QUESTION_ACTIONS = (
    Action("Answer", "answer", icon="message", style="primary", shown=is_open),
    Action("Dismiss", "dismiss", permission="answer", icon="x", confirm=True, shown=is_open),
)


@register_model_view(DeviceQuestion, "list", detail=False)
class QuestionListView(ObjectListView):
    """What devices ask."""

    queryset = QUESTIONS
    filterset_class = QuestionFilterSet
    table_class = QuestionTable
    row_actions = QUESTION_ACTIONS
    empty = EmptyState(
        "No questions",
        "When a device asks something, such as whether to install an update, the question waits "
        "here and on the page of the device.",
        icon="message",
    )
    saved_views = (("All", ""), ("Open", "state=open"), ("Answered", "state=answered"))


@register_model_view(DeviceQuestion, "answer")
class QuestionAnswerView(ObjectActionView):
    """Answers a device."""

    queryset = QUESTIONS
    action = "answer"
    form_class = AnswerForm
    title = "{}"
    submit_label = "Send the answer"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Ask for what the device wants."""
        return {"wants_bool": obj.wants_bool}

    def consequences(self, obj: Any) -> list[str]:
        """Say who asks what."""
        return [f"{obj.device} asks: {obj.body}"]

    def perform(self, obj: Any, form: Any) -> Any:
        """Call the service."""
        question_answer(self.actor, question=obj, reply=form.cleaned_data["reply"])
        messages.success(self.request, f"The answer goes to {obj.device}.")


@register_model_view(DeviceQuestion, "dismiss")
class QuestionDismissView(ObjectActionView):
    """Puts a question away."""

    queryset = QUESTIONS
    action = "answer"
    title = "Dismiss the question?"
    submit_label = "Dismiss"
    service = question_dismiss
    argument = "question"

    def consequences(self, obj: Any) -> list[str]:
        """Say what follows."""
        return [f"{obj.device} is told nothing. It may ask again."]


class OpenQuestionsView(ScopedViewMixin, View):
    """The count beside the entry of the sidebar; nothing while nobody asks."""

    queryset = DeviceQuestion.objects.all()

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the fragment."""
        rows = self.get_rows("view").filter(state=QuestionState.OPEN).order_by()
        context = {"count": rows[:MOST_COUNTED].count(), "most": MOST_COUNTED}
        return render(request, "messaging/partials/count.html", context)
