"""Rollouts on the console's pages: the wizard, the review, the live page, and every verb."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from fleet.rollouts.services import rollout_start
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import MeshFactory
from tests.factories.rollouts import make_devices, make_generic_build, make_rollout

R = RolloutState


def plan_sent(**more):
    return {
        "name": "Spring",
        "canary": "2",
        "waves": "10%, 50%",
        "soak_minutes": "0",
        "pace": "0",
        "time_zone": "UTC",
        "max_failed_percent": "5",
        "max_failed": "0",
        "silence_minutes": "60",
        "call_hours": "24",
        "retries": "1",
        **more,
    }


def test_operator_goes_through_the_wizard_and_starts(in_acme, olga, acme):
    make_devices(acme, 20)
    build = make_generic_build(acme)
    client = in_acme(olga)
    assert "New rollout" in client.get("/rollouts/").text
    page = client.get("/rollouts/add/")
    assert "Firmware and devices" in page.text
    answer = client.post("/rollouts/add/", {"name": "Spring", "build": f"{build.uid}"})
    rollout = Rollout.objects.get()
    assert answer.url == f"/rollouts/{rollout.uid}/edit/"
    assert rollout.total == 20
    assert "Waves" in client.get(answer.url).text
    answer = client.post(answer.url, plan_sent())
    assert answer.url == f"/rollouts/{rollout.uid}/"
    review = client.get(answer.url)
    assert "Rehearsal" in review.text
    assert "Would take" in review.text
    answer = client.post(f"/rollouts/{rollout.uid}/start/", {"starts_at": ""})
    assert answer.status_code == 302
    rollout.refresh_from_db()
    assert (rollout.state, rollout.started_by) == (R.RUNNING, olga)
    assert [w for (w,) in RolloutTarget.objects.filter(wave=1).values_list("wave")] == [1, 1]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("waves", "ten", "Waves are sizes such as 10% or 500"),
        ("opens", "22:00", "Say both when the window opens"),
        ("retries", "99", "less than or equal to 10"),
        ("min_battery", "120", "less than or equal to 100"),
    ],
)
def test_fault_of_a_plan_stands_beside_its_field(in_acme, olga, acme, field, value, sentence):
    make_devices(acme, 1)
    rollout = make_rollout(acme)
    page = in_acme(olga).post(f"/rollouts/{rollout.uid}/edit/", plan_sent(**{field: value}))
    assert page.status_code == 422
    assert sentence in page.text


def test_first_step_wants_firmware_of_one_kind(in_acme, olga, acme):
    make_devices(acme, 1)
    client = in_acme(olga)
    page = client.post("/rollouts/add/", {"name": "x"})
    assert "Choose a source" in page.text
    both = {"build": make_generic_build(acme).uid, "source": SourceFactory(organization=acme).uid}
    page = client.post("/rollouts/add/", {"name": "x", **both})
    assert "Choose either" in page.text


def test_build_of_one_device_is_not_offered(in_acme, olga, acme):
    device = make_devices(acme, 1)[0]
    build = BuildFactory(source__organization=acme, device=device, succeeded=True)
    page = in_acme(olga).post("/rollouts/add/", {"name": "x", "build": f"{build.uid}"})
    assert page.status_code == 422
    assert not Rollout.objects.exists()


def test_devices_are_chosen_by_mesh_filter_and_list(in_acme, olga, acme):
    devices = make_devices(acme, 6)
    mesh = MeshFactory(organization=acme)
    mesh.members.bulk_create(mesh.members.model(mesh=mesh, device=each) for each in devices[:4])
    client, build = in_acme(olga), make_generic_build(acme)
    sent = {"name": "a", "build": build.uid}
    client.post("/rollouts/add/", {**sent, "mesh": mesh.uid})
    client.post("/rollouts/add/", {**sent, "filter": f"q={devices[0].alias}"})
    client.post("/rollouts/add/", {**sent, "devices": f"{devices[1].alias}\n{devices[5].uid}"})
    client.post("/rollouts/add/", {**sent, "mesh": mesh.uid, "devices": devices[0].alias})
    assert [r.total for r in Rollout.objects.order_by("pk")] == [4, 1, 2, 1]


def test_selection_of_the_list_of_devices_leads_into_the_first_step(in_acme, olga, acme):
    devices = make_devices(acme, 2)
    client = in_acme(olga)
    uids = [f"{each.uid}" for each in devices]
    answer = client.post("/devices/bulk-rollout/", {"selected": uids})
    page = client.get(answer.url)
    assert all(uid in page.text for uid in uids)
    answer = client.post("/devices/bulk-rollout/", {"all": "1", "query": "tag=roof"})
    assert answer.url == "/rollouts/add/?filter=tag%3Droof"


@pytest.fixture
def running(acme, system, advance):
    make_devices(acme, 4)
    rollout = make_rollout(acme, plan={"waves": [], "max_failed_percent": 0})
    rollout_start(system, rollout=rollout)
    advance()
    return rollout


def test_live_page_shows_exact_counts_and_words_of_devices(in_acme, vera, running):
    first = RolloutTarget.objects.order_by("position").first()
    RolloutTarget.objects.filter(pk=first.pk).update(
        state=TargetState.FAILED, message="rolled back from 2.0.0: <b>flash</b>"
    )
    page = in_acme(vera).get(f"/rollouts/{running.uid}/")
    assert "Wave 1: 1 failed, 3 under way" in page.text
    assert "rolled back from 2.0.0: &lt;b&gt;flash&lt;/b&gt;" in page.text
    page = in_acme(vera).get(f"/rollouts/{running.uid}/?state=installed")
    assert "No device is in this state" in page.text


@pytest.mark.parametrize("count", [3, 30])
def test_queries_of_the_live_page_do_not_grow(
    in_acme, vera, acme, system, advance, count, django_assert_max_num_queries
):
    make_devices(acme, count)
    rollout = make_rollout(acme, plan={"waves": []})
    rollout_start(system, rollout=rollout)
    advance()
    client = in_acme(vera)
    client.get(f"/rollouts/{rollout.uid}/")
    with django_assert_max_num_queries(32):
        client.get(f"/rollouts/{rollout.uid}/")


def test_verbs_ask_act_and_are_audited(in_acme, olga, running):
    client, base = in_acme(olga), f"/rollouts/{running.uid}/"

    def press(verb: str, state: str, **sent) -> None:
        assert client.get(f"{base}{verb}/").status_code == 200
        assert client.post(f"{base}{verb}/", sent).status_code == 302
        running.refresh_from_db()
        assert running.state == state

    press("pause", R.PAUSED)
    press("resume", R.RUNNING)
    assert "Retry failed" not in client.get(base).text
    RolloutTarget.objects.filter(position=0).update(state=TargetState.FAILED)
    assert "Retry failed" in client.get(base).text
    assert "It is offered again to 1 device that failed." in client.get(f"{base}retry/").text
    press("retry", R.RUNNING)
    press("roll-back", R.ROLLING_BACK, reason="Too hot")
    assert running.reason == "Too hot"
    press("abort", R.ABORTED)
    assert client.post(f"{base}delete/").status_code == 302
    assert not Rollout.objects.exists()
    verbs = AuditEvent.objects.filter(verb__startswith="fleet.rollout_", actor_uid=olga.uid)
    assert [e.verb.removeprefix("fleet.rollout_") for e in verbs.order_by("pk")] == [
        "paused", "resumed", "retried", "roll_back", "aborted", "deleted",
    ]  # fmt: skip


def test_what_the_state_does_not_allow_is_a_sentence(in_acme, olga, running):
    page = in_acme(olga).post(f"/rollouts/{running.uid}/resume/")
    assert page.status_code == 422
    assert "is running; this is not possible now" in page.text


def test_approval_is_given_by_somebody_else(in_acme, olga, alice, acme):
    make_devices(acme, 1)
    rollout = make_rollout(acme, plan={"needs_approval": True})
    client = in_acme(olga)
    client.post(f"/rollouts/{rollout.uid}/start/")
    rollout.refresh_from_db()
    assert rollout.state == R.AWAITING
    page = client.post(f"/rollouts/{rollout.uid}/approve/")
    assert "somebody else has to give it" in page.text
    in_acme(alice).post(f"/rollouts/{rollout.uid}/approve/")
    rollout.refresh_from_db()
    assert (rollout.state, rollout.approved_by) == (R.RUNNING, alice)


def test_viewer_may_look_and_press_nothing(in_acme, vera, running):
    client = in_acme(vera)
    assert "Abort" not in client.get(f"/rollouts/{running.uid}/").text
    assert client.post(f"/rollouts/{running.uid}/abort/").status_code == 403


def test_stranger_does_not_learn_that_there_is_one(signed_in, mallory, running):
    assert signed_in(mallory).get(f"/rollouts/{running.uid}/").status_code == 404


def test_anonymous_is_sent_to_sign_in(client, running):
    answer = client.get(f"/rollouts/{running.uid}/")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/")
