"""Chat services that take what Slack's incoming webhooks take: Slack, Mattermost, Rocket.Chat."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.outbound import check_url, locate, post
from notifications.channels._base import Addressee, Channel, Letter, channels
from notifications.channels.webhook import accepted

SIGNS = {"ok": "✅", "info": "🔵", "warning": "⚠️", "error": "🔴"}


def escaped(text: str) -> str:
    """Return a text in which nothing is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(letter: Letter) -> str:
    """Return one message in Slack's markup."""
    title = escaped(letter.title).replace("|", "/")
    linked = f"<{letter.url}|{title}>" if letter.url else title
    lines = [f"{SIGNS.get(letter.level, '')} *{linked}* ({escaped(letter.organization['name'])})"]
    if letter.text:
        lines.append(escaped(letter.text))
    return "\n".join(lines)


@channels.register
class Slack(Channel):
    """One line with a link. The URL is the password of the chat's channel."""

    slug = "slack"
    label = "Slack"
    icon = "hash"
    rules = True
    attempts = 10
    per_hour = 300
    destination_label = "Incoming webhook"
    destination_help = "The URL that Slack, Mattermost or Rocket.Chat gives you."

    def check(self, destination: str) -> str:
        """Refuse what is no https:// address, or leads inside."""
        check_url(destination)
        locate(destination)
        return destination

    def shown(self, destination: str) -> str:
        """Show the host; the rest is a secret."""
        return f"{check_url(destination).netloc}/…"

    def send(self, to: Addressee, letters: Sequence[Letter]) -> str:
        """Post all of it as one message."""
        text = "\n".join(message(letter) for letter in letters)
        body = json.dumps({"text": text}, ensure_ascii=False).encode()
        return accepted(post(to.destination, body, {"Content-Type": "application/json"}))
