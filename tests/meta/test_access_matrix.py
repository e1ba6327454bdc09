"""Every route, every method of the table, every member of the cast."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.resolvers import URLResolver

from audit.models import AuditEvent
from keys.services import deploy_key_create, env_var_set
from tests.factories.builds import ArtifactFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.meta.access_table import CAST, KINDS, OK, rows


def named_routes(patterns, prefix="") -> set[str]:
    """Return the names of all routes; those without one are DRF's catch-all for its root."""
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            found |= named_routes(pattern.url_patterns, prefix + space)
        elif pattern.name:
            found.add(prefix + pattern.name)
    return found


def test_every_route_is_in_the_table():
    assert named_routes(get_resolver().url_patterns) == {name for _, name, _ in rows()}


@pytest.fixture
def objects(acme, system, alice):
    """Return one object of each model, all of them Acme's."""
    source = SourceFactory(organization=acme, url="https://127.0.0.1:9/x.git")
    device = DeviceFactory(organization=acme, source=source)
    stored = default_storage.save("matrix/firmware", ContentFile(b"abc"))
    artifact = ArtifactFactory(build__source=source, build__device=device, file=stored)
    key, _ = make_api_key(acme, user=alice)
    return {
        "organization": acme,
        "source": source,
        "device": device,
        "build": artifact.build,
        "artifact": artifact,
        "apikey": key,
        "deploykey": deploy_key_create(system, organization=acme, alias="k", algorithm="ed25519"),
        "envvar": env_var_set(system, organization=acme, name="A", value="1"),
        "auditevent": AuditEvent.objects.filter(organization=acme).first(),
    }


def address_of(name: str, objects) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        pass
    for kwargs in ({"token": "x"}, {"name": "no-such-example"}):
        try:
            return reverse(name, kwargs=kwargs)
        except NoReverseMatch:
            continue
    model = name.partition(":")[2].replace("-", "_").partition("_")[0]
    return reverse(name, kwargs={"uid": objects[model].uid})


def refusal(status: int) -> int | str:
    return status if status in {401, 403, 404, 405, 500} else OK


def answer(client: Client, method: str, address: str) -> int | str:
    """Return what the route says; whatever it did is rolled back."""
    with transaction.atomic():
        response = client.generic(method, address, b"", content_type=content_type(address))
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    to_sign_in = "/accounts/sign-in/" in response.headers.get("Location", "")
    return 302 if response.status_code == 302 and to_sign_in else refusal(response.status_code)


def content_type(address: str) -> str:
    is_form = not address.startswith(("/api/", "/device/"))
    return "application/x-www-form-urlencoded" if is_form else "application/json"


@pytest.mark.parametrize("person", CAST)
def test_each_of_the_cast_gets_what_the_table_says(request, person, objects):
    column = CAST.index(person)
    wrong = []
    for method, name, kind in rows():
        client = Client(raise_request_exception=False)
        if person != "anon":
            user = request.getfixturevalue(person)
            client.force_login(user, backend="accounts.backends.EmailBackend")
        got = answer(client, method, address_of(name, objects))
        expected = KINDS[kind][column]
        if name == "accounts:sign_out" and got == 302:
            got = OK if person != "anon" else 302
        if got != expected:
            wrong.append(f"{method} {name}: {got}, not {expected}")
    assert not wrong, "\n".join(wrong)
