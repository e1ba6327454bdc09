"""What devices say goes through their chain in the background, and nothing of it is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from devices.models import DeviceState
from devices.reports import DeviceReport
from devices.services import device_report
from devices.status_services import Sign, signs_store
from devices.transformers import applying
from devices.transformers.applying import apply_due
from devices.transformers.patience import patience
from devices.transformers.services import device_set_transformers, transformer_delete
from tests.factories.devices import DeviceFactory
from tests.factories.transformers import BROKEN, UPPER, make_transformer

pytestmark = pytest.mark.django_db
LOOP = "function transformer() { while (1); }"


@pytest.fixture(autouse=True)
def patient():
    patience.forget()
    yield
    patience.forget()


@pytest.fixture
def chained(acme, system):
    """Return a maker of devices with a chain of these scripts."""

    def make(*bodies, **fields):
        device = DeviceFactory(organization=acme, **fields)
        chain = [
            make_transformer(acme, body, f"{device.alias} {n}") for n, body in enumerate(bodies)
        ]
        return device_set_transformers(system, device=device, transformers=chain)

    return make


@pytest.fixture
def say(acme, system):
    def said(device, status):
        report = DeviceReport(udid=device.uid, status=status)
        device_report(system, organization=acme, report=report)
        return state_of(device)

    return said


def state_of(device):
    return DeviceState.objects.get(device=device)


def test_status_is_kept_at_once_and_transformed_later(chained, say):
    device = chained(UPPER)
    state = say(device, "fine")
    assert (state.status_raw, state.status) == ("fine", "")
    assert state.transform_due_at is not None
    assert apply_due() == 1
    state = state_of(device)
    assert (state.status_raw, state.status, state.level) == ("fine", "FINE", "ok")
    assert state.transform_due_at is None


def test_shown_status_stays_until_the_next_is_transformed(chained, say):
    device = chained("function transformer(s) { return s + ' #e' }")
    say(device, "one")
    apply_due()
    state = say(device, "two")
    assert (state.status, state.level, state.status_raw) == ("one", "error", "two")
    apply_due()
    assert state_of(device).status == "two"


def test_chain_runs_in_its_order(chained, say):
    device = chained(
        "function transformer(s) { return s + 'b' }", "function transformer(s) { return s + 'c' }"
    )
    say(device, "a")
    apply_due()
    assert state_of(device).status == "abc"


@pytest.mark.parametrize(
    ("tag", "level"), [("#w", "warning"), ("#E", "error"), ("#e and #w", "error"), ("", "ok")]
)
def test_tags_of_the_result_are_its_level(chained, say, tag, level):
    device = chained(f"function transformer(s) {{ return s + ' {tag}' }}")
    say(device, "hot")
    apply_due()
    state = state_of(device)
    assert state.level == level
    assert "#" not in state.status


def test_failing_script_leaves_the_raw_status_and_says_why(chained, say):
    device = chained(UPPER, BROKEN)
    say(device, "fine #w")
    apply_due()
    state = state_of(device)
    assert (state.status, state.level) == ("fine", "warning")
    assert "ReferenceError: nothing is not defined (line 2" in state.status_error
    assert state.status_error_by == device.chain.get(position=2).transformer


def test_error_is_gone_when_the_script_runs_again(chained, say):
    device = chained("function transformer(s) { if (s == 'bad') throw new Error('x'); return s }")
    say(device, "bad")
    apply_due()
    assert state_of(device).status_error
    say(device, "good")
    apply_due()
    state = state_of(device)
    assert (state.status, state.status_error, state.status_error_by) == ("good", "", None)


def test_result_longer_than_a_status_is_an_error_and_not_cut(chained, say):
    device = chained("function transformer(s) { return 'x'.repeat(401) }")
    say(device, "fine")
    apply_due()
    state = state_of(device)
    assert state.status == "fine"
    assert "401 characters; a status has 400" in state.status_error


def test_result_never_replaces_a_newer_status(chained, say, monkeypatch):
    device = chained(UPPER)
    say(device, "old")
    run_chains = applying.run_chains

    def newer_meanwhile(runs):
        run_chains(runs)
        if runs[0].raw == "old":
            say(device, "new")

    monkeypatch.setattr(applying, "run_chains", newer_meanwhile)
    apply_due()
    state = state_of(device)
    assert (state.status_raw, state.status) == ("new", "NEW")


def test_status_that_goes_while_it_is_transformed_stays_gone(chained, say, monkeypatch):
    device = chained(UPPER)
    say(device, "old")
    run_chains = applying.run_chains

    def silent_meanwhile(runs):
        run_chains(runs)
        say(device, "")

    monkeypatch.setattr(applying, "run_chains", silent_meanwhile)
    apply_due()
    state = state_of(device)
    assert (state.status_raw, state.status, state.transform_due_at) == ("", "", None)


def test_what_a_killed_worker_had_is_due_again(chained, say, monkeypatch, time_machine):
    device = chained(UPPER)
    say(device, "fine")
    monkeypatch.setattr(
        applying, "run_chains", lambda runs: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        apply_due()
    monkeypatch.undo()
    assert apply_due() == 0, "another worker has it for now"
    time_machine.move_to(timezone.now() + timedelta(minutes=2))
    assert apply_due() == 1
    assert state_of(device).status == "FINE"


def test_two_workers_do_not_take_the_same_rows(chained, say):
    for name in ("a", "b"):
        say(chained(UPPER, alias=name), "fine")
    first = applying._claim(timezone.now())
    assert len(first) == 2
    assert applying._claim(timezone.now()) == []


def test_broker_that_forgot_everything_loses_nothing(chained, say):
    devices = [chained(UPPER, alias=f"d{n}") for n in range(3)]
    for device in devices:
        say(device, "fine")
    applying.cache.clear()
    assert apply_due() == 3
    assert {state_of(device).status for device in devices} == {"FINE"}


def test_one_bad_script_does_not_stop_the_others(chained, say):
    good = [chained(UPPER, alias=f"good {n}") for n in range(3)]
    bad = chained(LOOP, alias="bad")
    for device in (*good[:1], bad, *good[1:]):
        say(device, "fine")
    apply_due()
    assert {state_of(device).status for device in good} == {"FINE"}
    assert "did not finish" in state_of(bad).status_error


def test_script_that_always_runs_out_of_time_is_rested(chained, say):
    bad = chained(LOOP)
    for _ in range(10):
        say(bad, "fine")
        apply_due()
        assert "did not finish" in state_of(bad).status_error
    assert patience.is_exhausted(LOOP)


def test_device_whose_chain_is_taken_away_shows_what_it_said(chained, say, system):
    device = chained(UPPER)
    say(device, "fine #w")
    apply_due()
    transformer_delete(system, transformer=device.chain.get().transformer)
    state = state_of(device)
    assert (state.status, state.level, state.has_chain) == ("fine", "warning", False)


def test_chain_that_is_gone_before_its_run_leaves_the_raw_status(chained, say):
    device = chained(UPPER)
    say(device, "fine")
    device.chain.all().delete()
    apply_due()
    assert state_of(device).status == "fine"


def test_many_devices_take_a_constant_number_of_queries(
    chained, say, django_assert_max_num_queries
):
    for n in range(12):
        say(chained(UPPER, alias=f"d{n}"), "fine")
    with django_assert_max_num_queries(16):
        assert apply_due() == 12


def test_failing_script_shows_on_the_device(chained, say, in_acme, vera):
    device = chained(BROKEN)
    say(device, "fine")
    apply_due()
    page = in_acme(vera).get(device.get_absolute_url()).content.decode()
    assert "ReferenceError: nothing is not defined" in page


def test_status_over_mqtt_goes_through_the_chain_too(chained):
    device, plain = chained(UPPER), chained(alias="plain")
    now = timezone.now()
    signs_store([Sign(d, now, "fine #w") for d in (device, plain)])
    state = state_of(device)
    assert (state.status_raw, state.status) == ("fine #w", "")
    assert (state_of(plain).status, state_of(plain).level) == ("fine", "warning")
    assert apply_due() == 1
    assert (state_of(device).status, state_of(device).level) == ("FINE", "warning")


def test_sign_of_life_without_status_leaves_the_status(chained, say):
    device = chained(UPPER)
    before = say(device, "fine")
    signs_store([Sign(device, timezone.now())])
    state = state_of(device)
    assert (state.status_raw, state.transform_due_at) == ("fine", before.transform_due_at)
