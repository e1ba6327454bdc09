"""Sorting, paging and filtering ask every list for its table alone."""

from __future__ import annotations

import pytest

LISTS = ("/devices/", "/sources/", "/builds/", "/audit/", "/api-keys/")


@pytest.mark.parametrize("address", LISTS)
def test_list_answers_htmx_with_a_fragment(address, signed_in, alice):
    response = signed_in(alice).get(address, {"q": "a"}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b"<html" not in response.content
    assert b'id="list"' in response.content
