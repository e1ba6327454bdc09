"""The access-control specification of every route, as a table.

One line per method and URL name, with the kind of route; KINDS says what each of the cast gets.
A route that is not in the table fails the tests.
"""

from __future__ import annotations

CAST = ("anon", "mallory", "guest", "vera", "olga", "alice")
OK = "ok"

# What the cast gets, in the order of CAST. `ok` is any answer that is not a refusal.
KINDS = {
    # Pages of a person's own: everybody who is signed in.
    "own": (302, OK, OK, OK, OK, OK),
    # One object of Acme: members see it, outsiders cannot tell it from nothing.
    "see": (302, 404, 404, OK, OK, OK),
    "operate": (302, 404, 404, 403, OK, OK),
    "administer": (302, 404, 404, 403, 403, OK),
    # Seen by operators and admins; for viewers it does not exist.
    "inspect": (302, 404, 404, 404, OK, OK),
    # No object: whoever may do it anywhere, and everybody may at home.
    "anywhere": (302, OK, OK, OK, OK, OK),
    "public": (OK, OK, OK, OK, OK, OK),
    "nothing": (404, 404, 404, 404, 404, 404),
    "api_own": (401, OK, OK, OK, OK, OK),
    "api_see": (401, 404, 404, OK, OK, OK),
    "api_operate": (401, 404, 404, 403, OK, OK),
    "api_administer": (401, 404, 404, 403, 403, OK),
    "api_inspect": (401, 404, 404, 404, OK, OK),
}

TABLE = """
GET  dashboard                         own
POST dashboard_dismiss                 own
GET  search                            own
GET  health_live                       public
GET  health_ready                      public
POST gateway:register                  public
GET  gateway:firmware                  public
POST gateway:firmware                  public
POST gateway:addpush                   public
POST example_load                      anywhere
POST example_unload                    anywhere
GET  example_info_refs                 nothing
POST example_upload_pack               nothing

GET  accounts:sign_in                  public
POST accounts:sign_out                 own
GET  accounts:password_change          own
GET  accounts:profile                  own
GET  accounts:first_operator           nothing
GET  accounts:organization_list        own
GET  accounts:organization             see
GET  accounts:organization_edit        administer
POST accounts:organization_switch      own

GET  devices:device_list               own
GET  devices:device                    see
GET  devices:device_builds             see
GET  devices:device_environment        see
GET  devices:device_audit              see
GET  devices:device_add                anywhere
GET  devices:device_edit               operate
POST devices:device_edit               operate
GET  devices:device_build              operate
POST devices:device_build              operate
GET  devices:device_delete             operate
POST devices:device_delete             operate
POST devices:device_bulk_delete        own
POST devices:device_bulk_source        own
POST devices:device_bulk_auto_update   own

GET  builds:source_list                own
GET  builds:source                     see
GET  builds:source_devices             see
GET  builds:source_builds              see
GET  builds:source_environment         see
GET  builds:source_audit               see
GET  builds:source_add                 anywhere
GET  builds:source_edit                operate
POST builds:source_edit                operate
GET  builds:source_test                operate
POST builds:source_test                operate
GET  builds:source_replace_host_key    operate
GET  builds:source_delete              operate
POST builds:source_delete              operate
POST builds:source_bulk_delete         own
POST builds:source_bulk_test           own

GET  builds:build_list                 own
GET  builds:build                      see
GET  builds:build_log                  see
GET  builds:build_log_text             see
GET  builds:build_again                operate
POST builds:build_again                operate
GET  builds:build_cancel               operate
POST builds:build_cancel               operate
GET  builds:build_delete               operate
POST builds:build_delete               operate
POST builds:build_bulk_delete          own
POST builds:build_bulk_cancel          own
GET  builds:artifact_list              own
GET  builds:artifact_download          see

GET  keys:apikey_list                  own
GET  keys:apikey                       see
GET  keys:apikey_audit                 see
GET  keys:apikey_add                   anywhere
GET  keys:apikey_edit                  administer
POST keys:apikey_edit                  administer
GET  keys:apikey_revoke                administer
POST keys:apikey_revoke                administer
POST keys:apikey_bulk_revoke           own
GET  keys:deploykey_list               own
GET  keys:deploykey                    see
GET  keys:deploykey_audit              see
GET  keys:deploykey_add                anywhere
GET  keys:deploykey_edit               administer
POST keys:deploykey_edit               administer
GET  keys:deploykey_delete             administer
POST keys:deploykey_delete             administer
POST keys:deploykey_bulk_delete        own
GET  keys:envvar_list                  own
GET  keys:envvar                       see
GET  keys:envvar_audit                 see
GET  keys:envvar_add                   anywhere
GET  keys:envvar_import                anywhere
GET  keys:envvar_edit                  operate
POST keys:envvar_edit                  operate
GET  keys:envvar_delete                operate
POST keys:envvar_delete                operate
POST keys:envvar_bulk_delete           own

GET  audit:auditevent_list             own
GET  audit:auditevent                  inspect

GET    api:root                        api_own
GET    api:schema                      api_own
GET    api:explorer                    own
GET    api:whoami                      api_own
GET    api:organization-list           api_own
GET    api:organization-detail         api_see
GET    api:device-list                 api_own
GET    api:device-detail               api_see
PATCH  api:device-detail               api_operate
DELETE api:device-detail               api_operate
GET    api:source-list                 api_own
GET    api:source-detail               api_see
PATCH  api:source-detail               api_operate
DELETE api:source-detail               api_operate
POST   api:source-test                 api_operate
GET    api:build-list                  api_own
GET    api:build-detail                api_see
GET    api:build-log                   api_see
POST   api:build-cancel                api_operate
DELETE api:build-detail                api_operate
GET    api:artifact-list               api_own
GET    api:artifact-detail             api_see
GET    api:artifact-download           api_see
GET    api:apikey-list                 api_own
GET    api:apikey-detail               api_see
PATCH  api:apikey-detail               api_administer
POST   api:apikey-revoke               api_administer
DELETE api:apikey-detail               api_administer
GET    api:deploykey-list              api_own
GET    api:deploykey-detail            api_see
PATCH  api:deploykey-detail            api_administer
DELETE api:deploykey-detail            api_administer
GET    api:envvar-list                 api_own
GET    api:envvar-detail               api_see
PATCH  api:envvar-detail               api_operate
DELETE api:envvar-detail               api_operate
GET    api:auditevent-list             api_own
GET    api:auditevent-detail           api_inspect
"""


def rows() -> list[tuple[str, str, str]]:
    """Return (method, URL name, kind) of each line."""
    return [tuple(line.split()) for line in TABLE.splitlines() if line.strip()]  # type: ignore[misc]
