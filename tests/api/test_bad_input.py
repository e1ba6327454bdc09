"""Nonsense of every kind: always a 4xx in the one shape, never a 500."""

from __future__ import annotations

import json

import pytest

HUGE = 10**30
NUL = "a\x00b"
LONG = "x" * 100_000
UNKNOWN_UID = "00000000-0000-4000-8000-000000000000"
WRONG = [
    None,
    True,
    0,
    -1,
    HUGE,
    1.5e308,
    "",
    " ",
    NUL,
    LONG,
    "\ud800",
    "not-a-uuid",
    UNKNOWN_UID,
    "9999-12-31T23:59:59.999999-12:00",
    "0000-00-00",
    [],
    [[]],
    [None, 1, NUL],
    {},
    {"uid": UNKNOWN_UID},
    {"": {"": []}},
]
# The fields of each resource that can be written, and a body that would be taken.
BODIES = {
    "devices": {
        "alias": "a",
        "mac": "",
        "platform": "python",
        "source": None,
        "auto_update": False,
        "description": "",
        "category": "",
        "tags": [],
    },
    "sources": {
        "alias": "a",
        "url": "https://github.com/a/b.git",
        "branch": "main",
        "deploy_key": None,
        "access_token": "",
    },
    "builds": {"device": UNKNOWN_UID, "source": None, "deliver": True},
    "api-keys": {"alias": "a", "kind": "device", "expires_at": None},
    "deploy-keys": {"alias": "a", "algorithm": "ed25519", "private_key": "x"},
    "env-vars": {
        "name": "A",
        "value": "1",
        "is_secret": False,
        "source": None,
        "device": None,
    },
}
QUERIES = [NUL, f"{HUGE}", UNKNOWN_UID, "9999-12-31", "0001-01-01", LONG[:3000], "'%_", "\u0661"]
LISTS = [*BODIES, "artifacts", "audit-events", "organizations"]


def is_one_shape(answer):
    body = answer.json()
    assert set(body) == {"code", "detail", "fields"}, body
    assert isinstance(body["code"], str)
    assert isinstance(body["fields"], dict)
    return True


def is_refused_or_taken(answer):
    assert answer.status_code < 500, answer.content
    return answer.status_code < 400 or is_one_shape(answer)


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


@pytest.mark.parametrize("resource", BODIES)
def test_create_with_wrong_values_is_never_500(world, api, resource):
    here = {"organization": f"{world.organization.uid}"} if resource != "builds" else {}
    for name in [*BODIES[resource], *here]:
        for wrong in WRONG:
            body = {**BODIES[resource], **here, name: wrong}
            assert is_refused_or_taken(api.post(f"{resource}/", body)), (name, wrong)


@pytest.mark.parametrize("resource", [r for r in BODIES if r != "builds"])
def test_change_with_wrong_values_is_never_500(world, api, resource):
    for name in [*BODIES[resource], "organization", "uid", "href", "pk", "id"]:
        for wrong in WRONG[::3]:
            answer = api.patch(world.path(resource), {name: wrong})
            assert is_refused_or_taken(answer), (name, wrong)


@pytest.mark.parametrize("resource", BODIES)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"12",
        b"NaN",
        b'{"alias": NaN}',
        b'{"alias": 1e999}',
        b"\xff\xfe\x00",
        b'{"alias": "\xff"}',
        b"[" * 100_000,
        b'{"alias": ' + b"9" * 10_000 + b"}",
        b'{"\\u0000": 1, "\\ud800": 2}',
    ],
    ids=lambda raw: f"{raw[:12]!r}x{len(raw)}",
)
def test_body_that_is_no_json_object_is_400(world, api, resource, raw):
    answer = api.client.post(f"/api/v1/{resource}/", raw, content_type="application/json")
    assert answer.status_code == 400
    assert is_one_shape(answer)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "a"],
)
def test_other_kinds_of_bodies_are_415(world, api, content_type):
    answer = api.client.post("/api/v1/devices/", b"alias=x", content_type=content_type)
    assert answer.status_code == 415
    assert is_one_shape(answer)


@pytest.mark.parametrize("charset", ["zip", "hex", "utf-16", "nonsense"])
def test_body_is_utf8_whatever_its_charset_says(world, api, charset):
    answer = api.client.generic(
        "POST", "/api/v1/devices/", b'{"alias": "x"}', f"application/json; charset={charset}"
    )
    assert answer.status_code == 201


def test_too_large_body_is_413(world, api, settings):
    body = json.dumps({"alias": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    answer = api.client.post("/api/v1/devices/", body, content_type="application/json")
    assert answer.status_code == 413
    assert answer.json()["code"] == "request.too_large"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b'{"alias": ', b'"chunked"}'], 201),
        ([b'{"alias": '], 400),
        ([b"x" * 1_000_000] * 3, 413),
    ],
)
async def test_chunked_body_has_no_length_and_is_read_up_to_the_limit(chunks, expected):
    from asgiref.sync import sync_to_async
    from asgiref.testing import ApplicationCommunicator
    from django.core.asgi import get_asgi_application

    key = await sync_to_async(_key_of_alice)()
    headers = {
        "host": "testserver",
        "transfer-encoding": "chunked",
        "content-type": "application/json",
        "x-api-key": key,
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/devices/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ["127.0.0.1", 1],
    }
    caller = ApplicationCommunicator(get_asgi_application(), scope)
    for n, chunk in enumerate(chunks, start=1):
        message = {"type": "http.request", "body": chunk, "more_body": n < len(chunks)}
        await caller.send_input(message)
    start = await caller.receive_output(timeout=20)
    assert start["status"] == expected
    body = json.loads((await caller.receive_output(timeout=20))["body"])
    assert expected == 201 or set(body) == {"code", "detail", "fields"}
    await caller.wait()


def _key_of_alice():
    from keys.choices import ApiKeyKind
    from tests.factories.accounts import OrganizationFactory, join, make_user
    from tests.factories.keys import make_api_key

    organization, alice = OrganizationFactory(), make_user("alice")
    join(alice, organization)
    return make_api_key(organization, user=alice, kind=ApiKeyKind.AUTOMATION)[1]


@pytest.fixture(scope="module")
def schema():
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(public=True)


@pytest.mark.parametrize("resource", LISTS)
def test_list_with_wrong_queries_is_never_500(world, api, schema, resource):
    operation = schema["paths"][f"/api/v1/{resource}/"]["get"]
    names = [p["name"] for p in operation["parameters"] if p["in"] == "query"]
    for name in [*names, "format"]:
        for text in QUERIES:
            assert is_refused_or_taken(api.get(f"{resource}/", **{name: text})), (name, text)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": "abc"}, "page"),
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "9" * 40}, "page"),
        ({"page_size": "many"}, "page_size"),
        ({"page_size": "0"}, "page_size"),
        ({"ordering": "password"}, "ordering"),
        ({"ordering": "alias,organization__name"}, "ordering"),
        ({"ordering": "?"}, "ordering"),
        ({"source": "abc"}, "source"),
        ({"seen": "sometimes"}, "seen"),
        ({"q": NUL}, "q"),
    ],
)
def test_wrong_query_is_400_and_names_the_parameter(world, api, query, field):
    answer = api.get("devices/", **query)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_page_past_the_end_is_404(world, api):
    answer = api.get("devices/", page=99)
    assert answer.status_code == 404
    assert is_one_shape(answer)


@pytest.mark.parametrize(
    "path",
    [
        "devices/not-a-uuid/",
        "devices/1/",
        f"devices/{UNKNOWN_UID}/",
        f"devices/{UNKNOWN_UID}/nothing/",
        f"builds/{UNKNOWN_UID}/log/",
        "nothing/",
        "devices/%00/",
        "devices/../../",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_address_of_nothing_is_404_in_the_one_shape(world, api, path, method):
    answer = api.send(method, path, {} if method in ("post", "patch") else None)
    assert answer.status_code in (404, 405)
    assert is_one_shape(answer)


@pytest.mark.parametrize("method", ["get", "post", "patch"])
def test_address_without_its_last_slash_is_redirected_with_its_method(api, method):
    answer = api.send(method, "/api/v1/devices?q=x", {} if method != "get" else None)
    assert (answer.status_code, answer.headers["Location"]) == (308, "/api/v1/devices/?q=x")


def test_method_that_the_resource_lacks_is_405_and_lists_the_others(world, api):
    answer = api.send("put", "builds/", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "request.method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_answer_that_nobody_can_read_is_406(world, api):
    answer = api.send("get", "devices/", Accept="application/xml")
    assert answer.status_code == 406
    assert is_one_shape(answer)


@pytest.mark.parametrize("after", ["-1", "abc", f"{HUGE}", NUL, "1.5"])
def test_log_after_nonsense_is_400(world, api, after):
    answer = api.get(f"{world.path('builds')}log/", after=after)
    assert answer.status_code == 400
    assert "after" in answer.json()["fields"]


def test_unknown_field_is_named_and_nothing_is_changed(world, api):
    answer = api.patch(world.path("devices"), {"alias": "new", "alais": "typo"})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["alais"]
    world.device.refresh_from_db()
    assert world.device.alias != "new"


def test_failure_of_the_console_is_500_in_the_one_shape(world, api, monkeypatch):
    from devices.api.viewsets import DeviceViewSet

    def fail(self, request, *args, **kwargs):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(DeviceViewSet, "list", fail)
    api.client.raise_request_exception = False
    answer = api.get("devices/")
    assert answer.status_code == 500
    assert is_one_shape(answer)
    assert "secret" not in answer.content.decode()
    assert answer.headers["X-Request-Id"] in answer.json()["detail"]
