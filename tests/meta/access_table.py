# ruff: noqa: E501  (a table is read across)
"""The access-control specification of every route, as a table.

One line per URL name with its methods and the kind of route; KINDS_TABLE says what each of the
cast gets. A route that is not in the table fails the tests, and so does a method that is not in
the table and yet is not refused. A new kind is a new line of KINDS_TABLE. docs/access.md is made
from this file.
"""

from __future__ import annotations

# Who asks. All but the strangers stand in some relation to Acme, whose objects they ask for.
CAST = {
    "anon": "nobody is signed in",
    "mallory": "admin of another organization",
    "guest": "signed in, member of nothing",
    "shared": "each object is shared with them, to view",
    "vera": "viewer of Acme",
    "olga": "operator of Acme",
    "alice": "admin of Acme",
    "paula": "admin of the organization above Acme",
    "chloe": "admin of the organization below Acme",
    "carla": "holds a custom role in Acme: view and change devices",
    "pete": "admin of Acme whose session has not shown the second factor",
    "dora": "admin of Acme who must enrol a second factor first",
    "steve": "member of staff with a verified second factor and no role",
    "root": "superuser without a second factor",
    "ruth": "superuser with a verified second factor",
    "robot": "automation key of alice",
    "probe": "device key of Acme",
    "dead": "automation key of alice, revoked",
}
OK = "ok"
# What they get: `ok` is any answer that is no refusal, `in` the way to sign in, `hold` the way to
# the second factor (a page) or 403 (the API), a number that status.
KINDS_TABLE = """
kind           anon mallory guest shared vera olga alice paula chloe carla pete dora steve root ruth robot probe dead

# Pages of a person's own: everybody who is signed in.
own            in   ok      ok    ok     ok   ok   ok    ok    ok    ok    hold hold ok    ok   ok   in    in    in
# The doors of the second factor itself, open to those who are held back.
door           in   ok      ok    ok     ok   ok   ok    ok    ok    ok    ok   ok   ok    ok   ok   in    in    in
verify_door    in   ok      ok    ok     ok   ok   ok    ok    ok    ok    ok   hold ok    ok   ok   in    in    in
enrol_door     in   ok      ok    ok     ok   ok   ok    ok    ok    ok    hold ok   ok    ok   ok   in    in    in
passkey_enrol  403  ok      ok    ok     ok   ok   ok    ok    ok    ok    hold ok   ok    ok   ok   403   403   403
passkey_show   ok   ok      ok    ok     ok   ok   ok    ok    ok    ok    ok   hold ok    ok   ok   ok    ok    ok
# A person's own thing, which is nobody's of the cast.
nobodys        in   404     404   404    404  404  404   404   404   404   hold hold 404   404  404  in    in    in
# One object of Acme: members see it, outsiders cannot tell it from nothing.
see            in   404     404   ok     ok   ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
operate        in   404     404   403    403  ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
administer     in   404     404   403    403  403  ok    ok    404   404   hold hold 404   404  ok   in    in    in
# Seen by operators and admins; for viewers it does not exist.
inspect        in   404     404   404    404  ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
# No object: whoever may do it anywhere, and everybody may at home.
anywhere       in   ok      ok    ok     ok   ok   ok    ok    ok    ok    hold hold ok    ok   ok   in    in    in
public         ok   ok      ok    ok     ok   ok   ok    ok    ok    ok    ok   ok   ok    ok   ok   ok    ok    ok
nothing        404  404     404   404    404  404  404   404   404   404   hold hold 404   404  404  404   404   404
# Devices: the custom role of carla reaches them.
device_see     in   404     404   ok     ok   ok   ok    ok    404   ok    hold hold 404   404  ok   in    in    in
device_change  in   404     404   403    403  ok   ok    ok    404   ok    hold hold 404   404  ok   in    in    in
device_operate in   404     404   403    403  ok   ok    ok    404   403   hold hold 404   404  ok   in    in    in
# An organization is its members'; nothing about it is shared.
org_see        in   404     404   404    ok   ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
org_administer in   404     404   404    403  403  ok    ok    404   404   hold hold 404   404  ok   in    in    in
# Messages of the console itself: superusers, without a second factor only while they have none.
outbox         in   404     404   404    404  404  404   404   404   404   hold hold 404   ok   ok   in    in    in
# The HTML of one of them, without the address that its page signed.
outbox_frame   in   404     404   404    404  404  404   404   404   404   hold hold 404   404  404  in    in    in
# People and the Django admin: for whom nothing limits. Nobody else learns that there is any.
support        in   404     404   404    404  404  404   404   404   404   hold hold 404   404  ok   in    in    in

api_own        401  ok      ok    ok     ok   ok   ok    ok    ok    ok    hold hold ok    ok   ok   ok    401   401
api_session    401  ok      ok    ok     ok   ok   ok    ok    ok    ok    hold hold ok    ok   ok   403   401   401
api_nobodys    401  404     404   404    404  404  404   404   404   404   hold hold 404   404  404  403   401   401
api_see        401  404     404   ok     ok   ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_operate    401  404     404   403    403  ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_administer 401  404     404   403    403  403  ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_inspect    401  404     404   404    404  ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_device_see     401 404  404   ok     ok   ok   ok    ok    404   ok    hold hold 404   404  ok   ok    401   401
api_device_change  401 404  404   403    403  ok   ok    ok    404   ok    hold hold 404   404  ok   ok    401   401
api_device_operate 401 404  404   403    403  ok   ok    ok    404   403   hold hold 404   404  ok   ok    401   401
api_support        401 404  404   404    404  404  404   404   404   404   hold hold 404   404  ok   404   401   401
api_org_see        401 404  404   404    ok   ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_org_administer 401 404  404   404    403  403  ok    ok    404   404   hold hold 404   404  ok   ok    401   401
"""

TABLE = """
GET              dashboard                             own
POST             dashboard_dismiss                     own
GET              search                                own
GET              health_live                           public
GET              health_ready                          public
POST             gateway:register                      public
GET,POST         gateway:firmware                      public
POST             gateway:addpush                       public
POST             example_load                          anywhere
POST             example_unload                        anywhere
GET              example_info_refs                     nothing
POST             example_upload_pack                   nothing

GET,POST,PUT         accounts:sign_in                      public
POST             accounts:sign_out                     own
GET,POST,PUT     accounts:password_change              own
GET,POST         accounts:sudo                          enrol_door
GET,POST         accounts:factor_verify                 verify_door
GET              accounts:factor_enrol                  enrol_door
GET,POST         accounts:factor_totp_add               enrol_door
GET,POST         accounts:factor_sms_add                enrol_door
GET,POST         accounts:factor_sms_confirm            enrol_door
GET              accounts:factor_passkey_add            enrol_door
GET,POST         accounts:factor_recovery               own
GET              accounts:factor_list                   own
GET,POST         accounts:factor_edit                   nobodys
GET,POST         accounts:factor_delete                 nobodys
POST             accounts:browser_forget                nobodys
POST             accounts:browser_forget_all            own
POST             accounts:passkey_enrol_begin           passkey_enrol
POST             accounts:passkey_enrol_complete        passkey_enrol
POST             accounts:passkey_show_begin            passkey_show
POST             accounts:passkey_show_complete         passkey_show
GET              accounts:profile                      own
GET              accounts:first_operator               nothing
GET              accounts:organization_list            own
GET              accounts:organization                 org_see
GET,POST         accounts:organization_edit            org_administer
POST             accounts:organization_switch          own
GET              accounts:user_list                    support
GET              accounts:user                         support
GET,POST         accounts:user_deactivate              support
GET,POST         accounts:user_reactivate              support
GET,POST         accounts:user_end_sessions            support
GET,POST         accounts:user_reset_second_factor     support
GET,POST         accounts:user_impersonate             support
POST             accounts:impersonation_stop           own

GET              devices:device_list                   own
GET              devices:device                        device_see
GET              devices:device_builds                 device_see
GET              devices:device_environment            device_see
GET              devices:device_audit                  device_see
GET,POST         devices:device_add                    anywhere
GET,POST         devices:device_edit                   device_change
GET,POST         devices:device_build                  device_operate
GET,POST         devices:device_delete                 device_operate
POST,GET         devices:device_bulk_delete            own
POST,GET         devices:device_bulk_source            own
POST,GET         devices:device_bulk_auto_update       own

GET              builds:source_list                    own
GET              builds:source                         see
GET              builds:source_devices                 see
GET              builds:source_builds                  see
GET              builds:source_environment             see
GET              builds:source_audit                   see
GET,POST         builds:source_add                     anywhere
GET,POST         builds:source_edit                    operate
GET,POST         builds:source_test                    operate
GET,POST         builds:source_replace_host_key        operate
GET,POST         builds:source_delete                  operate
POST,GET         builds:source_bulk_delete             own
POST,GET         builds:source_bulk_test               own

GET              builds:build_list                     own
GET              builds:build                          see
GET              builds:build_log                      see
GET              builds:build_log_text                 see
GET,POST         builds:build_again                    operate
GET,POST         builds:build_cancel                   operate
GET,POST         builds:build_delete                   operate
POST,GET         builds:build_bulk_delete              own
POST,GET         builds:build_bulk_cancel              own
GET              builds:artifact_list                  own
GET              builds:artifact_download              see

GET              keys:apikey_list                      own
GET              keys:apikey                           see
GET              keys:apikey_audit                     see
GET,POST         keys:apikey_add                       anywhere
GET,POST         keys:apikey_edit                      administer
GET,POST         keys:apikey_revoke                    administer
POST,GET         keys:apikey_bulk_revoke               own
GET              keys:deploykey_list                   own
GET              keys:deploykey                        see
GET              keys:deploykey_audit                  see
GET,POST         keys:deploykey_add                    anywhere
GET,POST         keys:deploykey_edit                   administer
GET,POST         keys:deploykey_delete                 administer
POST,GET         keys:deploykey_bulk_delete            own
GET              keys:envvar_list                      own
GET              keys:envvar                           see
GET              keys:envvar_audit                     see
GET,POST         keys:envvar_add                       anywhere
GET,POST         keys:envvar_import                    anywhere
GET,POST         keys:envvar_edit                      operate
GET,POST         keys:envvar_delete                    operate
POST,GET         keys:envvar_bulk_delete               own

GET              audit:auditevent_list                 own
GET              audit:auditevent                      inspect

GET              outbox:message_list                   outbox
GET              outbox:message                        outbox
GET              outbox:message_html                   outbox_frame

GET              api:root                              api_own
GET              api:schema                            api_own
GET              api:explorer                          own
GET              api:whoami                            api_own
GET              api:user-list                         api_support
GET              api:user-detail                       api_support
POST             api:user-deactivate                   api_support
POST             api:user-reactivate                   api_support
POST             api:user-end-sessions                 api_support
GET              api:organization-list                 api_own
GET              api:organization-detail               api_org_see
GET,POST         api:device-list                       api_own
GET              api:device-detail                     api_device_see
PATCH            api:device-detail                     api_device_change
DELETE           api:device-detail                     api_device_operate
PUT              api:device-detail                     api_device_change
GET,POST         api:source-list                       api_own
GET              api:source-detail                     api_see
PATCH,DELETE,PUT api:source-detail                     api_operate
POST             api:source-test                       api_operate
GET,POST         api:build-list                        api_own
GET              api:build-detail                      api_see
GET              api:build-log                         api_see
POST             api:build-cancel                      api_operate
DELETE           api:build-detail                      api_operate
GET              api:artifact-list                     api_own
GET              api:artifact-detail                   api_see
GET              api:artifact-download                 api_see
GET,POST         api:apikey-list                       api_own
GET              api:apikey-detail                     api_see
PATCH            api:apikey-detail                     api_administer
POST             api:apikey-revoke                     api_administer
DELETE,PUT       api:apikey-detail                     api_administer
GET,POST         api:deploykey-list                    api_own
GET              api:deploykey-detail                  api_see
PATCH,DELETE,PUT api:deploykey-detail                  api_administer
GET,POST         api:envvar-list                       api_own
GET              api:envvar-detail                     api_see
PATCH,DELETE,PUT api:envvar-detail                     api_operate
GET              api:auditevent-list                   api_own
GET              api:auditevent-detail                 api_inspect
"""


def rows() -> list[tuple[str, str, str]]:
    """Return (method, URL name, kind), one for each method of each line."""
    lines = [line.split() for line in TABLE.splitlines() if line.strip()]
    return [(method, name, kind) for methods, name, kind in lines for method in methods.split(",")]


def kinds() -> dict[str, dict[str, str]]:
    """Return what each of the cast gets, by kind of route."""
    lines = [line.split() for line in KINDS_TABLE.splitlines() if line.strip() and line[0] != "#"]
    assert tuple(lines[0][1:]) == tuple(CAST)
    return {kind: dict(zip(CAST, cells, strict=True)) for kind, *cells in lines[1:]}
