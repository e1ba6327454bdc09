"""A build's page: stages, failure, artifacts, log; and the verbs on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from builds.choices import BuildStatus
from builds.journey import stages_of, telling_lines
from builds.models import Build, BuildLogLine
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory

PAGES = ("", "log/", "log-text/")
VERBS = ("cancel", "again", "delete")


@pytest.fixture
def source(acme):
    return SourceFactory(organization=acme, alias="firmware")


@pytest.fixture
def pump(acme, source):
    return DeviceFactory(organization=acme, source=source, alias="pump")


@pytest.fixture
def running(source, pump):
    now = timezone.now()
    stages = {
        "preparing": {"started": now.isoformat(), "seconds": 0.4},
        "cloning": {"started": now.isoformat()},
    }
    return BuildFactory(
        source=source,
        device=pump,
        number=7,
        status=BuildStatus.CLONING,
        stages=stages,
        started_at=now,
    )


@pytest.fixture
def failed(source, pump):
    now = timezone.now()
    stages = {
        "preparing": {"started": now.isoformat(), "seconds": 0.4},
        "cloning": {"started": now.isoformat(), "seconds": 2.0},
        "building": {"started": now.isoformat()},
    }
    return BuildFactory(
        source=source,
        device=pump,
        number=8,
        status=BuildStatus.FAILED,
        stages=stages,
        started_at=now,
        finished_at=now + timedelta(seconds=9),
        error_code="build.user.compile",
        error_message="The compiler found errors in the code.",
    )


def log(build, *lines, stream="stdout"):
    first = build.lines.count()
    rows = [
        BuildLogLine(build=build, seq=first + i, at=timezone.now(), stream=stream, text=text)
        for i, text in enumerate(lines, 1)
    ]
    BuildLogLine.objects.bulk_create(rows)


@pytest.mark.parametrize("page", PAGES)
def test_viewer_opens_build_and_its_log(signed_in, vera, running, page):
    assert signed_in(vera).get(f"/builds/{running.uid}/{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_outsider_opens_build_is_404(signed_in, mallory, running, page):
    assert signed_in(mallory).get(f"/builds/{running.uid}/{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_stranger_opens_build_is_sent_to_sign_in(client, running, page):
    assert client.get(f"/builds/{running.uid}/{page}").status_code == 302


def test_stages_of_a_running_build_count_up_in_one_place(running):
    assert [(stage.label, stage.state) for stage in stages_of(running)] == [
        ("Queued", "done"),
        ("Prepare", "done"),
        ("Clone", "running"),
        ("Build", "pending"),
        ("Publish", "pending"),
    ]


def test_stages_of_a_failed_build_name_the_one_that_failed(failed):
    stages = stages_of(failed)
    assert [stage.state for stage in stages] == ["done", "done", "done", "failed", "skipped"]
    assert stages[3].seconds == pytest.approx(9, abs=0.1)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (BuildStatus.QUEUED, ["queued", "pending", "pending", "pending", "pending"]),
        (BuildStatus.SUCCEEDED, ["done"] * 5),
        (BuildStatus.CANCELLED, ["cancelled", "skipped", "skipped", "skipped", "skipped"]),
        (BuildStatus.ERRORED, ["failed", "skipped", "skipped", "skipped", "skipped"]),
    ],
)
def test_stages_of_a_build_without_times_still_make_sense(source, status, expected):
    build = BuildFactory(source=source, status=status)
    assert [stage.state for stage in stages_of(build)] == expected


def test_telling_lines_start_at_the_first_error(failed):
    log(failed, "compiling", "\x1b[31merror:\x1b[0m no such name", "  42 | x", "     | ^", "exit 1")
    assert [line.seq for line in telling_lines(failed)] == [2, 3, 4]


def test_telling_lines_without_an_error_are_the_last_ones(failed):
    log(failed, "one", "two", "three", "four", "")
    log(failed, "The build ended.", stream="system")
    assert [line.text for line in telling_lines(failed)] == ["two", "three", "four"]


def test_failed_build_shows_the_sentence_first_and_links_to_the_line(signed_in, olga, failed):
    log(failed, "compiling", "main.c:3: error: no such name")
    page = signed_in(olga).get(failed.get_absolute_url())
    assert page.text.index("The compiler found errors") < page.text.index('id="log"')
    assert 'href="#L2"' in page.text
    assert "build.user.compile" in page.text


def test_running_build_streams_its_log_and_listens(signed_in, olga, running):
    log(running, "Cloning <source>")
    page = signed_in(olga).get(running.get_absolute_url())
    assert f'data-live="build.{running.uid}"' in page.text
    assert f'data-log-group="build.{running.uid}"' in page.text
    assert f'data-log-url="/builds/{running.uid}/log/"' in page.text
    assert "Cloning &lt;source&gt;" in page.text


def test_finished_build_shows_artifacts_with_their_hashes(signed_in, olga, source, pump):
    build = BuildFactory(source=source, device=pump, succeeded=True)
    artifact = ArtifactFactory(build=build, sha256="ab" * 32, signature="c2ln")
    page = signed_in(olga).get(build.get_absolute_url())
    assert "ab" * 32 in page.text
    assert "c2ln" in page.text
    assert artifact.get_absolute_url() in page.text
    assert "data-log-group" not in page.text


def test_log_answers_what_comes_after_a_line(signed_in, olga, running):
    log(running, "one", "two", "three")
    answer = signed_in(olga).get(f"/builds/{running.uid}/log/?after=1").json()
    assert [line["seq"] for line in answer["lines"]] == [2, 3]
    assert answer["lines"][0] == {"seq": 2, "stream": "stdout", "text": "two"}
    assert (answer["status"], answer["is_final"]) == ("cloning", False)


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 30, "²"])
def test_log_after_nonsense_starts_at_the_beginning(signed_in, olga, running, after):
    log(running, "one")
    answer = signed_in(olga).get(f"/builds/{running.uid}/log/", {"after": after})
    assert [line["seq"] for line in answer.json()["lines"]] == [1]


def test_log_downloads_as_text_without_colours(signed_in, olga, running):
    log(running, "\x1b[32mgreen\x1b[0m", "plain")
    answer = signed_in(olga).get(f"/builds/{running.uid}/log-text/")
    assert answer["Content-Type"].startswith("text/plain")
    assert "attachment" in answer["Content-Disposition"]
    assert answer.getvalue().decode() == "green\nplain\n"


@pytest.mark.parametrize("verb", VERBS)
def test_viewer_acts_on_build_is_403(signed_in, vera, running, verb):
    assert signed_in(vera).post(f"/builds/{running.uid}/{verb}/").status_code == 403


@pytest.mark.parametrize("verb", VERBS)
def test_outsider_acts_on_build_is_404(signed_in, mallory, running, verb):
    assert signed_in(mallory).post(f"/builds/{running.uid}/{verb}/").status_code == 404


@pytest.mark.parametrize("verb", VERBS)
def test_stranger_acts_on_build_is_sent_to_sign_in(client, running, verb):
    assert client.post(f"/builds/{running.uid}/{verb}/").status_code == 302
    assert Build.objects.count() == 1


def test_operator_cancels_build_stays_on_its_page(signed_in, olga, running):
    client = signed_in(olga)
    assert "Its processes end" in client.get(f"/builds/{running.uid}/cancel/").text
    answer = client.post(f"/builds/{running.uid}/cancel/")
    running.refresh_from_db()
    assert answer.url == running.get_absolute_url()
    assert running.status == BuildStatus.CANCELLED


def test_cancel_while_publishing_is_refused_with_a_reason(signed_in, olga, running):
    Build.objects.filter(pk=running.pk).update(status=BuildStatus.PUBLISHING)
    answer = signed_in(olga).post(f"/builds/{running.uid}/cancel/")
    assert answer.status_code == 422
    assert "publishing" in answer.text
    page = signed_in(olga).get(running.get_absolute_url())
    assert page.context["object_actions"][0].disabled_reason


def test_operator_builds_again_lands_on_the_new_build(signed_in, olga, failed):
    answer = signed_in(olga).post(f"/builds/{failed.uid}/again/")
    again = Build.objects.exclude(pk=failed.pk).get()
    assert answer.url == again.get_absolute_url()
    assert (again.source, again.device) == (failed.source, failed.device)
    assert again.status == BuildStatus.QUEUED


def test_build_again_while_another_runs_says_so(signed_in, olga, failed, running):
    answer = signed_in(olga).post(f"/builds/{failed.uid}/again/")
    assert answer.status_code == 422
    assert "firmware #7" in answer.text


def test_operator_deletes_a_finished_build(signed_in, olga, failed):
    client = signed_in(olga)
    assert "The log." in client.get(f"/builds/{failed.uid}/delete/").text
    assert client.post(f"/builds/{failed.uid}/delete/").url == "/builds/"
    assert not Build.objects.exists()


def test_running_build_offers_cancel_and_a_finished_one_does_not(signed_in, olga, running, failed):
    client = signed_in(olga)
    labels = [
        {action.label for action in client.get(build.get_absolute_url()).context["object_actions"]}
        for build in (running, failed)
    ]
    assert labels == [{"Cancel build"}, {"Build again", "Delete"}]
