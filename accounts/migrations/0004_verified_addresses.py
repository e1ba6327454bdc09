"""People from before sign-up existed were made by an operator: their addresses count as theirs."""

from django.db import migrations


def confirm_all(apps, schema_editor):
    user = apps.get_model("accounts", "User")
    address = apps.get_model("account", "EmailAddress")
    known = address.objects.values("user_id")
    people = user.objects.exclude(pk__in=known).exclude(email="").values_list("pk", "email")
    address.objects.bulk_create(
        [
            address(user_id=pk, email=email.lower(), verified=True, primary=True)
            for pk, email in people.iterator(chunk_size=2000)
        ],
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sms_tries"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(confirm_all, migrations.RunPython.noop)]
