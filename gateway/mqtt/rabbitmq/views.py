"""The four questions of rabbitmq_auth_backend_http. Anything but `allow` is a no to RabbitMQ.

The server's process answers them before Django (`gateway.fast.questions`), by the same functions.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from accounts.actor import client_address
from gateway.endpoint import PLAIN, device_endpoint, read_body, reply
from gateway.mqtt.rabbitmq.answers import answered
from gateway.mqtt.rabbitmq.asking import may_ask, values_of


def _asked_by_rabbitmq(question: str) -> Callable[..., HttpResponseBase]:
    """Make a view of one question: for the addresses of the settings only, else it is not there."""

    @device_endpoint("POST")
    def asked(request: HttpRequest) -> HttpResponseBase:
        [said] = answered([(question, values_of(read_body(request)))])
        return reply(said, content_type=PLAIN)

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponseBase:
        may = may_ask(client_address(request), request.headers)
        return asked(request) if may else reply("", status=404)

    return view


user = _asked_by_rabbitmq("user")
vhost = _asked_by_rabbitmq("vhost")
resource = _asked_by_rabbitmq("resource")
topic = _asked_by_rabbitmq("topic")
