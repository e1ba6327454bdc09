"""Environment in the console: three levels, secrets written and never read, who changed what."""

from __future__ import annotations

import csv

import pytest

from audit.models import AuditEvent
from keys.models import EnvVar
from keys.services import env_var_set
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory
from tests.support.queries import queries_of

LIST = "/environment/"
ADD = f"{LIST}add/"


def page_of(variable) -> str:
    return f"{LIST}{variable.uid}/"


def names(response) -> list[str]:
    return [row.record.name for row in response.context["table"].rows]


@pytest.fixture
def at_acme(signed_in, olga, acme):
    """Olga's browser, narrowed to Acme."""
    client = signed_in(olga)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    return client


@pytest.fixture
def secret(acme, system):
    return env_var_set(
        system, organization=acme, name="WIFI_PASSWORD", value="opensesame", is_secret=True
    )


@pytest.fixture
def plain(acme, system):
    return env_var_set(system, organization=acme, name="WIFI_SSID", value="greenhouse")


def test_operator_adds_a_variable_for_the_organization(at_acme, olga, acme):
    answer = at_acme.post(ADD, {"name": "WIFI_SSID", "value": " two\r\nlines "})
    variable = EnvVar.objects.get()
    assert answer["Location"] == page_of(variable)
    assert variable.value.reveal() == " two\nlines "
    assert (variable.organization, variable.level, variable.updated_by) == (
        acme,
        "organization",
        olga,
    )
    assert "greenhouse" not in at_acme.get(LIST).text


def test_operator_adds_variables_at_the_levels_that_links_name(at_acme, acme):
    source, device = SourceFactory(organization=acme), DeviceFactory(organization=acme)
    form = at_acme.get(f"{ADD}?device={device.uid}").text
    assert f"For the device <b>{device.alias}</b> alone." in form
    at_acme.post(f"{ADD}?device={device.uid}", {"name": "A", "value": "1", "device": device.uid})
    at_acme.post(ADD, {"name": "A", "value": "2", "source": source.uid})
    levels = {v.level: v.value.reveal() for v in EnvVar.objects.all()}
    assert levels == {"device": "1", "source": "2"}


def test_variable_at_two_levels_at_once_is_refused(at_acme, acme):
    source, device = SourceFactory(organization=acme), DeviceFactory(organization=acme)
    data = {"name": "A", "value": "1", "source": source.uid, "device": device.uid}
    answer = at_acme.post(ADD, data)
    assert answer.status_code == 422
    assert "to one." in answer.text


def test_foreign_device_or_source_is_no_choice(at_acme, umbrella):
    source, device = SourceFactory(organization=umbrella), DeviceFactory(organization=umbrella)
    assert device.alias not in at_acme.get(f"{ADD}?device={device.uid}").text
    assert at_acme.get(f"{ADD}?device=junk").status_code == 200
    for level in ({"source": source.uid}, {"device": device.uid}):
        assert at_acme.post(ADD, {"name": "A", "value": "1", **level}).status_code == 422
    assert not EnvVar.objects.exists()


@pytest.mark.parametrize("name", ["1A", "A-B", "", "A" * 65, "Ä"])
def test_bad_name_is_refused(at_acme, name):
    assert at_acme.post(ADD, {"name": name, "value": "1"}).status_code == 422


def test_name_that_is_set_already_is_not_replaced(at_acme, plain):
    answer = at_acme.post(ADD, {"name": "WIFI_SSID", "value": "other"})
    assert answer.status_code == 422
    assert "WIFI_SSID is set at this level already." in answer.text
    assert EnvVar.objects.get().value.reveal() == "greenhouse"


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404)])
def test_others_change_or_delete_are_refused(signed_in, request, plain, who, status):
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"{page_of(plain)}edit/", {"value": "x"}).status_code == status
    assert client.post(f"{page_of(plain)}delete/", {"confirm": "1"}).status_code == status
    assert EnvVar.objects.get().value.reveal() == "greenhouse"


def test_viewer_adds_to_acme_is_refused(signed_in, vera, acme):
    client = signed_in(vera)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    assert client.post(ADD, {"name": "A", "value": "1"}).status_code == 403
    assert not EnvVar.objects.exists()


def test_viewer_adds_at_a_device_of_acme_is_refused(signed_in, vera, acme):
    device = DeviceFactory(organization=acme)
    data = {"name": "A", "value": "1", "device": device.uid}
    assert signed_in(vera).post(ADD, data).status_code == 403
    assert not EnvVar.objects.exists()


def test_secret_value_is_written_and_never_read(at_acme, secret):
    for url in (LIST, page_of(secret), f"{page_of(secret)}edit/", f"{page_of(secret)}audit/"):
        assert "opensesame" not in at_acme.get(url).text


def test_empty_field_keeps_a_secret(at_acme, secret):
    before = AuditEvent.objects.count()
    at_acme.post(f"{page_of(secret)}edit/", {"value": ""})
    assert EnvVar.objects.get().value.reveal() == "opensesame"
    assert AuditEvent.objects.count() == before


def test_new_value_replaces_a_secret_which_stays_secret(at_acme, secret):
    at_acme.post(f"{page_of(secret)}edit/", {"value": "changed it", "is_secret": ""})
    variable = EnvVar.objects.get()
    assert (variable.value.reveal(), variable.is_secret) == ("changed it", True)


def test_secret_with_a_mistake_elsewhere_is_not_shown_again(at_acme):
    data = {"name": "1 bad name", "value": "opensesame", "is_secret": "on"}
    answer = at_acme.post(ADD, data)
    assert answer.status_code == 422
    assert "opensesame" not in answer.text


def test_plain_value_shows_and_can_become_secret(at_acme, plain):
    assert "greenhouse" in at_acme.get(LIST).text
    assert "greenhouse" in at_acme.get(f"{page_of(plain)}edit/").text
    at_acme.post(f"{page_of(plain)}edit/", {"value": "greenhouse", "is_secret": "on"})
    assert "greenhouse" not in at_acme.get(LIST).text


def test_audit_tab_says_who_changed_it_and_when_not_to_what(at_acme, plain):
    at_acme.post(f"{page_of(plain)}edit/", {"value": "orchard"})
    page = at_acme.get(f"{page_of(plain)}audit/").text
    assert page.count("Variable set") == 2
    assert "olga@example.org" in page
    assert "orchard" not in page
    assert "greenhouse" not in page


def test_list_narrows_by_level_owner_and_kind(at_acme, acme, system, plain, secret):
    source = SourceFactory(organization=acme, alias="pump")
    device = DeviceFactory(organization=acme, alias="tomato-1")
    env_var_set(system, organization=acme, name="OF_SOURCE", value="1", source=source)
    env_var_set(system, organization=acme, name="OF_DEVICE", value="1", device=device)
    for query, found in (
        ("level=organization", ["WIFI_PASSWORD", "WIFI_SSID"]),
        ("level=source", ["OF_SOURCE"]),
        ("level=device", ["OF_DEVICE"]),
        (f"source={source.uid}", ["OF_SOURCE"]),
        (f"device={device.uid}", ["OF_DEVICE"]),
        ("is_secret=true", ["WIFI_PASSWORD"]),
        ("q=tomato", ["OF_DEVICE"]),
        ("q=wifi", ["WIFI_PASSWORD", "WIFI_SSID"]),
    ):
        assert names(at_acme.get(f"{LIST}?{query}")) == found, query
    assert "Device: tomato-1" in at_acme.get(f"{LIST}?device={device.uid}").text


def test_export_hides_secrets(at_acme, plain, secret):
    answer = at_acme.get(f"{LIST}?export=csv")
    text = b"".join(answer.streaming_content).decode()
    values = {row["Name"]: row["Value"] for row in csv.DictReader(text.splitlines())}
    assert values == {"WIFI_PASSWORD": "••••••••", "WIFI_SSID": "greenhouse"}
    assert "opensesame" not in text


def test_operator_deletes_after_reading_what_follows(at_acme, secret):
    question = at_acme.get(f"{page_of(secret)}delete/").text
    assert "A secret value cannot be brought back." in question
    at_acme.post(f"{page_of(secret)}delete/", {"confirm": "1"})
    assert not EnvVar.objects.exists()


def test_operator_deletes_all_that_match(at_acme, acme, umbrella, system, plain):
    for n in range(3):
        env_var_set(system, organization=acme, name=f"OLD_{n}", value="1")
    env_var_set(system, organization=umbrella, name="OLD_X", value="1")
    chosen = {"all": "1", "query": "q=OLD_"}
    assert "Delete 3 environment variables?" in at_acme.post(f"{LIST}bulk-delete/", chosen).text
    at_acme.post(f"{LIST}bulk-delete/", {**chosen, "confirm": "1"})
    assert {v.name for v in EnvVar.objects.all()} == {"WIFI_SSID", "OLD_X"}


def test_list_costs_the_same_number_of_queries_with_one_and_ten_rows(at_acme, olga, acme, act):
    def add(count: int) -> int:
        for _ in range(count):
            device = DeviceFactory(organization=acme)
            env_var_set(act(olga), organization=acme, name="A", value="1", device=device)
            source = SourceFactory(organization=acme)
            env_var_set(act(olga), organization=acme, name="A", value="1", source=source)
        return queries_of(at_acme, LIST)

    assert add(1) == add(9) <= 20
