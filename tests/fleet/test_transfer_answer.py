"""A transfer is answered by its recipient, in whole or in part, or taken back, or it expires."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from audit.models import AuditEvent
from audit.recorder import record
from core.exceptions import Conflict, DomainError, QuotaExceeded
from devices.services import device_delete
from fleet.models import Transfer, TransferParty
from fleet.transfers import moving
from fleet.transfers.moving import transfers_finish, transfers_move
from fleet.transfers.requesting import transfer_claim
from fleet.transfers.services import (
    transfer_accept,
    transfer_decline,
    transfer_retry,
    transfer_withdraw,
    transfers_expire,
)
from tests.factories.accounts import make_user
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_transfer, other_side
from tests.support.outbox import last_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def pair(acme):
    return [DeviceFactory(organization=acme, alias=f"pair-{n}") for n in (1, 2)]


@pytest.fixture
def sent(pair, alice, umbrella, mallory):
    return make_transfer(pair, umbrella.owner_id, user=alice)


@pytest.fixture
def received(sent):
    return other_side(sent)


def states(party):
    return [item.state for item in party.transfer.items.order_by("alias")]


def state(party):
    return Transfer.objects.get(pk=party.transfer_id).state


def verbs(organization):
    rows = AuditEvent.objects.filter(organization=organization, verb__startswith="fleet.transfer")
    return list(rows.order_by("seq").values_list("verb", flat=True))


def test_accepting_moves_all_and_tells_both(sent, received, pair, act, mallory, alice, commit):
    with commit:
        transfer_accept(act(mallory), party=received)
        assert state(received) == "moving"
        assert transfers_move(act(mallory), uid=received.transfer.uid) == 2
    for device in pair:
        device.refresh_from_db()
        assert device.organization == received.organization
    assert (state(received), states(received)) == ("completed", ["moved", "moved"])
    for party in (sent, received):
        assert verbs(party.organization) == [
            "fleet.transfer_requested",
            "fleet.transfer_accepted",
            "fleet.transfer_proved",
        ]
    assert "completed" in last_mail(alice.email).subject
    assert "2 moved" in last_mail(mallory.email).text


def test_part_is_accepted_and_the_rest_waits_for_an_hour(received, act, mallory):
    first = received.transfer.items.order_by("alias").first()
    transfer_accept(act(mallory), party=received, items=[first.uid])
    transfers_move(act(mallory))
    transfer = Transfer.objects.get()
    assert (transfer.state, states(received)) == ("partial", ["moved", "pending"])
    left = transfer.expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    transfer_accept(act(mallory), party=received)
    transfers_move(act(mallory))
    assert (state(received), states(received)) == ("completed", ["moved", "moved"])
    assert transfer.proofs.count() == 2


def test_part_is_declined_and_the_rest_accepted(received, act, mallory):
    first = received.transfer.items.order_by("alias").first()
    transfer_decline(act(mallory), party=received, items=[first.uid])
    assert (state(received), states(received)) == ("requested", ["declined", "pending"])
    transfer_accept(act(mallory), party=received)
    transfers_move(act(mallory))
    assert (state(received), states(received)) == ("completed", ["declined", "moved"])


def test_declined_stays_with_the_sender(received, pair, act, mallory, alice, acme, commit):
    with commit:
        transfer_decline(act(mallory), party=received)
    assert (state(received), states(received)) == ("declined", ["declined", "declined"])
    pair[0].refresh_from_db()
    assert pair[0].organization == acme
    assert "declined" in last_mail(alice.email).subject
    assert make_transfer(pair, "other@example.org", user=alice)


def test_withdrawn_cannot_be_accepted(sent, received, act, alice, mallory):
    transfer_withdraw(act(alice), party=sent)
    assert (state(sent), states(sent)) == ("withdrawn", ["withdrawn", "withdrawn"])
    for answer in (transfer_accept, transfer_decline):
        with pytest.raises(Conflict) as refused:
            answer(act(mallory), party=received)
        assert refused.value.code == "fleet.transfer_over"
    with pytest.raises(Conflict) as refused:
        transfer_withdraw(act(alice), party=sent)
    assert refused.value.code == "fleet.transfer_over"


def test_what_was_accepted_is_not_taken_back(sent, received, act, alice, mallory):
    first = received.transfer.items.order_by("alias").first()
    transfer_accept(act(mallory), party=received, items=[first.uid])
    transfer_withdraw(act(alice), party=sent)
    transfers_move(act(mallory))
    assert (state(sent), states(sent)) == ("completed", ["moved", "withdrawn"])


def test_sender_cannot_accept_for_the_recipient(sent, received, act, alice, mallory):
    for verb, who, party in (
        (transfer_accept, alice, sent),
        (transfer_decline, alice, sent),
        (transfer_retry, alice, sent),
        (transfer_withdraw, mallory, received),
    ):
        with pytest.raises(Conflict) as refused:
            verb(act(who), party=party)
        assert refused.value.code == "fleet.transfer_not_addressee"


def test_what_was_answered_is_not_answered_again(received, act, mallory):
    first = received.transfer.items.order_by("alias").first()
    transfer_decline(act(mallory), party=received, items=[first.uid])
    with pytest.raises(Conflict) as refused:
        transfer_accept(act(mallory), party=received, items=[first.uid])
    assert refused.value.code == "fleet.transfer_not_pending"


def test_nobody_answers_within_a_day(sent, received, act, mallory, system, alice, commit):
    Transfer.objects.update(expires_at=timezone.now())
    with pytest.raises(Conflict) as refused:
        transfer_accept(act(mallory), party=received)
    assert refused.value.code == "fleet.transfer_over"
    with commit:
        assert transfers_expire(system) == 1
        assert transfers_expire(system) == 0
    assert (state(sent), states(sent)) == ("expired", ["expired", "expired"])
    assert "expired" in last_mail(alice.email).subject
    assert verbs(received.organization)[-1] == "fleet.transfer_expired"


def test_recipient_over_limit_accepts_nothing(received, act, mallory, umbrella):
    umbrella.max_devices = 1
    umbrella.save(update_fields=["max_devices"])
    with pytest.raises(QuotaExceeded) as refused:
        transfer_accept(act(mallory), party=received)
    assert refused.value.code == "accounts.limit_reached"
    assert (state(received), states(received)) == ("requested", ["pending", "pending"])
    one = received.transfer.items.order_by("alias").first()
    transfer_accept(act(mallory), party=received, items=[one.uid])
    transfers_move(act(mallory))
    assert states(received) == ["moved", "pending"]


def test_what_failed_is_tried_again(received, pair, act, mallory, acme, commit):
    source = SourceFactory(organization=acme)
    build = BuildFactory(organization=acme, source=source, device=pair[0], running=True)
    transfer_accept(act(mallory), party=received)
    transfers_move(act(mallory))
    item = received.transfer.items.order_by("alias").first()
    assert (state(received), states(received)) == ("completed", ["failed", "moved"])
    assert item.code == "build.still_running"
    build.status = "failed"
    build.save(update_fields=["status"])
    transfer_retry(act(mallory), party=received)
    assert state(received) == "moving"
    transfers_move(act(mallory))
    assert (state(received), states(received)) == ("completed", ["moved", "moved"])


def test_sender_takes_back_what_failed(sent, received, pair, act, mallory, alice, acme):
    build = BuildFactory(source=SourceFactory(organization=acme), device=pair[0], running=True)
    assert build
    transfer_accept(act(mallory), party=received)
    transfers_move(act(mallory))
    transfer_withdraw(act(alice), party=sent)
    assert states(sent) == ["withdrawn", "moved"]
    with pytest.raises(Conflict) as refused:
        transfer_retry(act(mallory), party=received)
    assert refused.value.code == "fleet.transfer_nothing_failed"


def test_retry_is_over_after_a_day(received, pair, act, mallory, acme):
    BuildFactory(source=SourceFactory(organization=acme), device=pair[0], running=True)
    transfer_accept(act(mallory), party=received)
    transfers_move(act(mallory))
    Transfer.objects.update(answered_at=timezone.now() - timedelta(hours=24))
    with pytest.raises(Conflict) as refused:
        transfer_retry(act(mallory), party=received)
    assert refused.value.code == "fleet.transfer_nothing_failed"


def test_retry_of_a_device_that_is_offered_elsewhere_is_refused(
    received, pair, act, mallory, alice, acme
):
    BuildFactory(source=SourceFactory(organization=acme), device=pair[0], running=True)
    transfer_accept(act(mallory), party=received)
    transfers_move(act(mallory))
    make_transfer([pair[0]], "other@example.org", user=alice)
    with pytest.raises(Conflict) as refused:
        transfer_retry(act(mallory), party=received)
    assert refused.value.code == "fleet.transfer_in_progress"


def test_address_claims_its_offer_once_it_has_an_account(pair, alice, act, mallory):
    from allauth.account.models import EmailAddress

    sent = make_transfer(pair, "late@example.org", user=alice)
    late = make_user("late")
    home = late.memberships.get().organization
    with pytest.raises(DomainError):
        transfer_claim(act(mallory), uid=sent.transfer.uid, organization=home)
    EmailAddress.objects.update_or_create(
        user=late, email="late@example.org", defaults={"verified": True, "primary": True}
    )
    party = transfer_claim(act(late), uid=sent.transfer.uid, organization=home)
    transfer_accept(act(late), party=party)
    transfers_move(act(late))
    assert states(party) == ["moved", "moved"]
    with pytest.raises(Conflict):
        transfer_claim(act(late), uid=sent.transfer.uid, organization=home)


def test_work_of_a_dead_worker_is_finished(received, act, mallory, system, monkeypatch):
    from fleet.transfers import moving

    transfer_accept(act(mallory), party=received)
    pks = list(received.transfer.items.order_by("pk").values_list("pk", flat=True))
    assert moving.item_move(system, pk=pks[0])  # and then the worker is killed
    assert (state(received), states(received)) == ("moving", ["moved", "moving"])
    assert transfers_move(system) == 1
    assert (state(received), states(received)) == ("completed", ["moved", "moved"])
    assert moving.item_move(system, pk=pks[0]) is False


def test_worker_that_died_before_the_end_leaves_it_to_the_sweep(received, act, mallory, system):
    from fleet.transfers import moving

    transfer_accept(act(mallory), party=received)
    for item in received.transfer.items.order_by("pk"):
        assert moving.item_move(system, pk=item.pk)
    assert transfers_move(system) == 0
    transfers_finish(system)
    transfers_finish(system)
    assert (state(received), received.transfer.proofs.count()) == ("completed", 1)


def test_transfer_without_organizations_goes(sent, received, system):
    TransferParty.objects.all().delete()
    transfers_expire(system)
    assert not Transfer.objects.exists()


def both(*jobs):
    """Run two jobs at once; return what each came to."""
    start, came = threading.Barrier(len(jobs)), []

    def run(job):
        start.wait(10)
        try:
            job()
            came.append("done")
        except DomainError as error:
            came.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(came)


@pytest.mark.django_db(transaction=True)
def test_two_accept_at_once_and_one_wins(received, mallory):
    accept = lambda: transfer_accept(  # noqa: E731
        Actor.for_user(mallory), party=TransferParty.objects.get(pk=received.pk)
    )
    assert both(accept, accept) == ["done", "fleet.transfer_over"]
    assert Transfer.objects.get().items.filter(state="moving").count() == 2


@pytest.mark.django_db(transaction=True)
def test_accept_or_withdraw_at_once_and_one_wins(sent, received, alice, mallory):
    came = both(
        lambda: transfer_accept(Actor.for_user(mallory), party=received),
        lambda: transfer_withdraw(Actor.for_user(alice), party=sent),
    )
    assert came == ["done", "fleet.transfer_over"]
    assert len({*Transfer.objects.get().items.values_list("state", flat=True)}) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_move_each_device_once(received, mallory):
    transfer_accept(Actor.for_user(mallory), party=received)
    work = lambda: transfers_move(Actor.named_system("worker"))  # noqa: E731
    assert both(work, work) == ["done", "done"]
    assert states(received) == ["moved", "moved"]
    left = AuditEvent.objects.filter(verb="fleet.device_left")
    assert left.count() == 2
    assert received.transfer.proofs.count() == 1


@pytest.mark.django_db(transaction=True)
def test_delete_waits_for_a_move_and_is_refused_then(received, pair, mallory, monkeypatch):
    transfer_accept(Actor.for_user(mallory), party=received)
    actor = Actor.named_system("tests")
    moves, is_deleted = threading.Event(), threading.Event()

    def recorded(*said, **more):
        moves.set()
        is_deleted.wait(1)  # it must not be, but has time to stand in the way
        return record(*said, **more)

    def delete():
        assert moves.wait(10)
        try:
            device_delete(actor, device=pair[0])
        finally:
            is_deleted.set()

    monkeypatch.setattr(moving, "record", recorded)
    assert both(lambda: transfers_move(actor), delete) == ["devices.moved", "done"]
    assert states(received) == ["moved", "moved"]


@pytest.mark.django_db(transaction=True)
def test_delete_while_it_moves_ends_in_one_of_the_two(received, pair, mallory, acme):
    transfer_accept(Actor.for_user(mallory), party=received)
    actor = Actor.named_system("tests")
    both(
        lambda: transfers_move(actor),
        lambda: device_delete(actor, device=pair[0]),
    )
    transfers_move(actor)
    found = received.transfer.items.order_by("alias").first()
    assert (found.state, found.device) in {("failed", None), ("moved", None)}
    assert state(received) == "completed"
