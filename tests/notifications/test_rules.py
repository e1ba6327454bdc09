"""Where an organization has news sent: who may say so, what is sent, and what stays secret."""

from __future__ import annotations

import json

import pytest

from audit.models import AuditEvent
from builds.news import BuildFailed, BuildSucceeded
from core.exceptions import DomainError
from notifications.choices import DeliveryState
from notifications.models import NotificationDelivery, NotificationRule
from notifications.services import notify
from notifications.services.rules import (
    rule_add,
    rule_change,
    rule_delete,
    rule_secret_replace,
    rule_test,
)
from notifications.services.spreading import spread_due
from tests.factories.accounts import OrganizationFactory
from tests.factories.builds import BuildFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.notifications import make_delivery, make_rule
from tests.support.web import web_server

URL = "/notifications/rules/"
HOOK = "https://127.0.0.1:9/services/secret-part"


@pytest.fixture(autouse=True)
def opened(settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]


def told(kind, organization, **facts):
    notify(kind, organization, BuildFactory(source__organization=organization), **facts)
    spread_due()
    return list(NotificationDelivery.objects.exclude(rule=None).order_by("pk"))


def test_admin_adds_a_webhook_and_sees_its_secret_once(in_acme, acme, alice):
    client = in_acme(alice)
    form = {"name": "Hook", "channel": "webhook", "destination": HOOK, "least_level": "ok"}
    page = client.post(f"{URL}add/", {**form, "is_on": "on"}).text
    rule = NotificationRule.objects.get()
    secret = rule.secret.reveal()
    assert secret.startswith("whsec_")
    assert secret in page
    assert rule.destination.reveal() == HOOK
    again = client.get(rule.get_absolute_url()).text + client.get(f"{URL}{rule.uid}/edit/").text
    assert secret not in again
    assert "secret-part" not in again
    event = AuditEvent.objects.get(verb="notifications.rule_added")
    assert "secret-part" not in json.dumps(event.data)
    assert secret not in json.dumps(event.data)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"channel": "webhook", "destination": "http://8.8.8.8/x"}, "https://"),
        ({"channel": "webhook", "destination": "https://10.0.0.1/x"}, "private address"),
        ({"channel": "email", "destination": "nobody"}, "not an e-mail address"),
        ({"channel": "sms", "destination": "123"}, "with its country"),
        ({"channel": "inbox", "destination": "x"}, "Select a valid choice"),
    ],
)
def test_destination_that_is_none_is_said_beside_the_field(in_acme, alice, form, words):
    answer = in_acme(alice).post(f"{URL}add/", {"name": "x", "least_level": "ok", **form})
    assert answer.status_code == 422
    assert words in answer.text
    assert not NotificationRule.objects.exists()


def test_viewer_rules_are_404_and_operator_change_is_403(signed_in, acme, vera, olga):
    rule = make_rule(acme)
    assert signed_in(vera).get(rule.get_absolute_url()).status_code == 404
    assert signed_in(olga).get(rule.get_absolute_url()).status_code == 200
    assert signed_in(olga).post(f"{URL}{rule.uid}/edit/").status_code == 403


def test_outsider_rule_is_404(signed_in, acme, mallory):
    rule = make_rule(acme)
    for path in ("", "edit/", "test/", "delete/", "audit/"):
        assert signed_in(mallory).get(f"{URL}{rule.uid}/{path}").status_code == 404


def test_rule_sends_what_it_asks_for(acme):
    make_rule(acme, name="Failed", kinds=["build_failed"])
    make_rule(acme, name="Off", is_on=False)
    make_rule(acme, name="Errors", least_level="error")
    make_rule(acme, name="All")
    assert [d.rule.name for d in told(BuildFailed, acme)] == ["Failed", "Errors", "All"]
    NotificationDelivery.objects.all().delete()
    assert [d.rule.name for d in told(BuildSucceeded, acme)] == ["All"]


def test_rule_of_a_tag_or_mesh_sends_those_devices_only(acme, umbrella):
    mesh = MeshFactory(organization=acme, mesh_id="north")
    other = MeshFactory(organization=umbrella, mesh_id="north")
    make_rule(acme, name="Mesh", mesh=mesh)
    make_rule(acme, name="Tag", tag="pump")
    make_rule(acme, name="Foreign", mesh=other)
    DeviceFactory(organization=acme)
    found = told(BuildFailed, acme, tags=["pump"], meshes=["north"])
    assert [d.rule.name for d in found] == ["Mesh", "Tag"]
    NotificationDelivery.objects.all().delete()
    assert told(BuildFailed, acme, to=[], tags=["valve"]) == []


def test_rule_holds_below_and_not_beside(acme, umbrella):
    make_rule(acme)
    assert len(told(BuildFailed, OrganizationFactory(name="Plant", parent=acme))) == 1
    assert len(told(BuildFailed, umbrella)) == 1


def test_change_keeps_the_destination_unless_another_is_given(act, alice, acme):
    rule, secret = rule_add(
        act(alice), organization=acme, name="Hook", channel="webhook", destination=HOOK
    )
    rule_change(act(alice), rule=rule, name="New", destination="", kinds=["build_failed"])
    rule.refresh_from_db()
    assert (rule.name, rule.destination.reveal()) == ("New", HOOK)
    event = AuditEvent.objects.get(verb="notifications.rule_changed")
    assert event.data["changed"] == {"name": "New", "kinds": ["build_failed"]}
    replaced = rule_secret_replace(act(alice), rule=rule)
    rule.refresh_from_db()
    assert rule.secret.reveal() == replaced != secret


def test_secret_of_a_mail_rule_does_not_exist(act, alice, acme):
    rule = make_rule(acme)
    with pytest.raises(DomainError) as refused:
        rule_secret_replace(act(alice), rule=rule)
    assert refused.value.code == "notifications.no_secret"


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"kinds": ["weather"]}, "notifications.no_such_kind"),
        ({"kinds": ["organization"]}, "notifications.no_such_kind"),
        ({"channel": "inbox"}, "notifications.channel_unusable"),
        ({"channel": "pigeon"}, "notifications.channel_unusable"),
    ],
)
def test_what_a_rule_cannot_ask_for_is_refused(act, alice, acme, chosen, code):
    values = {"name": "x", "channel": "email", "destination": "a@example.org", **chosen}
    with pytest.raises(DomainError) as refused:
        rule_add(act(alice), organization=acme, **values)
    assert refused.value.code == code


def test_mesh_of_another_organization_is_refused(act, alice, acme, umbrella):
    values = {"name": "x", "channel": "email", "destination": "a@example.org"}
    mesh = MeshFactory(organization=umbrella)
    with pytest.raises(DomainError) as refused:
        rule_add(act(alice), organization=acme, mesh=mesh, **values)
    assert refused.value.code == "notifications.foreign_mesh"


def test_test_goes_the_ordinary_way(act, alice, acme, in_acme, django_capture_on_commit_callbacks):
    with web_server() as web:
        rule, _ = rule_add(
            act(alice), organization=acme, name="Hook", channel="webhook", destination=web.url,
            kinds=["build_failed"], is_on=False,
        )  # fmt: skip
        with django_capture_on_commit_callbacks(execute=True):
            rule_test(act(alice), rule=rule)
        web.status = 503
        with django_capture_on_commit_callbacks(execute=True):
            rule_test(act(alice), rule=rule)
    states = [d.state for d in rule.deliveries.order_by("pk")]
    assert states == [DeliveryState.SENT, DeliveryState.QUEUED]
    assert json.loads(web.asked[0].body)["type"] == "test"
    page = in_acme(alice).get(rule.get_absolute_url()).text
    assert "the receiver answered 503" in page


def test_delete_takes_what_was_on_its_way_along(act, alice, acme):
    rule = make_rule(acme)
    make_delivery(rule)
    rule_delete(act(alice), rule=rule)
    assert not NotificationDelivery.objects.exists()
    assert AuditEvent.objects.filter(verb="notifications.rule_deleted").exists()


def test_api_adds_changes_tests_and_lists(signed_in, acme, alice):
    client = signed_in(alice)
    body = {"name": "Hook", "channel": "webhook", "destination": HOOK}
    body["organization"] = f"{acme.uid}"
    address = "/api/v1/notification-rules/"
    made = client.post(address, body, content_type="application/json").json()
    assert made["secret"].startswith("whsec_")
    assert made["shown_as"] == "127.0.0.1:9/…"
    assert "destination" not in made
    changed = client.patch(made["href"], {"is_on": False}, content_type="application/json").json()
    assert changed["is_on"] is False
    assert "secret" not in changed
    assert client.post(f"{made['href']}test/").json()["state"] == "queued"
    (row,) = client.get(f"{made['href']}deliveries/").json()["results"]
    assert row["kind"] == "test"
    replaced = client.post(f"{made['href']}replace-secret/").json()["secret"]
    assert replaced != made["secret"]
    assert client.delete(made["href"]).status_code == 204


def test_rows_do_not_add_queries(in_acme, acme, alice, django_assert_max_num_queries):
    rule = make_rule(acme)
    for number in range(30):
        make_rule(acme, name=f"r{number}")
        make_delivery(rule)
    client = in_acme(alice)
    with django_assert_max_num_queries(22):
        assert client.get(URL).status_code == 200
    with django_assert_max_num_queries(24):
        assert client.get(rule.get_absolute_url()).status_code == 200
