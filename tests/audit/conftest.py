"""What tests of the audit log share: chains, and the hand of somebody who owns the database."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.events import OrganizationChanged
from audit.recorder import record
from audit.triggers import lifted


@pytest.fixture
def tampering():
    """Lift the triggers, as whoever owns the database can."""
    return lambda: lifted(connection)


@pytest.fixture(autouse=True)
def archive_folder(settings, tmp_path):
    settings.AUDIT_ARCHIVE_DIR = f"{tmp_path / 'audit-archive'}"
    return tmp_path / "audit-archive"


@pytest.fixture
def note(system):
    """Append an event to an organization's chain."""

    def append(organization, **data):
        return record(system, OrganizationChanged, organization, organization=organization, **data)

    return append
