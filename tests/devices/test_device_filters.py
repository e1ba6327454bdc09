"""The filters of devices by themselves: a stored rule is read without any request."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from devices.filters import DeviceFilterSet
from devices.mesh_services import mesh_attach
from devices.models import Device, DeviceState
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory


def matched(organization, query: str) -> list[str]:
    rows = Device.objects.filter(organization=organization)
    return sorted(
        DeviceFilterSet(QueryDict(query), queryset=rows).qs.values_list("alias", flat=True)
    )


def test_rule_without_a_request_matches_within_its_queryset(acme, umbrella):
    DeviceFactory(organization=acme, alias="pump", platform="esp32")
    DeviceFactory(organization=acme, alias="valve", platform="lua")
    DeviceFactory(organization=umbrella, alias="theirs", platform="esp32")
    assert matched(acme, "platform=esp32") == ["pump"]


@pytest.mark.parametrize("query", ["seen=yesterday", "source=nonsense", "mesh=8", "signal=loud"])
def test_rule_that_is_not_understood_matches_nothing_and_says_why(acme, query):
    DeviceFactory(organization=acme)
    rule = DeviceFilterSet(QueryDict(query), queryset=Device.objects.all())
    assert not rule.is_valid()
    assert list(rule.form.errors) == [query.partition("=")[0]]
    assert not rule.qs.exists()


def test_rule_names_mesh_source_and_their_absence(acme, system):
    source = SourceFactory(organization=acme)
    pump = DeviceFactory(organization=acme, alias="pump", source=source)
    DeviceFactory(organization=acme, alias="valve")
    mesh = MeshFactory(organization=acme)
    mesh_attach(system, mesh=mesh, device=pump)
    assert matched(acme, f"mesh={mesh.uid}") == ["pump"]
    assert matched(acme, "mesh=null") == ["valve"]
    assert matched(acme, f"source={source.uid}") == ["pump"]
    assert matched(acme, "source=null") == ["valve"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("signal=strong", ["near"]),
        ("signal=fair", ["edge", "middle"]),
        ("signal=weak", ["far"]),
        ("signal=none", ["silent"]),
    ],
)
def test_rule_narrows_by_signal_and_words_are_in_no_range(acme, query, expected):
    said = {
        "near": "-66",
        "edge": "-80",
        "middle": "-67.5",
        "far": "-81",
        "odd": "good",
        "silent": "",
    }
    for alias, rssi in said.items():
        device = DeviceFactory(organization=acme, alias=alias)
        DeviceState.objects.filter(device=device).update(rssi=rssi)
    assert matched(acme, query) == expected
