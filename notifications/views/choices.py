"""The tab of notification settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Consent, User
from accounts.selectors.notifications import choices_of
from accounts.services.notifications import notifications_choose
from accounts.topics import CHANNELS, topics
from accounts.views.profile_pages import ProfilePage
from notifications.forms import WaitField
from notifications.models import NotificationTimes
from notifications.selectors import times_of
from notifications.services.times import HALF, times_change


def channels_of(user: User) -> dict[str, str]:
    """Return the channels that reach this person."""
    return {slug: label for slug, label in CHANNELS.items() if slug != "sms" or user.phone}


class NotificationsForm(forms.Form):
    """One tick for each topic and channel, named `topic-channel`."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reached_by = channels_of(user)
        for (topic, channel), is_on in choices_of(user).items():
            if channel in self.reached_by:
                label = f"{topics.get(topic).label} by {CHANNELS[channel]}"
                self.fields[f"{topic}-{channel}"] = forms.BooleanField(
                    required=False, initial=is_on, label=label
                )

    def rows(self) -> list[dict[str, Any]]:
        """Return the topics, each with one cell for every channel."""
        ordered = sorted(topics, key=lambda topic: bool(topic.consent))
        return [{"topic": topic, "cells": self._cells(topic)} for topic in ordered]

    def wishes(self) -> dict[tuple[str, str], bool]:
        """Return what was ticked and what was not."""
        cleaned = self.cleaned_data.items()
        return {(name.split("-")[0], name.split("-")[1]): is_on for name, is_on in cleaned}

    def _cells(self, topic: Any) -> list[dict[str, Any]]:
        found = []
        for channel in self.reached_by:
            name = f"{topic.slug}-{channel}"
            field = self[name] if name in self.fields else None
            found.append({"field": field, "always": channel in topic.always})
        return found


class TimesForm(forms.ModelForm):
    """When mail and SMS of notifications may come, and how long devices must be away."""

    offline_after = WaitField()

    class Meta:
        model = NotificationTimes
        fields = [
            "offline_after", "quiet_from", "quiet_until", "urgent_passes", "mail_pace", "mail_at",
        ]  # fmt: skip
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for name in ("quiet_from", "quiet_until", "mail_at")
        }
        labels = {
            "quiet_from": "No mail or SMS from",
            "quiet_until": "until",
            "mail_pace": "Mail comes",
        }
        help_texts = {
            "quiet_until": "In your time zone. What happens meanwhile comes together afterwards.",
            "urgent_passes": "Devices that go offline or report an error, rollouts that halt.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["offline_after"].offer(self.instance.offline_after)

    def clean(self) -> dict[str, Any]:
        """Say beside the field that the quiet has two ends."""
        found = super().clean() or {}
        if (found.get("quiet_from") is None) != (found.get("quiet_until") is None):
            self.add_error("quiet_until", HALF)
        return found


class NotificationsView(ProfilePage):
    """What the person hears of, and what they agreed to over time."""

    tab = "notifications:choices"
    template_name = "notifications/choices.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None) or NotificationsForm(self.person)
        times = kwargs.pop("times", None) or TimesForm(instance=times_of(self.person))
        return super().get_context_data(
            form=form,
            times=times,
            rows=form.rows(),
            channels=form.reached_by.values(),
            consents=Consent.objects.filter(user=self.person),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Store every choice of the page."""
        form = NotificationsForm(self.person, request.POST)
        form.full_clean()
        times = TimesForm(request.POST, instance=times_of(self.person))
        if not times.is_valid():
            return self._again(form, times)
        with transaction.atomic():
            times_change(self.actor, user=self.person, **times.cleaned_data)
            notifications_choose(self.actor, user=self.person, wishes=form.wishes())
        messages.success(request, "Your notification settings are saved.")
        return redirect("notifications:choices")

    def _again(self, form: NotificationsForm, times: TimesForm) -> HttpResponse:
        context = self.get_context_data(form=form, times=times)
        return self.render_to_response(context, status=422)
