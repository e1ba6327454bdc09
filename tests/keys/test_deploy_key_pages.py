"""Deploy keys in the console: made or pasted, the public half shown, the private one never."""

from __future__ import annotations

import csv

import pytest

from audit.models import AuditEvent
from keys.models import DeployKey
from keys.services import deploy_key_create
from keys.ssh import generate_pair, read_private_key
from tests.factories.builds import SourceFactory
from tests.support.queries import queries_of

LIST = "/deploy-keys/"
ADD = f"{LIST}add/"


def page_of(key) -> str:
    return f"{LIST}{key.uid}/"


@pytest.fixture
def at_acme(signed_in, alice, acme):
    client = signed_in(alice)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    return client


@pytest.fixture
def key(acme, system):
    return deploy_key_create(system, organization=acme, alias="firmware", algorithm="ed25519")


@pytest.mark.parametrize(("method", "starts"), [("ed25519", "ssh-ed25519 "), ("rsa", "ssh-rsa ")])
def test_admin_makes_a_pair_and_gets_the_public_half(at_acme, acme, method, starts):
    answer = at_acme.post(ADD, {"alias": "firmware", "method": method})
    key = DeployKey.objects.get()
    assert answer["Location"] == page_of(key)
    assert key.organization == acme
    assert key.public_key.startswith(starts)
    page = at_acme.get(page_of(key)).text
    assert key.public_key in page
    assert key.fingerprint in page
    assert "PRIVATE KEY" not in page


def test_admin_pastes_a_private_key_it_is_kept_sealed(at_acme):
    pair = generate_pair("ed25519", "mine")
    at_acme.post(ADD, {"alias": "mine", "method": "pasted", "private_key": pair.private})
    key = DeployKey.objects.get()
    assert key.fingerprint == pair.fingerprint
    assert read_private_key(key.private_key.reveal()).fingerprint == pair.fingerprint


def test_private_key_that_is_no_use_is_refused_and_not_shown_again(at_acme):
    middle = "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1j"
    broken = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{middle}\n-----END OPENSSH PRIVATE KEY-----"
    answer = at_acme.post(ADD, {"alias": "x", "method": "pasted", "private_key": broken})
    assert answer.status_code == 422
    assert "This is not a private key in OpenSSH or PEM format." in answer.text
    assert middle not in answer.text
    assert not DeployKey.objects.exists()


def test_pasting_without_a_key_is_refused(at_acme):
    answer = at_acme.post(ADD, {"alias": "x", "method": "pasted", "private_key": " "})
    assert "Paste the whole private key file." in answer.text


def test_leftover_text_is_ignored_when_a_pair_is_made(at_acme):
    at_acme.post(ADD, {"alias": "x", "method": "ed25519", "private_key": "left over"})
    assert DeployKey.objects.get().public_key.startswith("ssh-ed25519")


@pytest.mark.parametrize("who", ["vera", "olga"])
def test_others_add_key_to_acme_are_refused(signed_in, request, acme, who):
    client = signed_in(request.getfixturevalue(who))
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    assert client.post(ADD, {"alias": "x", "method": "ed25519"}).status_code == 403
    assert not DeployKey.objects.exists()


def test_page_names_sources_that_use_it_and_where_it_goes(at_acme, acme, key):
    SourceFactory(organization=acme, alias="pump", deploy_key=key)
    page = at_acme.get(page_of(key)).text
    assert "pump" in page
    assert "GitHub" in page
    assert "Not tested" in page


def test_outsider_sees_and_opens_none_of_them(signed_in, mallory, key):
    client = signed_in(mallory)
    assert "firmware" not in [r.record.alias for r in client.get(LIST).context["table"].rows]
    for url in (page_of(key), f"{page_of(key)}edit/", f"{page_of(key)}delete/"):
        assert client.get(url).status_code == 404


def test_admin_renames_key(at_acme, key):
    at_acme.post(f"{page_of(key)}edit/", {"alias": "Firmware team"})
    key.refresh_from_db()
    assert key.alias == "Firmware team"


def test_admin_deletes_key_after_reading_which_sources_lose_access(at_acme, acme, key):
    source = SourceFactory(organization=acme, alias="pump", deploy_key=key)
    question = at_acme.get(f"{page_of(key)}delete/").text
    assert "pump cannot be built until another key is chosen there." in question
    answer = at_acme.post(f"{page_of(key)}delete/", {"confirm": "1"})
    assert answer["Location"] == LIST
    assert not DeployKey.objects.exists()
    source.refresh_from_db()
    assert source.deploy_key is None
    event = AuditEvent.objects.get(verb="keys.deploykey_deleted")
    assert event.data == {"fingerprint": key.fingerprint}


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_delete_key_are_refused(signed_in, request, key, who, status):
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"{page_of(key)}delete/", {"confirm": "1"}).status_code == status
    assert DeployKey.objects.exists()


def test_admin_deletes_several(at_acme, acme, key, system):
    other = deploy_key_create(system, organization=acme, alias="b", algorithm="ed25519")
    chosen = {"selected": [key.uid, other.uid]}
    assert "Delete 2 deploy keys?" in at_acme.post(f"{LIST}bulk-delete/", chosen).text
    at_acme.post(f"{LIST}bulk-delete/", {**chosen, "confirm": "1"})
    assert not DeployKey.objects.exists()


def test_export_has_the_public_half_alone(at_acme, key):
    answer = at_acme.get(f"{LIST}?export=csv")
    text = b"".join(answer.streaming_content).decode()
    assert next(csv.DictReader(text.splitlines()))["Public key"] == key.public_key
    assert "PRIVATE" not in text


def test_list_finds_keys_that_no_source_uses(at_acme, acme, key, system):
    used = deploy_key_create(system, organization=acme, alias="used", algorithm="ed25519")
    for _ in range(2):
        SourceFactory(organization=acme, deploy_key=used)
    page = at_acme.get(LIST)
    counts = {row.record.alias: row.record.source_count for row in page.context["table"].rows}
    assert counts == {"firmware": 0, "used": 2}
    unused = at_acme.get(f"{LIST}?unused=true")
    assert [row.record.alias for row in unused.context["table"].rows] == ["firmware"]
    rest = at_acme.get(f"{LIST}?unused=false")
    assert [row.record.source_count for row in rest.context["table"].rows] == [2]


def test_list_costs_the_same_number_of_queries_with_one_and_ten_rows(at_acme, acme, system):
    def add(count: int) -> int:
        for n in range(count):
            key = deploy_key_create(system, organization=acme, alias=f"{n}", algorithm="ed25519")
            SourceFactory(organization=acme, deploy_key=key)
        return queries_of(at_acme, LIST)

    assert add(1) == add(9) <= 15
