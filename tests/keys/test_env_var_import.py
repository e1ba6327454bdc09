"""Importing pasted lines: all of them or none, faults by line."""

from __future__ import annotations

import pytest

from keys.models import EnvVar
from keys.pasted import read_variables
from keys.services import env_var_set
from tests.factories.devices import DeviceFactory

URL = "/environment/import/"
TEXT = """
# Wi-Fi
WIFI_SSID=greenhouse
export WIFI_PASSWORD="tomatoes = fruit"
EMPTY=
"""


@pytest.fixture
def at_acme(signed_in, olga, acme):
    client = signed_in(olga)
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    return client


def test_operator_imports_lines(at_acme):
    answer = at_acme.post(URL, {"text": TEXT})
    assert answer["Location"] == "/environment/"
    assert {v.name: v.shown_value for v in EnvVar.objects.all()} == {
        "WIFI_SSID": "greenhouse",
        "WIFI_PASSWORD": "tomatoes = fruit",
        "EMPTY": "",
    }
    assert "3 variables are set." in at_acme.get("/environment/").text


def test_operator_imports_secrets_for_one_device(at_acme, acme):
    device = DeviceFactory(organization=acme)
    at_acme.post(
        f"{URL}?device={device.uid}", {"text": "A=1", "device": device.uid, "is_secret": "on"}
    )
    variable = EnvVar.objects.get()
    assert (variable.device, variable.is_secret, variable.value.reveal()) == (device, True, "1")


def test_faulty_lines_are_named_and_nothing_is_set(at_acme):
    answer = at_acme.post(URL, {"text": "GOOD=1\nno equals sign\n\n2BAD=x\nGOOD=2"})
    assert answer.status_code == 422
    assert "Line 2: there is no = in it." in answer.text
    assert "Line 4: A name starts with a letter" in answer.text
    assert "Line 5: GOOD is in line 1 already." in answer.text
    assert not EnvVar.objects.exists()


def test_text_without_variables_is_refused(at_acme):
    assert "There is no NAME=value in this text." in at_acme.post(URL, {"text": "# none"}).text


def test_existing_variables_get_the_new_value_and_secrets_stay_secret(at_acme, acme, system):
    env_var_set(system, organization=acme, name="PIN", value="1234", is_secret=True)
    env_var_set(system, organization=acme, name="HOST", value="old")
    at_acme.post(URL, {"text": "PIN=9876\nHOST=new"})
    found = {v.name: (v.value.reveal(), v.is_secret) for v in EnvVar.objects.all()}
    assert found == {"PIN": ("9876", True), "HOST": ("new", False)}


@pytest.mark.parametrize("who", ["vera"])
def test_viewer_imports_into_acme_is_refused(signed_in, request, acme, who):
    client = signed_in(request.getfixturevalue(who))
    client.post("/accounts/organizations/switch/", {"organization": acme.uid})
    assert client.post(URL, {"text": "A=1\nB=2"}).status_code == 403
    assert not EnvVar.objects.exists()


def test_faults_never_repeat_a_value():
    _, faults = read_variables("1BAD=opensesame\nopen sesame\nA=opensesame\nA=opensesame")
    assert len(faults) == 3
    assert "sesame" not in "".join(faults).replace("open sesame", "")
