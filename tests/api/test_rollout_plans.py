"""REST of the default plans of sources."""

from __future__ import annotations

from tests.factories.builds import SourceFactory

URL = "/api/v1/rollout-plans/"


def test_plan_is_made_changed_in_part_and_deleted(api_as, olga, acme):
    source = SourceFactory(organization=acme)
    api = api_as(olga)
    sent = {"organization": f"{acme.uid}", "source": f"{source.uid}", "plan": {"canary": 4}}
    made = api.post(URL, sent)
    assert made.status_code == 201, made.content
    assert (made.json()["is_on"], made.json()["plan"]["canary"]) == (True, 4)
    one = f"{URL}{made.json()['uid']}/"
    again = api.post(URL, sent)
    assert (again.status_code, again.json()["code"]) == (409, "fleet.rollout_plan_there")
    changed = api.patch(one, {"is_on": False, "plan": {"pace": 9}}).json()
    assert (changed["is_on"], changed["plan"]["pace"], changed["plan"]["canary"]) == (False, 9, 4)
    assert api.delete(one).status_code == 204


def test_plan_with_a_fault_is_refused_with_its_field(api_as, olga, acme):
    source = SourceFactory(organization=acme)
    sent = {"organization": f"{acme.uid}", "source": f"{source.uid}", "plan": {"waves": ["ten"]}}
    refused = api_as(olga).post(URL, sent)
    assert refused.status_code == 400
    assert refused.json()["code"] == "fleet.rollout_plan"
