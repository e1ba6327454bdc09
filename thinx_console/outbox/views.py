"""Pages of the outbox: the list, one message, and its HTML in a frame that may do nothing."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import View

from audit.recorder import record
from core.outbox import OutboxMessage, outbox_message, outbox_messages
from core.views import Fact, ScopedViewMixin
from core.views.paging import paginate, totals
from thinx_console.outbox.access import may_read_outbox
from thinx_console.outbox.events import OutboxMessageRead
from thinx_console.outbox.tables import OutboxTable, Row

LINK = re.compile(r"https?://[^\s<>\"]+")
SALT = "outbox.html"
FRAME_SECONDS = 600
KINDS = {"mail": "Mail", "sms": "SMS"}


class OutboxViewMixin(ScopedViewMixin):
    """For whoever may not read it, there is no outbox."""

    kwargs: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let strangers sign in; hide it from everybody else."""
        actor = request.actor  # type: ignore[attr-defined]
        if actor.is_authenticated and not may_read_outbox(actor):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_message(self) -> OutboxMessage:
        """Return the message of this URL; 404 once it was pruned."""
        found = outbox_message(self.kwargs["uid"])
        if found is None:
            raise Http404
        return found

    def proof(self, uid: UUID) -> list[str]:
        """Return what the frame's address is signed over: this message, for this person."""
        return [f"{uid}", f"{self.actor.user.uid}"]


@method_decorator(never_cache, name="dispatch")
class OutboxListView(OutboxViewMixin, View):
    """What was sent, without what it says."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page, or the table alone for htmx."""
        asked = request.GET.get("q", "").strip().casefold()
        kind = request.GET.get("kind", "")
        rows = [Row(m) for m in outbox_messages() if _matches(m, asked, kind)]
        table = paginate(OutboxTable(rows), request)
        is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
        part = "#table" if is_fragment else ""
        context = {
            "title": "Outbox",
            "lead": "No server is set for these messages, so they stay here. "
            "Reading one is recorded: it may hold a one-time link or a code.",
            "table": table,
            "tabs": [_tab(request, "Everything", ""), *(_tab(request, KINDS[k], k) for k in KINDS)],
            **totals(table),
            "is_filtered": bool(asked or kind),
            "clear_url": request.path if asked or kind else "",
            "search": request.GET.get("q", ""),
            "empty": {
                "icon": "inbox",
                "title": "Nothing was sent yet",
                "text": "Mail and SMS of the console appear here until a mail server and an SMS "
                "gateway are set.",
            },
        }
        return render(request, f"generic/object_list.html{part}", context)


@method_decorator(never_cache, name="dispatch")
@method_decorator(csp_update({"frame-src": [SELF]}), name="dispatch")
class OutboxMessageView(OutboxViewMixin, View):
    """One message as its reader would see it."""

    def get(self, request: HttpRequest, uid: UUID) -> HttpResponse:
        """Record the reading, then show it."""
        message = self.get_message()
        record(
            self.actor,
            OutboxMessageRead,
            None,
            organization=None,
            kind=message.kind,
            to=message.to,
            subject=message.subject if message.kind == "mail" else "",
        )
        frame = reverse("outbox:message_html", kwargs={"uid": uid})
        context = {
            "title": message.subject if message.kind == "mail" else f"SMS to {message.to}",
            "crumbs": [{"label": "Outbox", "url": reverse("outbox:message_list")}],
            "message": message,
            "links": list(dict.fromkeys(LINK.findall(message.text))),
            "frame_url": f"{frame}?proof={signing.dumps(self.proof(uid), salt=SALT)}",
            "facts": [
                Fact("Kind", KINDS[message.kind]),
                Fact("To", message.to, copy=True),
                Fact("When", time=message.at),
            ],
        }
        return render(request, "outbox/message.html", context)


@method_decorator(never_cache, name="dispatch")
@method_decorator(xframe_options_sameorigin, name="dispatch")
@method_decorator(
    csp_replace(
        {
            "default-src": [NONE],
            "script-src": [NONE],
            "style-src": [UNSAFE_INLINE],
            "img-src": ["data:"],
            "form-action": [NONE],
            "frame-ancestors": [SELF],
            "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
        }
    ),
    name="dispatch",
)
class OutboxHtmlView(OutboxViewMixin, View):
    """The HTML of a mail, for the frame on its page: no scripts, no forms, no remote images.

    Only an address that the page signed works, so that nobody reads past the audit log.
    """

    def get(self, request: HttpRequest, uid: UUID) -> HttpResponse:
        """Return it as it was sent; its links open beside the console, not in the frame."""
        try:
            proof = signing.loads(request.GET.get("proof", ""), salt=SALT, max_age=FRAME_SECONDS)
        except signing.BadSignature:
            raise Http404 from None
        if proof != self.proof(uid):
            raise Http404
        html = self.get_message().html
        return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))


def _matches(message: OutboxMessage, asked: str, kind: str) -> bool:
    if kind in KINDS and message.kind != kind:
        return False
    shown = message.subject if message.kind == "mail" else ""
    return asked in f"{message.to}\n{shown}".casefold()


def _tab(request: HttpRequest, label: str, kind: str) -> dict[str, Any]:
    return {
        "label": label,
        "url": f"{request.path}?kind={kind}" if kind else request.path,
        "active": request.GET.get("kind", "") == kind,
        "count": None,
    }
