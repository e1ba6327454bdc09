"""Rolling back: which devices get their previous firmware, and which cannot."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from builds.models import Artifact
from fleet.rollouts.choices import OPEN, TargetState
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.state import among, end_targets, revoke_tokens

T = TargetState
NOT_REACHED = "The rollout was rolled back before this device got the firmware."
NO_PREVIOUS = "Stays as it is: no earlier firmware of this device is kept here."


def return_targets(rollout: Rollout) -> int:
    """Have devices go back; return how many. Set-based, and safe to run twice."""
    told = among(rollout, (T.OFFERED,))
    revoke_tokens(told)
    end_targets(told, T.SKIPPED, NOT_REACHED)
    end_targets(among(rollout, (T.PENDING, T.BUILDING, T.RELEASED)), T.SKIPPED, NOT_REACHED)
    got = among(rollout, (T.DOWNLOADING, T.DOWNLOADED, T.INSTALLED))
    revoke_tokens(got.filter(state=T.DOWNLOADING))
    able = got.filter(pk__in=_able(got).values("pk"))
    now = timezone.now()
    count = able.update(
        state=T.RETURNING, attempts=0, bytes=0, released_at=now, offered_at=None, ended_at=None
    )
    among(rollout, (T.INSTALLED,)).update(message=NO_PREVIOUS)
    return count


def _able(got: QuerySet[RolloutTarget]) -> QuerySet[RolloutTarget]:
    """Those with other firmware before that is still kept, and in no other rollout now."""
    kept = Artifact.objects.filter(build=OuterRef("previous_build"), is_firmware=True)
    other = RolloutTarget.objects.filter(device=OuterRef("device"), state__in=OPEN)
    other = other.exclude(pk=OuterRef("pk"))
    found = got.filter(previous_build__isnull=False).exclude(previous_build=F("build"))
    return found.filter(Exists(kept), ~Exists(other))
