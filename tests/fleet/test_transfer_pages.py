"""The pages of a transfer, from both sides."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actor import PROVED_AT
from devices.models import Device
from fleet.models import Transfer
from fleet.transfers.moving import transfers_move
from tests.factories.accounts import make_user
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_transfer, other_side
from tests.support.queries import queries_of

pytestmark = pytest.mark.django_db
BULK = "/devices/bulk-transfer/"


@pytest.fixture
def pair(acme):
    return [DeviceFactory(organization=acme, alias=f"pair-{n}") for n in (1, 2)]


@pytest.fixture
def sent(pair, alice, umbrella, mallory):
    return make_transfer(pair, umbrella.owner_id, user=alice)


def page(party, verb=""):
    name = f"fleet:transferparty_{verb}" if verb else "fleet:transferparty"
    return reverse(name, kwargs={"uid": party.uid})


def chosen(devices, **more):
    return {
        "selected": [device.udid for device in devices],
        "to": "x@example.org",
        "key_mode": "move",
        "source_mode": "copy",
        "environment_mode": "wipe",
        **more,
    }


def test_devices_chosen_in_the_list_are_asked_about_and_offered(in_acme, alice, pair):
    client = in_acme(alice)
    assert 'formaction="/devices/bulk-transfer/' in client.get("/devices/").content.decode()
    asked = client.post(BULK, {"selected": [device.udid for device in pair]}).content.decode()
    for said in ("pair-1", "pair-2", "Recipient", "Nothing moves before the recipient accepts"):
        assert said in asked
    assert not Transfer.objects.exists()
    offered = client.post(BULK, chosen(pair, confirm="1"), follow=True)
    assert offered.redirect_chain[-1][0].startswith("/transfers/")
    assert "To x@example.org" in offered.content.decode()
    assert Transfer.objects.get().items.count() == 2


def test_refusal_is_said_where_it_belongs_and_nothing_is_lost(in_acme, alice, pair, acme):
    answer = in_acme(alice).post(BULK, chosen(pair, confirm="1", to=acme.owner_id))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "These devices are in Acme already." in text
    assert acme.owner_id in text
    assert not Transfer.objects.exists()


def test_one_device_is_offered_from_its_page(in_acme, alice, pair):
    url = f"/devices/{pair[0].udid}/transfer/"
    client = in_acme(alice)
    assert url in client.get(pair[0].get_absolute_url()).content.decode()
    answer = client.post(url, chosen([]), follow=True)
    assert "pair-1" in answer.content.decode()


def test_dangerous_steps_want_a_recent_proof(signed_in, alice, mallory, sent, pair):
    for person, url in (
        (alice, BULK),
        (alice, f"/devices/{pair[0].udid}/transfer/"),
        (mallory, page(other_side(sent), "accept")),
        (mallory, page(other_side(sent), "retry")),
    ):
        client = signed_in(person)
        session = client.session
        session[PROVED_AT] = time.time() - 3600
        session.save()
        answer = client.post(url)
        assert answer.status_code == 307
        assert "/accounts/sudo/" in answer["Location"]


def test_both_lists_show_it(signed_in, alice, mallory, sent, umbrella):
    outgoing = signed_in(alice).get("/transfers/?direction=outgoing").content.decode()
    assert f"To {umbrella.owner_id[:40]}" in outgoing
    incoming = signed_in(mallory).get("/transfers/?state=open").content.decode()
    assert "From Acme" in incoming
    assert page(other_side(sent), "accept") in incoming


def test_list_has_the_same_number_of_queries_with_one_row_and_with_ten(in_acme, alice, acme):
    client = in_acme(alice)
    counts = []
    for number in (1, 9):
        for _ in range(number):
            make_transfer([DeviceFactory(organization=acme)], "x@example.org", user=alice)
        with CaptureQueriesContext(connection) as queries:
            client.get("/transfers/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_page_has_the_same_number_of_queries_with_one_device_and_with_ten(in_acme, alice, acme):
    def add(count: int) -> int:
        devices = [DeviceFactory(organization=acme) for _ in range(count)]
        party = make_transfer(devices, "x@example.org", user=alice)
        return queries_of(in_acme(alice), page(party))

    add(1)
    assert add(10) == add(1)


def test_empty_list_says_how_to_begin(in_acme, alice):
    text = in_acme(alice).get("/transfers/").content.decode()
    assert "No transfers" in text
    assert "press Transfer" in text


def test_opening_the_link_of_the_mail_answers_nothing(client, signed_in, mallory, sent):
    url = reverse("fleet:transferparty_question", kwargs={"uid": sent.transfer.uid})
    answer = client.get(url)
    assert answer["Location"].startswith("/accounts/sign-in/")
    answer = signed_in(mallory).get(url, follow=True)
    assert answer.redirect_chain == [(page(other_side(sent)), 302)]
    assert "pair-1" in answer.content.decode()
    assert Transfer.objects.get().state == "requested"


def test_link_of_the_mail_tells_strangers_nothing(signed_in, guest, sent):
    url = reverse("fleet:transferparty_question", kwargs={"uid": sent.transfer.uid})
    for method in ("get", "post"):
        assert getattr(signed_in(guest), method)(url).status_code == 404


def test_address_that_signed_up_since_finds_the_offer(signed_in, alice, pair):
    from allauth.account.models import EmailAddress

    sent = make_transfer(pair, "late@example.org", user=alice)
    late = make_user("late")
    EmailAddress.objects.update_or_create(
        user=late, email="late@example.org", defaults={"verified": True, "primary": True}
    )
    url = reverse("fleet:transferparty_question", kwargs={"uid": sent.transfer.uid})
    client = signed_in(late)
    assert "Devices from Acme" in client.get(url).content.decode()
    answer = client.post(url, follow=True)
    assert answer.redirect_chain == [(page(other_side(sent)), 302)]
    assert page(other_side(sent), "accept") in answer.content.decode()


def test_recipient_accepts_a_part(signed_in, mallory, sent, pair, umbrella, act):
    party, client = other_side(sent), signed_in(mallory)
    asked = client.get(page(party, "accept")).content.decode()
    assert "They come into Umbrella." in asked
    first = party.transfer.items.get(alias="pair-1")
    client.post(page(party, "accept"), {"items": [f"{first.uid}"]})
    transfers_move(act(mallory))
    text = client.get(page(party)).content.decode()
    for said in ("Partly accepted", "Moved", "Waiting", "SHA-256"):
        assert said in text
    assert Device.objects.get(alias="pair-1").organization == umbrella


def test_accepting_nothing_is_refused(signed_in, mallory, sent):
    answer = signed_in(mallory).post(page(other_side(sent), "accept"), {})
    assert answer.status_code == 422


@pytest.mark.parametrize(("verb", "state"), [("decline", "declined"), ("withdraw", "withdrawn")])
def test_it_is_declined_or_withdrawn(signed_in, alice, mallory, sent, verb, state):
    party = other_side(sent) if verb == "decline" else sent
    client = signed_in(mallory if verb == "decline" else alice)
    assert client.get(page(party, verb)).status_code == 200
    assert Transfer.objects.get().state == "requested"
    client.post(page(party, verb))
    assert Transfer.objects.get().state == state
    assert client.post(page(party, verb)).status_code == 422


def test_sender_who_answers_for_the_recipient_is_told_why_not(signed_in, alice, sent):
    items = [f"{item.uid}" for item in sent.transfer.items.all()]
    answer = signed_in(alice).post(page(sent, "accept"), {"items": items})
    assert "The recipient answers a transfer" in answer.content.decode()
    assert Transfer.objects.get().state == "requested"


def test_failure_says_why_and_can_be_tried_again(signed_in, mallory, sent, pair, umbrella, act):
    DeviceFactory(organization=umbrella, mac=pair[0].mac)
    party, client = other_side(sent), signed_in(mallory)
    items = [f"{item.uid}" for item in party.transfer.items.all()]
    client.post(page(party, "accept"), {"items": items})
    transfers_move(act(mallory))
    text = client.get(page(party)).content.decode()
    assert "A device of the recipient has this MAC address." in text
    assert page(party, "retry") in text
    Device.objects.filter(organization=umbrella, mac=pair[0].mac).delete()
    client.post(page(party, "retry"))
    transfers_move(act(mallory))
    assert Transfer.objects.get().items.filter(state="moved").count() == 2


@pytest.mark.parametrize("person", ["olga", "vera"])
def test_lesser_roles_look_and_do_not_touch(request, signed_in, sent, person):
    client = signed_in(request.getfixturevalue(person))
    assert client.get(page(sent)).status_code == 200
    assert client.post(page(sent, "withdraw")).status_code == 403


def test_outsider_finds_nothing(signed_in, guest, sent):
    for verb in ("", "accept", "decline", "withdraw", "retry", "proof"):
        assert signed_in(guest).get(page(sent, verb)).status_code == 404
