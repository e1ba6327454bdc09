"""The tables of the history, and the partitions of these days where there are any."""

from __future__ import annotations

from django.db import migrations

from telemetry.partitions import add_partitions
from telemetry.schema import create_statements, drop_statements


def create(apps, schema_editor):
    for statement in create_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)
    add_partitions(schema_editor.connection)


def drop(apps, schema_editor):
    for statement in drop_statements():
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunPython(create, drop)]
