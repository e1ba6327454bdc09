"""When a person deleted their account."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_verified_addresses")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="erasing_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
