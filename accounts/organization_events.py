"""Audit events of organizations: tree, members, invitations, roles, groups, limits."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class OrganizationMoved(EventType):
    """An organization hangs elsewhere in the tree; other people reach it now."""

    slug = "accounts.organization_moved"
    label = "Organization moved"
    icon = "topology-star-3"
    level = "warning"


@events.register
class OrganizationDeactivated(EventType):
    """Nobody and no device can use it, and nothing below it."""

    slug = "accounts.organization_deactivated"
    label = "Organization deactivated"
    icon = "ban"
    level = "warning"


@events.register
class OrganizationActivated(EventType):
    """It can be used again, with everything below it."""

    slug = "accounts.organization_activated"
    label = "Organization activated"
    icon = "circle-check"


@events.register
class OrganizationDeleted(EventType):
    """An empty organization is gone."""

    slug = "accounts.organization_deleted"
    label = "Organization deleted"
    icon = "trash"
    level = "warning"


@events.register
class SecondFactorDemanded(EventType):
    """Its members must have a second factor, or need none any more."""

    slug = "accounts.second_factor_demanded"
    label = "Second factor demanded"
    icon = "shield-lock"
    level = "warning"


@events.register
class PushReviewDemanded(EventType):
    """A second person has to approve configuration pushes, or none any more."""

    slug = "accounts.push_review_demanded"
    label = "Review of configuration pushes demanded"
    icon = "shield-lock"
    level = "warning"


@events.register
class LimitsChanged(EventType):
    """How many devices, builds and megabytes it may have."""

    slug = "accounts.limits_changed"
    label = "Limits changed"
    icon = "adjustments-horizontal"


@events.register
class MembershipEnded(EventType):
    """Somebody was removed, or left."""

    slug = "accounts.membership_ended"
    label = "Membership ended"
    icon = "users"


@events.register
class InvitationSent(EventType):
    """A role was offered by mail."""

    slug = "accounts.invitation_sent"
    label = "Invitation sent"
    icon = "mail"


@events.register
class InvitationResent(EventType):
    """The offer was mailed again; the first link is void."""

    slug = "accounts.invitation_resent"
    label = "Invitation sent again"
    icon = "mail"


@events.register
class InvitationWithdrawn(EventType):
    """The offer no longer stands."""

    slug = "accounts.invitation_withdrawn"
    label = "Invitation withdrawn"
    icon = "mail"


@events.register
class InvitationAccepted(EventType):
    """The person invited is a member now."""

    slug = "accounts.invitation_accepted"
    label = "Invitation accepted"
    icon = "user-plus"


@events.register
class InvitationDeclined(EventType):
    """The person invited does not want to be a member."""

    slug = "accounts.invitation_declined"
    label = "Invitation declined"
    icon = "mail"


@events.register
class RoleCreated(EventType):
    """A custom role."""

    slug = "accounts.role_created"
    label = "Role created"
    icon = "shield"


@events.register
class RoleChanged(EventType):
    """What those who hold a custom role may do from now on."""

    slug = "accounts.role_changed"
    label = "Role changed"
    icon = "shield"
    level = "warning"


@events.register
class RoleDeleted(EventType):
    """A custom role that nobody held."""

    slug = "accounts.role_deleted"
    label = "Role deleted"
    icon = "trash"


@events.register
class GroupCreated(EventType):
    """A group of members."""

    slug = "accounts.group_created"
    label = "Group created"
    icon = "users"


@events.register
class GroupChanged(EventType):
    """Its name, or who is in it."""

    slug = "accounts.group_changed"
    label = "Group changed"
    icon = "users"


@events.register
class GroupDeleted(EventType):
    """A group, and all that was shared with it."""

    slug = "accounts.group_deleted"
    label = "Group deleted"
    icon = "trash"
