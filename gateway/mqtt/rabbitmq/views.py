"""The four questions of rabbitmq_auth_backend_http. Anything but `allow` is a no to RabbitMQ."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.views.decorators.csrf import csrf_exempt

from accounts.actor import client_address
from gateway.endpoint import device_endpoint, read_body, reply
from gateway.mqtt.rabbitmq import answers

PLAIN = "text/plain; charset=utf-8"
# What a proxy adds. RabbitMQ asks directly: whoever comes through one is somebody else.
PROXIED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


def _asked_by_rabbitmq(answer: Callable[[answers.Asked], str]) -> Callable[..., HttpResponseBase]:
    """Make a view of one question: for the addresses of the settings only, else it is not there."""
    asked = device_endpoint("POST")(
        lambda request: reply(answer(_values(request)), content_type=PLAIN)
    )

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponseBase:
        return asked(request) if _is_rabbitmq(request) else reply("", status=404)

    return view


def _is_rabbitmq(request: HttpRequest) -> bool:
    return (
        settings.MQTT_BROKER == "rabbitmq"
        and client_address(request) in settings.MQTT_AUTH_FROM
        and not any(name in request.headers for name in PROXIED)
    )


def _values(request: HttpRequest) -> dict[str, str]:
    said = QueryDict(read_body(request))
    return {name: f"{said[name]}".replace("\x00", "�") for name in said}


user = _asked_by_rabbitmq(answers.user)
vhost = _asked_by_rabbitmq(answers.vhost)
resource = _asked_by_rabbitmq(answers.resource)
topic = _asked_by_rabbitmq(answers.topic)
