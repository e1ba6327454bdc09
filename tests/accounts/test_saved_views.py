"""What people keep of lists: columns, layout, and views by name that they may share."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts.models import ListPreference, SavedView
from accounts.selectors.people import own_organization
from accounts.services.lists import MAX_VIEWS, saved_view_create
from audit.models import AuditEvent
from core.exceptions import DomainError, QuotaExceeded
from tests.factories.devices import DeviceFactory

LIST = "devices:device_list"
URL = "/devices/"
ARRANGE = "/accounts/lists/arrange/"
ADD = "/accounts/saved-views/add/"


def columns(page) -> list[str]:
    return [bound.name for bound in page.context["table"].columns]


def tabs(page) -> list[str]:
    return [tab["label"] for tab in page.context["tabs"] if "saved" in tab]


def saved(actor, organization, **fields) -> SavedView:
    wanted = {"list_name": LIST, "name": "Roof", "query": "tag=roof", **fields}
    return saved_view_create(actor, organization=organization, **wanted)


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="pump", category="meter")


def test_chosen_columns_show_at_every_width_until_the_usual_ones_are_wanted(
    signed_in, olga, device
):
    client = signed_in(olga)
    usual = columns(client.get(URL))
    body = {"list": LIST, "choose": "1", "columns": ["source", "signal", "nonsense"]}
    assert client.post(ARRANGE, body).status_code == 302
    page = client.get(URL)
    assert columns(page) == ["alias", "source", "signal", "row_actions"]
    assert "d-none" not in page.context["table"].columns["source"].attrs["td"]["class"]
    client.post(ARRANGE, {"list": LIST, "reset": "1"})
    assert columns(client.get(URL)) == usual


def test_columns_of_one_person_are_not_those_of_another(signed_in, olga, alice, device):
    signed_in(olga).post(ARRANGE, {"list": LIST, "choose": "1", "columns": ["mac"]})
    assert "signal" not in columns(signed_in(alice).get(URL))
    assert "health" in columns(signed_in(alice).get(URL))


def test_url_says_columns_and_layout_against_what_is_kept(signed_in, olga, device):
    client = signed_in(olga)
    client.post(ARRANGE, {"list": LIST, "layout": "cards"})
    assert client.get(URL).context["layout"] == "cards"
    page = client.get(f"{URL}?view=table&columns=category,version")
    assert page.context["layout"] == "table"
    assert columns(page) == ["alias", "version", "category", "row_actions"]


def test_arranging_goes_back_to_the_filters_that_it_came_from(signed_in, olga, device):
    sent = {"list": LIST, "layout": "cards"}
    came = "http://testserver/devices/?tag=lab&view=table&page=3"
    answer = signed_in(olga).post(ARRANGE, sent, headers={"referer": came})
    assert answer.url == "/devices/?tag=lab"
    elsewhere = signed_in(olga).post(ARRANGE, sent, headers={"referer": "http://evil.example/"})
    assert elsewhere.url == "/devices/"


@pytest.mark.parametrize(
    "body",
    [
        {"list": "devices:nonsense_list", "layout": "cards"},
        {"list": LIST, "layout": "heap"},
        {"list": LIST, "per_page": "9999"},
        {"list": "", "layout": "cards"},
    ],
)
def test_arranging_what_cannot_be_keeps_nothing(signed_in, olga, body):
    assert signed_in(olga).post(ARRANGE, body).status_code == 302
    assert not ListPreference.objects.exists()


def test_saved_view_is_a_tab_of_its_person_only(signed_in, olga, alice, device):
    client = signed_in(olga)
    page = client.get(f"{URL}?tag=roof&view=cards&page=1")
    assert dict(parse_qsl(page.context["unsaved"])) == {"tag": "roof", "view": "cards"}
    own = own_organization(olga)
    sent = {"list_name": LIST, "query": page.context["unsaved"], "name": "Roof"}
    answer = client.post(ADD, {**sent, "organization": f"{own.uid}"})
    assert urlsplit(answer.url).path == URL
    page = client.get(answer.url)
    assert tabs(page) == ["Roof"]
    assert [tab["label"] for tab in page.context["tabs"] if tab["active"]] == ["Roof"]
    assert page.context["unsaved"] == ""
    assert tabs(signed_in(alice).get(URL)) == []
    assert AuditEvent.objects.filter(verb="accounts.view_saved").count() == 1


def test_shared_view_is_a_tab_of_every_member_and_of_no_outsider(
    in_acme, signed_in, olga, vera, mallory, act, acme, device
):
    saved(act(olga), acme)
    assert tabs(in_acme(vera).get(URL)) == ["Roof"]
    assert tabs(signed_in(vera).get(URL)) == ["Roof"]
    assert tabs(signed_in(mallory).get(URL)) == []


def test_own_view_is_shared_and_taken_back_by_moving_it(in_acme, olga, vera, act, acme, device):
    own = own_organization(olga)
    view = saved(act(olga), own)
    edit = f"/accounts/saved-views/{view.uid}/edit/"
    sent = {"name": "Roofs", "organization": f"{acme.uid}"}
    assert in_acme(olga).post(edit, sent).status_code == 302
    assert tabs(in_acme(vera).get(URL)) == ["Roofs"]
    in_acme(olga).post(edit, {**sent, "organization": f"{own.uid}"})
    assert tabs(in_acme(vera).get(URL)) == []


def test_viewer_shares_with_nobody_and_changes_no_shared_view(in_acme, olga, vera, act, acme):
    view = saved(act(olga), acme)
    sent = {"list_name": LIST, "query": "", "name": "Mine", "organization": f"{acme.uid}"}
    assert in_acme(vera).post(ADD, sent).status_code == 422
    assert in_acme(vera).post(f"/accounts/saved-views/{view.uid}/delete/").status_code == 403
    own = f"{own_organization(vera).uid}"
    assert in_acme(vera).post(ADD, {**sent, "organization": own}).status_code == 302


def test_view_of_a_taken_name_is_refused_or_replaced(olga, act, acme):
    saved(act(olga), acme)
    with pytest.raises(DomainError) as refused:
        saved(act(olga), acme, query="tag=cellar")
    assert refused.value.code == "accounts.view_name_taken"
    saved(act(olga), acme, query="tag=cellar&page=2", replace=True)
    assert SavedView.objects.get().query == "tag=cellar"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"list_name": "devices:nonsense_list"}, "accounts.no_such_list"),
        ({"query": "colour=red"}, "accounts.view_not_of_list"),
    ],
)
def test_view_of_what_the_list_does_not_know_is_refused(olga, act, acme, fields, code):
    with pytest.raises(DomainError) as refused:
        saved(act(olga), acme, **fields)
    assert refused.value.code == code


def test_organization_keeps_so_many_views_of_a_list(olga, act, acme):
    for number in range(MAX_VIEWS):
        saved(act(olga), acme, name=f"View {number}")
    with pytest.raises(QuotaExceeded):
        saved(act(olga), acme, name="One more")
