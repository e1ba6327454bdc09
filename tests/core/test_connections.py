"""Connections of threads that live long."""

from __future__ import annotations

from django.db import connection

from core.connections import refresh_connections


def test_connection_stays_open_between_batches(transactional_db):
    connection.ensure_connection()
    before = connection.connection
    connection.close_at = 0.0
    refresh_connections()
    assert connection.connection is before
