"""Live notices of work on many objects go out together, each once."""

from __future__ import annotations

import pytest

from core import jobs
from core.jobs import changed_on_commit, told_together
from tests.factories.devices import DeviceFactory


@pytest.fixture
def told(monkeypatch):
    found = []
    monkeypatch.setattr(jobs, "tell_groups", found.append)
    return found


def test_notices_go_out_at_the_end_each_once(db, told, django_capture_on_commit_callbacks):
    pump = DeviceFactory()
    with told_together():
        for group in ("org.one", "device.pump", "org.one"):
            with django_capture_on_commit_callbacks(execute=True):
                changed_on_commit(pump, group)
        assert told == []
    assert [[group for group, _ in said] for said in told] == [["org.one", "device.pump"]]


def test_notices_of_what_was_done_go_out_though_the_rest_fails(
    db, told, django_capture_on_commit_callbacks
):
    def work():
        with told_together():
            with django_capture_on_commit_callbacks(execute=True):
                changed_on_commit(DeviceFactory(), "org.one")
            raise LookupError

    with pytest.raises(LookupError):
        work()
    assert len(told) == 1


def test_afterwards_each_goes_at_once(db, told, django_capture_on_commit_callbacks):
    with told_together():
        pass
    with django_capture_on_commit_callbacks(execute=True):
        changed_on_commit(DeviceFactory(), "org.one")
    assert len(told) == 1
