"""Sends devices straight to their views: no sessions, no cookies, no page policies."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from gateway import views
from gateway.mqtt.rabbitmq import views as rabbitmq

ROUTES = {
    "/device/addpush": views.addpush,
    "/device/firmware": views.firmware,
    "/device/register": views.register,
    "/mqtt/user": rabbitmq.user,
    "/mqtt/vhost": rabbitmq.vhost,
    "/mqtt/resource": rabbitmq.resource,
    "/mqtt/topic": rabbitmq.topic,
}


class DeviceGatewayMiddleware:
    """Answers the device protocol before anything that is meant for browsers.

    Devices call this server by whatever name or address they were built with, so the check of
    host names, which protects browsers, is not for them; nothing here makes a URL of the name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = ROUTES.get(request.path_info)
        return view(request) if view is not None else self.get_response(request)
