"""What is told of devices."""

from __future__ import annotations

from notifications.choices import Level
from notifications.kinds import Kind, kinds


@kinds.register
class DeviceOffline(Kind):
    """A device was not heard of for longer than it and THINX_OFFLINE_NOTICE allow."""

    slug = "device_offline"
    label = "Device offline"
    text = "When a device stays away for longer than it should; of many at once in one message."
    level = Level.WARNING
    urgent = True
    window = 30
    pause = 300
    one = "{name} is offline"
    many = "{count} devices are offline"
    many_page = "devices:device_list"
    many_query = "seen=offline"
    button = "Look at it"
    icon = "wifi-off"


@kinds.register
class DeviceBack(Kind):
    """A device that was told to be offline calls again."""

    slug = "device_back"
    label = "Device back online"
    text = "When a device that was reported offline calls again."
    default = ()
    level = Level.OK
    window = 30
    pause = 300
    one = "{name} is back online"
    many = "{count} devices are back online"
    many_page = "devices:device_list"
    many_query = "seen=online"
    icon = "wifi"


@kinds.register
class StatusError(Kind):
    """A device began to say that something is wrong."""

    slug = "status_error"
    label = "Status error"
    text = "When the status of a device turns to error, by its own words or by a transformer's."
    level = Level.ERROR
    urgent = True
    window = 10
    pause = 60
    one = "{name} reports an error"
    many = "{count} devices report an error"
    many_page = "devices:device_list"
    many_query = "level=error"
    icon = "alert-circle"
