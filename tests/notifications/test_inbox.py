"""What is told lands in the inboxes of those who may see it, once, and folded."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.choices import Role
from accounts.models import NotificationChoice
from builds.news import BuildFailed
from notifications.models import Notification, Occurrence
from notifications.services import Happened, notify, notify_many
from notifications.services.spreading import spread_due
from notifications.services.sweeping import notifications_keep, notifications_sweep
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.builds import BuildFactory
from tests.factories.devices import DeviceFactory

URL = "/notifications/"


def build_failed(acme, to=(), **facts):
    build = BuildFactory(source__organization=acme)
    notify(BuildFailed, acme, build, to=to, message="thinx.yml is missing.", **facts)
    return build


def titles(user):
    return [row.title for row in Notification.objects.filter(user=user)]


def test_all_who_may_see_it_are_told(acme, alice, olga, vera, mallory, guest):
    build = build_failed(acme)
    assert spread_due() == 1
    for user in (alice, olga, vera):
        assert titles(user) == [f"{build} failed"]
    assert titles(mallory) == titles(guest) == []


def test_admin_of_the_organization_above_is_told(acme):
    boss = make_user("boss")
    join(boss, acme, Role.ADMIN)
    below = OrganizationFactory(name="Plant", parent=acme)
    build_failed(below)
    spread_due()
    assert len(titles(boss)) == 1


def test_only_the_persons_named_are_told(acme, alice, olga):
    build_failed(acme, to=[olga])
    spread_due()
    assert len(titles(olga)) == 1
    assert titles(alice) == []


def test_person_named_who_may_not_see_it_is_not_told(acme, mallory):
    build_failed(acme, to=[mallory])
    spread_due()
    assert titles(mallory) == []


def test_who_does_not_want_it_in_the_inbox_is_not_told(acme, olga, vera):
    NotificationChoice.objects.create(user=olga, topic="build_failed", channel="inbox", is_on=False)
    build_failed(acme)
    spread_due()
    assert titles(olga) == []
    assert len(titles(vera)) == 1


def test_what_happens_together_is_one_message(acme, olga):
    device = DeviceFactory(organization=acme)
    happened = [
        Happened(acme.pk, target_id=device.pk, name=f"d{number}", url=f"/devices/{number}/")
        for number in range(300)
    ]
    notify_many(BuildFailed, happened, model=type(device))
    assert spread_due() == 1
    told = Notification.objects.get(user=olga)
    assert (told.title, told.count, len(told.items)) == ("300 builds failed", 300, 20)
    assert told.text == "d0, d1, d2, d3, d4 and 295 more."
    assert told.url == "/builds/?status=failed"


def test_member_elsewhere_is_told_of_the_shared_part_only(acme, olga):
    mine = BuildFactory(source__organization=acme)
    for build in (mine, BuildFactory()):
        notify(BuildFailed, acme, build, to=[olga])
    spread_due()
    assert Notification.objects.filter(user=olga).count() == 1


def test_next_message_of_the_same_waits_for_the_pause(acme, olga):
    build_failed(acme)
    spread_due()
    build_failed(acme)
    build_failed(acme)
    spread_due()
    assert len(titles(olga)) == 1
    waiting = Occurrence.objects.filter(spread_at=None)
    assert waiting.filter(due_at__gt=timezone.now()).count() == 2
    Occurrence.objects.exclude(spread_at=None).update(spread_at="2020-01-01T00:00Z")
    waiting.update(due_at=timezone.now())
    notifications_sweep()
    assert titles(olga)[0] == "2 builds failed"


def test_what_is_told_once_is_told_once(acme, olga):
    for _ in range(3):
        build_failed(acme)
        notify(BuildFailed, acme, BuildFactory(source__organization=acme), once="the-same")
    assert Occurrence.objects.filter(once="the-same").count() == 1


def test_rolled_back_things_are_not_told(acme, olga):
    with transaction.atomic():
        build_failed(acme)
        transaction.set_rollback(True)
    assert spread_due() == 0


def test_failing_message_leaves_what_happened_for_later(acme, olga, monkeypatch):
    build_failed(acme)
    with monkeypatch.context() as patch:
        patch.setattr("notifications.services.spreading.inbox_put", lambda *_: 1 / 0)
        assert spread_due() == 1
    waiting = Occurrence.objects.filter(spread_at=None)
    assert waiting.filter(due_at__gt=timezone.now()).count() == 1
    waiting.update(due_at=timezone.now())
    spread_due()
    assert len(titles(olga)) == 1


def test_page_lists_and_marks_read(acme, olga, signed_in):
    client = signed_in(olga)
    empty = client.get(URL).text
    assert "Nothing to tell" in empty
    assert "Mark all as read" not in empty
    build = build_failed(acme)
    spread_due()
    page = client.get(URL).text
    assert f"{build} failed" in page
    assert "(unread)" in page
    assert "Mark all as read" in page
    told = Notification.objects.get(user=olga)
    assert "1" in client.get("/notifications/unread/").text
    detail = client.get(told.get_absolute_url()).text
    assert "thinx.yml is missing." in detail
    answer = client.post(f"{told.get_absolute_url()}read/", {"open": "1"})
    assert answer["Location"] == build.get_absolute_url()
    told.refresh_from_db()
    assert told.read_at is not None
    assert "count-dot" not in client.get("/notifications/unread/").text


def test_all_or_the_chosen_are_marked_read(acme, olga, vera, signed_in):
    for _ in range(3):
        build = BuildFactory(source__organization=acme)
        for user in (olga, vera):
            notify(BuildFailed, acme, build, to=[user], message="x")
        spread_due()
        Occurrence.objects.update(spread_at="2020-01-01T00:00Z")
    client = signed_in(olga)
    rows = Notification.objects.filter(user=olga)
    foreign = Notification.objects.filter(user=vera).first()
    chosen = [f"{rows[0].uid}", f"{foreign.uid}"]
    client.post(f"{URL}bulk-read/", {"selected": chosen})
    assert rows.unread().count() == 2
    client.post(f"{URL}read-all/")
    assert rows.unread().count() == 0
    assert Notification.objects.filter(user=vera).unread().count() == 3


def test_foreign_line_is_404(acme, olga, alice, signed_in):
    build_failed(acme, to=[alice])
    spread_due()
    told = Notification.objects.get(user=alice)
    client = signed_in(olga)
    assert client.get(told.get_absolute_url()).status_code == 404
    assert client.post(f"{told.get_absolute_url()}read/").status_code == 404
    assert client.get(f"/api/v1/notifications/{told.uid}/").status_code == 404


def test_api_lists_filters_and_marks_read(acme, olga, signed_in):
    build_failed(acme)
    spread_due()
    client = signed_in(olga)
    (row,) = client.get("/api/v1/notifications/?read=no&kind=build_failed").json()["results"]
    assert (row["level"], row["read_at"], row["count"]) == ("error", None, 1)
    assert client.post(f"{row['href']}read/").json()["read_at"] is not None
    assert client.post("/api/v1/notifications/read-all/").json() == {"read": 0}


def test_rows_do_not_add_queries(acme, olga, signed_in, django_assert_max_num_queries):
    client = signed_in(olga)
    Notification.objects.bulk_create(
        Notification(user=olga, organization=acme, kind="build_failed", title=f"n{number}")
        for number in range(40)
    )
    with django_assert_max_num_queries(16):
        assert client.get(URL).status_code == 200


def test_read_ones_go_after_a_month(acme, olga):
    old = timezone.now() - timedelta(days=31)
    for read_at in (old, None):
        row = Notification.objects.create(
            user=olga, organization=acme, kind="build_failed", title="x", read_at=read_at
        )
        Notification.objects.filter(pk=row.pk).update(created_at=old)
    notifications_keep()
    assert [row.read_at for row in Notification.objects.all()] == [None]
