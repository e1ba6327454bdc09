from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_identity"),
    ]

    operations = [
        migrations.AddField(
            model_name="smsdevice",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
