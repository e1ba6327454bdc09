"""URLs of second factors, below /accounts/; they are named like all of accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views.second_factor import enrol, manage, passkeys, sudo, verify

AT = "second-factor"
urlpatterns = [
    path("sudo/", sudo.SudoView.as_view(), name="sudo"),
    path(f"{AT}/", manage.FactorListView.as_view(), name="factor_list"),
    path(f"{AT}/verify/", verify.FactorVerifyView.as_view(), name="factor_verify"),
    path(f"{AT}/add/", enrol.FactorEnrolView.as_view(), name="factor_enrol"),
    path(f"{AT}/add/app/", enrol.TotpAddView.as_view(), name="factor_totp_add"),
    path(f"{AT}/add/sms/", enrol.SmsAddView.as_view(), name="factor_sms_add"),
    path(f"{AT}/add/sms/code/", enrol.SmsConfirmView.as_view(), name="factor_sms_confirm"),
    path(f"{AT}/add/passkey/", enrol.PasskeyAddView.as_view(), name="factor_passkey_add"),
    path(f"{AT}/recovery-codes/", enrol.RecoveryView.as_view(), name="factor_recovery"),
    path(f"{AT}/<uuid:uid>/rename/", manage.FactorEditView.as_view(), name="factor_edit"),
    path(f"{AT}/<uuid:uid>/remove/", manage.FactorDeleteView.as_view(), name="factor_delete"),
    path(
        f"{AT}/browsers/forget/",
        manage.BrowserForgetAllView.as_view(),
        name="browser_forget_all",
    ),
    path(
        f"{AT}/browsers/<uuid:uid>/forget/",
        manage.BrowserForgetView.as_view(),
        name="browser_forget",
    ),
    path(
        "passkeys/enrol/begin/",
        passkeys.PasskeyEnrolBeginView.as_view(),
        name="passkey_enrol_begin",
    ),
    path(
        "passkeys/enrol/complete/",
        passkeys.PasskeyEnrolCompleteView.as_view(),
        name="passkey_enrol_complete",
    ),
    path(
        "passkeys/show/begin/", passkeys.PasskeyShowBeginView.as_view(), name="passkey_show_begin"
    ),
    path(
        "passkeys/show/complete/",
        passkeys.PasskeyShowCompleteView.as_view(),
        name="passkey_show_complete",
    ),
]
