"""Where devices call; these paths are compiled into their libraries."""

from __future__ import annotations

from django.urls import path

from gateway import views
from gateway.mqtt.rabbitmq import views as rabbitmq

app_name = "gateway"
urlpatterns = [
    path("device/register", views.register, name="register"),
    path("device/addpush", views.addpush, name="addpush"),
    path("device/firmware", views.firmware, name="firmware"),
    path("mqtt/user", rabbitmq.user, name="mqtt_user"),
    path("mqtt/vhost", rabbitmq.vhost, name="mqtt_vhost"),
    path("mqtt/resource", rabbitmq.resource, name="mqtt_resource"),
    path("mqtt/topic", rabbitmq.topic, name="mqtt_topic"),
]
