"""What the access matrix asks for, and who asks."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.actor import PROVED_AT, Actor
from accounts.choices import Role
from accounts.models import CustomRole, Membership, Organization, TotpDevice, User
from accounts.services.groups import group_create
from accounts.services.invitations import invitation_send
from accounts.services.lists import saved_view_create
from accounts.services.roles import role_create
from audit.models import AuditEvent
from core.grants import UserGrant
from core.outbox import outbox_message, outbox_put_sms
from core.tls.authority import Authority
from devices.releases.services import device_release
from fleet.rollouts.automatic import rollout_plan_create
from keys.choices import ApiKeyKind
from keys.services import api_key_revoke, deploy_key_create, env_var_set
from messaging.models import DeviceQuestion
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.builds import ArtifactFactory, SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.fleet import make_bulk_job, make_push, make_transfer
from tests.factories.keys import make_api_key
from tests.factories.notifications import make_delivery, make_rule
from tests.factories.rollouts import make_rollout
from tests.factories.transformers import make_transformer

SYSTEM = Actor.named_system("matrix")
KEYS = ("robot", "probe", "dead")


def objects_of(organization: Organization, owner: User) -> dict[str, Any]:
    """Return one object of each model with a page or an address, all of one organization."""
    source = SourceFactory(organization=organization, url="https://127.0.0.1:9/x.git")
    device = DeviceFactory(organization=organization, source=source)
    stored = default_storage.save("matrix/firmware", ContentFile(b"abc"))
    artifact = ArtifactFactory(build__source=source, build__device=device, file=stored)
    key, _ = make_api_key(organization, user=owner)
    rollout = make_rollout(organization, source=source)
    member = make_user(f"member-{organization.pk}")
    member.avatar = default_storage.save("avatars/matrix.webp", ContentFile(b"abc"))
    member.save(update_fields=["avatar"])
    rule = make_rule(organization)
    return {
        "organization": organization,
        "user": owner,
        "source": source,
        "device": device,
        "releaseddevice": device_release(SYSTEM, device=DeviceFactory(organization=organization)),
        "mesh": MeshFactory(organization=organization),
        "build": artifact.build,
        "configpush": (receipt := make_push(device)).push,
        "configreceipt": receipt,
        "bulkjob": make_bulk_job(owner, device),
        "rollout": rollout,
        "rolloutplan": rollout_plan_create(SYSTEM, organization=organization, source=source),
        "rollouttarget": rollout.targets.get(),
        "transferparty": make_transfer([DeviceFactory(organization=organization)], "x@example.org"),
        "artifact": artifact,
        "apikey": key,
        "deploykey": deploy_key_create(
            SYSTEM, organization=organization, alias="k", algorithm="ed25519"
        ),
        "statustransformer": make_transformer(organization),
        "envvar": env_var_set(SYSTEM, organization=organization, name="A", value="1"),
        # One's own, so nobody's of the cast.
        "factor": SimpleNamespace(uid=uuid4()),
        "browser": SimpleNamespace(uid=uuid4()),
        "membership": join(member, organization, Role.VIEWER),
        "avatar": member,
        "signin": SimpleNamespace(uid=uuid4()),
        "invitation": invitation_send(
            SYSTEM, organization=organization, email="new@example.org", role=Role.VIEWER
        ),
        "customrole": role_create(
            SYSTEM, organization=organization, name="Role", actions=["devices.view_device"]
        ),
        "savedview": saved_view_create(
            SYSTEM, organization=organization, list_name="devices:device_list", name="V", query=""
        ),
        "usergroup": group_create(SYSTEM, organization=organization, name="Group"),
        "devicequestion": DeviceQuestion.objects.create(device=device, body="Update now?"),
        "notification": SimpleNamespace(uid=uuid4()),
        "notificationrule": rule,
        "notificationdelivery": make_delivery(rule),
        "auditevent": AuditEvent.objects.filter(organization=organization).first(),
    }


class World:
    """Acme between Holding and Plant, an object of each kind in Acme and in Plant, the cast."""

    def __init__(self) -> None:
        Authority(settings.TLS_DIR).ensure(["localhost"])
        self.holding = OrganizationFactory(name="Holding")
        self.acme = OrganizationFactory(name="Acme", parent=self.holding)
        self.plant = OrganizationFactory(name="Plant", parent=self.acme)
        self.umbrella = OrganizationFactory(name="Umbrella")
        self.vault = OrganizationFactory(name="Vault", requires_second_factor=True)
        self.people: dict[str, User] = {}
        self._people()
        self.objects = {
            "acme": objects_of(self.acme, self.people["alice"]),
            "plant": objects_of(self.plant, self.people["alice"]),
        }
        self._share()
        for objects in self.objects.values():
            objects["message"] = outbox_message(outbox_put_sms("+420601000001", "x"))
        self.keys = self._keys()

    def client(self, person: str) -> Client:
        """Return a browser, or a script with a key, of one of the cast."""
        if person in KEYS:
            return Client(raise_request_exception=False, headers={"X-API-Key": self.keys[person]})
        client = Client(raise_request_exception=False)
        if person == "anon":
            return client
        user = self.people[person]
        client.force_login(user, backend="accounts.backends.EmailBackend")
        session = client.session
        session[PROVED_AT] = time.time()
        factor = TotpDevice.objects.filter(user=user).first()
        if factor is not None and person != "pete":
            session[DEVICE_ID_SESSION_KEY] = factor.persistent_id
        session.save()
        return client

    def _people(self) -> None:
        for name in ("mallory", "guest", "shared", "vera", "olga", "alice", "paula", "chloe"):
            self.people[name] = make_user(name)
        for name in ("carla", "pete", "dora"):
            self.people[name] = make_user(name)
        for name in ("root", "ruth"):
            self.people[name] = make_user(name, is_superuser=True)
        steve = self.people["steve"] = make_user("steve")
        steve.is_staff = True
        steve.save(update_fields=["is_staff"])
        for name, organization, role in (
            ("mallory", self.umbrella, Role.ADMIN),
            ("vera", self.acme, Role.VIEWER),
            ("olga", self.acme, Role.OPERATOR),
            ("alice", self.acme, Role.ADMIN),
            ("paula", self.holding, Role.ADMIN),
            ("chloe", self.plant, Role.ADMIN),
            ("pete", self.acme, Role.ADMIN),
            ("dora", self.acme, Role.ADMIN),
            ("dora", self.vault, Role.VIEWER),
        ):
            join(self.people[name], organization, role)
        role = CustomRole.objects.create(
            organization=self.acme,
            name="Tuner",
            actions=["devices.view_device", "devices.change_device"],
        )
        Membership.objects.create(
            user=self.people["carla"], organization=self.acme, role=Role.CUSTOM, custom_role=role
        )
        for name in ("pete", "steve", "ruth"):
            self._enrol(self.people[name])

    def _enrol(self, user: User) -> None:
        TotpDevice.objects.create(user=user, name="App", secret="JBSWY3DPEHPK3PXP", confirmed=True)
        user.second_factor_at = timezone.now()
        user.save(update_fields=["second_factor_at"])

    def _share(self) -> None:
        """Let `shared` view each object of Acme that can be shared."""
        for obj in self.objects["acme"].values():
            grants = [g for g in UserGrant.__subclasses__() if _about(g) is type(obj)]
            if not grants:
                continue
            kind = ContentType.objects.get_for_model(type(obj))
            for table in grants:
                view = kind.permission_set.get(codename=f"view_{obj._meta.model_name}")
                table.objects.create(
                    user=self.people["shared"], permission=view, content_object=obj
                )

    def _keys(self) -> dict[str, str]:
        alice = self.people["alice"]
        keys = {}
        for name, kind in (
            ("robot", ApiKeyKind.AUTOMATION),
            ("probe", ApiKeyKind.DEVICE),
            ("dead", ApiKeyKind.AUTOMATION),
        ):
            key, keys[name] = make_api_key(self.acme, user=alice, kind=kind)
            if name == "dead":
                api_key_revoke(SYSTEM, key=key)
        return keys


def _about(grants: type[UserGrant]) -> type:
    return grants._meta.get_field("content_object").related_model  # type: ignore[return-value]
