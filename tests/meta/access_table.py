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
# The same for what cannot be shared.
member_operate in   404     404   404    403  ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
# Seen by operators and admins; for viewers it does not exist.
inspect        in   404     404   404    404  ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
# No object: whoever may do it anywhere, and everybody may at home.
anywhere       in   ok      ok    ok     ok   ok   ok    ok    ok    ok    hold hold ok    ok   ok   in    in    in
public         ok   ok      ok    ok     ok   ok   ok    ok    ok    ok    ok   ok   ok    ok   ok   ok    ok    ok
# Pages for people who are not in yet; whoever is held back goes to their factor instead.
visitor        ok   ok      ok    ok     ok   ok   ok    ok    ok    ok    hold hold ok    ok   ok   ok    ok    ok
# A step of a sign-in by a provider that nobody of the cast has begun.
unbegun        in   in      in    in     in   in   in    in    in    in    hold hold in    in   in   in    in    in
failed         401  401     401   401    401  401  401   401   401   401   hold hold 401   401  401  401   401   401
nothing        404  404     404   404    404  404  404   404   404   404   hold hold 404   404  404  404   404   404
# Asked by brokers from their own addresses; for everybody else it is not there.
brokers        404  404     404   404    404  404  404   404   404   404   404  404  404   404  404  404   404   404
# Devices: the custom role of carla reaches them.
device_see     in   404     404   ok     ok   ok   ok    ok    404   ok    hold hold 404   404  ok   in    in    in
device_change  in   404     404   403    403  ok   ok    ok    404   ok    hold hold 404   404  ok   in    in    in
device_operate in   404     404   403    403  ok   ok    ok    404   403   hold hold 404   404  ok   in    in    in
device_administer in 404   404   403    403  403  ok    ok    404   403   hold hold 404   404  ok   in    in    in
# An organization is its members'; nothing about it is shared.
org_see        in   404     404   404    ok   ok   ok    ok    404   404   hold hold 404   404  ok   in    in    in
org_administer in   404     404   404    403  403  ok    ok    404   404   hold hold 404   404  ok   in    in    in
# Invitations are not for viewers' eyes; operators see them, admins send and withdraw.
org_invitation in   404     404   404    404  403  ok    ok    404   404   hold hold 404   404  ok   in    in    in
# Messages of the console itself: superusers, without a second factor only while they have none.
outbox         in   404     404   404    404  404  404   404   404   404   hold hold 404   ok   ok   in    in    in
# The HTML of one of them, without the address that its page signed.
outbox_frame   in   404     404   404    404  404  404   404   404   404   hold hold 404   404  404  in    in    in
# People and the Django admin: for whom nothing limits. Nobody else learns that there is any.
support        in   404     404   404    404  404  404   404   404   404   hold hold 404   404  ok   in    in    in
# The Django admin opens to staff with a second factor, by the same rule for rows; `admin_all` is
# what belongs to no organization, or to Acme.
admin          in   404     404   404    404  404  404   404   404   404   hold hold ok    hold ok   in    in    in
admin_all      in   404     404   404    404  404  404   404   404   404   hold hold 404   hold ok   in    in    in
admin_none     in   404     404   404    404  404  404   404   404   404   hold hold 404   hold 404  in    in    in

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
api_device_administer 401 404 404 403    403  403  ok    ok    404   403   hold hold 404   404  ok   ok    401   401
# Objects that cannot be shared.
api_see_own        401 404  404   404    ok   ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_operate_own    401 404  404   404    403  ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
# One share of an object, which is nobody's of the cast.
api_share      401  404     404   404    404  404  404   404   404   404   hold hold 404   404  404  404   401   401
api_support        401 404  404   404    404  404  404   404   404   404   hold hold 404   404  ok   404   401   401
api_gone           401 404  404   404    404  404  404   404   404   404   hold hold 404   404  404  404   401   401
api_org_invitation 401 404  404   404    404  403  ok    ok    404   404   hold hold 404   404  ok   ok    401   401
api_member_operate 401 404  404   404    403  ok   ok    ok    404   404   hold hold 404   404  ok   ok    401   401
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
POST             gateway:mqtt_user                     brokers
POST             gateway:mqtt_vhost                    brokers
POST             gateway:mqtt_resource                 brokers
POST             gateway:mqtt_topic                    brokers
POST             example_load                          anywhere
POST             example_unload                        anywhere
GET              example_info_refs                     nothing
POST             example_upload_pack                   nothing

GET              connect:page                          own
GET              connect:ca_pem                        public
GET              connect:ca_sha256                     public

GET,POST         accounts:sign_in                       public
POST             accounts:sign_out                     door
GET,POST,PUT     accounts:password_change              own
GET,POST         accounts:sign_up                      visitor
GET              accounts:activation_sent              visitor
GET,POST,PUT     accounts:activation_resend            visitor
GET,POST         accounts:activate                     nothing
GET,POST,PUT     accounts:password_reset               visitor
GET              accounts:password_reset_sent          visitor
GET,POST         accounts:password_choose              nothing
GET,POST,PUT     accounts:email_change                 own
GET,POST         accounts:email_confirm                nothing
POST             accounts:provider_start               nothing
GET              accounts:connection_list              own
POST             accounts:connection_link              nobodys
POST             accounts:connection_unlink            nobodys
GET,POST         account_login                         public
GET,POST         account_signup                        visitor
GET              account_email_verification_sent       visitor
GET              socialaccount_connections             own
GET,POST         socialaccount_signup                  unbegun
GET              socialaccount_login_cancelled         visitor
GET              socialaccount_login_error             failed
GET              github_callback                       nothing
GET              google_callback                       nothing
GET              openid_connect_callback               nothing
GET,POST         saml_acs                              nothing
GET              saml_finish_acs                       nothing
GET              saml_sls                              nothing
GET              saml_metadata                         nothing
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
GET,POST,PUT     accounts:profile_edit                 own
GET,POST,PUT     accounts:avatar_edit                  own
GET              accounts:avatar                       org_see
GET              accounts:profile_security             own
GET              accounts:signin_list                  own
POST             accounts:signin_end                   nobodys
POST             accounts:signin_end_others            own
GET,POST         notifications:choices                 own
GET              notifications:notification_list       own
GET              notifications:notification            nobodys
GET,POST         notifications:notification_read       nobodys
GET,POST         notifications:notification_read_all   own
GET,POST         notifications:notification_bulk_read  own
GET              notifications:unread                  own
GET              notifications:notificationrule_list   own
GET              notifications:notificationrule        inspect
GET              notifications:notificationrule_audit  inspect
GET,POST         notifications:notificationrule_add    anywhere
GET,POST         notifications:notificationrule_edit   org_invitation
GET,POST         notifications:notificationrule_test   org_invitation
GET,POST         notifications:notificationrule_link   org_invitation
GET,POST         notifications:rule_confirm            nothing
GET,POST         notifications:notificationrule_secret org_invitation
GET,POST         notifications:notificationrule_delete org_invitation
GET              accounts:profile_data                 own
GET,POST         accounts:account_export               own
GET,POST         accounts:account_delete               own
GET              accounts:first_operator               nothing
GET              accounts:organization_list            own
GET              accounts:organization                 org_see
GET,POST         accounts:organization_edit            org_administer
POST             accounts:organization_switch          own
GET              accounts:organization_access          org_see
GET              accounts:shared_with_me               own
GET              accounts:shared_outside               own
GET,POST         accounts:shared_withdraw              own
GET,POST         accounts:organization_add             own
GET              accounts:organization_choose          own
GET              accounts:organization_members         org_see
GET              accounts:organization_invitations     org_see
GET              accounts:organization_roles           org_see
GET              accounts:organization_groups          org_see
GET              accounts:organization_audit           org_see
GET              accounts:organization_settings        org_administer
GET,POST         accounts:organization_add_below       org_administer
GET,POST         accounts:organization_invite          org_administer
GET,POST         accounts:organization_add_role        org_administer
GET,POST         accounts:organization_add_group       org_administer
GET,POST         accounts:organization_limits          org_administer
GET,POST         accounts:organization_second_factor   org_administer
GET,POST         accounts:organization_review_pushes   org_administer
GET,POST         accounts:organization_move            org_administer
GET,POST         accounts:organization_deactivate      org_administer
GET,POST         accounts:organization_delete          org_administer
GET,POST         accounts:organization_activate        nobodys
GET,POST         accounts:organization_leave           org_see
GET,POST         accounts:membership_edit              org_administer
GET,POST         accounts:membership_delete            org_administer
GET,POST         accounts:invitation_resend            org_invitation
GET,POST         accounts:invitation_withdraw          org_invitation
GET              accounts:invitation_open              nothing
GET,POST         accounts:invitation_answer            nothing
GET              accounts:customrole                   org_see
GET,POST         accounts:customrole_edit              org_administer
GET,POST         accounts:customrole_delete            org_administer
GET              accounts:usergroup                    org_see
GET,POST         accounts:usergroup_edit               org_administer
GET,POST         accounts:usergroup_add_person         org_administer
GET,POST         accounts:usergroup_remove_person      org_administer
GET,POST         accounts:usergroup_delete             org_administer
GET              accounts:user_list                    support
GET              accounts:user                         support
GET,POST         accounts:user_deactivate              support
GET,POST         accounts:user_reactivate              support
GET,POST         accounts:user_end_sessions            support
GET,POST         accounts:user_reset_second_factor     support
GET,POST         accounts:user_impersonate             support
POST             accounts:impersonation_stop           own
POST             accounts:list_arrange                 own
GET,POST         accounts:savedview_add                own
GET,POST         accounts:savedview_edit               member_operate
GET,POST         accounts:savedview_delete             member_operate

GET              devices:device_list                   own
GET              devices:device                        device_see
GET              devices:device_builds                 device_see
GET              devices:device_history                device_see
GET              devices:device_environment            device_see
GET              devices:device_configuration          device_see
GET,POST         devices:device_bulk_rollout           own
GET              fleet:rollout_list                    own
GET,POST         builds:source_build                   operate
GET,POST         fleet:rollout_add                     anywhere
GET              fleet:rollout                         org_see
GET              fleet:rollout_audit                   org_see
GET,POST         fleet:rollout_edit                    member_operate
GET,POST         fleet:rollout_start                   member_operate
GET,POST         fleet:rollout_approve                 member_operate
GET,POST         fleet:rollout_pause                   member_operate
GET,POST         fleet:rollout_resume                  member_operate
GET,POST         fleet:rollout_retry                   member_operate
GET,POST         fleet:rollout_roll_back               member_operate
GET,POST         fleet:rollout_abort                   member_operate
GET,POST         fleet:rollout_delete                  member_operate
GET,POST         fleet:rolloutplan_add                 anywhere
GET,POST         fleet:rolloutplan_edit                member_operate
GET              devices:device_audit                  device_see
GET              devices:device_messages               device_see
GET,POST         devices:device_publish                device_operate
GET              messaging:devicequestion_list         own
GET,POST         messaging:devicequestion_answer       member_operate
GET,POST         messaging:devicequestion_dismiss      member_operate
GET              messaging:open_questions              own
GET              fleet:transferparty_list              own
GET              fleet:transferparty                   org_see
GET              fleet:transferparty_proof             org_see
GET,POST         fleet:transferparty_accept            org_administer
GET,POST         fleet:transferparty_decline           org_administer
GET,POST         fleet:transferparty_withdraw          org_administer
GET,POST         fleet:transferparty_retry             org_administer
GET,POST         fleet:transferparty_question          nobodys
GET,POST         devices:device_share                  device_administer
GET,POST         devices:device_unshare                nobodys
GET              devices:device_access                 device_see
GET,POST         devices:device_add                    anywhere
GET,POST         devices:device_edit                   device_change
GET,POST         devices:device_field                  device_change
GET,POST         devices:device_build                  device_operate
GET              fleet:configpush_list                 own
GET,POST         fleet:configpush_add                  anywhere
GET              fleet:configpush                      org_see
GET,POST         fleet:configpush_edit                 member_operate
GET,POST         fleet:configpush_submit               member_operate
GET,POST         fleet:configpush_approve              member_operate
GET,POST         fleet:configpush_return               member_operate
GET,POST         fleet:configpush_discard              member_operate
GET,POST         fleet:configpush_apply                member_operate
GET,POST         fleet:configpush_retry                member_operate
GET,POST         fleet:configpush_withdraw             member_operate
GET,POST         fleet:configpush_revert               member_operate
GET,POST         devices:device_push                   device_operate
GET,POST         devices:device_push_withdraw          device_operate
GET,POST         devices:device_transfer               device_administer
GET,POST         devices:device_delete                 device_operate
GET,POST         devices:device_release                device_operate
GET              devices:releaseddevice_list           own
GET,POST         devices:releaseddevice_reclaim        member_operate
GET,POST         devices:releaseddevice_delete         member_operate
POST,GET         devices:device_bulk_transfer          own
GET,POST         devices:device_meshes                 device_change
GET,POST         devices:device_mesh_detach            nobodys

GET              devices:mesh_list                     own
GET              devices:mesh                          see
GET              devices:mesh_audit                    see
GET,POST         devices:mesh_share                    administer
GET,POST         devices:mesh_unshare                  nobodys
GET              devices:mesh_access                   see
GET,POST         devices:mesh_add                      anywhere
GET,POST         devices:mesh_edit                     operate
GET,POST         devices:mesh_attach                   operate
GET,POST         devices:mesh_delete                   operate
GET              devices:mesh_environment               see
GET,POST         fleet:bulkjob_start                  own
GET              fleet:bulkjob_list                   own
GET              fleet:bulkjob                        org_see
GET              fleet:bulkjob_audit                  org_see
GET,POST         fleet:bulkjob_cancel                 member_operate
GET,POST         fleet:bulkjob_retry                  member_operate
POST,GET         devices:mesh_bulk_delete              own
GET,POST         devices:device_transformers           device_change
GET              devices:statustransformer_list        own
GET              devices:statustransformer             see
GET              devices:statustransformer_versions    see
GET              devices:statustransformer_diff        see
GET              devices:statustransformer_audit       see
GET,POST         devices:statustransformer_share       administer
GET,POST         devices:statustransformer_unshare     nobodys
GET              devices:statustransformer_access      see
GET,POST         devices:statustransformer_add         anywhere
GET,POST         devices:statustransformer_edit        operate
GET,POST         devices:statustransformer_restore     operate
GET,POST         devices:statustransformer_delete      operate

GET              builds:source_list                    own
GET              builds:source                         see
GET              builds:source_devices                 see
GET              builds:source_builds                  see
GET              builds:source_rollouts                see
GET              builds:source_environment             see
GET              builds:source_audit                   see
GET,POST         builds:source_share                   administer
GET,POST         builds:source_unshare                 nobodys
GET              builds:source_access                  see
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
GET,POST         builds:build_share                    administer
GET,POST         builds:build_unshare                  nobodys
GET              builds:build_access                   see
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
GET,POST         keys:apikey_share                     administer
GET,POST         keys:apikey_unshare                   nobodys
GET              keys:apikey_access                    see
GET,POST         keys:apikey_add                       anywhere
GET,POST         keys:apikey_edit                      administer
GET,POST         keys:apikey_revoke                    administer
POST,GET         keys:apikey_bulk_revoke               own
GET              keys:deploykey_list                   own
GET              keys:deploykey                        see
GET              keys:deploykey_audit                  see
GET,POST         keys:deploykey_share                  administer
GET,POST         keys:deploykey_unshare                nobodys
GET              keys:deploykey_access                 see
GET,POST         keys:deploykey_add                    anywhere
GET,POST         keys:deploykey_edit                   administer
GET,POST         keys:deploykey_delete                 administer
POST,GET         keys:deploykey_bulk_delete            own
GET              keys:envvar_list                      own
GET              keys:envvar                           see
GET              keys:envvar_audit                     see
GET,POST         keys:envvar_share                     administer
GET,POST         keys:envvar_unshare                   nobodys
GET              keys:envvar_access                    see
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
GET,PATCH,DELETE api:account                           api_session
GET              api:account-picture                   api_nobodys
PUT,DELETE       api:account-picture                   api_session
POST             api:account-export                    api_session
GET,PATCH        api:account-notifications             api_session
GET,PATCH        api:account-notification-times        api_session
GET              api:signin-list                       api_session
DELETE           api:signin-detail                     api_nobodys
POST             api:signin-end-others                 api_session
GET              api:factor-list                       api_session
DELETE           api:factor-detail                     api_nobodys
GET              api:user-list                         api_support
GET              api:user-detail                       api_support
POST             api:user-deactivate                   api_support
POST             api:user-reactivate                   api_support
POST             api:user-end-sessions                 api_support
GET,POST         api:organization-list                 api_own
GET              api:organization-detail               api_org_see
GET              api:organization-access               api_org_see
PATCH,DELETE,PUT api:organization-detail               api_org_administer
POST             api:organization-move                 api_org_administer
POST             api:organization-limits               api_org_administer
POST             api:organization-second-factor        api_org_administer
POST             api:organization-review-pushes        api_org_administer
POST             api:organization-deactivate           api_org_administer
POST             api:organization-activate             api_gone
POST             api:organization-leave                api_org_see
GET              api:organization-usage                api_org_see
GET              api:membership-list                   api_own
GET              api:membership-detail                 api_org_see
PATCH,DELETE,PUT api:membership-detail                 api_org_administer
GET,POST         api:invitation-list                   api_own
GET              api:invitation-detail                 api_inspect
POST             api:invitation-resend                 api_org_invitation
POST             api:invitation-withdraw               api_org_invitation
POST             api:invitation-accept                 api_own
POST             api:invitation-decline                api_own
GET,POST         api:customrole-list                   api_own
GET              api:customrole-detail                 api_org_see
PATCH,DELETE,PUT api:customrole-detail                 api_org_administer
GET,POST         api:usergroup-list                    api_own
GET              api:usergroup-detail                  api_org_see
PATCH,DELETE,PUT api:usergroup-detail                  api_org_administer
POST             api:usergroup-add-person              api_org_administer
POST             api:usergroup-remove-person           api_org_administer
GET,POST         api:savedview-list                    api_own
GET              api:savedview-detail                  api_see_own
PATCH,DELETE,PUT api:savedview-detail                  api_operate_own
GET,POST         api:device-list                       api_own
GET              api:device-detail                     api_device_see
GET              api:device-series                     api_device_see
GET              api:device-checkins                   api_device_see
GET              api:device-statuses                   api_device_see
GET              api:figures                           api_own
PATCH            api:device-detail                     api_device_change
DELETE           api:device-detail                     api_device_operate
GET,POST         api:device-shares                     api_device_administer
GET,PATCH,DELETE api:device-share                      api_share
GET              api:device-access                     api_device_see
GET              api:device-transformers               api_device_see
PUT              api:device-transformers               api_device_change
GET,POST         api:statustransformer-list            api_own
GET              api:statustransformer-detail          api_see
PATCH,DELETE,PUT api:statustransformer-detail          api_operate
GET,POST         api:statustransformer-shares          api_administer
GET,PATCH,DELETE api:statustransformer-share           api_share
GET              api:statustransformer-access          api_see
GET              api:statustransformer-versions        api_see
POST             api:statustransformer-restore         api_operate
POST             api:statustransformer-try-saved       api_see
POST             api:statustransformer-try-script      api_own
GET              api:device-messages                   api_device_see
POST             api:device-publish                    api_device_operate
GET              api:devicequestion-list               api_own
GET              api:devicequestion-detail             api_org_see
POST             api:devicequestion-answer             api_member_operate
POST             api:devicequestion-dismiss            api_member_operate
PUT              api:device-detail                     api_device_change
POST             api:device-release                    api_device_operate
GET              api:releaseddevice-list               api_own
GET              api:releaseddevice-detail             api_see_own
DELETE           api:releaseddevice-detail             api_operate_own
POST             api:releaseddevice-reclaim            api_operate_own
GET,POST         api:mesh-list                         api_own
GET              api:mesh-detail                       api_see
PATCH,DELETE,PUT api:mesh-detail                       api_operate
POST             api:mesh-attach                       api_operate
POST             api:mesh-detach                       api_operate
GET,POST         api:mesh-shares                       api_administer
GET,PATCH,DELETE api:mesh-share                        api_share
GET              api:mesh-access                       api_see
GET,POST         api:source-list                       api_own
GET              api:source-detail                     api_see
PATCH,DELETE,PUT api:source-detail                     api_operate
POST             api:source-test                       api_operate
GET,POST         api:source-shares                     api_administer
GET,PATCH,DELETE api:source-share                      api_share
GET              api:source-access                     api_see
POST             api:mesh-preview                     api_operate
GET,POST         api:bulkjob-list                     api_own
GET              api:bulkjob-detail                   api_see_own
GET              api:bulkjob-items                    api_see_own
POST             api:bulkjob-cancel                   api_operate_own
POST             api:bulkjob-retry                    api_operate_own
GET,POST         api:configpush-list                   api_own
GET              api:configpush-detail                 api_see_own
PUT              api:configpush-detail                 api_operate_own
GET              api:configpush-differences            api_see_own
POST             api:configpush-submit                 api_operate_own
POST             api:configpush-approve                api_operate_own
POST             api:configpush-send-back              api_operate_own
POST             api:configpush-discard                api_operate_own
POST             api:configpush-apply                  api_operate_own
POST             api:configpush-retry                  api_operate_own
POST             api:configpush-withdraw               api_operate_own
POST             api:configpush-revert                 api_operate_own
GET              api:configreceipt-list                api_own
GET              api:configreceipt-detail              api_see_own
POST             api:configreceipt-withdraw            api_operate_own
GET,POST         api:rollout-list                      api_own
GET              api:rollout-detail                    api_see_own
PUT,PATCH,DELETE api:rollout-detail                    api_operate_own
GET              api:rollout-targets                   api_see_own
POST             api:rollout-start                     api_operate_own
POST             api:rollout-approve                   api_operate_own
POST             api:rollout-pause                     api_operate_own
POST             api:rollout-resume                    api_operate_own
POST             api:rollout-abort                     api_operate_own
POST             api:rollout-roll-back                 api_operate_own
POST             api:rollout-retry                     api_operate_own
GET,POST         api:rolloutplan-list                  api_own
GET              api:rolloutplan-detail                api_see_own
PUT,PATCH,DELETE api:rolloutplan-detail                api_operate_own
GET,POST         api:transferparty-list                api_own
GET              api:transferparty-detail              api_see_own
GET              api:transferparty-items               api_see_own
GET              api:transferparty-proof               api_see_own
POST             api:transferparty-accept              api_org_administer
POST             api:transferparty-decline             api_org_administer
POST             api:transferparty-withdraw            api_org_administer
POST             api:transferparty-retry               api_org_administer
POST             api:transferparty-verify              api_own

GET,POST         api:build-list                        api_own
GET              api:build-detail                      api_see
GET              api:build-log                         api_see
POST             api:build-cancel                      api_operate
GET,POST         api:build-shares                      api_administer
GET,PATCH,DELETE api:build-share                       api_share
GET              api:build-access                      api_see
DELETE           api:build-detail                      api_operate
GET              api:artifact-list                     api_own
GET              api:artifact-detail                   api_see
GET              api:artifact-download                 api_see
GET,POST         api:artifact-shares                   api_administer
GET,PATCH,DELETE api:artifact-share                    api_share
GET              api:artifact-access                   api_see
GET,POST         api:apikey-list                       api_own
GET              api:apikey-detail                     api_see
PATCH            api:apikey-detail                     api_administer
POST             api:apikey-revoke                     api_administer
GET,POST         api:apikey-shares                     api_administer
GET,PATCH,DELETE api:apikey-share                      api_share
GET              api:apikey-access                     api_see
DELETE,PUT       api:apikey-detail                     api_administer
GET,POST         api:deploykey-list                    api_own
GET              api:deploykey-detail                  api_see
PATCH,DELETE,PUT api:deploykey-detail                  api_administer
GET,POST         api:deploykey-shares                  api_administer
GET,PATCH,DELETE api:deploykey-share                   api_share
GET              api:deploykey-access                  api_see
GET,POST         api:envvar-list                       api_own
GET              api:envvar-detail                     api_see
PATCH,DELETE,PUT api:envvar-detail                     api_operate
GET,POST         api:envvar-shares                     api_administer
GET,PATCH,DELETE api:envvar-share                      api_share
GET              api:envvar-access                     api_see
GET              api:notification-list                 api_own
GET              api:notification-detail               api_share
POST             api:notification-read                 api_share
POST             api:notification-read-all             api_own
GET,POST         api:notificationrule-list             api_own
GET              api:notificationrule-detail           api_inspect
PUT,PATCH,DELETE api:notificationrule-detail           api_org_invitation
POST             api:notificationrule-test             api_org_invitation
POST             api:notificationrule-send-link        api_org_invitation
POST             api:notificationrule-replace-secret   api_org_invitation
GET              api:notificationrule-deliveries       api_inspect
GET              api:auditevent-list                   api_own
GET              api:auditevent-detail                 api_inspect

GET              admin:index                                             admin
GET              admin:jsi18n                                            admin
GET              admin:app_list                                          admin
GET              admin:account_emailaddress_changelist                   admin_all
GET              admin:accounts_consent_changelist                       admin_all
GET              admin:accounts_consent_change                           admin_none
GET              admin:accounts_customrole_changelist                    admin
GET              admin:accounts_customrole_change                        admin_all
GET              admin:accounts_invitation_changelist                    admin
GET              admin:accounts_invitation_change                        admin_all
GET              admin:accounts_listpreference_changelist                admin_all
GET              admin:accounts_listpreference_change                    admin_none
GET              admin:accounts_membership_changelist                    admin
GET              admin:accounts_membership_change                        admin_all
GET              admin:accounts_notificationchoice_changelist            admin_all
GET              admin:accounts_notificationchoice_change                admin_none
GET              admin:accounts_organization_changelist                  admin
GET,POST         admin:accounts_organization_change                      admin_all
GET              admin:accounts_passkey_changelist                       admin_all
GET              admin:accounts_passkey_change                           admin_none
GET              admin:accounts_passkeyattestation_changelist            admin_all
GET              admin:accounts_recoverycode_changelist                  admin_all
GET              admin:accounts_recoverycodes_changelist                 admin_all
GET              admin:accounts_recoverycodes_change                     admin_none
GET              admin:accounts_rememberedbrowser_changelist             admin_all
GET              admin:accounts_rememberedbrowser_change                 admin_none
GET,POST         admin:accounts_rememberedbrowser_delete                 admin_none
GET              admin:accounts_savedview_changelist                     admin
GET              admin:accounts_savedview_change                         admin_all
GET              admin:accounts_signin_changelist                        admin_all
GET              admin:accounts_signin_change                            admin_none
GET              admin:accounts_smsdevice_changelist                     admin_all
GET              admin:accounts_smsdevice_change                         admin_none
GET              admin:accounts_totpdevice_changelist                    admin_all
GET              admin:accounts_totpdevice_change                        admin_none
GET              admin:accounts_user_changelist                          admin_all
GET,POST         admin:accounts_user_change                              admin_all
GET              admin:accounts_usergroup_changelist                     admin
GET              admin:accounts_usergroup_change                         admin_all
GET              admin:audit_auditevent_changelist                       admin
GET              admin:audit_auditevent_change                           admin_all
GET              admin:audit_audithead_changelist                        admin_all
GET              admin:auth_group_changelist                             admin_all
GET              admin:axes_accessattempt_changelist                     admin_all
GET              admin:axes_accessfailurelog_changelist                  admin_all
GET              admin:axes_accesslog_changelist                         admin_all
GET              admin:builds_artifact_changelist                        admin
GET              admin:builds_artifact_change                            admin_all
GET              admin:builds_artifactgrouppermission_changelist         admin_all
GET              admin:builds_artifactuserpermission_changelist          admin_all
GET              admin:builds_build_changelist                           admin
GET              admin:builds_build_change                               admin_all
GET              admin:builds_buildgrouppermission_changelist            admin_all
GET              admin:builds_buildlogline_changelist                    admin
GET              admin:builds_builduserpermission_changelist             admin_all
GET              admin:builds_delta_changelist                           admin_all
GET              admin:builds_onetimetoken_changelist                    admin_all
GET              admin:builds_signingkey_changelist                      admin_all
GET              admin:builds_signingkey_change                          admin_none
GET              admin:builds_source_changelist                          admin
GET              admin:builds_source_change                              admin_all
GET              admin:builds_sourcegrouppermission_changelist           admin_all
GET              admin:builds_sourceuserpermission_changelist            admin_all
GET              admin:devices_device_changelist                         admin
GET,POST         admin:devices_device_change                             admin_all
GET              admin:devices_devicegrouppermission_changelist          admin_all
GET              admin:devices_devicestate_changelist                    admin
GET              admin:devices_devicetransformer_changelist              admin_all
GET              admin:devices_statustransformer_changelist              admin
GET              admin:devices_statustransformer_change                  admin_all
GET              admin:devices_statustransformergrouppermission_changelist admin_all
GET              admin:devices_statustransformeruserpermission_changelist admin_all
GET              admin:devices_transformerversion_changelist             admin_all
GET              admin:devices_deviceuserpermission_changelist           admin_all
GET              admin:devices_formerowner_changelist                    admin_all
GET              admin:fleet_bulkjob_changelist                          admin
GET              admin:fleet_bulkjob_change                              admin_all
GET              admin:fleet_bulkjobitem_changelist                      admin
GET              admin:fleet_configpush_changelist                       admin
GET              admin:fleet_configpush_change                           admin_all
GET              admin:fleet_configvariant_changelist                    admin
GET              admin:fleet_configvariant_change                        admin_none
GET              admin:fleet_configreceipt_changelist                    admin
GET              admin:fleet_configreceipt_change                        admin_all
GET              admin:fleet_rollout_changelist                          admin
GET              admin:fleet_rollout_change                              admin_all
GET              admin:fleet_rolloutplan_changelist                      admin
GET              admin:fleet_rolloutplan_change                          admin_all
GET              admin:fleet_rollouttarget_changelist                    admin
GET              admin:fleet_rollouttarget_change                        admin_all
GET              admin:fleet_transferparty_changelist                    admin
GET              admin:fleet_transferparty_change                        admin_all
GET              admin:fleet_transfer_changelist                         admin_all
GET              admin:fleet_transfer_change                             admin_none
GET              admin:fleet_transferitem_changelist                     admin_all
GET              admin:fleet_transferitem_change                         admin_none
GET              admin:fleet_transferproof_changelist                    admin_all
GET              admin:fleet_transferproof_change                        admin_none
GET              admin:devices_mesh_changelist                           admin
GET              admin:devices_mesh_change                               admin_all
GET              admin:devices_meshgrouppermission_changelist            admin_all
GET              admin:devices_meshmember_changelist                     admin_all
GET              admin:devices_meshuserpermission_changelist             admin_all
GET              admin:devices_releaseddevice_changelist                 admin
GET              admin:devices_releaseddevice_change                     admin_all
GET              admin:messaging_devicemessage_changelist               admin
GET              admin:messaging_devicequestion_changelist              admin
GET              admin:messaging_devicequestion_change                  admin_all
GET              admin:devices_devicetrouble_changelist                 admin_all
GET              admin:notifications_notification_changelist             admin_all
GET              admin:notifications_notification_change                 admin_none
GET              admin:notifications_notificationrule_changelist         admin
GET              admin:notifications_notificationrule_change             admin_all
GET              admin:notifications_notificationdelivery_changelist     admin
GET              admin:notifications_notificationdelivery_change         admin_all
GET              admin:notifications_notificationtimes_changelist        admin_all
GET              admin:notifications_occurrence_changelist               admin_all
GET              admin:messaging_publication_changelist                 admin_all
GET              admin:messaging_publication_change                     admin_none
GET              admin:keys_apikey_changelist                            admin
GET              admin:keys_apikey_change                                admin_all
GET              admin:keys_apikeyaddress_changelist                     admin_all
GET              admin:keys_apikeygrouppermission_changelist             admin_all
GET              admin:keys_apikeyuserpermission_changelist              admin_all
GET              admin:keys_deploykey_changelist                         admin
GET              admin:keys_deploykey_change                             admin_all
GET              admin:keys_deploykeygrouppermission_changelist          admin_all
GET              admin:keys_deploykeyuserpermission_changelist           admin_all
GET              admin:keys_envvar_changelist                            admin
GET              admin:keys_envvar_change                                admin_all
GET              admin:keys_envvargrouppermission_changelist             admin_all
GET              admin:keys_envvaruserpermission_changelist              admin_all
GET              admin:socialaccount_socialaccount_changelist            admin_all
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
