"""Subscriptions of the embedded broker: found as amqtt finds them, without its walks."""

from __future__ import annotations

import contextvars

from amqtt.broker import Broker
from amqtt.session import Session
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.subscriptions import SERVED, Subscriptions

LEVELS = st.sampled_from(["a", "b", "", "$SYS"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join)
FILTERS = st.lists(st.one_of(LEVELS, st.just("+")), min_size=1, max_size=4).flatmap(
    lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels, "#"])])
)


def client(name: str) -> Session:
    session = Session()
    session.client_id = name
    return session


def subscribed(*pairs) -> Subscriptions:
    subscriptions = Subscriptions()
    for session, topic_filter in pairs:
        if topic_filter not in subscriptions:
            subscriptions[topic_filter] = []
        subscriptions[topic_filter].append((session, 0))
        subscriptions.note(session, topic_filter)
    return subscriptions


def matches(topic: str, topic_filter: str) -> bool:
    return Broker._matches(Broker.__new__(Logged), topic, topic_filter)


class Logged(Broker):
    """A broker that only matches."""

    class logger:
        debug = staticmethod(lambda *_: None)


@given(st.lists(FILTERS, max_size=8), TOPICS)
def test_same_subscribers_as_looking_at_every_filter(filters, topic):
    pairs = [(client(f"{n}"), topic_filter) for n, topic_filter in enumerate(filters)]
    subscriptions = subscribed(*pairs)
    found = [session.client_id for session, _ in subscriptions.matching(topic, matches)]
    walked = [session.client_id for session, one in pairs if matches(topic, one)]
    assert sorted(found) == sorted(walked)


def test_message_for_one_device_looks_at_no_filter_of_the_others():
    one = client("one")
    others = [(client(f"{n}"), f"/owner/{n}") for n in range(1000)]
    subscriptions = subscribed((one, "/owner/mine"), *others, (client("all"), "/owner/#"))
    looked_at = []

    def counted(topic, topic_filter):
        looked_at.append(topic_filter)
        return matches(topic, topic_filter)

    found = subscriptions.matching("/owner/mine", counted)
    assert [session.client_id for session, _ in found] == ["one", "all"]
    assert looked_at == ["/owner/#"]


def test_task_of_a_connection_walks_only_its_own_filters():
    one, two = client("one"), client("two")
    subscriptions = subscribed((one, "a"), (one, "b/#"), (two, "b/#"), (two, "c"))

    def walked(session):
        SERVED.set(session)
        return list(subscriptions)

    assert contextvars.copy_context().run(walked, one) == ["a", "b/#"]
    assert contextvars.copy_context().run(walked, client("new")) == []
    assert list(subscriptions) == ["a", "b/#", "c"]


def test_filter_that_nobody_has_any_more_is_dropped():
    one, two = client("one"), client("two")
    subscriptions = subscribed((one, "a/#"), (two, "a/#"), (two, "b"))
    for session, topic_filter in ((one, "a/#"), (two, "a/#")):
        subscriptions[topic_filter].pop(0)
        subscriptions.forget(session, topic_filter)
    assert list(subscriptions) == ["b"]
    assert subscriptions.matching("a/x", matches) == []
    assert (subscriptions.held_by(one), subscriptions.held_by(two)) == ([], ["b"])
