"""Two lists over all kinds of objects: shared with me, and shared outside; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from accounts.selectors.access_page import may_words
from accounts.selectors.share_lists import shared_outside, shared_with
from accounts.selectors.shares import Share, share_by_uid
from accounts.services.sharing import object_unshare
from accounts.sharing_tables import SharedOutsideTable, SharedTable, paged
from core.exceptions import DomainError
from core.grants import shareable_models
from core.scoping import is_allowed
from core.views import ObjectAction, ScopedViewMixin
from core.views.base import noun

WITH_ME, OUTSIDE = "accounts:shared_with_me", "accounts:shared_outside"
MAX_ROWS = 200


@dataclass
class SharedRow:
    """One share as a line of a table; `uid` is what its checkbox sends back."""

    share: Share
    button: str = "Withdraw"

    def __post_init__(self) -> None:
        share = self.share
        self.uid, self.obj, self.to, self.kind = share.key, share.obj, share.to, share.kind
        self.granted_by, self.granted_at = share.granted_by, share.granted_at
        self.expires_at, self.noun = share.expires_at, noun(type(share.obj))
        self.words, self.url = may_words(share.obj, share.actions), share.obj.get_absolute_url()

    @property
    def row_actions(self) -> list[ObjectAction]:
        """Return the button that ends the share; what a group was given is the group's."""
        if not self.share.is_own:
            return []
        query = urlencode({"selected": self.share.key})
        url = f"{reverse('accounts:shared_withdraw')}?{query}"
        return [ObjectAction(self.button, url, style="danger")]

    def __str__(self) -> str:
        return f"{self.share}"


class SharedListView(ScopedViewMixin, View):
    """The frame of both lists: tabs, table, pages, and what it says when there is nothing."""

    template_name: ClassVar[str] = "accounts/shared.html"
    here: ClassVar[str]
    table_class: ClassVar[Any]
    lead: ClassVar[str]
    empty: ClassVar[dict[str, str]]
    can_withdraw: ClassVar[bool] = False
    button: ClassVar[str] = "Withdraw"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        table = paged(self.table_class, self.source(), request, self._rows)
        context = {
            "title": "Shared",
            "lead": self.lead,
            "tabs": [
                {"label": label, "url": reverse(name), "active": name == self.here, "count": None}
                for label, name in (("With me", WITH_ME), ("Outside", OUTSIDE))
            ],
            "table": table,
            "total": table.paginator.count,
            "empty": {"icon": "share", **self.empty},
            "bulk_actions": self._bulk(),
            "request_path": "",
        }
        return render(request, self.template_name, context)

    def source(self) -> Any:
        """Return the shares."""
        raise TypeError(f"{type(self).__name__} does not say what it lists")

    def _bulk(self) -> list[ObjectAction]:
        if not self.can_withdraw:
            return []
        url = reverse("accounts:shared_withdraw")
        return [ObjectAction("Withdraw", url, "ban", "danger", "post")]

    def _rows(self, page: Any) -> list[SharedRow]:
        return [SharedRow(share, self.button) for share in page]


class SharedWithMeView(SharedListView):
    """Objects that were shared with the reader, directly or with a group of theirs."""

    here = WITH_ME
    button = "Give up"
    table_class = SharedTable
    lead = "Single objects of other organizations, or of your own, that somebody gave you."
    empty: ClassVar[dict[str, str]] = {
        "title": "Nothing is shared with you",
        "text": "When somebody shares a device, a build or a key with you, it appears here.",
    }

    def source(self) -> Any:
        return shared_with(self.actor)


class SharedOutsideView(SharedListView):
    """What people from outside reach, of the objects that the reader may share."""

    here = OUTSIDE
    table_class = SharedOutsideTable
    can_withdraw = True
    lead = "What people without a role in the object's organization, or above it, can reach."
    empty: ClassVar[dict[str, str]] = {
        "title": "Nothing is shared outside",
        "text": "Share an object on its own page; what reaches people outside is listed here.",
    }

    def source(self) -> Any:
        return shared_outside(self.actor, getattr(self.request, "organization", None))


class SharedWithdrawView(ScopedViewMixin, View):
    """Takes back the shares that are selected, or gives up one's own, after a question."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask about what the address names."""
        shares = self._found(request.GET.getlist("selected"))
        return self._ask(shares) if shares else redirect(WITH_ME)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask, then withdraw one by one; one refusal does not stop the others."""
        if request.POST.get("all"):
            everything = shared_outside(self.actor, getattr(request, "organization", None))
            shares = everything[:MAX_ROWS]
        else:
            shares = self._found(request.POST.getlist("selected"))
        if not shares:
            messages.info(request, "Nothing was selected that you may withdraw.")
            return redirect(OUTSIDE)
        if not request.POST.get("confirm"):
            return self._ask(shares)
        self._withdraw(shares)
        return redirect(self._back(shares))

    def _withdraw(self, shares: list[Share]) -> None:
        done = 0
        for share in shares:
            try:
                object_unshare(self.actor, obj=share.obj, to=share.to)
                done += 1
            except DomainError as error:
                messages.error(self.request, error.message)
        if done:
            verb = "is" if done == 1 else "are"
            messages.success(self.request, f"{_count(done)} {verb} withdrawn.")

    def _ask(self, shares: list[Share]) -> HttpResponse:
        back = reverse(self._back(shares))
        context = {
            "title": f"Withdraw {_count(len(shares))}?",
            "objects": shares,
            "consequences": ["Open pages lose it at once. It can be shared anew at any time."],
            "hidden": [{"name": "selected", "value": share.key} for share in shares],
            "submit_label": f"Withdraw {_count(len(shares))}",
            "danger": True,
            "cancel_url": back,
            "action_url": reverse("accounts:shared_withdraw"),
            "crumbs": [{"label": "Shared", "url": back}],
        }
        return render(self.request, "generic/confirm.html", context)

    def _back(self, shares: list[Share]) -> str:
        return WITH_ME if all(share.to == self.actor.user for share in shares) else OUTSIDE

    def _found(self, keys: list[str]) -> list[Share]:
        found = (self._find(key) for key in keys[:MAX_ROWS])
        return [share for share in found if share is not None]

    def _find(self, key: str) -> Share | None:
        """Return the share that a checkbox names, if the actor may withdraw it."""
        label, _, rest = key.partition(":")
        models = {model._meta.label_lower: model for model in shareable_models()}
        uids = [_uid(text) for text in rest.split(":")]
        if label not in models or len(uids) != 2 or None in uids:
            return None
        rows: Any = models[label]._default_manager
        obj = rows.select_related("organization").allowed(self.actor).filter(uid=uids[0]).first()
        share = share_by_uid(obj, uids[1]) if obj is not None else None  # type: ignore[arg-type]
        if share is None or share.to == self.actor.user:
            return share
        return share if is_allowed(obj, self.actor, "share") else None


def _count(number: int) -> str:
    return f"{number:,} share{'' if number == 1 else 's'}"


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
