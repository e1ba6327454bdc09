"""URLs of first factors, below /accounts/; they are named like all of accounts."""

from __future__ import annotations

from django.urls import URLPattern, path

from accounts.views import email_change, password_reset, providers, sign_in, sign_up

urlpatterns: list[URLPattern] = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign_out"),
    path(
        "first-operator/<str:token>/",
        sign_in.FirstOperatorView.as_view(),
        name="first_operator",
    ),
    path("sign-up/", sign_up.SignUpView.as_view(), name="sign_up"),
    path("sign-up/sent/", sign_up.ActivationSentView.as_view(), name="activation_sent"),
    path("sign-up/again/", sign_up.ActivationResendView.as_view(), name="activation_resend"),
    path("activate/<str:key>/", sign_up.ActivateView.as_view(), name="activate"),
    path("password/reset/", password_reset.PasswordResetView.as_view(), name="password_reset"),
    path(
        "password/reset/sent/",
        password_reset.PasswordResetSentView.as_view(),
        name="password_reset_sent",
    ),
    path(
        "password/<uuid:uid>/<str:token>/",
        password_reset.PasswordChooseView.as_view(),
        name="password_choose",
    ),
    path("email/", email_change.EmailChangeView.as_view(), name="email_change"),
    path("email/<str:key>/", email_change.EmailConfirmView.as_view(), name="email_confirm"),
    path(
        "with/<slug:provider>/start/", providers.ProviderStartView.as_view(), name="provider_start"
    ),
    path("connections/", providers.ConnectionListView.as_view(), name="connection_list"),
    path(
        "connections/unlink/",
        providers.ConnectionUnlinkView.as_view(),
        name="connection_unlink",
    ),
    path(
        "connections/<slug:provider>/link/",
        providers.ConnectionLinkView.as_view(),
        name="connection_link",
    ),
]
