from __future__ import annotations

import json
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.macs import normalise_mac
from devices.reports import LIMITS
from gateway.protocol import values
from gateway.protocol.errors import ProtocolError
from gateway.protocol.requests import parse_firmware_request, parse_registration

OWNER = "ab" * 32
UDID = "7a3d2f10-0000-11ee-8000-5ccf7f012345"


def registration(**fields):
    data = {"owner": OWNER, "mac": "5CCF7F012345", **fields}
    return parse_registration(json.dumps({"registration": data}).encode())


def reported(**fields):
    return registration(**fields).report


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("5CCF7F012345", "5C:CF:7F:01:23:45"),
        ("5ccf7f012345", "5C:CF:7F:01:23:45"),
        ("5c:cf:7f:01:23:45", "5C:CF:7F:01:23:45"),
        ("5c-cf-7f-01-23-45", "5C:CF:7F:01:23:45"),
        ("5ccf.7f01.2345", "5C:CF:7F:01:23:45"),
        (" 02:00:5e:10:20:30 ", "02:00:5E:10:20:30"),
        ("SIGFOX4d2f1a", "SIGFOX4D2F1A"),
        (" esp32_a1b2c3", "ESP32_A1B2C3"),
        ("TH:iN:JS:01:02", "TH:IN:JS:01:02"),
        ("00:00:00:00:00:00", ""),
        ("000000000000", ""),
        ("ff:ff:ff:ff:ff:ff", ""),
        ("0", ""),
        ("", ""),
        ("   ", ""),
        ("undefined", ""),
        (None, ""),
        (5, ""),
        (["5CCF7F012345"], ""),
        ("x" * 41, ""),
        ("<script>", ""),
        ("5C:CF\x00", ""),
    ],
)
def test_mac_forms_become_one(sent, canonical):
    assert normalise_mac(sent) == canonical


@pytest.mark.parametrize("sent", ["0", "", None, 0, "unknown", "0" * 36, UDID[:-1], UDID + "0", []])
def test_udid_that_is_none_is_none(sent):
    assert reported(udid=sent).udid is None


def test_udid_nil_is_none():
    assert reported(udid=str(uuid.UUID(int=0))).udid is None


def test_udid_in_upper_case_is_understood():
    assert reported(udid=UDID.upper()).udid == uuid.UUID(UDID)


@pytest.mark.parametrize(
    ("body", "response"),
    [
        (b"", "no_body"),
        (b"  \n", "no_body"),
        (b"{}", "request_invalid"),
        (b"[]", "request_invalid"),
        (b"null", "request_invalid"),
        (b'"registration"', "request_invalid"),
        (b'{"registration":{}}', "request_invalid"),
        (b'{"registration":[]}', "request_invalid"),
        (b'{"registration":"x"}', "request_invalid"),
        (b'{"registration":null}', "request_invalid"),
        (b'{"registration":', "request_invalid"),
        (b"[" * 60000, "request_invalid"),
        (b'{"a":' * 10000, "request_invalid"),
        (b"9" * 60000, "request_invalid"),
        (b"\xff\xfe\x00\x01", "request_invalid"),
    ],
)
def test_body_that_is_no_registration_is_refused(body, response):
    with pytest.raises(ProtocolError) as refusal:
        parse_registration(body)
    assert refusal.value.response == response
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"registration":{"status":"a","lat":NaN,"lon":-Infinity}}', "a"),
        (b'\xef\xbb\xbf{"registration":{"status":"a"}}', "a"),
        (b'{"registration":{"status":"21\xb0C"}}', "21\ufffdC"),
        (b'{"registration":{"status":"a\\ud800b"}}', "a b"),
        (b'{"registration":{"status":"a","status":"b"}}', "b"),
    ],
)
def test_what_is_json_nearly_is_read(body, status):
    report = parse_registration(body).report
    assert (report.status, report.lat, report.lon) == (status, None, None)


SCALARS = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
NUMBERS = st.integers(-(2**63), 2**64 - 1)
CONTENT = st.recursive(
    SCALARS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(LIMITS)) | st.text(), CONTENT, min_size=1))
def test_both_readers_find_the_same(data):
    body = json.dumps({"registration": data}).encode()
    marked = b"\xef\xbb\xbf" + body  # which the fast one refuses
    assert parse_registration(body) == parse_registration(marked)


def test_numbers_and_strings_are_the_same():
    one = reported(rssi=-60, version=2, lat="50.1", lon="14", timezone_offset="2")
    two = reported(rssi="-60", version="2", lat=50.1, lon=14.0, timezone_offset=2)
    assert one == two
    assert (one.rssi, one.lat, one.timezone_offset) == ("-60", 50.1, 2.0)


@pytest.mark.parametrize("said", ["-60", -60, "-60 dBm", "-60dbm"])
def test_signal_is_kept_without_its_unit(said):
    assert reported(rssi=said).rssi == "-60"


@pytest.mark.parametrize("value", ["91", "nan", "inf", 1e400, True, [], {}, "x" * 1000])
def test_position_outside_the_world_is_absent(value):
    assert reported(lat=value).lat is None


def test_not_a_number_is_absent():
    assert parse_registration(b'{"registration":{"lat":NaN,"rssi":-Infinity}}').report.lat is None


@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_value_of_any_depth_is_read_or_refused(opened):
    closing = {"[": "]", '{"a":': "}"}[opened]
    for depth in range(500, 1100):
        status = f"{opened * depth}1{closing * depth}"
        body = f'{{"registration":{{"status":{status}}}}}'.encode()
        try:
            parse_registration(body)
        except ProtocolError as error:
            assert error.response == "request_invalid"  # noqa: PT017


def test_text_is_bounded_and_printable():
    found = reported(alias="a\x00b\r\nc\ud800d" + "e" * 1000, status={"a": [1]})
    assert found.alias.startswith("a b c d")
    assert len(found.alias) == 80
    found.alias.encode()
    assert found.status == '{"a":[1]}'


def test_fields_not_sent_are_none_and_empty_ones_are_empty():
    found = reported(status="")
    assert found.status == ""
    assert found.rssi is None
    assert registration().ack is False


def test_platform_is_lower_case_and_fcid_upper():
    found = reported(platform="Arduino:ESP8266", fcid="00ab")
    assert (found.platform, found.fcid) == ("arduino:esp8266", "00AB")


@pytest.mark.parametrize("owner", ["", "AB" * 32, "ab" * 31, "ab" * 32 + "'", 5, None, {}])
def test_owner_that_is_none_is_none(owner):
    assert registration(owner=owner).owner is None


@pytest.mark.parametrize("wrapper", [None, "registration", "update"])
def test_firmware_request_is_read_flat_or_wrapped(wrapper):
    data = {"mac": "5CCF7F012345", "owner": OWNER, "udid": UDID, "forced": "true", "use": "ott"}
    body = json.dumps({wrapper: data} if wrapper else data).encode()
    found = parse_firmware_request(body)
    assert found.udid == uuid.UUID(UDID)
    assert found.mac == "5C:CF:7F:01:23:45"
    assert found.forced
    assert found.wants_token


@pytest.mark.parametrize("value", [1, True, "yes", "x"])
def test_any_ott_asks_for_a_token(value):
    assert parse_firmware_request(json.dumps({"ott": value}).encode()).wants_token


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("ab" * 32, "ab" * 32),
        (f' "{"ab" * 32}" ', "ab" * 32),
        ("AB" * 32, "ab" * 32),
        ("ab" * 31, None),
        ("ab" * 33, None),
        ("Bearer " + "ab" * 32, None),
        ("", None),
        (None, None),
        ("g" * 64, None),
        ("\u0663" * 64, None),
    ],
)
def test_credential_is_64_hex_or_nothing(header, key):
    assert values.credential(header) == key


def test_junk_never_raises_anything_else():
    shuffle = random.Random(7)
    seed = json.dumps({"registration": {"mac": "5CCF7F012345", "owner": OWNER, "lat": 1.5}})
    for _ in range(3000):
        body = bytearray(seed.encode())
        for _ in range(shuffle.randint(1, 6)):
            body[shuffle.randrange(len(body))] = shuffle.randrange(256)
        for parse in (parse_registration, parse_firmware_request):
            try:
                parse(bytes(body))
            except ProtocolError:
                continue
