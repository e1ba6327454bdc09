"""The log of a build reaches the database in order, and loses nothing on the way."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from builds.models import BuildLogLine
from builds.services import log
from builds.services.log import LogWriter
from tests.factories.builds import BuildFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer():
    return LogWriter(BuildFactory(running=True), limit=100_000)


def stored(writer) -> list[tuple[int, str]]:
    rows = BuildLogLine.objects.filter(build=writer.build).order_by("seq")
    return [*rows.values_list("seq", "text")]


def test_lines_are_numbered_from_one_in_the_order_of_arrival(writer):
    for number in range(200):
        writer.add("stdout", f"line {number}")
    writer.flush()
    assert stored(writer) == [(number + 1, f"line {number}") for number in range(200)]
    writer.build.refresh_from_db()
    assert writer.build.log_lines == 200


def test_database_that_is_away_for_a_moment_loses_no_line(writer, monkeypatch):
    writer.add("stdout", "one")
    with monkeypatch.context() as broken:

        def refuse(*_, **__):
            raise DatabaseError("away")

        broken.setattr(log.BuildLogLine.objects, "bulk_create", refuse)
        with pytest.raises(DatabaseError):
            writer.flush()
    writer.add("stdout", "two")
    writer.flush()
    assert stored(writer) == [(1, "one"), (2, "two")]


def test_log_over_its_limit_ends_with_a_sentence():
    writer = LogWriter(BuildFactory(running=True), limit=50)
    for _ in range(10):
        writer.add("stdout", "x" * 20)
    writer.flush()
    lines = stored(writer)
    assert len(lines) == 3
    assert "longer than this console keeps" in lines[-1][1]
