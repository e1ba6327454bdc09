"""Pages of pushes: from a selection of devices to the draft, its review, and how far it came."""

from __future__ import annotations

import pytest

from accounts.services.organizations import organization_review_pushes
from fleet.models import ConfigPush, ConfigReceipt
from keys.services import env_var_set
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.fleet import make_push

SECRET = "canary-1c9d-set"
ADD = "/config-pushes/add/"


@pytest.fixture
def fleet(acme):
    return [DeviceFactory(organization=acme, alias=f"probe-{n}") for n in range(3)]


def url_of(push, verb: str = "") -> str:
    return f"/config-pushes/{push.uid}/{verb}"


def test_selection_of_the_device_list_becomes_a_draft_with_its_preview(in_acme, olga, acme, fleet):
    client = in_acme(olga)
    assert "Push configuration" in client.get("/devices/").text
    chosen = {"selected": [f"{fleet[0].uid}", f"{fleet[2].uid}"]}
    form = client.post(ADD, chosen)
    assert "2 devices chosen in the list" in form.text
    assert f"{fleet[2].uid}" in form.text
    answer = client.post(ADD, {**chosen, "written": "EVERY=60", "title": "Slower"}, follow=True)
    assert "Slower" in answer.text
    assert "probe-0" in answer.text
    assert "probe-1" not in answer.text
    assert not ConfigReceipt.objects.exists()
    push = ConfigPush.objects.get()
    assert (push.organization, push.created_by) == (acme, olga)


def test_all_that_match_is_kept_as_the_filter(in_acme, olga, fleet):
    client = in_acme(olga)
    sent = {"all": "1", "query": "q=probe-1", "written": "EVERY=60"}
    page = client.post(ADD, sent, follow=True)
    assert "probe-1" in page.text
    assert "probe-0" not in page.text
    assert ConfigPush.objects.get().selection == {"query": "q=probe-1"}


def test_mesh_or_everything_is_chosen_in_the_form(in_acme, olga, acme, fleet):
    mesh = MeshFactory(organization=acme, alias="Cellar")
    mesh.devices.add(fleet[1])
    client = in_acme(olga)
    assert "Cellar" in client.get(ADD).text
    page = client.post(ADD, {"written": "EVERY=60", "mesh": f"{mesh.uid}"}, follow=True)
    assert "Every device of the mesh Cellar." in page.text
    page = client.post(ADD, {"written": "EVERY=60"}, follow=True)
    assert "Every device of Acme." in page.text


def test_apply_says_to_how_many_and_its_page_how_far(in_acme, olga, fleet):
    client = in_acme(olga)
    client.post(ADD, {"written": "EVERY=60"})
    push = ConfigPush.objects.get()
    assert "Goes to 3 devices" in client.get(url_of(push, "apply/")).text
    page = client.post(url_of(push, "apply/"), follow=True)
    assert "0 of 3 devices have it" in page.text
    ConfigReceipt.objects.filter(device=fleet[0]).update(state="failed", words="no such network")
    page = client.get(url_of(push, "?state=failed")).text
    assert "“no such network”" in page
    assert "probe-1" not in page
    assert url_of(push, "retry/") in page
    client.post(url_of(push, "retry/"))
    assert ConfigReceipt.objects.filter(state="queued").count() == 3
    client.post(url_of(push, "withdraw/"))
    assert ConfigReceipt.objects.filter(state="withdrawn").count() == 3


def test_devices_that_have_it_are_listed_last(in_acme, olga, fleet):
    client = in_acme(olga)
    client.post(ADD, {"written": "EVERY=60"})
    push = ConfigPush.objects.get()
    client.post(url_of(push, "apply/"))
    for device, state in zip(fleet, ("applied", "failed", "sent"), strict=True):
        ConfigReceipt.objects.filter(device=device).update(state=state)
    rows = client.get(url_of(push)).context["table"].paginated_rows
    assert [row.record.state for row in rows] == ["sent", "failed", "applied"]


def test_secrets_are_dots_everywhere_and_survive_an_edit(in_acme, olga, acme, system, fleet):
    env_var_set(system, organization=acme, name="KEY", value=SECRET, is_secret=True)
    client = in_acme(olga)
    sent = {"variables": ["KEY"], "written": "EVERY=60"}
    page = client.post(ADD, sent, follow=True).text
    push = ConfigPush.objects.get()
    edit = client.get(url_of(push, "edit/")).text
    for text in (page, edit, client.get("/config-pushes/").text):
        assert SECRET not in text
    assert "EVERY=60" in edit
    client.post(url_of(push, "edit/"), {"kept": ["KEY"], "written": "EVERY=90", "title": "New"})
    push.refresh_from_db()
    assert push.values() == {"KEY": SECRET, "EVERY": "90"}
    assert push.secret_names == ["KEY"]
    client.post(url_of(push, "edit/"), {"written": "EVERY=90"})
    push.refresh_from_db()
    assert push.values() == {"EVERY": "90"}


def test_second_person_approves_on_the_page_and_the_first_cannot(
    in_acme, olga, alice, acme, system, fleet
):
    organization_review_pushes(system, organization=acme, demanded=True)
    mine, theirs = in_acme(olga), in_acme(alice)
    page = mine.post(ADD, {"written": "EVERY=60"}, follow=True).text
    push = ConfigPush.objects.get()
    assert url_of(push, "submit/") in page
    assert url_of(push, "apply/") not in page
    mine.post(url_of(push, "submit/"))
    own = mine.post(url_of(push, "approve/"), {"version": push.version})
    assert own.status_code in {403, 422}
    assert url_of(push, "approve/") in theirs.get(url_of(push)).text
    theirs.post(url_of(push, "approve/"), {"version": push.version})
    push.refresh_from_db()
    assert (push.state, push.reviewed_by) == ("approved", alice)
    mine.post(url_of(push, "apply/"))
    assert ConfigReceipt.objects.count() == 3


def test_push_to_one_device_waits_for_its_review_too(in_acme, olga, acme, system, fleet):
    organization_review_pushes(system, organization=acme, demanded=True)
    answer = in_acme(olga).post(f"/devices/{fleet[0].uid}/push/", {"written": "EVERY=60"})
    push = ConfigPush.objects.get()
    assert answer.url == url_of(push)
    assert push.state == "review"
    assert not ConfigReceipt.objects.exists()


def test_revert_is_a_draft_that_shows_what_each_device_gets_back(in_acme, olga, fleet):
    make_push(fleet[0], {"EVERY": "30"})
    ConfigReceipt.objects.update(state="applied")
    push = make_push(fleet[0], {"EVERY": "60"}).push
    client = in_acme(olga)
    assert "0 of 1 device has it" in client.get(url_of(push)).text
    ConfigReceipt.objects.filter(push=push).update(state="applied")
    page = client.post(url_of(push, "revert/"), follow=True).text
    assert "Revert: EVERY" in page
    assert "<del" in page
    revert = ConfigPush.objects.get(reverts=push)
    page = client.post(url_of(revert, "apply/"), follow=True).text
    assert "EVERY=30" in page


def test_viewer_looks_and_outsiders_find_nothing(in_acme, signed_in, vera, mallory, fleet):
    push = make_push(fleet[0]).push
    page = in_acme(vera).get(url_of(push))
    assert page.status_code == 200
    assert url_of(push, "revert/") not in page.text
    for verb in ("edit", "apply", "approve", "retry", "withdraw", "revert", "discard"):
        assert in_acme(vera).post(url_of(push, f"{verb}/")).status_code == 403
    assert in_acme(vera).get(ADD).status_code == 403
    assert signed_in(mallory).get(url_of(push)).status_code == 404


def test_pages_cost_the_same_however_many(in_acme, olga, acme, django_assert_max_num_queries):
    client = in_acme(olga)
    for url in (draft_of(client, acme, 2), "/config-pushes/"):
        with django_assert_max_num_queries(60) as few:
            client.get(url)
        count = len(few)
        DeviceFactory.create_batch(8, organization=acme)
        draft_of(client, acme, 1)
        with django_assert_max_num_queries(60) as many:
            client.get(url)
        assert len(many) <= count


def draft_of(client, acme, devices: int) -> str:
    DeviceFactory.create_batch(devices, organization=acme)
    return client.post(ADD, {"written": "EVERY=60"}).url
