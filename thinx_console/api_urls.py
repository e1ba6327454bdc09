"""The REST API: the routers of all apps, the schema and its explorer."""

from __future__ import annotations

from django.urls import include, path, re_path

from core.api.views import ApiRootView, ExplorerView, NotFoundView, SchemaView

APPS = (
    "devices",
    "fleet",
    "builds",
    "telemetry",
    "keys",
    "messaging",
    "notifications",
    "audit",
    "accounts",
)
RESOURCES = {
    "devices": "device-list",
    "released-devices": "releaseddevice-list",
    "questions": "devicequestion-list",
    "bulk-jobs": "bulkjob-list",
    "config-pushes": "configpush-list",
    "config-receipts": "configreceipt-list",
    "transfers": "transferparty-list",
    "meshes": "mesh-list",
    "sources": "source-list",
    "builds": "build-list",
    "artifacts": "artifact-list",
    "figures": "figures",
    "api-keys": "apikey-list",
    "deploy-keys": "deploykey-list",
    "transformers": "statustransformer-list",
    "env-vars": "envvar-list",
    "notifications": "notification-list",
    "notification-rules": "notificationrule-list",
    "audit-events": "auditevent-list",
    "saved-views": "savedview-list",
    "organizations": "organization-list",
    "account": "account",
    "sign-ins": "signin-list",
    "second-factors": "factor-list",
    "whoami": "whoami",
    "schema": "schema",
}

app_name = "api"
urlpatterns = [
    path("", ApiRootView.as_view(resources=RESOURCES), name="root"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("schema/explorer/", ExplorerView.as_view(), name="explorer"),
    *(path("", include(f"{app}.api.urls")) for app in APPS),
    re_path(r"^.*\Z", NotFoundView.as_view()),
]
