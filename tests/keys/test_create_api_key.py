"""`manage.py create_api_key`: a key for scripts, printed once."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.services import personal_organization
from audit.models import AuditEvent
from keys.models import ApiKey
from keys.services import key_digest


def create(*arguments: str) -> str:
    out = StringIO()
    call_command("create_api_key", "--alias", "ci", *arguments, stdout=out)
    return out.getvalue()


def test_person_gets_an_automation_key_of_their_own_organization(olga):
    said = json.loads(create("--email", "OLGA@example.org", "--json"))
    key = ApiKey.objects.get()
    assert said == {"owner_id": personal_organization(olga).owner_id, "api_key": said["api_key"]}
    assert key.digest == key_digest(said["api_key"])
    assert (key.kind, key.user, key.alias) == ("automation", olga, "ci")
    assert AuditEvent.objects.get(verb="keys.apikey_created").actor == "olga@example.org"


def test_key_opens_the_rest_api(client, olga):
    key = json.loads(create("--email", olga.email, "--json"))["api_key"]
    assert client.get("/api/v1/devices/", headers={"X-API-Key": key}).status_code == 200


def test_admin_names_a_shared_organization(alice, acme):
    said = json.loads(create("--email", alice.email, "--organization", f"{acme.uid}", "--json"))
    assert said["owner_id"] == acme.owner_id


@pytest.mark.parametrize("who", ["vera", "olga"])
def test_lesser_role_in_the_organization_is_refused(request, acme, who):
    person = request.getfixturevalue(who)
    with pytest.raises(CommandError, match="may not create API keys in Acme"):
        create("--email", person.email, "--organization", f"{acme.uid}")


def test_outsider_in_the_organization_is_refused(mallory, acme):
    with pytest.raises(CommandError, match="belongs to no organization with the id"):
        create("--email", mallory.email, "--organization", f"{acme.uid}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--email", "nobody@example.org"), "Nobody has an account with the e-mail address"),
        (("--email", "olga@example.org", "--organization", "7"), "7 is not the id of an org"),
        (("--email", "olga@example.org", "--alias", " "), "The alias needs 1 to 80 characters"),
    ],
)
def test_bad_arguments_are_named(olga, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(*arguments)
    assert not ApiKey.objects.exists()


def test_without_json_it_reads_well(olga):
    lines = create("--email", olga.email).splitlines()
    assert [line.split()[0] for line in lines] == ["owner", "API"]
