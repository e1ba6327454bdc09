"""What people say of themselves: names, phone, time zone."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.middleware import zone_of
from accounts.models import NotificationChoice, User
from accounts.places import clean_phone, clean_zone, countries, zone_suggestions
from accounts.services.profile import profile_change
from audit.models import AuditEvent
from core.exceptions import DomainError
from tests.support.queries import queries_of

URL = "/accounts/profile/edit/"
TABS = ("profile", "security", "sign-ins", "notifications", "data")


def values(**changes):
    return {
        "first_name": "Olga",
        "last_name": "Novak",
        "username": "olga",
        "country": "",
        "phone": "",
        "time_zone": "Europe/Prague",
        "language": "en",
        **changes,
    }


def test_person_changes_the_profile(signed_in, olga):
    client = signed_in(olga)
    answer = client.post(URL, values(phone="601 123 456", country="CZ"), follow=True)
    assert "Your profile is saved." in answer.text
    assert "+420 601 123 456" in answer.text
    olga.refresh_from_db()
    assert (f"{olga}", olga.phone, olga.time_zone) == (
        "Olga Novak",
        "+420601123456",
        "Europe/Prague",
    )
    event = AuditEvent.objects.get(verb="accounts.profile_changed")
    assert event.data["changed"] == ["first_name", "last_name", "phone", "time_zone"]


def test_saving_without_a_change_is_not_audited(signed_in, olga):
    client = signed_in(olga)
    for _ in range(2):
        assert client.post(URL, values()).status_code == 302
    assert AuditEvent.objects.filter(verb="accounts.profile_changed").count() == 1


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("+420 601 123 456", "", "+420601123456"),
        ("00420601123456", "", "+420601123456"),
        ("601-123-456", "CZ", "+420601123456"),
        ("(0151) 2345 6789", "DE", "+4915123456789"),
        ("07911 123456", "GB", "+447911123456"),
        ("+1 (202) 456-1111", "CZ", "+12024561111"),
        ("  ", "CZ", ""),
    ],
)
def test_phone_is_understood_as_people_write_it(written, country, kept):
    assert clean_phone(written, country) == kept


@pytest.mark.parametrize(
    ("written", "country", "sentence"),
    [
        ("601123456", "", "Choose the country"),
        ("+999 12345678", "", "not a telephone number"),
        ("call me", "CZ", "not a telephone number"),
        ("+420 1", "", "telephone number|no such number"),
        ("+1 555 0000000", "", "no such number"),
        ("\x00+420601123456", "", "Choose|not a telephone"),
    ],
)
def test_phone_that_cannot_be_is_refused_with_what_to_do(written, country, sentence):
    with pytest.raises(ValidationError, match=sentence):
        clean_phone(written, country)


def test_refused_phone_stands_under_its_field_and_nothing_is_saved(signed_in, olga):
    answer = signed_in(olga).post(URL, values(phone="601123456"))
    assert answer.status_code == 422
    assert "Choose the country of this number" in answer.text
    assert 'value="601123456"' in answer.text
    olga.refresh_from_db()
    assert olga.first_name == ""


def test_another_phone_has_to_be_chosen_for_sms_anew(act, olga):
    profile_change(act(olga), user=olga, phone="+420601123456")
    NotificationChoice.objects.create(user=olga, topic="security", channel="sms", is_on=True)
    profile_change(act(olga), user=olga, phone="+420602123456")
    assert not NotificationChoice.objects.get(channel="sms").is_on


@pytest.mark.parametrize("taken", ["vera", "VERA", "vera@example.org", "Vera@Example.org"])
def test_name_or_address_of_somebody_else_is_refused(signed_in, olga, vera, taken):
    answer = signed_in(olga).post(URL, values(username=taken))
    assert answer.status_code == 422
    assert "This user name is taken." in answer.text


@pytest.mark.parametrize("name", ["", "white space", "<b>", "x" * 151])
def test_odd_user_name_is_refused(signed_in, olga, name):
    assert signed_in(olga).post(URL, values(username=name)).status_code == 422


def test_own_name_in_another_case_is_fine(signed_in, olga):
    assert signed_in(olga).post(URL, values(username="Olga")).status_code == 302


def test_only_languages_that_exist_are_offered(signed_in, olga):
    page = signed_in(olga).get(URL).text
    assert "The console speaks only English now." in page
    assert signed_in(olga).post(URL, values(language="cs")).status_code == 422


def test_zone_is_found_however_it_is_written():
    assert clean_zone("europe/prague ") == "Europe/Prague"
    assert clean_zone("america/new york") == "America/New_York"
    assert clean_zone("utc") == "UTC"
    for odd in ("", "Prague", "../etc/passwd", "Europe/Nowhere"):
        with pytest.raises(ValidationError):
            clean_zone(odd)


def test_suggestions_are_zones_and_countries_that_exist():
    names = [name for name, _ in zone_suggestions()]
    assert {"UTC", "Europe/Prague", "America/New_York", "Asia/Tokyo"} <= {*names}
    assert all(clean_zone(name) == name for name in names)
    assert ("CZ", "Czech Republic +420") in countries()
    assert len(countries()) > 200


def test_times_on_pages_are_those_of_the_reader(signed_in, olga):
    client = signed_in(olga)
    assert " UTC" in client.get("/accounts/profile/").text
    User.objects.filter(pk=olga.pk).update(time_zone="Asia/Tokyo")
    assert " JST" in client.get("/accounts/profile/").text
    assert timezone.get_current_timezone_name() == "UTC"


def test_api_speaks_utc_whoever_asks(signed_in, olga):
    User.objects.filter(pk=olga.pk).update(time_zone="Asia/Tokyo")
    row = signed_in(olga).get("/api/v1/organizations/").json()["results"][0]
    assert row["created_at"].endswith("Z")


def test_zone_that_is_no_more_is_that_of_the_installation(olga):
    olga.time_zone = "Mars/Olympus"
    assert zone_of(olga) is None


def test_service_refuses_fields_of_others(act, olga):
    with pytest.raises(TypeError):
        profile_change(act(olga), user=olga, is_superuser=True)
    with pytest.raises(DomainError) as refused:
        profile_change(act(olga), user=olga, phone="no", time_zone="no")
    assert {*refused.value.fields} == {"phone", "time_zone"}


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_costs_few_queries_and_links_to_all(signed_in, olga, tab):
    client = signed_in(olga)
    page = client.get(f"/accounts/{tab}/").text
    for other in TABS:
        assert f'href="/accounts/{other}/"' in page
    assert queries_of(client, f"/accounts/{tab}/") < 22


@pytest.mark.parametrize("tab", [*TABS, "profile/edit", "profile/picture"])
def test_stranger_is_sent_to_sign_in(client, db, tab):
    url = f"/accounts/{tab}/"
    assert client.get(url)["Location"] == f"/accounts/sign-in/?next={url}"
