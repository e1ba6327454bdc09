"""The audit chain notices every way of lying."""

from __future__ import annotations

import pytest

from accounts.events import OrganizationChanged
from audit.models import AuditEvent, AuditHead
from audit.recorder import chain_faults, record


@pytest.fixture
def chain(acme, system):
    return [
        record(system, OrganizationChanged, acme, organization=acme, note=f"change {n}")
        for n in range(5)
    ]


def faults(organization) -> list[str]:
    return list(chain_faults(organization.pk))


def test_untouched_chain_has_no_faults(acme, chain):
    assert faults(acme) == []


def test_edited_event_is_found(acme, chain):
    AuditEvent.objects.filter(pk=chain[2].pk).update(data={"note": "something else"})
    assert faults(acme) == [f"event {chain[2].seq} was changed"]


def test_dropped_event_is_found(acme, chain):
    AuditEvent.objects.filter(pk=chain[2].pk)._raw_delete("default")
    assert f"event {chain[2].seq} is missing" in faults(acme)


def test_truncated_chain_is_found(acme, chain):
    AuditEvent.objects.filter(pk=chain[-1].pk)._raw_delete("default")
    assert any("head says" in fault for fault in faults(acme))


def test_swapped_events_are_found(acme, chain):
    first, second = chain[1], chain[2]
    AuditEvent.objects.filter(pk=first.pk).update(seq=999)
    AuditEvent.objects.filter(pk=second.pk).update(seq=first.seq)
    AuditEvent.objects.filter(pk=first.pk).update(seq=second.seq)
    assert faults(acme)


def test_chains_of_organizations_do_not_mix(acme, umbrella, chain, system):
    record(system, OrganizationChanged, umbrella, organization=umbrella)
    assert faults(acme) == faults(umbrella) == []
    assert AuditHead.objects.get(organization=umbrella).seq == 1


def test_secret_sounding_data_is_refused(acme, system):
    with pytest.raises(ValueError, match="must not carry"):
        record(system, OrganizationChanged, acme, organization=acme, password="x")


def test_events_without_organization_form_a_chain_too(db, system):
    record(system, OrganizationChanged, None, organization=None)
    record(system, OrganizationChanged, None, organization=None)
    assert list(chain_faults(None)) == []
