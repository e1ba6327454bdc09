"""A push to many devices: drafted, reviewed, applied once, retried, taken back, reverted."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.services.organizations import organization_review_pushes
from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError, Forbidden
from core.views.selection import Selection
from fleet.models import ConfigPush, ConfigReceipt
from fleet.pushes.applying import (
    config_push_apply,
    config_push_retry,
    config_push_revert,
    config_push_withdraw_waiting,
)
from fleet.pushes.choices import PushState, ReceiptState
from fleet.pushes.differences import differences, preview_devices
from fleet.pushes.drafting import (
    config_push_approve,
    config_push_change,
    config_push_discard,
    config_push_draft,
    config_push_return,
    config_push_submit,
)
from fleet.pushes.services import config_push_start, config_pushes_count, config_pushes_expire
from keys.services import env_var_set
from notifications.models import Occurrence
from tests.factories.accounts import OrganizationFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.fleet import make_push

EVERYTHING = Selection(query="")
S = ReceiptState


@pytest.fixture
def fleet(acme):
    return [DeviceFactory(organization=acme, alias=f"d{n}") for n in range(4)]


@pytest.fixture
def draft(acme, system):
    def make(values=None, selection=EVERYTHING, actor=system, **more):
        sent = values or {"EVERY": "60"}
        return config_push_draft(actor, organization=acme, values=sent, selection=selection, **more)

    return make


def states(push=None) -> dict[str, str]:
    rows = ConfigReceipt.objects.filter(push=push) if push else ConfigReceipt.objects
    return dict(rows.order_by("device__alias").values_list("device__alias", "state"))


def put(state: str, **fields) -> None:
    ConfigReceipt.objects.filter(**fields).update(state=state, ended_at=timezone.now())


def test_push_reaches_each_chosen_device_once_and_replaces_what_is_open(fleet, draft, system):
    older = make_push(fleet[0], {"A": "1"})
    push = config_push_apply(system, push=draft())
    assert states(push) == dict.fromkeys(["d0", "d1", "d2", "d3"], "queued")
    older.refresh_from_db()
    assert older.state == S.REPLACED
    assert len({*ConfigReceipt.objects.values_list("uid", flat=True)}) == 5
    with pytest.raises(Conflict) as refused:
        config_push_apply(system, push=push)
    assert refused.value.code == "fleet.push_not_draft"
    assert ConfigReceipt.objects.count() == 5


def test_devices_are_settled_when_it_is_applied(acme, fleet, draft, system):
    push = draft(selection=Selection(query="q=late"))
    late = DeviceFactory(organization=acme, alias="late")
    config_push_apply(system, push=push)
    DeviceFactory(organization=acme, alias="later")
    assert states() == {late.alias: "queued"}


def test_chosen_one_by_one_or_by_a_filter_nobody_understands(acme, fleet, draft, system):
    chosen = Selection(uids=(fleet[1].uid, fleet[2].uid))
    config_push_apply(system, push=draft(selection=chosen))
    assert states() == {"d1": "queued", "d2": "queued"}
    foreign = OrganizationFactory(name="Other")
    DeviceFactory(organization=foreign, alias="foreign")
    nothing = draft(selection=Selection(query="mesh=nonsense"))
    with pytest.raises(Conflict) as refused:
        config_push_apply(system, push=nothing)
    assert refused.value.code == "fleet.push_no_devices"
    config_push_apply(system, push=draft())
    assert "foreign" not in states()


def test_nothing_chosen_is_no_draft(draft):
    with pytest.raises(DomainError) as refused:
        draft(selection=Selection())
    assert refused.value.code == "fleet.push_no_devices"


def test_only_devices_that_the_actor_may_configure_get_it(acme, fleet, draft, system, act):
    below = OrganizationFactory(name="Below", parent=acme)
    DeviceFactory(organization=below, alias="below")
    shut = OrganizationFactory(name="Shut", parent=acme, is_active=False)
    DeviceFactory(organization=shut, alias="shut")
    config_push_apply(system, push=draft())
    assert {*states()} == {"d0", "d1", "d2", "d3", "below"}


def test_draft_changes_and_is_thrown_away(draft, system, fleet):
    push = draft({"A": "1"})
    config_push_change(system, push=push, values={"B": "2"}, selection=EVERYTHING, title="Rename")
    push.refresh_from_db()
    assert (push.values(), push.title, push.version) == ({"B": "2"}, "Rename", 2)
    config_push_discard(system, push=push)
    with pytest.raises(Conflict):
        config_push_apply(system, push=push)
    assert not ConfigReceipt.objects.exists()


@pytest.fixture
def reviewed(acme, system):
    organization_review_pushes(system, organization=acme, demanded=True)
    return acme


def test_where_a_review_is_demanded_nothing_goes_without_one(reviewed, fleet, draft, act, olga):
    olga = Actor.for_user(olga)
    push = draft(actor=olga)
    for attempt in (push, config_push_submit(olga, push=draft(actor=olga))):
        with pytest.raises(Conflict) as refused:
            config_push_apply(olga, push=attempt)
        assert refused.value.code == "fleet.push_needs_review"
    with pytest.raises(Conflict):
        config_push_start(olga, device=fleet[0], values={"A": "1"})
    assert not ConfigReceipt.objects.exists()


def test_demand_of_an_organization_above_holds_too(reviewed, system):
    below = OrganizationFactory(name="Below", parent=reviewed)
    device = DeviceFactory(organization=below)
    with pytest.raises(Conflict) as refused:
        make_push(device)
    assert refused.value.code == "fleet.push_needs_review"


def test_second_person_approves_and_then_it_goes(reviewed, fleet, draft, olga, alice):
    olga, alice = Actor.for_user(olga), Actor.for_user(alice)
    push = config_push_submit(olga, push=draft(actor=olga))
    config_push_approve(alice, push=push, version=push.version)
    config_push_apply(olga, push=push)
    assert Occurrence.objects.get().kind == "config_review"
    assert (push.state, push.reviewed_by) == (PushState.APPLIED, alice.user)
    assert len(states(push)) == 4
    verbs = AuditEvent.objects.filter(verb__startswith="fleet.").order_by("pk")
    assert [*verbs.values_list("verb", flat=True)] == [
        "fleet.push_drafted",
        "fleet.push_submitted",
        "fleet.push_approved",
        "fleet.configuration_pushed",
    ]


def test_nobody_approves_their_own_work_however_little(reviewed, draft, olga, alice, vera, fleet):
    olga, alice, vera = (Actor.for_user(one) for one in (olga, alice, vera))
    push = draft(actor=olga)
    config_push_change(alice, push=push, values={"A": "2"}, selection=EVERYTHING)
    config_push_submit(olga, push=push)
    for author in (olga, alice, vera, Actor.named_system("script")):
        with pytest.raises(Forbidden) as refused:
            config_push_approve(author, push=push)
        assert refused.value.code == "fleet.own_push"
    push.refresh_from_db()
    assert push.state == PushState.REVIEW


def test_reviewer_approves_what_was_looked_at_and_nothing_else(reviewed, draft, olga, alice, fleet):
    olga, alice = Actor.for_user(olga), Actor.for_user(alice)
    push = config_push_submit(olga, push=draft(actor=olga))
    seen = push.version
    config_push_return(olga, push=push)
    config_push_change(olga, push=push, values={"A": "evil"}, selection=EVERYTHING)
    config_push_submit(olga, push=push)
    with pytest.raises(Conflict) as refused:
        config_push_approve(alice, push=push, version=seen)
    assert refused.value.code == "fleet.push_changed"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_apply_one_does(fleet, draft, system):
    push = draft()
    outcomes = at_once(
        lambda: config_push_apply(system, push=ConfigPush.objects.get(pk=push.pk)),
        lambda: config_push_apply(system, push=ConfigPush.objects.get(pk=push.pk)),
    )
    assert sorted(outcomes) == ["done", "fleet.push_not_draft"]
    assert ConfigReceipt.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_of_two_pushes_to_the_same_devices_one_is_open_on_each(fleet, draft, system):
    first, second = draft({"A": "1"}), draft({"A": "2"})
    outcomes = at_once(
        lambda: config_push_apply(system, push=first),
        lambda: config_push_apply(system, push=second),
    )
    assert outcomes == ["done", "done"]
    rows = ConfigReceipt.objects.order_by("device", "pk").values_list("device", "state")
    assert [state for _, state in rows] == ["replaced", "queued"] * 4


def at_once(*works) -> list[str]:
    barrier = threading.Barrier(len(works))
    outcomes: list[str] = []

    def run(work) -> None:
        barrier.wait(30)
        try:
            work()
            outcomes.append("done")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_retry_goes_to_those_that_failed_or_expired_and_have_nothing_newer(fleet, draft, system):
    push = config_push_apply(system, push=draft())
    put(S.FAILED, device=fleet[0])
    put(S.EXPIRED, device=fleet[1])
    put(S.EXPIRED, device=fleet[2])
    put(S.APPLIED, device=fleet[3])
    make_push(fleet[2], {"B": "newer"})
    assert config_push_retry(system, push=push) == 2
    assert states(push) == {"d0": "queued", "d1": "queued", "d2": "expired", "d3": "applied"}
    assert config_push_retry(system, push=push) == 0


def test_withdrawing_takes_back_what_was_not_sent(fleet, draft, system):
    push = config_push_apply(system, push=draft())
    put(S.SENT, device=fleet[0])
    assert config_push_withdraw_waiting(system, push=push) == 3
    assert states(push) == {"d0": "sent", "d1": "withdrawn", "d2": "withdrawn", "d3": "withdrawn"}


def test_counts_are_stored_and_failures_are_told_once_at_the_end(fleet, draft, system):
    push = config_push_apply(system, push=draft())
    put(S.APPLIED, device=fleet[0])
    put(S.FAILED, device=fleet[1])
    assert config_pushes_count() == 1
    push.refresh_from_db()
    assert (push.counts, push.is_settled) == ({"queued": 2, "applied": 1, "failed": 1}, False)
    assert not Occurrence.objects.filter(kind="config_failed").exists()
    ConfigPush.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert config_pushes_expire() == 2
    assert config_pushes_count() == 1
    assert config_pushes_count() == 0
    push.refresh_from_db()
    assert push.counts == {"applied": 1, "failed": 1, "expired": 2}
    assert push.is_settled
    assert Occurrence.objects.get(kind="config_failed").facts["failed"] == "1 device"


def test_revert_gives_each_device_back_what_it_had(acme, fleet, draft, system):
    env_var_set(system, organization=acme, name="EVERY", value="300")
    make_push(fleet[0], {"EVERY": "30", "OTHER": "x"}, secret_names=["EVERY"])
    make_push(fleet[1], {"EVERY": "45"})
    put(S.APPLIED, device=fleet[0])
    put(S.APPLIED, device=fleet[1])
    push = config_push_apply(system, push=draft({"EVERY": "60"}))
    for device in fleet[:3]:
        put(S.APPLIED, device=device, push=push)
    put(S.QUEUED, device=fleet[3], push=push)
    revert = config_push_revert(system, push=push)
    assert config_push_revert(system, push=push) == revert
    config_push_apply(system, push=revert)
    given = {r.device.alias: r.carried.values() for r in revert.receipts.all()}
    assert given == {"d0": {"EVERY": "30"}, "d1": {"EVERY": "45"}, "d2": {"EVERY": "300"}}
    assert revert.variants.get(secret_names=["EVERY"]).shown_values() == {"EVERY": "••••••••"}
    push.refresh_from_db()
    assert push.state == PushState.REVERTED
    with pytest.raises(Conflict):
        config_push_revert(system, push=push)


def test_audit_calls_pushes_by_their_titles(acme, fleet, draft, system):
    env_var_set(system, organization=acme, name="EVERY", value="300")
    push = config_push_apply(system, push=draft(title="Slower"))
    put(S.APPLIED, push=push)
    make_push(fleet[3], {"OTHER": "1"})
    config_push_apply(system, push=config_push_revert(system, push=push))
    said = {
        event.verb: f"{event.data}"
        for event in AuditEvent.objects.filter(verb__startswith="fleet.").order_by("pk")
    }
    assert "'by': 'Revert: Slower'" in said["fleet.push_reverted"]
    for uid in ConfigPush.objects.values_list("uid", flat=True):
        assert f"{uid}" not in "".join(said.values())


def test_revert_leaves_out_devices_with_something_newer_or_of_which_nothing_is_known(
    fleet, draft, system
):
    make_push(fleet[0], {"EVERY": "30"})
    put(S.APPLIED)
    push = config_push_apply(system, push=draft({"EVERY": "60"}))
    put(S.APPLIED, push=push)
    newer = make_push(fleet[0], {"B": "1"})
    revert = config_push_revert(system, push=push)
    with pytest.raises(Conflict) as refused:
        config_push_apply(system, push=revert)
    assert refused.value.code == "fleet.push_nothing_known"
    put(S.WITHDRAWN, pk=newer.pk)
    config_push_apply(system, push=revert)
    assert states(revert) == {"d0": "queued"}


def shown(actor, push) -> dict[str, list[tuple]]:
    devices = list(preview_devices(actor, push).order_by("alias"))
    differences(actor, push, devices)
    return {d.alias: [(c.name, c.old, c.new, c.is_same) for c in d.differences] for d in devices}


def test_preview_says_what_changes_on_each_device(acme, fleet, draft, system):
    env_var_set(system, organization=acme, name="EVERY", value="60")
    env_var_set(system, device=fleet[1], organization=acme, name="EVERY", value="5")
    make_push(fleet[2], {"EVERY": "7"})
    put(S.APPLIED)
    assert shown(system, draft()) == {
        "d0": [("EVERY", "60", "60", True)],
        "d1": [("EVERY", "5", "60", False)],
        "d2": [("EVERY", "7", "60", False)],
        "d3": [("EVERY", "60", "60", True)],
    }
    assert shown(system, draft({"NEW": "1"}))["d0"] == [("NEW", None, "1", False)]


def test_preview_knows_variables_of_meshes(acme, fleet, draft, system):
    mesh = MeshFactory(organization=acme)
    mesh.devices.add(fleet[1])
    env_var_set(system, organization=acme, name="EVERY", value="60")
    env_var_set(system, organization=acme, mesh=mesh, name="EVERY", value="9")
    found = shown(system, draft())
    assert found["d0"] == [("EVERY", "60", "60", True)]
    assert found["d1"] == [("EVERY", "9", "60", False)]


def test_preview_masks_secrets_of_either_side(acme, fleet, draft, system):
    dots = "••••••••"
    env_var_set(system, organization=acme, name="WORD", value="hush", is_secret=True)
    assert shown(system, draft({"WORD": "open"}))["d0"] == [("WORD", dots, dots, False)]
    hidden = draft({"EVERY": "x"}, secret_names=["EVERY"])
    assert shown(system, hidden)["d0"] == [("EVERY", None, dots, False)]


def test_preview_costs_the_same_for_many(acme, fleet, draft, system, django_assert_max_num_queries):
    push = draft()
    with django_assert_max_num_queries(20) as few:
        shown(system, push)
    DeviceFactory.create_batch(10, organization=acme)
    with django_assert_max_num_queries(20) as many:
        shown(system, push)
    assert len(many) == len(few)


def test_apply_costs_the_same_for_many(acme, fleet, draft, system, django_assert_max_num_queries):
    with django_assert_max_num_queries(60) as few:
        config_push_apply(system, push=draft())
    DeviceFactory.create_batch(10, organization=acme)
    with django_assert_max_num_queries(60) as many:
        config_push_apply(system, push=draft())
    assert len(many) <= len(few)
