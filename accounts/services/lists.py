"""How people lay out lists, and the views of them that they save and share."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import transaction

from accounts.actor import Actor
from accounts.list_events import ViewChanged, ViewDeleted, ViewSaved
from accounts.models import ListPreference, Organization, SavedView, User
from audit.recorder import record
from core.exceptions import Conflict, DomainError, QuotaExceeded
from core.scoping import NotPermitted, is_allowed
from core.views.arranging import PAGE_SIZES, in_saved_views
from core.views.registry import registered_list

MAX_VIEWS = 30
LAYOUTS = ("", "table", "cards")


def list_arrange(actor: Actor, *, user: User, list_name: str, **wanted: Any) -> ListPreference:
    """Keep how a person wants a list: `columns`, `layout`, `per_page`, each as far as given.

    Not audited: nobody else sees it. Raises DomainError (accounts.no_such_list,
    accounts.no_such_arrangement).
    """
    known = _list(list_name).table_class.choosable()
    columns = [name for name in known if name in wanted.get("columns", ())]
    if wanted.get("layout", "") not in LAYOUTS or wanted.get("per_page", 0) not in PAGE_SIZES:
        raise DomainError("accounts.no_such_arrangement", "A list cannot be laid out like that.")
    changes = {**wanted, "columns": columns} if "columns" in wanted else wanted
    preference, _ = ListPreference.objects.update_or_create(
        user=user, list_name=list_name, defaults=changes
    )
    return preference


@transaction.atomic
def saved_view_create(
    actor: Actor,
    *,
    organization: Organization,
    list_name: str,
    name: str,
    query: str,
    replace: bool = False,
) -> SavedView:
    """Keep what a list shows under a name; with `replace` in place of one of that name. Audits.

    Raises DomainError (accounts.no_such_list, accounts.view_not_of_list), Conflict
    (accounts.view_name_taken), QuotaExceeded (accounts.too_many_views).
    """
    same = SavedView.objects.filter(organization=organization, list_name=list_name)
    found = same.filter(name=name.strip()).first() if replace else None
    if found is not None and not is_allowed(found, actor, "change"):
        raise NotPermitted(found, "change")
    if found is None and same.count() >= MAX_VIEWS:
        raise QuotaExceeded(
            "accounts.too_many_views",
            f"{organization} has {MAX_VIEWS} views of this list; delete one first.",
        )
    view = found or SavedView(organization=organization, list_name=list_name, created_by=actor.user)
    view.name, view.query = name.strip(), query
    _save(view)
    record(actor, ViewSaved, view, organization=organization, name=view.name, query=view.query)
    return view


@transaction.atomic
def saved_view_edit(actor: Actor, *, view: SavedView, **changes: Any) -> SavedView:
    """Change `name`, `query` or `organization` (whose members see it). Audits.

    The caller checks that the view is still within the actor's reach. Raises as creating does.
    """
    before = {name: f"{getattr(view, name)}" for name in changes}
    was_in = view.organization
    for name, value in changes.items():
        setattr(view, name, value.strip() if name == "name" else value)
    _save(view)
    said = {
        name: {"before": old, "after": f"{getattr(view, name)}"}
        for name, old in before.items()
        if old != f"{getattr(view, name)}"
    }
    if said:
        for place in {was_in, view.organization}:
            record(actor, ViewChanged, view, organization=place, changes=said)
    return view


@transaction.atomic
def saved_view_delete(actor: Actor, *, view: SavedView) -> None:
    """Delete a view. Audits."""
    record(actor, ViewDeleted, view, organization=view.organization, name=view.name)
    view.delete()


def _save(view: SavedView) -> None:
    view.query = _kept(view)
    view.full_clean(exclude=["organization", "created_by"], validate_constraints=False)
    same = SavedView.objects.filter(
        organization=view.organization, list_name=view.list_name, name=view.name
    )
    if same.exclude(pk=view.pk).exists():
        raise Conflict(
            "accounts.view_name_taken",
            f"{view.organization} has a view of this name.",
            fields={"name": ["There is a view of this name already."]},
        )
    view.save()


def _kept(view: SavedView) -> str:
    """Return the query in one form, without what no view keeps, such as the page."""
    known = in_saved_views(_list(view.list_name))
    said = [(name, value) for name, value in parse_qsl(view.query) if name != "page"]
    unknown = sorted({name for name, _ in said} - known)
    if unknown:
        text = f"This list knows no {', '.join(name[:40] for name in unknown[:3])}."
        raise DomainError("accounts.view_not_of_list", text, fields={"query": [text]})
    return urlencode(said)


def _list(list_name: str) -> Any:
    found = registered_list(list_name)
    if found is None:
        text = "There is no such list."
        raise DomainError("accounts.no_such_list", text, fields={"list_name": [text]})
    return found
