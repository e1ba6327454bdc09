"""Sources: list, page, form, deletion."""

from __future__ import annotations

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builds.models import Source
from keys.models import EnvVar
from keys.services import deploy_key_create
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory

TABS = ("", "devices/", "builds/", "environment/", "audit/")
FORM = {"alias": "pump", "url": "https://git.example.org/team/pump.git", "branch": "main"}


@pytest.fixture
def source(acme):
    return SourceFactory(organization=acme, alias="firmware")


def names(response) -> list[str]:
    return [row.record.alias for row in response.context["table"].rows]


def mark(source, **said):
    said = {"checked_at": timezone.now(), "check_code": "ok", **said}
    Source.objects.filter(pk=source.pk).update(**said)


def test_list_counts_devices_and_builds_apart(signed_in, olga, acme, source):
    devices = [DeviceFactory(organization=acme, source=source) for _ in range(2)]
    for number in (1, 2, 3):
        BuildFactory(source=source, device=devices[0], number=number)
    page = signed_in(olga).get("/sources/")
    row = page.context["table"].rows[0].record
    assert (row.device_count, row.build_count) == (2, 3)


def test_list_with_ten_rows_asks_as_often_as_with_one(
    signed_in, olga, acme, source, system, django_assert_num_queries
):
    key = deploy_key_create(system, organization=acme, alias="deploy", algorithm="ed25519")
    client = signed_in(olga)
    with CaptureQueriesContext(connection) as one:
        client.get("/sources/")
    for _ in range(9):
        SourceFactory(organization=acme, deploy_key=key)
    with django_assert_num_queries(len(one)):
        client.get("/sources/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("access=ok", ["good"]),
        ("access=refused", ["bad"]),
        ("access=untested", ["new"]),
        ("platform=micro", ["good"]),
        ("branch=develop", ["bad"]),
        ("q=goo", ["good"]),
    ],
)
def test_filter_in_the_url_narrows_the_list(signed_in, olga, acme, query, expected):
    mark(SourceFactory(organization=acme, alias="good"), platform="micropython")
    mark(
        SourceFactory(organization=acme, alias="bad", branch="develop"), check_code="build.user.tls"
    )
    SourceFactory(organization=acme, alias="new")
    assert names(signed_in(olga).get(f"/sources/?{query}")) == expected


def test_export_says_how_the_access_is(signed_in, olga, source):
    answer = signed_in(olga).get("/sources/?export=csv")
    row = next(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert (row["Source"], row["Access"]) == ("firmware", "unchecked")
    assert row["Repository URL"] == source.url


def test_htmx_asks_list_gets_the_table_alone(signed_in, olga, source):
    answer = signed_in(olga).get("/sources/", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "firmware" in answer.text


@pytest.mark.parametrize("tab", TABS)
def test_operator_opens_each_tab_of_a_source(signed_in, olga, source, tab):
    assert signed_in(olga).get(f"/sources/{source.uid}/{tab}").status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_outsider_opens_source_is_404(signed_in, mallory, source, tab):
    assert signed_in(mallory).get(f"/sources/{source.uid}/{tab}").status_code == 404


@pytest.mark.parametrize("path", ["", "add/"])
def test_stranger_is_sent_to_sign_in(client, db, path):
    assert client.get(f"/sources/{path}").status_code == 302


def test_page_of_an_untested_source_offers_the_test(signed_in, olga, source):
    page = signed_in(olga).get(source.get_absolute_url())
    assert "The access was not tested yet" in page.text
    assert f"/sources/{source.uid}/test/" in page.text


def test_page_of_a_tested_source_shows_what_was_found(signed_in, olga, source):
    mark(
        source,
        platform="python",
        last_commit="8f3c1a9be27d4410",
        host_fingerprint="SHA256:abc",
        refs={"branches": ["main", "develop"], "tags": ["v1.0"], "head": "main"},
    )
    page = signed_in(olga).get(source.get_absolute_url())
    assert "The repository can be reached" in page.text
    assert "SHA256:abc" in page.text
    assert "develop" in page.text
    assert "v1.0" in page.text


def test_page_of_a_refused_source_shows_the_public_key(signed_in, olga, acme, source, system):
    key = deploy_key_create(system, organization=acme, alias="deploy", algorithm="ed25519")
    mark(
        source,
        check_code="build.user.clone_denied",
        deploy_key=key,
        check_message="The repository refused this deploy key.",
    )
    page = signed_in(olga).get(source.get_absolute_url())
    assert "The repository refused this deploy key." in page.text
    assert key.public_key.strip() in page.text
    assert "PRIVATE KEY" not in page.text


def test_operator_adds_source_lands_where_it_can_be_tested(in_acme, olga, acme):
    answer = in_acme(olga).post("/sources/add/", FORM)
    source = Source.objects.get()
    assert answer.url == source.get_absolute_url()
    assert source.organization == acme
    assert source.checked_at is None


def test_viewer_adds_source_is_403(in_acme, vera):
    assert in_acme(vera).post("/sources/add/", FORM).status_code == 403
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "ext::sh -c id"}, "url"),
        ({"url": "-oProxyCommand=id"}, "url"),
        ({"url": "/srv/repository"}, "url"),
        ({"branch": "--upload-pack=id"}, "branch"),
        ({"alias": ""}, "alias"),
    ],
)
def test_address_that_is_refused_names_the_field(in_acme, olga, changed, field):
    answer = in_acme(olga).post("/sources/add/", {**FORM, **changed})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Source.objects.exists()


def test_deploy_key_of_another_organization_is_no_choice(in_acme, olga, umbrella, system):
    foreign = deploy_key_create(system, organization=umbrella, alias="x", algorithm="ed25519")
    answer = in_acme(olga).post("/sources/add/", {**FORM, "deploy_key": f"{foreign.uid}"})
    assert answer.status_code == 422
    assert "deploy_key" in answer.context["form"].errors


def test_access_token_is_write_only(in_acme, olga):
    client = in_acme(olga)
    client.post("/sources/add/", {**FORM, "access_token": "ghp_t0ken"})
    source = Source.objects.get()
    edit = f"/sources/{source.uid}/edit/"
    for path in (source.get_absolute_url(), edit, "/sources/?export=csv"):
        answer = client.get(path)
        text = answer.getvalue().decode() if answer.streaming else answer.text
        assert "ghp_t0ken" not in text
    client.post(edit, {**FORM, "alias": "renamed"})
    source.refresh_from_db()
    assert source.alias == "renamed"
    assert source.access_token.reveal() == "ghp_t0ken"
    client.post(edit, {**FORM, "forget_token": "on"})
    source.refresh_from_db()
    assert not source.access_token


def test_viewer_edits_source_is_403(signed_in, vera, source):
    assert signed_in(vera).post(f"/sources/{source.uid}/edit/", FORM).status_code == 403


def test_outsider_edits_source_is_404(signed_in, mallory, source):
    assert signed_in(mallory).post(f"/sources/{source.uid}/edit/", FORM).status_code == 404


def test_question_before_deleting_names_what_goes_too(signed_in, olga, acme, source):
    device = DeviceFactory(organization=acme, source=source)
    ArtifactFactory(build=BuildFactory(source=source, device=device, succeeded=True))
    EnvVar.objects.create(organization=acme, source=source, name="TOPIC", value="x")
    page = signed_in(olga).get(f"/sources/{source.uid}/delete/")
    assert "1 build with 1 artifact and the logs." in page.text
    assert "1 device: they keep running" in page.text
    assert "1 environment variable" in page.text


def test_operator_deletes_source_and_its_device_stays(signed_in, olga, acme, source):
    device = DeviceFactory(organization=acme, source=source)
    answer = signed_in(olga).post(f"/sources/{source.uid}/delete/")
    device.refresh_from_db()
    assert answer.url == "/sources/"
    assert device.source is None


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404)])
def test_who_may_not_deletes_source_is_refused(request, signed_in, source, who, status):
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"/sources/{source.uid}/delete/").status_code == status
    assert Source.objects.exists()


def test_operator_deletes_selected_sources(signed_in, olga, acme, source):
    SourceFactory(organization=acme, alias="other")
    form = {"selected": [f"{source.uid}"], "confirm": "1"}
    signed_in(olga).post("/sources/bulk-delete/", form)
    assert [row.alias for row in Source.objects.all()] == ["other"]


def test_row_menu_leads_to_the_question_of_a_test(in_acme, olga, acme):
    source = SourceFactory(organization=acme)
    text = in_acme(olga).get("/sources/").text
    question = f"/sources/{source.uid}/test/"
    assert f'href="{question}" data-dialog-link' in text
    assert f'action="{question}"' not in text, "a form in a row has no CSRF token"
