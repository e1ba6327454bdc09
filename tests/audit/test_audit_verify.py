"""`manage.py audit_verify`: silent when every chain is whole, exit code 1 when one is not."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.events import OrganizationChanged
from audit.models import AuditEvent, AuditHead
from audit.recorder import record


@pytest.fixture
def chains(acme, umbrella, system):
    for organization in (acme, umbrella, None):
        for _ in range(3):
            record(system, OrganizationChanged, organization, organization=organization)


def verify(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=out, stderr=err)
    finally:
        verify.faults = err.getvalue().splitlines()
    return out.getvalue()


def test_whole_chains_are_counted(chains):
    assert verify() == "3 chains, 9 events: every chain is whole.\n"


def test_heads_are_printed_to_be_kept_elsewhere(chains, acme):
    head = AuditHead.objects.get(organization=acme)
    assert f"Acme: 3 {head.hash}" in verify("--heads")


def test_empty_log_is_whole(db):
    assert "0 chains, 0 events" in verify()


def test_edited_event_fails_and_is_named(chains, acme):
    AuditEvent.objects.filter(organization=acme, seq=2).update(actor="nobody")
    with pytest.raises(CommandError, match="Broken: 1 of 3 chains"):
        verify()
    assert verify.faults == ["Acme: event 2 was changed"]


def test_chain_without_its_head_is_still_checked(chains, acme):
    AuditHead.objects.filter(organization=acme).delete()
    AuditEvent.objects.filter(organization=acme, seq=2)._raw_delete("default")
    with pytest.raises(CommandError):
        verify()
    assert any("event 2 is missing" in fault for fault in verify.faults)


def test_chain_of_a_deleted_organization_is_still_checked(chains, umbrella):
    AuditEvent.objects.filter(organization=umbrella, seq=1).update(data={"x": 1})
    key = umbrella.pk
    umbrella.memberships.all().delete()
    type(umbrella).objects.filter(pk=key).delete()
    with pytest.raises(CommandError):
        verify()
    assert verify.faults == [f"organization {key}: event 1 was changed"]
