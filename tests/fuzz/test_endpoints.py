"""Whatever comes to the device endpoints, the answer is one that the protocol knows."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.protocol import errors
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.gateway.reports import JUNK, MACS, REGISTRATIONS, UDIDS

pytestmark = pytest.mark.django_db
OURS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WORDS = {
    errors.NO_BODY, errors.REQUEST_INVALID, errors.AUTHENTICATION_ERROR, errors.NO_KEYS,
    errors.WRONG_KEY, errors.MISSING_MAC, errors.AUTHENTICATION, errors.MALFORMED_PUSH,
    errors.PUSH_DEVICE_NOT_FOUND, errors.DEVICE_LIMIT,
}  # fmt: skip
TEXTS = {errors.NO_SUCH_DEVICE.encode(), errors.OTT_KEY_NOT_VALID.encode(), b""}
HEADERS = st.one_of(
    st.just("KEY"),
    st.none(),
    st.sampled_from(["f" * 64, "short", '"', "Bearer KEY", "KEY,KEY"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
)
FIRMWARE = st.fixed_dictionaries(
    {},
    optional={
        "mac": st.one_of(MACS, JUNK),
        "udid": st.one_of(UDIDS, JUNK),
        "forced": JUNK,
        "ott": JUNK,
        "use": st.one_of(st.just("ott"), JUNK),
        "env_hash": JUNK,
        "version": JUNK,
    },
)
WRAPPED = st.sampled_from([None, "registration", "update", "other"])


@pytest.fixture
def call(acme):
    """Send a body with a header, in which KEY stands for a right one; check what comes back."""
    key = make_api_key(acme)[1]
    DeviceFactory(organization=acme, mac="5C:CF:7F:1A:2B:3C")
    client = Client()

    def send(path, body, header):
        headers = {} if header is None else {"Authentication": header.replace("KEY", key)}
        response = client.post(path, body, content_type="application/json", headers=headers)
        assert response.status_code in {200, 400, 403}
        assert len(response.content) < 500
        assert int(response["Content-Length"]) == len(response.content)
        if response.content not in TEXTS:
            _is_known(json.loads(response.content))
        return response

    return send


def _is_known(said):
    if "registration" in said:
        assert list(said) == ["registration"]
        assert said["registration"]["status"] in {"OK", "FIRMWARE_UPDATE"}
        assert len(said["registration"]["udid"]) == 36
        return
    if any("downlinkData" in value for value in said.values() if isinstance(value, dict)):
        return
    assert said["success"] is (said.get("response") == errors.PUSH_REGISTERED)
    if "status" in said:
        assert said["status"] in {"OK", errors.UPDATE_NOT_FOUND}
    elif not said["success"]:
        response = said["response"]
        assert response in WORDS or response.startswith(errors.INVALID_OWNER)


@OURS
@given(fields=REGISTRATIONS, header=HEADERS, owner=st.one_of(st.just("OWNER"), JUNK))
def test_any_registration_is_answered(call, acme, fields, header, owner):
    sent = {**fields, "owner": acme.owner_id if owner == "OWNER" else owner}
    call("/device/register", json.dumps({"registration": sent}), header)


@OURS
@given(fields=FIRMWARE, header=HEADERS, wrapper=WRAPPED)
def test_any_question_for_firmware_is_answered(call, acme, fields, header, wrapper):
    sent = {"owner": acme.owner_id, **fields}
    body = json.dumps({wrapper: sent} if wrapper else sent)
    call("/device/firmware", body, header)


@OURS
@given(push=st.one_of(st.just("a" * 64), JUNK), udid=st.one_of(UDIDS, JUNK), header=HEADERS)
def test_any_push_token_is_answered(call, push, udid, header):
    call("/device/addpush", json.dumps({"push": push, "udid": udid}), header)


@OURS
@given(
    path=st.sampled_from(["/device/register", "/device/firmware", "/device/addpush"]),
    body=st.binary(max_size=600),
    header=HEADERS,
)
def test_any_bytes_are_answered(call, path, body, header):
    call(path, body, header)
