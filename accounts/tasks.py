"""Celery's side of accounts: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from accounts.services.account_delete import ERASE_TASK, account_erase, erasures_resume
from accounts.services.password_reset import MAIL_WAY_IN, way_in_mail
from accounts.services.sharing import grants_sweep
from accounts.services.sign_ins import sign_ins_prune
from accounts.services.sign_up import unactivated_sweep
from core.delivery import MAX_RETRIES, deliver_or_retry


@shared_task(name="accounts.sweep_grants")
def sweep_grants(**_: Any) -> None:
    """Delete the shares that are over."""
    grants_sweep()


@shared_task(name=ERASE_TASK)
def erase(user_uid: str, **_: Any) -> None:
    """Remove what is left of a person who deleted their account."""
    account_erase(user_uid)


@shared_task(name="accounts.sweep")
def sweep(**_: Any) -> None:
    """Go on with deletions that stand still; forget what is over: sessions, unused accounts."""
    erasures_resume()
    sign_ins_prune()
    unactivated_sweep()


@shared_task(name=MAIL_WAY_IN, bind=True, max_retries=MAX_RETRIES)
def mail_way_in(self: Any, uid: str, sealed: str, **_: Any) -> None:
    """Mail a person what opens their account."""
    deliver_or_retry(self, way_in_mail, uid, sealed)
