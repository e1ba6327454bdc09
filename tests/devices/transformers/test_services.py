"""Transformers, their versions, and the chains of devices."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError
from devices.models import DeviceState
from devices.transformers.constants import MAX_CHAIN
from devices.transformers.services import (
    chain_of,
    device_attach_transformer,
    device_detach_transformer,
    device_set_transformers,
    transformer_delete,
    transformer_edit,
    transformer_restore,
)
from tests.factories.devices import DeviceFactory
from tests.factories.transformers import UPPER, make_transformer

pytestmark = pytest.mark.django_db
LOWER = "function transformer(status) { return status.toLowerCase(); }"


@pytest.fixture
def device(acme):
    device = DeviceFactory(organization=acme)
    DeviceState.objects.filter(device=device).update(status_raw="Fine #w", status="Fine")
    return device


def state_of(device):
    return DeviceState.objects.get(device=device)


def verbs():
    return list(AuditEvent.objects.order_by("seq").values_list("verb", flat=True))


def test_new_transformer_has_version_one(acme):
    transformer = make_transformer(acme)
    assert (transformer.current.number, transformer.current.body) == (1, UPPER)
    assert verbs()[-1] == "devices.transformer_created"


def test_another_text_is_another_version_and_the_old_one_stays(acme, alice, act):
    transformer = make_transformer(acme)
    transformer_edit(act(alice), transformer=transformer, body=LOWER, note="lower")
    texts = dict(transformer.versions.values_list("number", "body"))
    assert texts == {1: UPPER, 2: LOWER}
    assert (transformer.current.number, transformer.current.author) == (2, alice)
    assert verbs()[-1] == "devices.transformer_version_added"


def test_same_text_makes_no_version(acme, system):
    transformer = make_transformer(acme)
    transformer_edit(system, transformer=transformer, body=UPPER, alias="Other")
    assert transformer.versions.count() == 1
    assert verbs()[-1] == "devices.transformer_changed"


def test_newlines_of_a_form_make_no_version(acme, system):
    transformer = make_transformer(acme, "// a\nfunction transformer() {}")
    transformer_edit(system, transformer=transformer, body="// a\r\nfunction transformer() {}")
    assert transformer.versions.count() == 1


def test_restored_version_is_a_new_one(acme, system):
    transformer = make_transformer(acme)
    transformer_edit(system, transformer=transformer, body=LOWER)
    transformer_restore(system, transformer=transformer, number=1)
    assert (transformer.current.number, transformer.current.body) == (3, UPPER)
    assert transformer.current.note == "Version 1 again"


def test_version_that_is_not_there_cannot_be_restored(acme, system):
    with pytest.raises(Conflict) as caught:
        transformer_restore(system, transformer=make_transformer(acme), number=7)
    assert caught.value.code == "transformers.no_such_version"


@pytest.mark.parametrize("body", ["", " \n", "x" * 20_001])
def test_text_of_no_or_too_much_length_is_refused(acme, system, body):
    with pytest.raises(DomainError) as caught:
        transformer_edit(system, transformer=make_transformer(acme), body=body)
    assert caught.value.code == "transformers.bad_body"


def test_attached_chain_is_due_on_what_the_device_said_last(device, acme, system):
    device_set_transformers(system, device=device, transformers=[make_transformer(acme)])
    state = state_of(device)
    assert state.has_chain
    assert state.transform_due_at is not None
    assert state.status == "Fine"
    assert verbs()[-1] == "devices.chain_changed"


def test_device_that_said_nothing_has_nothing_due(acme, system):
    silent = DeviceFactory(organization=acme)
    device_set_transformers(system, device=silent, transformers=[make_transformer(acme)])
    assert state_of(silent).transform_due_at is None


def test_new_version_is_due_on_every_device_that_uses_it(device, acme, system):
    transformer = make_transformer(acme)
    device_set_transformers(system, device=device, transformers=[transformer])
    DeviceState.objects.update(transform_due_at=None)
    transformer_edit(system, transformer=transformer, body=LOWER)
    assert state_of(device).transform_due_at is not None


def test_detached_chain_shows_the_raw_status_again(device, acme, system):
    transformer = make_transformer(acme)
    device_attach_transformer(system, device=device, transformer=transformer)
    DeviceState.objects.update(status="FINE", level="error", status_error="It failed.")
    device_detach_transformer(system, device=device, transformer=transformer)
    state = state_of(device)
    assert (state.status, state.level, state.status_error) == ("Fine", "warning", "")
    assert (state.has_chain, state.transform_due_at) == (False, None)


def test_order_of_the_chain_is_the_one_given(device, acme, system):
    first, second = make_transformer(acme, alias="a"), make_transformer(acme, alias="b")
    device_set_transformers(system, device=device, transformers=[first, second])
    device_set_transformers(system, device=device, transformers=[second, first])
    assert chain_of(device) == [second, first]
    changes = AuditEvent.objects.latest("seq").data["changes"]
    assert changes["transformers"] == {"before": "a, b", "after": "b, a"}


def test_same_chain_again_is_no_change(device, acme, system):
    transformer = make_transformer(acme)
    device_set_transformers(system, device=device, transformers=[transformer])
    before = verbs()
    device_attach_transformer(system, device=device, transformer=transformer)
    device_set_transformers(system, device=device, transformers=[transformer])
    assert verbs() == before


def test_transformer_of_another_organization_cannot_be_attached(device, umbrella, system):
    with pytest.raises(Conflict) as caught:
        device_set_transformers(system, device=device, transformers=[make_transformer(umbrella)])
    assert caught.value.code == "transformers.foreign"


def test_chain_has_a_longest_and_names_each_once(device, acme, system):
    many = [make_transformer(acme, alias=f"t{n}") for n in range(MAX_CHAIN + 1)]
    with pytest.raises(DomainError) as caught:
        device_set_transformers(system, device=device, transformers=many)
    assert caught.value.code == "transformers.chain_too_long"
    with pytest.raises(DomainError) as caught:
        device_set_transformers(system, device=device, transformers=[many[0], many[0]])
    assert caught.value.code == "transformers.twice"
    assert chain_of(device) == []


def test_deleted_transformer_leaves_its_chains(device, acme, system):
    gone, stays = make_transformer(acme, alias="gone"), make_transformer(acme, alias="stays")
    device_set_transformers(system, device=device, transformers=[gone, stays])
    transformer_delete(system, transformer=gone)
    assert chain_of(device) == [stays]
    assert state_of(device).has_chain
    assert verbs()[-1] == "devices.transformer_deleted"
