"""What people chose of the topic `builds` is now the kind `build_failed`."""

from __future__ import annotations

from django.db import migrations


def rename(apps, old, new):
    apps.get_model("accounts", "NotificationChoice").objects.filter(topic=old).update(topic=new)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda apps, _: rename(apps, "builds", "build_failed"),
            lambda apps, _: rename(apps, "build_failed", "builds"),
        )
    ]
