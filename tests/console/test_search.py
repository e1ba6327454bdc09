"""Global search: everything by name, address, id or commit, and nothing that is not one's own."""

from __future__ import annotations

import pytest

from keys.services import deploy_key_create, env_var_set
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of


@pytest.fixture
def client(signed_in, olga):
    return signed_in(olga)


def found(client, text: str) -> dict[str, list[str]]:
    groups = client.get("/search/", {"q": text}).context["groups"]
    return {group.label: [f"{row['object']}" for row in group.rows] for group in groups}


@pytest.fixture
def things(acme, system):
    source = SourceFactory(organization=acme, alias="pump-source", url="git@host:fw/pump.git")
    device = DeviceFactory(organization=acme, alias="pump-7", mac="5C:CF:7F:0A:0B:0C")
    build = BuildFactory(source=source, device=device, number=41, commit="deadbeef" * 5)
    key, _ = make_api_key(acme, alias="pump key")
    deploy = deploy_key_create(system, organization=acme, alias="pump deploy", algorithm="ed25519")
    env_var_set(system, organization=acme, name="PUMP_PIN", value="pump-value")
    return device, source, build, key, deploy


def test_name_finds_every_kind(client, things):
    assert found(client, "PUMP") == {
        "Devices": ["pump-7"],
        "Sources": ["pump-source"],
        "Builds": ["pump-source #41"],
        "API keys": ["pump key"],
        "Deploy keys": ["pump deploy"],
        "Environment": ["PUMP_PIN"],
    }


def test_mac_commit_number_prefix_and_id_find_their_object(client, things):
    device, source, build, key, _ = things
    assert found(client, "7f:0a:0b") == {"Devices": ["pump-7"]}
    assert found(client, "deadbee") == {"Builds": [f"{build}"]}
    assert found(client, "#41") == {"Builds": [f"{build}"]}
    assert found(client, key.prefix)["API keys"] == ["pump key"]
    assert found(client, f"{device.uid}") == {"Devices": ["pump-7"]}
    assert found(client, f"{source.uid}".upper()) == {"Sources": ["pump-source"]}


def test_values_of_variables_are_not_searched(client, things):
    assert found(client, "pump-value") == {}


def test_outsider_finds_nothing(signed_in, mallory, things):
    client = signed_in(mallory)
    assert found(client, "pump") == {}
    assert found(client, f"{things[0].uid}") == {}


def test_search_stays_in_the_organization_chosen(signed_in, olga, acme, things):
    client = signed_in(olga)
    personal = olga.memberships.get(organization__is_personal=True).organization
    client.post("/accounts/organizations/switch/", {"organization": personal.uid})
    assert found(client, "pump") == {}


def test_many_matches_lead_to_the_list(client, acme):
    for n in range(8):
        DeviceFactory(organization=acme, alias=f"many-{n}")
    page = client.get("/search/?q=many").text
    assert "/devices/?q=many" in page
    assert client.get("/devices/?q=many").context["total"] == 8


@pytest.mark.parametrize("text", ["", " ", "x"])
def test_too_short_text_says_so_without_asking_anything(client, text):
    assert "Type at least two characters" in client.get("/search/", {"q": text}).text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "%' OR 1=1 --", "\x00ab", "x" * 5000]
)
def test_odd_text_finds_nothing_and_is_escaped(client, things, text):
    page = client.get("/search/", {"q": text})
    assert page.status_code == 200
    assert page.context["groups"] == []
    assert "<script>alert" not in page.text


def test_search_costs_the_same_number_of_queries_with_one_and_five_rows(client, acme, system):
    client.get("/search/?q=same")  # a process asks once whether there is an index of devices

    def add(count: int) -> int:
        for _ in range(count):
            source = SourceFactory(organization=acme, alias="same")
            device = DeviceFactory(organization=acme, alias="same")
            BuildFactory(source=source, device=device)
            env_var_set(system, organization=acme, name="SAME", value="1", device=device)
        return queries_of(client, "/search/?q=same")

    assert add(1) == add(4) <= 24


def test_stranger_is_sent_to_sign_in(db, client):
    client.logout()
    assert client.get("/search/?q=ab").status_code == 302
