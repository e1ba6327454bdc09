"""The list of devices: who sees what, filters in the URL, export, fragments, queries."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.services.sharing import object_share
from builds.choices import BuildStatus
from core.views import facets, paging
from devices.mesh_services import mesh_attach
from devices.models import DeviceState
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.support.queries import queries_of

URL = "/devices/"


def seen(device, *, ago=timedelta(minutes=1), **said):
    """Let the device have called."""
    DeviceState.objects.filter(device=device).update(last_seen_at=timezone.now() - ago, **said)


def built(device, number=1, **fields):
    """Give the device a build that succeeded."""
    return BuildFactory(
        source=device.source,
        device=device,
        organization=device.organization,
        number=number,
        status=BuildStatus.SUCCEEDED,
        version=f"1.0.{number}",
        **fields,
    )


def names(response) -> list[str]:
    return [row.record.alias for row in response.context["table"].rows]


def test_operator_opens_list_sees_devices_of_the_organization(signed_in, olga, acme):
    device = DeviceFactory(organization=acme, alias="pump-1")
    page = signed_in(olga).get(URL)
    assert page.status_code == 200
    assert names(page) == ["pump-1"]
    assert f"{device.uid}"[:8] in page.text
    assert device.mac in page.text


def test_viewer_of_the_chosen_organization_is_offered_nothing_to_change(in_acme, vera, acme):
    DeviceFactory(organization=acme)
    page = in_acme(vera).get(URL)
    assert page.status_code == 200
    assert "Add device" not in page.text
    assert 'name="selected"' not in page.text


def test_outsider_opens_list_sees_none_of_them(signed_in, mallory, acme):
    DeviceFactory(organization=acme, alias="pump-1")
    page = signed_in(mallory).get(URL)
    assert "pump-1" not in page.text
    assert "No devices yet" in page.text


def test_stranger_opens_list_is_sent_to_sign_in(client):
    answer = client.get(URL)
    assert answer.status_code == 302
    assert "/sign-in/" in answer.url


def test_list_with_ten_rows_asks_as_often_as_with_one(
    signed_in, olga, acme, django_assert_num_queries
):
    source = SourceFactory(organization=acme)
    client = signed_in(olga)
    built(DeviceFactory(organization=acme, source=source))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(URL)
    for number in range(2, 11):
        built(DeviceFactory(organization=acme, source=source, tags=["lab"]), number)
    with django_assert_num_queries(len(one)):
        client.get(URL)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=pump", ["pump"]),
        ("q=5C:CF:7F:AA", ["meter"]),
        ("seen=online", ["pump"]),
        ("seen=day", ["meter", "pump"]),
        ("seen=offline", ["meter"]),
        ("seen=never", ["valve"]),
        ("level=error", ["meter"]),
        ("platform=micro", ["meter"]),
        ("version=1.0.1", ["meter", "pump"]),
        ("version=1.1", []),
        ("tag=lab", ["pump"]),
        ("tag=la", []),
        ("auto_update=true", ["valve"]),
        ("firmware=waiting", ["meter"]),
        ("firmware=current", ["pump"]),
        ("firmware=none", ["valve"]),
        ("firmware=offered", ["meter"]),
        ("firmware=waiting&seen=online", []),
    ],
)
def test_filter_in_the_url_narrows_the_list(signed_in, olga, acme, query, expected):
    source = SourceFactory(organization=acme)
    pump = DeviceFactory(organization=acme, alias="pump", source=source, tags=["lab", "roof"])
    meter = DeviceFactory(
        organization=acme,
        alias="meter",
        source=source,
        platform="micropython",
        mac="5C:CF:7F:AA:00:01",
    )
    DeviceFactory(organization=acme, alias="valve", auto_update=True)
    build = built(pump, 1)
    seen(pump, installed_build=build, version=build.version)
    offered = built(meter, 2)
    seen(
        meter,
        ago=timedelta(hours=2),
        level="error",
        version="1.0.1",
        offered_build=offered,
        offer_state="offered",
    )
    page = signed_in(olga).get(f"{URL}?{query}")
    assert names(page) == expected


def numbers(page, label: str) -> dict[str, str]:
    (facet,) = [facet for facet in page.context["facets"] if facet["label"] == label]
    return {value["label"]: value["count"] for value in facet["values"]}


def test_empty_list_leads_to_how_a_device_connects(signed_in, olga):
    page = signed_in(olga).get(URL)
    assert f'href="{reverse("connect:page")}"' in page.text.split('class="empty-state"')[1]
    assert signed_in(olga).get(reverse("connect:page")).status_code == 200


def test_facets_count_what_the_other_filters_leave(signed_in, olga, acme):
    pump = DeviceFactory(organization=acme, alias="pump", platform="esp32", tags=["lab", "roof"])
    DeviceFactory(organization=acme, alias="valve", platform="esp32", tags=["lab"])
    DeviceFactory(organization=acme, alias="meter", platform="lua", category="power")
    seen(pump, level="error")
    client = signed_in(olga)
    assert client.get(URL).context["facets"] == []
    page = client.get(f"{URL}?facets=1&platform=esp32")
    assert numbers(page, "Platform") == {"esp32": "2", "lua": "1"}
    assert numbers(page, "Tag") == {"lab": "2", "roof": "1"}
    assert numbers(page, "Presence") == {
        "Online": "1",
        "Late": "0",
        "Offline": "0",
        "Never seen": "1",
    }
    assert numbers(page, "Reported level")["Error"] == "1"
    assert "Category" not in [facet["label"] for facet in page.context["facets"]]


def test_firmware_counts_are_what_their_filters_list(signed_in, olga, acme):
    source = SourceFactory(organization=acme)
    outdated, current, behind, held, never = (
        DeviceFactory(organization=acme, source=source, alias=name)
        for name in ("outdated", "current", "behind", "held", "never")
    )
    built(outdated, 1)
    seen(current, installed_build=built(current, 2), version="1.0.2")
    seen(behind, installed_build=built(behind, 3), version="1.0.3")
    built(behind, 4)
    built(held, 5, is_held=True)
    DeviceState.objects.filter(device=never).delete()
    client = signed_in(olga)
    (facet,) = [
        f for f in client.get(f"{URL}?facets=1").context["facets"] if f["label"] == "Firmware"
    ]
    assert {value["label"]: value["count"] for value in facet["values"]} == {
        "Update waiting": "2",
        "Up to date": "1",
        "Never built": "2",
    }
    for value in facet["values"]:
        page = client.get(f"{URL}{value['url']}")
        assert len(names(page)) == int(value["count"]), value["label"]
        assert numbers(page, "Firmware")[value["label"]] == value["count"]


def test_facet_leads_to_its_filter_and_away_from_it(signed_in, olga, acme):
    DeviceFactory(organization=acme, platform="lua")
    client = signed_in(olga)
    (there,) = [
        f for f in client.get(f"{URL}?facets=1").context["facets"] if f["label"] == "Platform"
    ]
    assert there["values"][0]["url"] == "?facets=1&platform=lua"
    page = client.get(f"{URL}{there['values'][0]['url']}")
    (chosen,) = [f for f in page.context["facets"] if f["label"] == "Platform"]
    assert chosen["values"] == [{"label": "lua", "count": "1", "url": "?facets=1", "chosen": True}]


def test_facets_name_no_mesh_that_the_reader_may_not_see(
    signed_in, guest, alice, act, acme, system
):
    device, mesh = DeviceFactory(organization=acme), MeshFactory(organization=acme)
    mesh_attach(system, mesh=mesh, device=device)
    object_share(act(alice), obj=device, to=guest, actions=["view"])
    page = signed_in(guest).get(f"{URL}?facets=1&columns=meshes")
    assert names(page) == [device.alias]
    assert mesh.alias not in page.text
    assert mesh.alias in signed_in(alice).get(f"{URL}?facets=1").text


def test_facets_and_pages_stop_counting(signed_in, olga, acme, monkeypatch):
    monkeypatch.setattr(facets, "MOST", 3)
    monkeypatch.setattr(facets, "SAMPLE", 2)
    monkeypatch.setattr(facets, "ASKED", 2)
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    for _ in range(3):
        DeviceFactory(organization=acme)
    page = signed_in(olga).get(f"{URL}?facets=1")
    assert numbers(page, "Presence")["Never seen"] == "2+"
    assert numbers(page, "Platform") == {"python": "2+"}
    assert numbers(page, "Firmware")["Never built"] == "3+"
    assert "of 2+" in page.text


@pytest.mark.parametrize("query", ["", "?q=pump", "?facets=1"])
def test_list_never_counts_the_whole_fleet(signed_in, olga, acme, query):
    device, client = DeviceFactory(organization=acme, alias="Pump"), signed_in(olga)
    with CaptureQueriesContext(connection) as asked:
        client.get(f"{URL}{query}")
        client.get(f"{device.get_absolute_url()}audit/")
    counts = [one["sql"] for one in asked if "COUNT(*)" in one["sql"]]
    assert counts
    assert all("LIMIT" in count for count in counts)


@pytest.mark.parametrize("query", ["facets=1&columns=meshes,source,tags", "view=cards"])
def test_facets_columns_and_cards_ask_as_often_for_ten_rows_as_for_one(
    signed_in, olga, acme, system, query, django_assert_num_queries
):
    mesh, source = MeshFactory(organization=acme), SourceFactory(organization=acme)
    client, url = signed_in(olga), f"{URL}?{query}"

    def grow(count):
        for _ in range(count):
            device = DeviceFactory(organization=acme, source=source, tags=["lab"], category="x")
            mesh_attach(system, mesh=mesh, device=device)

    grow(1)
    one = queries_of(client, url)
    grow(9)
    with django_assert_num_queries(one):
        client.get(url)


def test_cards_show_what_the_table_shows_and_can_be_chosen(signed_in, olga, acme):
    device = DeviceFactory(organization=acme, alias="pump", category="power")
    seen(device, version="1.2.3", rssi="-85", snr="4")
    page = signed_in(olga).get(f"{URL}?view=cards&columns=health,version,signal,category")
    assert "<table" not in page.text
    card = page.text.split('class="card-item"')[1]
    for words in ("pump", "1.2.3", "-85 dBm", "signal-weak", "power", f'value="{device.uid}"'):
        assert words in card
    assert "Platform" not in card.split("</ul>")[0]


def test_filter_by_source_shows_a_chip_that_removes_it(signed_in, olga, acme):
    source = SourceFactory(organization=acme, alias="firmware")
    DeviceFactory(organization=acme, alias="pump", source=source)
    DeviceFactory(organization=acme, alias="valve")
    page = signed_in(olga).get(f"{URL}?source={source.uid}")
    assert names(page) == ["pump"]
    assert [chip["label"] for chip in page.context["chips"]] == ["Source: firmware"]


def test_filter_by_a_foreign_source_is_no_choice(signed_in, olga, acme, umbrella):
    foreign = SourceFactory(organization=umbrella, alias="their-own")
    page = signed_in(olga).get(f"{URL}?source={foreign.uid}")
    assert page.status_code == 200
    assert "their-own" not in page.text


def test_filter_that_is_not_understood_shows_nothing_and_says_which(signed_in, olga, acme):
    DeviceFactory(organization=acme, alias="pump")
    page = signed_in(olga).get(f"{URL}?seen=yesterday&platform=python")
    assert names(page) == []
    assert "Seen: Select a valid choice" in page.text
    assert [chip["label"] for chip in page.context["chips"]] == ["Platform: python"]


def test_device_shows_update_waiting_until_it_reports_the_version(signed_in, olga, acme):
    device = DeviceFactory(organization=acme, source=SourceFactory(organization=acme))
    build = built(device)
    seen(device, version="0.9")
    assert "Update waiting" in signed_in(olga).get(f"{URL}?q=device").text.split("<table")[1]
    seen(device, version=build.version, installed_build=build)
    assert "Up to date" in signed_in(olga).get(URL).text


def test_sort_by_last_seen_puts_the_quiet_ones_first(signed_in, olga, acme):
    late, early = (DeviceFactory(organization=acme, alias=name) for name in ("a-late", "b-early"))
    seen(late, ago=timedelta(days=2))
    seen(early, ago=timedelta(days=1))
    page = signed_in(olga).get(f"{URL}?sort=-last_seen")
    assert names(page) == ["b-early", "a-late"]
    assert page.context["table"].data.data.query.order_by[-1] == "-pk"


def test_export_gives_values_and_no_formulas(signed_in, olga, acme):
    device = DeviceFactory(organization=acme, alias="=cmd()", tags=["lab", "roof"])
    seen(device, version="1.0.3", level="warning")
    answer = signed_in(olga).get(f"{URL}?export=csv")
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert answer["Content-Type"].startswith("text/csv")
    assert rows[0]["Device"] == "'=cmd()"
    assert rows[0]["Status"] == "warning"
    assert rows[0]["Firmware"] == "1.0.3"
    assert rows[0]["Tags"] == "lab, roof"
    assert rows[0]["Last seen"].startswith("20")
    assert rows[0]["Device id"] == f"{device.uid}"


def test_htmx_asks_list_gets_the_table_alone(signed_in, olga, acme):
    DeviceFactory(organization=acme, alias="pump-1")
    answer = signed_in(olga).get(URL, headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert 'id="list"' in answer.text
    assert "HX-Request" in answer["Vary"]


def test_empty_list_listens_for_the_first_device(in_acme, olga, acme):
    page = in_acme(olga).get(URL)
    assert "No devices yet" in page.text
    assert f'data-live="org.{acme.uid}" data-live-model="devices.device"' in page.text


def test_list_of_all_organizations_listens_to_each(signed_in, olga, acme):
    DeviceFactory(organization=acme)
    page = signed_in(olga).get(URL)
    assert page.text.count('data-live="org.') == 3  # with the count of the sidebar
    assert f'data-live="org.{acme.uid}"' in page.text
