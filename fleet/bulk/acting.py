"""In whose name a job acts: the person, with no more than what they came with and may now."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from core.exceptions import Forbidden
from fleet.bulk.models import BulkJob
from keys.models import ApiKey

KEY = "API key "


def facts_of(actor: Any) -> dict[str, Any]:
    """Return the columns of a job that say who started it; raises Forbidden for who is nobody."""
    if actor.user is None:
        raise Forbidden("bulk.nobody", "A bulk job acts in the name of a person.")
    return {
        "started_by": actor.user,
        "impersonator": actor.impersonator,
        "ceiling": actor.ceiling,
        "credential": actor.credential,
        "verified": actor.verified,
    }


def actor_of(job: BulkJob) -> Actor:
    """Return the actor of a job as of now: roles, grants and the second factor are asked again.

    A person who is gone, and a key that was revoked or ran out, may nothing any more.
    """
    person = job.started_by
    if person is None or not _key_stands(job):
        return Actor(request_id=f"{job.uid.hex}")
    person.refresh_from_db()
    return Actor(
        user=person,
        impersonator=job.impersonator,
        ceiling=job.ceiling,
        credential=job.credential,
        verified=job.verified,
        request_id=f"{job.uid.hex}",
    )


def _key_stands(job: BulkJob) -> bool:
    if not job.credential.startswith(KEY):
        return True
    prefix = job.credential.removeprefix(KEY)
    keys = ApiKey.objects.filter(organization=job.ceiling, prefix=prefix, user=job.started_by)
    return any(key.state == "active" for key in keys)
