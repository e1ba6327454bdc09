"""URLs of one's own account, below /accounts/; they are named like all of accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views import account_end, profile, sign_ins

urlpatterns = [
    path("profile/", profile.ProfileView.as_view(), name="profile"),
    path("profile/edit/", profile.ProfileEditView.as_view(), name="profile_edit"),
    path("profile/picture/", profile.AvatarEditView.as_view(), name="avatar_edit"),
    path("pictures/<uuid:uid>/", profile.AvatarView.as_view(), name="avatar"),
    path("security/", profile.SecurityView.as_view(), name="profile_security"),
    path("password/", profile.PasswordChangeView.as_view(), name="password_change"),
    path("sign-ins/", sign_ins.SignInListView.as_view(), name="signin_list"),
    path("sign-ins/end-others/", sign_ins.SignInEndOthersView.as_view(), name="signin_end_others"),
    path("sign-ins/<uuid:uid>/end/", sign_ins.SignInEndView.as_view(), name="signin_end"),
    path("data/", account_end.DataView.as_view(), name="profile_data"),
    path("data/export/", account_end.AccountExportView.as_view(), name="account_export"),
    path("data/delete/", account_end.AccountDeleteView.as_view(), name="account_delete"),
]
