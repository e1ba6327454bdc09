"""Console pages of what a device says and is told over MQTT."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.views import Action, ObjectActionView, ObjectTabView, register_model_view
from core.views.actions import object_actions
from devices.models import Device
from devices.views.page import DevicePage
from messaging.forms import PublishForm
from messaging.models import DeviceMessage
from messaging.selectors import open_question
from messaging.services import message_publish, topics_of
from messaging.tables import MessageTable
from messaging.views import QUESTION_ACTIONS

PUBLISH = Action("Publish a message", "publish", icon="send", style="primary", confirm=True)


@register_model_view(Device, "messages")
class DeviceMessagesView(DevicePage, ObjectTabView):
    """The last messages of the device, its question, and the way to tell it something."""

    tab = "messages"
    template_name = "devices/device_messages.html"
    table_class = MessageTable
    empty_title = "No messages"
    empty_text = "What the device publishes, and what is published to it, shows here for a day."

    def rows(self, obj: Any) -> Any:
        """Return the messages, newest first."""
        return DeviceMessage.objects.allowed(self.actor).filter(device=obj).order_by("-pk")

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the question and the button."""
        question = open_question(self.actor, obj)
        answers = object_actions(QUESTION_ACTIONS, question, self.actor) if question else []
        return {
            **super().extra_context(obj),
            "topic": topics_of(obj)[0],
            "question": question,
            "question_actions": answers,
            "tab_actions": object_actions((PUBLISH,), obj, self.actor),
        }


@register_model_view(Device, "publish")
class DevicePublishView(ObjectActionView):
    """Publishes a message to the device."""

    queryset = Device.objects.select_related("organization")
    action = "publish"
    form_class = PublishForm
    title = "Publish to {}"
    submit_label = "Publish"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer the topics of the device."""
        return {"topics": topics_of(obj)}

    def perform(self, obj: Any, form: Any) -> Any:
        """Call the service."""
        message_publish(self.actor, device=obj, **form.cleaned_data)
        messages.success(self.request, f"The message goes to {obj}.")

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go back to the messages."""
        return redirect(reverse("devices:device_messages", kwargs={"uid": obj.uid}))
