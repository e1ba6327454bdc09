"""What RabbitMQ asks of each connection: who is it, and may it do this.

Its questions after the first name no key, so the first answer gives the connection a tag that
does: a later question finds the key by it, as it is then. A key that is revoked is refused at
the next thing it does. Topics come as routing keys, with dots for slashes and stars for pluses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gateway.mqtt.access import (
    SERVICE,
    Principal,
    SignIn,
    covers,
    identify_all,
    key_actor,
    live_keys,
    note_refusal,
    principals_of,
)
from gateway.mqtt.rabbitmq.clients import Claim, claimed
from gateway.mqtt.service import SERVICE_USER
from keys.models import ApiKey
from keys.usage import api_key_used

ALLOW, DENY = "allow", "deny"
USER, VHOST, RESOURCE, TOPIC = "user", "vhost", "resource", "topic"
HOST, EXCHANGE = "/", "amq.topic"
SERVICE_TAG, ADMINISTRATOR = "console", "administrator"
_KEY_TAG = re.compile(r"key-([0-9]{1,18})\Z")
_QUEUE = re.compile(r"mqtt-(?:subscription|will)-(?P<client_id>.*)qos[01]\Z", re.DOTALL)

Asked = Mapping[str, str]
# Who asks a question after the first, and the key that says so; the console has none.
Known = tuple[ApiKey | None, Principal]


def answered(questions: Sequence[tuple[str, Asked]]) -> list[str]:
    """Return the answers to several questions, each with what it is: a few queries for all."""
    said = [DENY] * len(questions)
    signing_in = [n for n, (question, _) in enumerate(questions) if question == USER]
    for n, answer in zip(signing_in, _users([questions[n][1] for n in signing_in]), strict=True):
        said[n] = answer
    known = _known({n: asked for n, (question, asked) in enumerate(questions) if question != USER})
    connecting = {n: who for n, who in known.items() if questions[n][0] == VHOST}
    for n in _connected({n: (questions[n][1], who) for n, who in connecting.items()}):
        said[n] = ALLOW
    for n, (_, principal) in known.items():
        question, asked = questions[n]
        may = _MAY.get(question)
        if may is not None and may(asked, principal):
            said[n] = ALLOW
    return said


def _users(asked: Sequence[Asked]) -> list[str]:
    """Tell whether names and passwords are right; the tags say which key it was.

    Devices come by MQTT, which tells their client id. Without one it is the management API or
    another protocol, and those are for the console alone.
    """
    signing_in = {
        n: SignIn(one.get("username", ""), one.get("password", ""))
        for n, one in enumerate(asked)
        if "client_id" in one or one.get("username") == SERVICE_USER
    }
    found = dict(zip(signing_in, identify_all(list(signing_in.values())), strict=True))
    return [_tagged(found.get(n), one) for n, one in enumerate(asked)]


def _tagged(principal: Principal | None, asked: Asked) -> str:
    if principal is None:
        return DENY
    if principal.is_service:
        return f"{ALLOW} {SERVICE_TAG if 'client_id' in asked else ADMINISTRATOR}"
    return f"{ALLOW} key-{principal.key_id}"


def _connected(asked: Mapping[int, tuple[Asked, Known]]) -> set[int]:
    """Return who may connect: their client ids must be free, or their own from before."""
    devices: dict[int, tuple[Claim, ApiKey]] = {}
    may = set()
    for n, (one, (key, principal)) in asked.items():
        if key is None:
            may.add(n)
        else:
            claim = Claim(one.get("client_id", ""), one.get("username", ""), principal)
            devices[n] = claim, key
    used: dict[tuple[int, str], ApiKey] = {}
    claims = [claim for claim, _ in devices.values()]
    for (n, (claim, key)), has in zip(devices.items(), claimed(claims), strict=True):
        address = asked[n][0].get("ip", "")
        if has:
            may.add(n)
            used[key.pk, address] = key
        else:
            note_refusal(claim.username, address)
    for (_, address), key in used.items():
        api_key_used(key_actor(key, address), key, address=address)
    return may


def _may_use(asked: Asked, principal: Principal) -> bool:
    """Tell whether it may use an exchange or a queue: that of all topics, and its own queues."""
    if principal.is_service:
        return True
    name, client_id = asked.get("name", ""), asked.get("client_id")
    if asked.get("resource") == "queue":
        queue = _QUEUE.match(name)
        return queue is not None and queue["client_id"] == client_id
    is_topics = asked.get("resource") == "exchange" and name == EXCHANGE
    return is_topics and asked.get("permission") in {"read", "write"}


def _may_say_or_hear(asked: Asked, principal: Principal) -> bool:
    """Tell whether it may publish to, or subscribe to, a topic or a filter of topics."""
    routing_key = asked.get("routing_key", "")
    return asked.get("name") == EXCHANGE and allows_routing_key(principal, routing_key)


_MAY = {RESOURCE: _may_use, TOPIC: _may_say_or_hear}


def allows_routing_key(principal: Principal, routing_key: str) -> bool:
    """Tell whether a topic is allowed by what RabbitMQ made of it: a dot may have been a slash."""
    asked = routing_key.replace(".", "/").replace("*", "+")
    return any(covers(mine.replace(".", "/"), asked) for mine in principal.filters())


def _known(asked: Mapping[int, Asked]) -> dict[int, Known]:
    """Return whom the tags of the connections make them, as of now; who is nobody is not there."""
    known: dict[int, Known] = {}
    tagged: dict[int, int] = {}
    for n, one in asked.items():
        tags = one.get("tags", "").split()
        tag = next(filter(None, map(_KEY_TAG.match, tags)), None)
        if one.get("vhost") != HOST:
            continue
        if one.get("username") == SERVICE_USER:
            if {SERVICE_TAG, ADMINISTRATOR} & set(tags):
                known[n] = None, SERVICE
        elif tag is not None:
            tagged[n] = int(tag[1])
    if tagged:
        rows = live_keys().select_related("organization", "device")
        keys = {key.pk: key for key in rows.filter(pk__in=set(tagged.values())).order_by()}
        held = [(n, keys[pk]) for n, pk in tagged.items() if pk in keys]
        found = principals_of((key, asked[n].get("username", "")) for n, key in held)
        for (n, key), principal in zip(held, found, strict=True):
            if principal is not None:
                known[n] = key, principal
    return known
