"""Lists with 10,000 organizations and 100,000 devices (on PostgreSQL; a tenth of it on SQLite)."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Organization
from devices.models import Device, DeviceState, DeviceUserPermission
from tests.factories.accounts import OrganizationFactory, join, make_user

ORGANIZATIONS = 10_000
DEVICES = 100_000
GRANTS = 50
PAGES = (
    "dashboard",
    "devices:device_list",
    "devices:device_add",
    "builds:source_list",
    "builds:build_list",
    "keys:apikey_list",
    "audit:auditevent_list",
    "accounts:organization_list",
    "accounts:organization_choose",
    "accounts:shared_outside",
    "api:device-list",
    "api:organization-list",
    "api:membership-list",
)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Fleet:
    """A root with many organizations below it, devices in all of them, and three people."""

    def __init__(self, name: str, organizations: int, devices: int) -> None:
        self.root = OrganizationFactory(name=name)
        self.below = self._plant(organizations)
        self._fill(devices)
        self.people = {who: make_user(f"{who}-{name}") for who in ("small", "granted", "top")}
        join(self.people["small"], self.below[7], Role.OPERATOR)
        join(self.people["top"], self.root, Role.ADMIN)
        self._grant(self.people["granted"])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _plant(self, count: int) -> list[Organization]:
        """Plant them by hand: treebeard asks for the last sibling each time."""
        children = [
            Organization(
                name=f"Plant {number:05d}",
                path=self.root.path + _step(number + 1),
                depth=2,
                numchild=0,
            )
            for number in range(count)
        ]
        Organization.objects.bulk_create(children, batch_size=2000)
        Organization.objects.filter(pk=self.root.pk).update(numchild=count)
        return list(Organization.objects.filter(depth=2, path__startswith=self.root.path))

    def _fill(self, count: int) -> None:
        devices = Device.objects.bulk_create(
            (
                Device(
                    organization=self.below[number % len(self.below)],
                    alias=f"Device {number:06d}",
                    platform="python",
                )
                for number in range(count)
            ),
            batch_size=2000,
        )
        DeviceState.objects.bulk_create(
            (DeviceState(device=device) for device in devices), batch_size=2000
        )

    def _grant(self, user) -> None:
        view = ContentType.objects.get_for_model(Device).permission_set.get(codename="view_device")
        DeviceUserPermission.objects.bulk_create(
            DeviceUserPermission(user=user, permission=view, content_object=device)
            for device in Device.objects.filter(organization__in=self.below[:GRANTS])[:GRANTS]
        )


def _step(number: int) -> str:
    text = ""
    for _ in range(4):
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


def queries_of(client, page: str) -> list[str]:
    client.get(reverse(page))  # what is looked up once per process is not the list's
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse(page)).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def seen(fleet: Fleet, signed_in) -> dict[tuple[str, str], list[str]]:
    return {
        (person, page): queries_of(signed_in(user), page)
        for person, user in fleet.people.items()
        for page in PAGES
    }


def plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
def test_lists_ask_as_much_of_a_hundred_thousand_devices_as_of_ten(signed_in):
    few = seen(Fleet("few", 10, 20), signed_in)
    share = 1 if connection.vendor == "postgresql" else 10
    many = seen(Fleet("many", ORGANIZATIONS // share, DEVICES // share), signed_in)
    # Less is asked of the large fleet where its counts are shared by all who see the same devices.
    assert few.keys() == many.keys()
    assert {key: len(said) for key, said in many.items() if len(said) > len(few[key])} == {}
    if share == 1:
        print_plans(many)


def print_plans(many: dict[tuple[str, str], list[str]]) -> None:
    """Show how PostgreSQL finds the pages, and hold that it reads no whole table for them."""
    for page, is_page, table in (
        ("devices:device_list", is_page_of_devices, "devices_device"),
        ("accounts:organization_list", is_page_of_organizations, "accounts_organization"),
    ):
        for who in ("small", "granted", "top"):
            rows = [sql for sql in many[who, page] if is_page(sql)]
            assert len(rows) == 1
            plan = plan_of(rows[0])
            print(f"\n{page} of {who}:\n{plan}")
            assert f"Seq Scan on {table} " not in plan, plan


def is_page_of_devices(sql: str) -> bool:
    wanted = ('FROM "devices_device"', 'JOIN "devices_devicestate"', 'ORDER BY "devices_device"')
    return all(part in sql for part in wanted)


def is_page_of_organizations(sql: str) -> bool:
    return 'FROM "accounts_organization"' in sql and '"members"' in sql and "LIMIT" in sql
