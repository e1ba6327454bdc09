"""What the gateway remembers of its own: which MQTT client ids are whose."""

from __future__ import annotations

from django.db import models


class MqttClient(models.Model):
    """A client id at RabbitMQ, who connected with it last, and by which key.

    RabbitMQ knows sessions by client id alone: without this a stranger could take over, or end,
    another's. It belongs to no organization, as nobody looks at it but the broker's two guards.
    Plain values and no relations: it must outlive the key and the device, which is when it counts.
    """

    client_id = models.CharField(max_length=255, unique=True)
    key_id = models.BigIntegerField()
    owner_id = models.CharField(max_length=64)
    udid = models.UUIDField(null=True)
    username = models.CharField(max_length=64)
    # What its device was attached to, by mesh ids with blanks between: its subscriptions stay.
    meshes = models.TextField(blank=True)
    connected_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()
        verbose_name = "MQTT client"

    def __str__(self) -> str:
        return self.client_id
