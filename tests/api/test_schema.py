"""The OpenAPI schema: complete, without warnings, and the same as the committed one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{path}")
    return path.read_text()


def test_committed_schema_is_the_one_of_this_code(written):
    assert written == SNAPSHOT.read_text(), (
        "The API changed. Look at the difference, then: "
        "python manage.py spectacular --file docs/openapi.yaml"
    )


def test_every_operation_says_how_it_refuses(written):
    schema = yaml.safe_load(written)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            codes = set(operation["responses"])
            assert "401" in codes, (method, path)
            assert "404" in codes or "{uid}" not in path, (method, path)
    assert schema["components"]["schemas"]["Error"]["required"] == ["code", "detail", "fields"]


def test_schema_names_both_headers_and_the_session(written):
    schemes = yaml.safe_load(written)["components"]["securitySchemes"]
    assert schemes["apiKey"]["name"] == "X-API-Key"
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["cookieAuth"]["name"] == "thinx_session"


def test_secrets_are_in_requests_only(written):
    schemas = yaml.safe_load(written)["components"]["schemas"]
    assert "private_key" in schemas["DeployKeyRequest"]["properties"]
    assert "private_key" not in schemas["DeployKey"]["properties"]
    assert "access_token" not in schemas["Source"]["properties"]
    assert "key" not in schemas["ApiKey"]["properties"]
    assert "key" in schemas["ApiKeyCreated"]["properties"]


def test_signed_in_person_reads_the_schema(api_as, alice):
    assert api_as(alice).get("schema/", format="json").json()["openapi"].startswith("3.")


def test_script_reads_the_schema_with_its_key(api_with_key, automation_key):
    answer = api_with_key(automation_key[1]).get("schema/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/vnd.oai.openapi")


def test_stranger_gets_no_schema(client, db):
    assert client.get("/api/v1/schema/").status_code == 401
