"""What moves with a device, what stays behind, and what the device itself notices."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from audit.models import AuditEvent
from core.exceptions import Conflict
from devices.locking import device_locked
from devices.mesh_services import mesh_attach
from devices.models import Device, DeviceState, MeshMember
from devices.services import device_edit
from devices.transformers.services import device_set_transformers
from fleet.models import ConfigReceipt
from fleet.pushes.services import config_push_start
from fleet.transfers.moving import transfers_move
from fleet.transfers.services import transfer_accept
from gateway.fast.calls import read_call
from gateway.fast.statements import store
from gateway.mqtt.access import identify, refreshed
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import deploy_key_create, env_var_set, firmware_key_for
from messaging.models import DeviceQuestion, Publication
from messaging.services import publish_on_commit
from tests.factories.accounts import join, make_user
from tests.factories.builds import ArtifactFactory, SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.fleet import make_push, make_transfer, other_side
from tests.factories.keys import make_api_key
from tests.factories.rollouts import make_rollout
from tests.factories.transformers import make_transformer

pytestmark = pytest.mark.django_db
CANARY = "canary-7d1c"


def fresh(device):
    return Device.objects.select_related("organization", "source", "state").get(pk=device.pk)


@pytest.fixture
def source(acme, system, sensor):
    key = deploy_key_create(system, organization=acme, alias="deploy", algorithm="ed25519")
    source = SourceFactory(organization=acme, alias="firmware", deploy_key=key, branch="main")
    source.access_token = f"{CANARY}-token"
    source.known_hosts, source.builds_started = "git.example.org ssh-ed25519 AAAA", 7
    source.save()
    device_edit(system, device=sensor, source=source)
    return source


def test_builds_and_artifacts_go_along_and_the_source_is_copied(
    sensor, source, hand_over, umbrella, acme
):
    artifact = ArtifactFactory(build__source=source, build__device=sensor, build__number=7)
    other = ArtifactFactory(build__source=source, build__device=DeviceFactory(organization=acme))
    hand_over(sensor)
    moved = fresh(sensor)
    artifact.refresh_from_db()
    other.refresh_from_db()
    assert moved.organization == artifact.organization == artifact.build.organization == umbrella
    assert moved.source == artifact.build.source != source
    copy = moved.source
    assert (copy.organization, copy.url, copy.branch) == (umbrella, source.url, "main")
    assert copy.known_hosts == source.known_hosts
    assert copy.builds_started == 7
    assert other.organization == other.build.organization == acme
    source.refresh_from_db()
    assert source.organization == acme


def test_one_source_of_several_devices_is_copied_once(source, sensor, acme, hand_over, umbrella):
    second = DeviceFactory(organization=acme, source=source)
    hand_over(sensor, second)
    assert fresh(sensor).source == fresh(second).source
    assert umbrella.source_set.count() == 1


def test_copy_has_no_credentials_unless_chosen(sensor, source, hand_over, umbrella):
    hand_over(sensor)
    copy = fresh(sensor).source
    assert copy.deploy_key is None
    assert not copy.access_token
    assert not DeployKey.objects.filter(organization=umbrella).exists()


def test_chosen_credentials_go_along_as_copies(sensor, source, hand_over, umbrella):
    hand_over(sensor, with_credentials=True)
    copy = fresh(sensor).source
    assert copy.access_token.reveal() == f"{CANARY}-token"
    assert copy.deploy_key.organization == umbrella
    assert copy.deploy_key.private_key.reveal() == source.deploy_key.private_key.reveal()
    assert copy.deploy_key != source.deploy_key


def test_source_that_moves_leaves_the_sender(sensor, source, hand_over, acme):
    ArtifactFactory(build__source=source, build__device=sensor)
    hand_over(sensor, source_mode="move")
    assert not acme.source_set.exists()
    assert fresh(sensor).source.alias == "firmware"


def test_source_that_others_use_stays(sensor, source, hand_over, acme):
    DeviceFactory(organization=acme, source=source)
    hand_over(sensor, source_mode="move")
    assert acme.source_set.get() == source


def test_variables_of_the_device_are_deleted_unless_chosen(sensor, acme, system, hand_over):
    env_var_set(system, organization=acme, name="A", value="1", device=sensor)
    env_var_set(system, organization=acme, name="B", value="2")
    hand_over(sensor)
    assert [v.name for v in EnvVar.objects.all()] == ["B"]


def test_chosen_variables_go_along(sensor, acme, system, hand_over, umbrella):
    env_var_set(system, organization=acme, name="WIFI", value=CANARY, is_secret=True, device=sensor)
    hand_over(sensor, environment_mode="keep")
    variable = EnvVar.objects.get()
    assert (variable.organization, variable.device, variable.is_secret) == (umbrella, sensor, True)
    assert variable.value.reveal() == CANARY


def test_ties_to_the_sender_are_undone(sensor, acme, system, hand_over, act, alice, guest):
    from accounts.services.sharing import object_share

    mesh = MeshFactory(organization=acme)
    mesh_attach(system, mesh=mesh, device=sensor)
    ruled = MeshFactory(organization=acme, rule="q=sensor")
    MeshMember.objects.create(mesh=ruled, device=sensor)
    device_set_transformers(system, device=sensor, transformers=[make_transformer(acme)])
    object_share(act(alice, verified=True), obj=sensor, to=guest, actions=["change"])
    make_push(sensor, {"KEY": CANARY})
    DeviceQuestion.objects.create(device=sensor, body="Update?")
    waiting = publish_on_commit("/x/y", CANARY, organization=acme, device=sensor)
    hand_over(sensor)
    moved = fresh(sensor)
    assert (moved.mesh_ids, moved.state.has_chain) == ([], False)
    assert not MeshMember.objects.exists()
    assert not moved.chain.exists()
    assert not Device.objects.allowed(act(guest)).exists()
    assert not ConfigReceipt.objects.exists()
    assert DeviceQuestion.objects.get().state == "dismissed"
    waiting = Publication.objects.get(pk=waiting.pk)
    assert (waiting.state, f"{waiting.payload}") == ("expired", "")


def test_sent_configuration_is_over_too(sensor, hand_over):
    ConfigReceipt.objects.filter(pk=make_push(sensor).pk).update(state="sent")
    hand_over(sensor)
    assert not ConfigReceipt.objects.exists()


def test_rollouts_of_the_sender_let_go_of_the_device(sensor, acme, hand_over):
    rollout = make_rollout(acme)
    rollout.targets.update(state="installed")
    hand_over(sensor)
    target = rollout.targets.get()
    assert (target.state, target.message) == (
        "skipped",
        "The device went to another organization.",
    )


def test_both_audit_logs_say_it(sensor, hand_over, acme, umbrella):
    hand_over(sensor)
    left = AuditEvent.objects.get(organization=acme, verb="fleet.device_left")
    arrived = AuditEvent.objects.get(organization=umbrella, verb="fleet.device_arrived")
    assert left.target_uid == arrived.target_uid == sensor.uid
    assert left.data["to"] == "Umbrella"
    assert arrived.data["sender"] == "Acme"


def test_own_key_goes_along_and_the_device_keeps_calling(
    sensor, key_of, hand_over, calls, acme, umbrella
):
    key = key_of(sensor)
    assert calls(sensor, acme.owner_id, key)["success"] is True
    hand_over(sensor)
    # It still says its old owner, and is told the new one.
    said = calls(sensor, acme.owner_id, key)
    assert (said["success"], said["owner"], said["udid"]) == (True, umbrella.owner_id, sensor.udid)
    assert calls(sensor, umbrella.owner_id, key)["owner"] == umbrella.owner_id
    state = DeviceState.objects.get(device=sensor)
    assert state.checkins == 3
    row = ApiKey.objects.get()
    assert (row.organization, row.device, row.user) == (umbrella, sensor, None)


def test_moved_key_opens_nothing_but_its_device(sensor, key_of, hand_over, calls, umbrella):
    key = key_of(sensor)
    hand_over(sensor)
    stranger = Device(mac="5C:CF:7F:AA:AA:AA")
    refused = {"success": False, "response": "owner_found_but_no_key"}
    assert calls(stranger, umbrella.owner_id, key) == refused
    assert identify(umbrella.owner_id, key).udid == sensor.udid
    other = DeviceFactory(organization=umbrella)
    assert identify(other.udid, key) is None


def test_firmware_of_the_new_owner_carries_the_key_once_the_device_called(
    sensor, key_of, hand_over, calls, umbrella, system
):
    key = key_of(sensor)
    hand_over(sensor)
    with pytest.raises(Conflict) as refused:
        firmware_key_for(system, device=fresh(sensor))
    assert refused.value.code == "keys.text_not_known"
    calls(sensor, umbrella.owner_id, key)
    assert firmware_key_for(system, device=fresh(sensor)) == key


def test_firmware_key_goes_along(sensor, system, hand_over, calls, acme, umbrella):
    key = firmware_key_for(system, device=sensor)
    calls(sensor, acme.owner_id, key)
    hand_over(sensor)
    assert calls(sensor, acme.owner_id, key)["owner"] == umbrella.owner_id
    assert firmware_key_for(system, device=fresh(sensor)) == key


@pytest.mark.django_db(transaction=True)
def test_keys_of_the_former_owner_open_nothing(sensor, key_of, hand_over, calls, acme, umbrella):
    key_of(sensor)
    other = make_api_key(acme, alias="other")[1]
    before = identify(sensor.udid, other)
    assert before.udid == sensor.udid
    hand_over(sensor)
    assert refreshed({before}) == {}
    assert identify(sensor.udid, other) is None
    refused = {"success": False, "response": "owner_found_but_no_key"}
    assert calls(sensor, acme.owner_id, other) == refused
    assert calls(sensor, umbrella.owner_id, other)["success"] is False
    asked = {"owner": acme.owner_id, "mac": sensor.mac, "udid": sensor.udid}
    firmware = Client().post(
        "/device/firmware",
        json.dumps(asked),
        content_type="application/json",
        headers={"Authentication": other},
    )
    assert firmware.content == b"no_such_device"


def test_without_its_key_a_device_is_told_its_owner_once_it_calls(
    sensor, key_of, hand_over, calls, acme, umbrella
):
    key = key_of(sensor)
    hand_over(sensor, key_mode="rekey")
    assert calls(sensor, acme.owner_id, key)["owner"] == umbrella.owner_id
    assert ApiKey.objects.get().organization == acme
    refused = calls(sensor, umbrella.owner_id, key)
    assert refused["success"] is False


def test_firmware_key_is_revoked_with_new_keys(sensor, system, hand_over, calls, umbrella):
    firmware_key_for(system, device=sensor)
    hand_over(sensor, key_mode="rekey")
    assert ApiKey.objects.get().is_revoked
    assert firmware_key_for(system, device=fresh(sensor))
    assert ApiKey.objects.filter(organization=umbrella, device=sensor).count() == 1


def test_fast_way_takes_the_device_under_its_new_owner_only(
    sensor, key_of, hand_over, acme, umbrella
):
    key = key_of(sensor)
    hand_over(sensor)
    for owner, taken in ((acme, 0), (umbrella, 1)):
        said = {"owner": owner.owner_id, "mac": sensor.mac, "udid": sensor.udid}
        call = read_call(key, json.dumps({"registration": said}).encode(), "192.0.2.1")
        assert len(store([call], timezone.now())) == taken


def test_recipient_with_the_same_mac_keeps_its_own(sensor, hand_over, umbrella, acme):
    DeviceFactory(organization=umbrella, mac=sensor.mac)
    party = hand_over(sensor)
    item = party.transfer.items.get()
    assert (item.state, item.code) == ("failed", "devices.mac_taken")
    assert (party.transfer.state, fresh(sensor).organization) == ("failed", acme)


def test_mesh_with_the_name_of_the_device_stops_it(sensor, hand_over, umbrella):
    MeshFactory(organization=umbrella, mesh_id=sensor.udid)
    assert hand_over(sensor).transfer.items.get().code == "devices.topic_taken"


def test_failure_leaves_everything_as_it_was(sensor, source, key_of, hand_over, umbrella, acme):
    key_of(sensor)
    artifact = ArtifactFactory(build__source=source, build__device=sensor)
    DeviceFactory(organization=umbrella, mac=sensor.mac)
    hand_over(sensor)
    artifact.refresh_from_db()
    assert artifact.organization == acme
    assert ApiKey.objects.get().organization == acme
    assert not umbrella.source_set.exists()
    assert not AuditEvent.objects.filter(verb="fleet.device_left").exists()


def test_who_read_the_device_before_it_moved_changes_nothing_after(
    sensor, source, hand_over, system, acme
):
    stale = fresh(sensor)
    mesh = MeshFactory(organization=acme)
    hand_over(sensor)
    for late in (
        lambda: device_locked(stale),
        lambda: device_edit(system, device=stale, source=source),
        lambda: mesh_attach(system, mesh=mesh, device=stale),
        lambda: config_push_start(system, device=stale, values={"A": "1"}),
    ):
        with pytest.raises(Conflict) as refused:
            late()
        assert refused.value.code == "devices.moved"


def test_device_goes_on_to_a_third_and_comes_back(
    sensor, key_of, hand_over, calls, acme, umbrella, mallory
):
    key = key_of(sensor)
    hand_over(sensor)
    sent = make_transfer([fresh(sensor)], acme.owner_id, user=mallory)
    system = Actor.named_system("tests")
    transfer_accept(system, party=other_side(sent))
    transfers_move(system)
    assert fresh(sensor).organization == acme
    for owner in (umbrella, acme):
        assert calls(sensor, owner.owner_id, key)["owner"] == acme.owner_id


def test_operator_of_the_recipient_sees_the_device_and_nobody_of_the_sender(
    sensor, hand_over, act, alice, umbrella
):
    operator = make_user("umbrella-operator")
    join(operator, umbrella, "operator")
    hand_over(sensor)
    assert Device.objects.allowed(act(operator)).count() == 1
    assert not Device.objects.allowed(act(alice)).exists()
