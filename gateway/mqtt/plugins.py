"""What amqtt asks: may this session connect, and may it use this topic."""

from __future__ import annotations

from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from gateway.mqtt.access import Principal

PRINCIPAL = "thinx.principal"
ADDRESS = "thinx.address"
SINCE = "thinx.since"


def principal_of(session: Session | None) -> Principal | None:
    """Return who the broker found behind a session."""
    return session.attributes.get(PRINCIPAL) if session is not None else None


class KeyAuthPlugin(BaseAuthPlugin):
    """Lets in the sessions that ConsoleBroker has recognized already, and no others."""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Tell whether the session has a principal."""
        return principal_of(session) is not None


class TopicAclPlugin(BaseTopicPlugin):
    """Keeps each session inside the topics of its device or owner."""

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool | None:
        """Tell whether the session may publish to, subscribe to, or receive from the topic."""
        principal = principal_of(session)
        return principal is not None and topic is not None and principal.allows(topic)
