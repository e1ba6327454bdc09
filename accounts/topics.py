"""What people may be told of. Apps register their topics; nothing is listed that nobody sends."""

from __future__ import annotations

from typing import ClassVar

from core.registry import Registry

# The channels that people choose from; `notifications.channels` adds its own.
CHANNELS = {"email": "E-mail", "sms": "SMS"}


class Topic:
    """One kind of news.

    `always` names the channels that cannot be turned off, `channels` those that can be chosen,
    `default` those that are on until somebody decides. With `consent`, the text that a person
    agrees to, nothing is on by itself, and each agreement and withdrawal is recorded.
    """

    slug: ClassVar[str] = ""
    label: ClassVar[str] = ""
    text: ClassVar[str] = ""
    always: ClassVar[tuple[str, ...]] = ()
    channels: ClassVar[tuple[str, ...]] = ("email",)
    default: ClassVar[tuple[str, ...]] = ()
    consent: ClassVar[str] = ""


topics: Registry[Topic] = Registry("topics of notifications")


@topics.register
class Security(Topic):
    """See accounts.services.notices."""

    slug = "security"
    label = "Security of your account"
    text = "New sign-ins, changes of password, e-mail address and second factors."
    always = ("email",)
    channels = ("sms",)


@topics.register
class ProductNews(Topic):
    """Written by whoever runs the console; who agreed is in the Django admin."""

    slug = "product"
    label = "News of this console"
    text = "What is new, and what changes. At most once a month."
    consent = (
        "I agree that the operator of this console sends me news of it by e-mail. "
        "I can withdraw this at any time in my notification settings."
    )
