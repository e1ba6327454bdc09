"""What devices write on their status topic, and how it is meant."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protocol.lenient import NotAnObject, read_value
from gateway.protocol.messages import Asked, Said, read_message
from gateway.protocol.topics import address_of, topic_of

OWNER, UDID = "a" * 64, "0f8fad5b-d9cb-469f-a165-70867728950e"
LONG_TIME = settings(max_examples=400, deadline=None)


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ('{"status":"connected"}', "connected"),
        ('{ "status" : "rebooting" }', "rebooting"),
        ('{ status: "Battery 3.41V #w" }', "Battery 3.41V #w"),
        ("{ 'status' : 'update_started' }", "update_started"),
        ('{"status":"with a quote too many"}"', "with a quote too many"),
        ("{ status: ok, rssi: -60 }", "ok"),
        ('{"status": 42}', "42"),
        ('{"status": true}', "true"),
        ('{"status": NaN}', None),
        ('{"status": null}', None),
        ('{"status": {"a": [1]}}', '{"a":[1]}'),
        ("Door open #e", "Door open #e"),
        ('"quoted"', "quoted"),
        ("17.5", "17.5"),
        ('\ufeff{"status":"bom"}', "bom"),
        ("{broken", "{broken"),
        ('{"temperature": 21}', None),
        ("[1, 2]", None),
        ("", None),
        ("   ", None),
        ("line\none\x07", "line one"),
        ('{"status":"' + "x" * 5000 + '"}', "x" * 400),
    ],
)
def test_status_is_read_leniently(payload, status):
    assert read_message(payload.encode()) == Said(status=status)


@pytest.mark.parametrize(
    "payload",
    [b"\xff\xfe\x00\x01", b"\x00" * 10, b"x" * 5000, b"[" * 50_000, b'{"a":' * 5000, b"{" * 5000],
    ids=["binary", "nul", "long", "deep array", "deep object", "braces"],
)
def test_what_is_no_status_says_nothing_or_its_start(payload):
    said = read_message(payload)
    assert said.registration is None
    assert said.asked is None
    assert said.status is None or len(said.status) <= 400


@pytest.mark.parametrize(
    "payload",
    [
        '{ "status" : "disconnected" }',
        "{ status: disconnected }",
        "disconnected",
        '{"connected": false}',
    ],
)
def test_last_will_says_that_the_device_is_gone(payload):
    assert read_message(payload.encode()) == Said(is_gone=True)


def test_connected_flag_is_a_sign_of_life_without_status():
    assert read_message(b'{"connected": true}') == Said()


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        (
            '{"notification":{"body":"Update now?","response_type":"bool"}}',
            Asked("", "Update now?", wants_bool=True),
        ),
        (
            '{ notification: { title: "Name", body: "Which one?", response_type: "String" } }',
            Asked("Name", "Which one?", wants_bool=False),
        ),
        (
            '{ title: "Update Available", body: "Do you want it?", type: "actionable", '
            'response_type: "bool" }"',
            Asked("Update Available", "Do you want it?", wants_bool=True),
        ),
        ('{"notification":{"body":"Go?","response":false}}', Asked("", "Go?", wants_bool=False)),
        ('{"notification":{}}', None),
    ],
)
def test_question_is_read(payload, asked):
    assert read_message(payload.encode()) == Said(asked=asked)


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        ('{"notification":{"response":true,"nid":"nid:1"}}', "true"),
        ('{"nid":"nid:1","notification":{"response":false}}', "false"),
        ('{"notification":{"response":"yes"}}', "yes"),
    ],
)
def test_answer_of_a_device_is_read(payload, answer):
    assert read_message(payload.encode()) == Said(answer=answer)


def test_informal_notice_is_neither_status_nor_question():
    notice = '{ title: "Update Successful", body: "It runs.", type: "success" }'
    assert read_message(notice.encode()) == Said()


def test_registration_is_read_like_over_http():
    body = {"registration": {"mac": "5CCF7F012345", "owner": OWNER, "status": "Registered"}}
    said = read_message(json.dumps(body).encode())
    assert said.registration is not None
    assert said.registration.report.mac == "5C:CF:7F:01:23:45"
    assert said.status is None
    assert read_message(b'{"registration": {}}').registration is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "}",
        "{a}",
        "{a:}",
        "{a:1",
        "{a:1,,}",
        "{a b:1}",
        "{:1}",
        "{a:[1,}",
        "x{a:1}",
        "{a:1}x",
    ],
)
def test_what_is_no_object_is_refused(text):
    with pytest.raises(NotAnObject):
        read_value(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "{a:1, b: -2.5, c: [x, 'y', {}], d: }".replace(", d: ", ""),
            {"a": 1, "b": -2.5, "c": ["x", "y", {}]},
        ),
        ("{a: two words, b: 007}", {"a": "two words", "b": "007"}),
        (r"{a: 'it\'s', b: 'é'}", {"a": "it's", "b": "é"}),
        ("{a:true,b:false,c:null,d:undefined,}", {"a": True, "b": False, "c": None, "d": None}),
    ],
)
def test_careless_object_is_read(text, value):
    assert read_value(text) == value


@LONG_TIME
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_payload_is_read_without_an_exception(payload):
    assert isinstance(read_message(payload), Said)


PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "'",
    "\\",
    "a",
    "status",
    "1",
    " ",
    "\\u00",
    "true",
    "notification",
]


@LONG_TIME
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_arrangement_of_signs_is_read_without_an_exception(text):
    assert isinstance(read_message(text.encode()), Said)


@LONG_TIME
@given(st.text(max_size=200))
def test_any_topic_is_an_address_or_none(topic):
    found = address_of(topic)
    assert found is None or found.topic == topic


@pytest.mark.parametrize(
    ("topic", "suffix"),
    [
        (f"/{OWNER}/{UDID}", ""),
        (f"/{OWNER}/{UDID}/status", "status"),
        (f"/{OWNER}/{UDID}/a/b", "a/b"),
        (f"{OWNER}/{UDID}", None),
        (f"/{OWNER}/{UDID.upper()}", None),
        (f"/{OWNER}/shared/x", None),
        (f"/{OWNER}", None),
        (f"/{'A' * 64}/{UDID}", None),
        (f"/{OWNER}/{UDID}/\x00", None),
        (f"/{OWNER}/{UDID}/{'x' * 121}", None),
        (f"/{OWNER}/{UDID}\n", None),
    ],
)
def test_topics_of_devices_are_recognized(topic, suffix):
    found = address_of(topic)
    assert (found.suffix if found else None) == suffix
    if suffix == "":
        assert found.topic == topic_of(OWNER, UDID)
