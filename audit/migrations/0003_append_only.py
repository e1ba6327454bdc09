"""Names each chain, starts that of the installation, and has the database refuse changes."""

from django.db import migrations

from audit import fields, triggers


def name_chains(apps, schema_editor):
    head = apps.get_model("audit", "AuditHead")
    uids = dict(apps.get_model("accounts", "Organization")._base_manager.values_list("pk", "uid"))
    for row in head._base_manager.filter(organization_id__isnull=False):
        row.chain = str(uids.get(row.organization_id, f"deleted-{row.organization_id}"))
        row.save(update_fields=["chain"])
    if not head._base_manager.filter(organization_id=None).exists():
        head._base_manager.create()


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0002_archive_and_credential"),
    ]

    operations = [
        migrations.AlterField("auditevent", "data", fields.CanonicalJSONField(default=dict)),
        migrations.RunPython(name_chains, migrations.RunPython.noop),
        migrations.RunPython(install, remove),
    ]
