"""What the OpenAPI schema says beyond what viewsets and serializers say themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from core.views.base import noun

ERROR = {
    "type": "object",
    "description": "Every refusal has this shape. Compare `code`; texts may change.",
    "required": ["code", "detail", "fields"],
    "properties": {
        "code": {"type": "string", "example": "request.invalid"},
        "detail": {"type": "string"},
        "fields": {
            "type": "object",
            "description": "The faults by field; `non_field_errors` holds the others.",
            "additionalProperties": True,
        },
    },
}
REFUSALS = {
    "400": "The request has faults; `fields` says which.",
    "401": "No credential, or one that is unknown, expired or revoked.",
    "403": "You may see this, but not do this.",
    "404": "There is no such object, or you may not see it.",
    "409": "The state of the object does not allow this now; `detail` says why.",
}
SUMMARIES = {
    "list": "List {many}",
    "create": "Add one {one}",
    "retrieve": "Show one {one}",
    "update": "Replace one {one}",
    "partial_update": "Change one {one}",
    "destroy": "Delete one {one}",
}
METHODS = ("get", "post", "put", "patch", "delete")


class ConsoleAutoSchema(AutoSchema):
    """Names operations after resources: `devices_list`, `builds_cancel`."""

    def get_tags(self) -> list[str]:
        """Group by resource."""
        return [self.path.split("/")[3]]

    def get_summary(self) -> str | None:
        """Say in three words what the request does."""
        model = getattr(getattr(self.view, "queryset", None), "model", None)
        if model is None:
            return None
        action = getattr(self.view, "action", "")
        pattern = SUMMARIES.get(action, f"{action.capitalize()} one {{one}}")
        names = {"one": noun(model), "many": noun(model, 2)}
        return pattern.format(**names)

    def get_operation_id(self) -> str:
        """Name an action of our own after itself, not after its method."""
        action = getattr(self.view, "action", "")
        if action in {extra.__name__ for extra in getattr(self.view, "get_extra_actions", list)()}:
            return f"{self.get_tags()[0].replace('-', '_')}_{action}"
        return super().get_operation_id()


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Both headers in which an API key may travel."""

    target_class = "keys.api.authentication.ApiKeyAuthentication"
    name = ["apiKey", "bearer"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return `X-API-Key` and `Authorization: Bearer`."""
        return [
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "http", "scheme": "bearer", "description": "The same key."},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Either of the two is enough."""
        return [{"apiKey": []}, {"bearer": []}]


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Tell of each operation how it refuses."""
    result["components"]["schemas"]["Error"] = ERROR
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method not in operations:
                continue
            for code in _refusals(path, method):
                answer = {"description": REFUSALS[code], "content": content}
                operations[method]["responses"].setdefault(code, answer)
    return result


def _refusals(path: str, method: str) -> list[str]:
    codes = ["401"]
    if "{uid}" in path:
        codes.append("404")
    if method != "get":
        codes += ["403", "409"]
    if method in ("post", "put", "patch") or "{uid}" not in path:
        codes.append("400")
    return sorted(codes)


class PasswordScheme(OpenApiAuthenticationExtension):
    """A name and a password, for people without a second factor."""

    target_class = "accounts.api.authentication.PasswordAuthentication"
    name = "password"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return `Authorization: Basic`."""
        return {"type": "http", "scheme": "basic"}
