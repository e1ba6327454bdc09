"""Connections of threads that live long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.signals import request_finished
from django.db import connection, connections

from core.connections import keep_connections, refresh_connections


def test_connection_stays_open_between_batches(transactional_db):
    connection.ensure_connection()
    before = connection.connection
    connection.close_at = 0.0
    refresh_connections()
    assert connection.connection is before


@pytest.mark.parametrize("keeps", [True, False])
def test_end_of_a_request_closes_no_connection_of_a_thread_that_stays(transactional_db, keeps):
    def serve():
        connection.ensure_connection()
        request_finished.send(sender=None)
        return connection.connection is not None

    with ThreadPoolExecutor(1, initializer=keep_connections if keeps else None) as thread:
        stays = thread.submit(serve).result()
        thread.submit(connections.close_all)
    assert stays == (keeps and connection.vendor == "sqlite")
