"""Which MQTT broker devices use, and how this console governs it (docs/mqtt.md)."""

from __future__ import annotations

from thinx_console.env import env_list, env_secret, env_str

MQTT_BROKER = env_str(
    "THINX_MQTT_BROKER",
    "embedded",
    help="Which broker devices use: embedded, rabbitmq or mosquitto.",
)
MQTT_SERVICE_PASSWORD = env_secret(
    "THINX_MQTT_SERVICE_PASSWORD",
    "",
    help="Signs the console in to its broker as `thinx`; made from the master key when empty.",
)
MQTT_AUTH_FROM = env_list(
    "THINX_MQTT_AUTH_FROM",
    "127.0.0.1,::1",
    help="Addresses that RabbitMQ may ask from who is allowed to do what.",
)
MQTT_MANAGEMENT_URL = env_str(
    "THINX_MQTT_MANAGEMENT_URL",
    "http://127.0.0.1:15672",
    help="RabbitMQ's management API, by which connections of revoked keys are closed.",
)
MQTT_FOLDER = env_str(
    "THINX_MQTT_FOLDER",
    "/var/lib/thinx/mosquitto",
    help="Where Mosquitto's password and ACL files are written.",
)
MQTT_PID_FILE = env_str(
    "THINX_MQTT_PID_FILE",
    "/run/mosquitto/mosquitto.pid",
    help="Where Mosquitto writes its process id; it is signalled to read its files again.",
)
MQTT_REGISTRATION_SECONDS = 3.0
