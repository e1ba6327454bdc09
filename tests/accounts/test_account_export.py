"""Everything about oneself in one file, and nothing that opens anything."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.avatars import squared
from accounts.choices import Role
from accounts.models import TotpDevice
from accounts.selectors.people import own_organization
from accounts.services.notifications import notifications_choose
from accounts.services.profile import avatar_set
from audit.models import AuditEvent
from keys.services import deploy_key_create, env_var_set, firmware_key_for
from tests.accounts.test_profile_picture import png
from tests.factories.accounts import PASSWORD, join
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

URL = "/accounts/data/export/"
SEED = "JBSWY3DPEHPK3PXP"
FILES = {
    "README.txt", "account.json", "audit-events.json", "consents.json", "invitations.json",
    "linked-accounts.json", "lists.json", "memberships.json", "notifications.json",
    "second-factors.json", "shared-with-me.json", "sign-ins.json", "picture.webp",
    "organization/api-keys.json", "organization/builds.json", "organization/bulk-jobs.json",
    "organization/configuration-pushes.json",
    "organization/notifications.json", "organization/notification-rules.json",
    "organization/rollouts.json", "organization/rollout-plans.json",
    "organization/rollout-targets.json",
    "organization/deploy-keys.json", "organization/devices.json",
    "organization/devices-given-away.json", "organization/devices-released.json",
    "organization/environment.json",
    "organization/history.json", "organization/meshes.json",
    "organization/organization.json", "organization/published-messages.json",
    "organization/saved-views.json", "organization/sources.json",
    "organization/transfers.json",
    "organization/transformers.json",
}  # fmt: skip


def download(client) -> zipfile.ZipFile:
    answer = client.post(URL)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith('attachment; filename="thinx-console-')
    assert answer["Cache-Control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def said(archive, name):
    return json.loads(archive.read(f"{name}.json"))


@pytest.fixture
def secrets(guest, system, act, acme) -> list[str]:
    """Fill the account of guest; return what must not be in the file."""
    join(guest, acme, Role.VIEWER)
    organization = own_organization(guest)
    source = SourceFactory(organization=organization, access_token="token-canary-1")
    device = DeviceFactory(organization=organization, source=source, alias="Kitchen")
    build = BuildFactory(source=source, device=device)
    ArtifactFactory(build=build, file=default_storage.save("x/firmware", ContentFile(b"abc")))
    firmware = firmware_key_for(system, device=device)
    key, api_key = make_api_key(organization, user=guest)
    deploy = deploy_key_create(system, organization=organization, alias="k", algorithm="ed25519")
    env_var_set(system, organization=organization, name="WIFI", value="canary-2", is_secret=True)
    env_var_set(system, organization=organization, name="PLACE", value="cellar")
    notifications_choose(act(guest), user=guest, wishes={("product", "email"): True})
    TotpDevice.objects.create(user=guest, name="Phone", secret=SEED, confirmed=True)
    with png() as picture:
        avatar_set(system, user=guest, picture=squared(picture, 100))
    private = deploy.private_key.reveal() if hasattr(deploy.private_key, "reveal") else ""
    deploy.refresh_from_db()
    private = private or deploy.private_key.reveal()
    guest.refresh_from_db()
    return [
        "token-canary-1", "canary-2", firmware, api_key, key.digest, SEED, guest.password,
        private.splitlines()[1], PASSWORD,
    ]  # fmt: skip


def verified(signed_in, person):
    """Return a client whose session has shown the person's second factor."""
    client = signed_in(person)
    session = client.session
    session["otp_device_id"] = TotpDevice.objects.get(user=person).persistent_id
    session.save()
    return client


def test_file_holds_everything_about_the_person(signed_in, guest, secrets):
    archive = download(verified(signed_in, guest))
    assert set(archive.namelist()) == FILES
    assert said(archive, "account")["email"] == guest.email
    assert {row["organization"] for row in said(archive, "memberships")} == {"guest", "Acme"}
    (device,) = said(archive, "organization/devices")
    assert device["alias"] == "Kitchen"
    (build,) = said(archive, "organization/builds")
    assert build["device"] == device["uid"]
    assert len(build["artifacts"]) == 1
    variables = {row["name"]: row["value"] for row in said(archive, "organization/environment")}
    assert variables == {"WIFI": "(secret)", "PLACE": "cellar"}
    assert said(archive, "second-factors")[0]["name"] == "Phone"
    assert said(archive, "consents")[0]["purpose"] == "product"
    assert "accounts.consent_given" in {row["verb"] for row in said(archive, "audit-events")}
    assert guest.email in archive.read("README.txt").decode()


def test_no_secret_is_in_the_file(signed_in, guest, secrets):
    archive = download(verified(signed_in, guest))
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert [secret for secret in secrets if secret in whole] == []


def test_export_is_audited(signed_in, olga):
    download(signed_in(olga))
    event = AuditEvent.objects.get(verb="accounts.data_exported")
    assert (event.actor, event.target_uid) == (olga.email, olga.uid)


def test_nothing_of_others_is_in_the_file(signed_in, olga, acme):
    DeviceFactory(organization=acme, alias="Shared boiler")
    archive = download(signed_in(olga))
    assert said(archive, "organization/devices") == []
    assert b"Shared boiler" not in b"".join(archive.read(name) for name in archive.namelist())


def test_looking_at_the_page_downloads_nothing(signed_in, olga):
    assert "One ZIP file" in signed_in(olga).get(URL).text
    assert not AuditEvent.objects.filter(verb="accounts.data_exported").exists()


def test_old_proof_is_asked_for_again(signed_in, olga):
    client = signed_in(olga)
    session = client.session
    session["proved_at"] = 0.0
    session.save()
    assert "/sudo/" in client.post(URL)["Location"]


def test_rows_do_not_add_queries(signed_in, guest, django_assert_max_num_queries):
    organization = own_organization(guest)
    client = signed_in(guest)
    source = SourceFactory(organization=organization)
    for number in range(12):
        device = DeviceFactory(organization=organization, source=source, alias=f"d{number}")
        ArtifactFactory(build=BuildFactory(source=source, device=device))
    with django_assert_max_num_queries(60):
        download(client)


def test_stranger_is_sent_to_sign_in(client, db):
    assert client.get(URL)["Location"] == f"/accounts/sign-in/?next={URL}"
