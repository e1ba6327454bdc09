"""The mailed link that confirms the address of a rule."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.generic import TemplateView

from accounts.actor import Actor
from accounts.views.sign_up import link_used, private_page
from core.exceptions import Conflict
from notifications.models import NotificationRule
from notifications.services.addresses import rule_address_confirm, rule_of_key


@private_page
class AddressView(TemplateView):
    """Asks for a click, since mail programs open links to look at them."""

    template_name = "notifications/address_confirm.html"
    rule: NotificationRule

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rule = rule_of_key(self.kwargs["key"])
        if rule is None:
            return link_used(request)
        self.rule = rule
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let the rule send."""
        try:
            rule_address_confirm(Actor.from_request(request), key=self.kwargs["key"])
        except Conflict:
            return link_used(request)
        return self.render_to_response(self.get_context_data(is_done=True))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(rule=self.rule, **kwargs)
