import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Min, OuterRef, Subquery

import core.fields

USER = {"null": True, "on_delete": django.db.models.deletion.SET_NULL, "related_name": "+"}
PUSH_STATES = [
    ("draft", "Draft"),
    ("review", "In review"),
    ("approved", "Approved"),
    ("applied", "Applied"),
    ("reverted", "Reverted"),
    ("discarded", "Discarded"),
]
RECEIPT_STATES = [
    ("queued", "Queued"),
    ("sent", "Sent"),
    ("delivered", "Delivered"),
    ("applied", "Applied"),
    ("failed", "Failed"),
    ("expired", "Expired"),
    ("replaced", "Replaced"),
    ("withdrawn", "Withdrawn"),
]
OPEN = ("queued", "sent", "delivered")


def forwards(apps, schema_editor):
    """Make applied change sets of the pushes to one device that there are."""
    push = apps.get_model("fleet", "ConfigPush")
    receipt = apps.get_model("fleet", "ConfigReceipt")
    # What was sent was never acknowledged then; it is taken for delivered.
    receipt.objects.filter(state="sent").update(state="delivered", delivered_at=F("sent_at"))
    receipt.objects.filter(state="seen").update(state="applied", proof="report")
    receipt.objects.exclude(sent_at=None).update(attempts=1)
    first = receipt.objects.filter(push=OuterRef("pk")).order_by().values("push")
    queued = first.annotate(at=Min("queued_at")).values("at")
    push.objects.update(
        state="applied",
        applied_at=Subquery(queued),
        applied_by=F("created_by"),
        written_by=F("created_by"),
    )
    for row in push.objects.filter(title="").only("names").iterator():
        push.objects.filter(pk=row.pk).update(title=", ".join(row.names)[:120])


def backwards(apps, schema_editor):
    receipt = apps.get_model("fleet", "ConfigReceipt")
    receipt.objects.filter(state="delivered").update(state="sent")
    receipt.objects.filter(state="applied").update(state="seen")
    receipt.objects.filter(state="failed").update(state="expired")


class Migration(migrations.Migration):
    # PostgreSQL changes no table that has checks of foreign keys still to do.
    atomic = False

    dependencies = [
        ("fleet", "0004_transfers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConfigVariant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("names", models.JSONField(default=list)),
                ("secret_names", models.JSONField(default=list)),
                ("sealed_values", core.fields.EncryptedTextField()),
                (
                    "push",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="variants",
                        to="fleet.configpush",
                    ),
                ),
            ],
            options={
                "verbose_name": "configuration variant",
                "default_permissions": ("view",),
                "ordering": ["pk"],
                "abstract": False,
            },
        ),
        migrations.AlterModelOptions(
            name="configpush",
            options={
                "default_permissions": ("view", "add", "change"),
                "ordering": ["-created_at", "-pk"],
                "verbose_name": "configuration push",
                "verbose_name_plural": "configuration pushes",
            },
        ),
        migrations.AlterModelOptions(
            name="configreceipt",
            options={
                "default_permissions": ("view",),
                "ordering": ["-queued_at", "-pk"],
                "verbose_name": "configuration receipt",
            },
        ),
        migrations.RemoveConstraint(model_name="configreceipt", name="config_one_open_per_device"),
        migrations.AddField("configpush", "title", models.CharField(default="", max_length=120)),
        migrations.AddField(
            "configpush",
            "state",
            models.CharField(choices=PUSH_STATES, default="draft", max_length=12),
        ),
        migrations.AddField("configpush", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField("configpush", "selection", models.JSONField(default=dict)),
        migrations.AddField("configpush", "counts", models.JSONField(default=dict)),
        migrations.AddField("configpush", "is_settled", models.BooleanField(default=False)),
        migrations.AddField("configpush", "applied_at", models.DateTimeField(null=True)),
        migrations.AddField("configpush", "reviewed_at", models.DateTimeField(null=True)),
        *(
            migrations.AddField(
                "configpush", name, models.ForeignKey(to=settings.AUTH_USER_MODEL, **USER)
            )
            for name in ("applied_by", "reviewed_by", "submitted_by", "written_by")
        ),
        migrations.AddField(
            "configpush",
            "reverts",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reverted_by",
                to="fleet.configpush",
            ),
        ),
        migrations.AlterField(
            "configpush", "created_by", models.ForeignKey(to=settings.AUTH_USER_MODEL, **USER)
        ),
        migrations.AlterField("configpush", "expires_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "configreceipt", "attempts", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField("configreceipt", "delivered_at", models.DateTimeField(null=True)),
        migrations.RemoveField("configreceipt", "seen_at"),
        migrations.AddField(
            "configreceipt",
            "proof",
            models.CharField(
                blank=True,
                choices=[("env_hash", "Environment hash"), ("report", "Next report")],
                max_length=8,
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "configreceipt",
            "words",
            models.CharField(blank=True, max_length=200, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "configreceipt",
            "variant",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="fleet.configvariant",
            ),
        ),
        migrations.AlterField(
            "configreceipt",
            "state",
            models.CharField(choices=RECEIPT_STATES, default="queued", max_length=12),
        ),
        migrations.AlterField(
            "configreceipt",
            "device",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="config_receipts",
                to="devices.device",
            ),
        ),
        migrations.AlterField(
            "configreceipt",
            "push",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="receipts",
                to="fleet.configpush",
            ),
        ),
        migrations.RunPython(forwards, backwards),
        migrations.AlterField("configpush", "title", models.CharField(max_length=120)),
        migrations.AddIndex(
            "configpush",
            models.Index(fields=["organization", "-created_at", "-id"], name="push_by_org"),
        ),
        migrations.AddIndex(
            "configpush",
            models.Index(
                condition=models.Q(("applied_at__isnull", False), ("is_settled", False)),
                fields=["expires_at"],
                name="push_unsettled",
            ),
        ),
        migrations.AddIndex(
            "configreceipt",
            models.Index(fields=["push", "state", "id"], name="receipt_by_push_state"),
        ),
        migrations.AddIndex(
            "configreceipt",
            models.Index(
                condition=models.Q(("state", "queued")),
                fields=["channel", "id"],
                name="receipt_waiting",
            ),
        ),
        migrations.AddIndex(
            "configreceipt",
            models.Index(
                condition=models.Q(("state", "sent")),
                fields=["sent_at"],
                name="receipt_unacknowledged",
            ),
        ),
        migrations.AddConstraint(
            "configreceipt",
            models.UniqueConstraint(
                condition=models.Q(("state__in", OPEN)),
                fields=("device",),
                name="config_one_open_per_device",
            ),
        ),
    ]
