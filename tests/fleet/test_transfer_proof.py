"""The proof of transfer: signed, in both audit logs, and checked by either side."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.urls import reverse

from audit.models import AuditEvent
from fleet.transfers.proofs import all_events, proof_check, proof_shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def party(sensor, hand_over):
    return hand_over(sensor, environment_mode="keep")


@pytest.fixture
def shown(party):
    return proof_shown(party.transfer.proofs.get())


def test_document_says_who_what_when_and_how(shown, party, sensor, acme, umbrella, alice, mallory):
    document = shown["document"]
    assert document["transfer"] == f"{party.transfer.uid}"
    assert document["from"] == {"owner": acme.owner_id, "name": "Acme"}
    assert document["to"] == {"owner": umbrella.owner_id, "name": "Umbrella"}
    assert (document["requested"]["by"], document["accepted"]["by"]) == (
        f"{alice.uid}",
        f"{mallory.uid}",
    )
    assert [device["udid"] for device in document["devices"]] == [sensor.udid]
    assert document["options"] == {
        "sources": "copy",
        "credentials": False,
        "api_keys": "move",
        "environment": "keep",
    }


def test_both_audit_logs_hold_the_digest(shown, acme, umbrella):
    found = AuditEvent.objects.filter(verb="fleet.transfer_proved")
    assert {event.organization for event in found} == {acme, umbrella}
    assert {event.data["digest"] for event in found} == {shown["digest"]}


def test_it_can_be_checked_without_this_console(shown):
    text = json.dumps(
        shown["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    assert hashlib.sha256(text).hexdigest() == shown["digest"]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown["public_key"]))
    key.verify(base64.b64decode(shown["signature"]), text)


def test_both_sides_check_it_and_a_stranger_finds_it_signed_only(
    shown, signed_in, alice, mallory, guest
):
    for person, recorded in ((alice, 1), (mallory, 1), (guest, 0)):
        answer = signed_in(person).post(
            "/api/v1/transfers/verify/", shown, content_type="application/json"
        )
        assert answer.json() == {
            "valid": bool(recorded),
            "signed": True,
            "recorded": recorded,
            "digest": shown["digest"],
        }


def test_changed_document_is_not_good(shown):
    shown["document"]["to"]["owner"] = "f" * 64
    verdict = proof_check(shown, all_events())
    assert (verdict.is_signed, verdict.recorded, verdict.is_valid) == (False, 0, False)


@pytest.mark.parametrize("said", [{}, {"document": []}, {"document": {}, "signature": "x"}])
def test_what_is_no_proof_is_refused(signed_in, guest, said):
    answer = signed_in(guest).post(
        "/api/v1/transfers/verify/", said, content_type="application/json"
    )
    assert answer.status_code == 400


def test_both_sides_download_it(party, signed_in, alice, mallory, shown):
    for person in (alice, mallory):
        client = signed_in(person)
        api = client.get(f"/api/v1/transfers/{side_of(person, party).uid}/proof/")
        assert api.json() == [shown]
        url = reverse("fleet:transferparty_proof", kwargs={"uid": side_of(person, party).uid})
        page = client.get(url)
        assert "attachment" in page["Content-Disposition"]
        assert page.json() == {"proofs": [shown]}


def side_of(person, party):
    sides = party.transfer.parties.all()
    return next(
        side for side in sides if side.organization.memberships.filter(user=person).exists()
    )


def test_command_checks_a_file(tmp_path, shown, capsys):
    file = tmp_path / "proof.json"
    file.write_text(json.dumps({"proofs": [shown]}))
    call_command("transfer_verify", file)
    assert "signed here, in 2 audit logs: good" in capsys.readouterr().out
    shown["document"]["number"] = 2
    file.write_text(json.dumps(shown))
    with pytest.raises(CommandError):
        call_command("transfer_verify", file)
    assert "NOT SIGNED HERE, in 0 audit logs: NOT GOOD" in capsys.readouterr().out
