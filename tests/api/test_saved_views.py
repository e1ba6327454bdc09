"""Saved views over REST."""

from __future__ import annotations

from accounts.selectors.people import own_organization
from tests.accounts.test_saved_views import LIST


def test_api_makes_shares_and_deletes_a_view(api_as, olga, acme):
    api = api_as(olga)
    made = api.post("saved-views/", {"list_name": LIST, "name": "Late", "query": "seen=late"})
    assert made.status_code == 201
    assert made.json()["organization"] == f"{own_organization(olga).uid}"
    uid = made.json()["uid"]
    moved = api.patch(f"saved-views/{uid}/", {"organization": f"{acme.uid}"})
    assert moved.json()["organization"] == f"{acme.uid}"
    assert api.patch(f"saved-views/{uid}/", {"query": "colour=red"}).status_code == 400
    assert api.delete(f"saved-views/{uid}/").status_code == 204
