"""Searching devices by a piece of text: what is found, and that nothing reads every device."""

from __future__ import annotations

import pytest
from django.db import connection

from devices import search
from devices.models import Device, DeviceState
from tests.factories.devices import DeviceFactory


def found(text: str) -> list[str]:
    rows = search.matching(Device.objects.order_by("alias"), text)
    return [device.alias for device in rows]


@pytest.fixture
def fleet(acme):
    fields = {"mac": "5C:CF:7F:AA:00:01", "tags": ["Sklep"], "category": "meter"}
    pump = DeviceFactory(organization=acme, alias="Pump 100% of the cellar", **fields)
    DeviceFactory(organization=acme, alias='Valve "B"', mac="")
    return pump


@pytest.fixture(params=[20_000, 0], ids=["rare", "common"])
def ways(request, monkeypatch):
    """Find it by the index, and as what very many have is found."""
    monkeypatch.setattr(search, "MANY", request.param)


@pytest.mark.parametrize(
    "text",
    ["PUMP", "cellar", "100%", "5c:cf:7f:aa", "5CCF7FAA0001", "sklep", "METER", "  pump  ", "pu"],
)
def test_text_anywhere_finds_the_device_in_any_case(fleet, ways, text):
    assert found(text) == ["Pump 100% of the cellar"]


def test_piece_of_the_udid_finds_the_device(fleet, ways):
    assert found(fleet.udid) == [fleet.alias]
    assert found(fleet.udid[:13]) == [fleet.alias]


@pytest.mark.parametrize("text", ["pump_100", "p%p", "zzz", '" OR "', "'; --", "cellar*", "%", "_"])
def test_what_databases_take_for_signs_is_text(fleet, ways, text):
    assert found(text) == (["Pump 100% of the cellar"] if text == "%" else [])


def test_quotes_are_found_as_they_stand(fleet):
    assert found('"B"') == ['Valve "B"']


def test_what_is_renamed_and_deleted_is_found_so(fleet):
    Device.objects.filter(pk=fleet.pk).update(alias="Heater", tags=["attic"])
    assert (found("cellar"), found("heater"), found("attic")) == ([], ["Heater"], ["Heater"])
    Device.objects.filter(pk=fleet.pk).delete()
    assert found("heater") == []


def test_text_that_several_have_finds_them_all(fleet, ways, acme):
    DeviceFactory(organization=acme, alias="Pump 2")
    assert found("pump") == ["Pump 100% of the cellar", "Pump 2"]


def test_what_is_found_narrows_rows_of_other_models(fleet, ways):
    rows = search.matching(Device.objects.all(), "cellar")
    assert [state.device for state in DeviceState.objects.filter(device__in=rows)] == [fleet]


def test_lookup_reads_the_trigrams_and_not_every_device(fleet):
    statement, values = search.lookup("cellar", connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # So few rows are read faster than their index; the question is whether it serves.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", values)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = " ".join(f"{part}" for row in cursor.fetchall() for part in row)
    expected = {"sqlite": "VIRTUAL TABLE INDEX 0:M", "postgresql": "devices_search_trigrams"}
    assert expected[connection.vendor] in plan


def test_lost_index_is_searched_without_and_put_back_by_migrate(fleet):
    search.remove_from(connection)
    search._is_installed.cache_clear()
    try:
        assert found("cellar") == ["Pump 100% of the cellar"]
    finally:
        search.install()
    assert found("5ccf7faa0001") == ["Pump 100% of the cellar"]
