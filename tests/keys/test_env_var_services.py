"""Environment variables: the nearest level wins, secrets stay secret."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEvent
from core.exceptions import DomainError
from keys.selectors import effective_variables
from keys.services import env_var_set
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory


def test_nearest_level_wins(acme, system, django_assert_num_queries):
    source = SourceFactory(organization=acme)
    device = DeviceFactory(organization=acme)
    env_var_set(system, organization=acme, name="A", value="organization")
    env_var_set(system, organization=acme, name="B", value="organization")
    env_var_set(system, organization=acme, name="B", value="source", source=source)
    env_var_set(system, organization=acme, name="C", value="source", source=source)
    env_var_set(system, organization=acme, name="C", value="device", device=device)
    with django_assert_num_queries(1):
        found = effective_variables(acme, source=source, device=device)
    assert [(v.name, v.level, v.variable.value.reveal()) for v in found] == [
        ("A", "organization", "organization"),
        ("B", "source", "source"),
        ("C", "device", "device"),
    ]


def test_variables_of_other_owners_stay_out(acme, umbrella, system):
    env_var_set(system, organization=umbrella, name="THEIRS", value="x")
    env_var_set(
        system, organization=acme, name="OTHER", value="x", device=DeviceFactory(organization=acme)
    )
    assert effective_variables(acme, device=DeviceFactory(organization=acme)) == []


def test_setting_again_changes_the_same_row(acme, system):
    first = env_var_set(system, organization=acme, name="A", value="1")
    second = env_var_set(system, organization=acme, name="A", value="2")
    assert first.pk == second.pk
    assert effective_variables(acme)[0].variable.value.reveal() == "2"


def test_value_never_reaches_the_audit_log(acme, system):
    env_var_set(system, organization=acme, name="A", value="canary-1234", is_secret=True)
    event = AuditEvent.objects.get(verb="keys.envvar_set")
    assert "canary-1234" not in str(event.__dict__)
    assert event.data == {"level": "organization", "created": True, "hidden": True}


def test_secret_cannot_turn_plain(acme, system):
    env_var_set(system, organization=acme, name="A", value="1", is_secret=True)
    with pytest.raises(DomainError, match="secret"):
        env_var_set(system, organization=acme, name="A", value="1", is_secret=False)


def test_device_of_another_organization_is_refused(acme, umbrella, system):
    device = DeviceFactory(organization=umbrella)
    with pytest.raises(DomainError) as caught:
        env_var_set(system, organization=acme, name="A", value="1", device=device)
    assert caught.value.code == "keys.foreign_level"


@pytest.mark.parametrize("name", ["", "1A", "A B", "A-B", "A\n", "Ä", "A" * 65, "A;B"])
def test_bad_name_is_refused(acme, system, name):
    with pytest.raises(ValidationError):
        env_var_set(system, organization=acme, name=name, value="1")
