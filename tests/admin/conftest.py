"""Staff, as in the tests of support."""

from __future__ import annotations

import pytest

from tests.accounts.support.conftest import enrol, ruth, staff, verified  # noqa: F401
from tests.factories.accounts import make_user


@pytest.fixture
def steve(db):
    """A member of staff with a second factor, who is no superuser and has no role."""
    user = make_user("steve")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    enrol(user)
    return user
