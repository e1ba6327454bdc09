"""Who makes organizations, and how invitations behave."""

from __future__ import annotations

from thinx_console.env import env_int, env_str

ORGANIZATIONS_BY = env_str(
    "THINX_ORGANIZATIONS_BY",
    "everyone",
    help="Who makes organizations at the top of the tree: everyone, or the console's operators.",
)
INVITATION_DAYS = env_int(
    "THINX_INVITATION_DAYS", "7", help="How many days the link of an invitation works."
)
INVITATIONS_PER_HOUR = env_int(
    "THINX_INVITATIONS_PER_HOUR",
    "50",
    help="How many invitations one organization may mail within an hour.",
)
