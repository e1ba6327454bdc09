"""Nobody gives more than they hold."""

from __future__ import annotations

import pytest

from accounts.roles import actions_of, known_permissions, require_within
from core.exceptions import Forbidden
from tests.factories.accounts import OrganizationFactory

pytestmark = pytest.mark.django_db


def test_admin_holds_every_action(act, alice, acme):
    assert actions_of(act(alice), acme) == known_permissions()


def test_viewer_gives_admin_actions_is_refused_by_name(act, vera, acme):
    with pytest.raises(Forbidden) as caught:
        require_within(act(vera), acme, {"devices.change_device", "devices.view_device"})
    assert caught.value.code == "accounts.wider_than_own"
    assert "change devices" in caught.value.message
    assert "view devices" not in caught.value.message


def test_outsider_holds_nothing(act, mallory, acme):
    assert actions_of(act(mallory), acme) == frozenset()


def test_inactive_organization_gives_nothing(act, alice):
    closed = OrganizationFactory(is_active=False)
    assert actions_of(act(alice), closed) == frozenset()


def test_role_above_counts_below(act, alice, acme):
    below = OrganizationFactory(parent=acme)
    require_within(act(alice), below, {"devices.delete_device"})


def test_key_of_another_organization_holds_nothing(act, alice, acme):
    elsewhere = OrganizationFactory()
    actor = act(alice)
    actor.ceiling = elsewhere
    assert actions_of(actor, acme) == frozenset()
