"""The ceremonies of passkeys, as static/js/passkey.js asks for them. They answer JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django_otp_webauthn import exceptions, views
from django_otp_webauthn.utils import rewrite_exceptions

from accounts.actor import Actor, client_address
from accounts.identity.addresses import has_verified_address
from accounts.second_factor.attempts import attempt_refused
from accounts.second_factor.events import FactorRefused
from accounts.second_factor.factors import WRONG, factor_confirm, factor_room, factor_shown
from accounts.second_factor.limits import guess_failed, guess_passed, guess_wait
from accounts.second_factor.sessions import session_prove, session_verify
from accounts.views.second_factor.going_on import enrolled_url, local_next
from audit.recorder import record
from core.exceptions import DomainError


class NotNow(exceptions.OTPWebAuthnApiError):
    """The session must prove itself first."""

    status_code = 403
    default_detail = "Confirm that it is you first, then try again."
    default_code = "accounts.recent_proof_required"


class TooMany(exceptions.OTPWebAuthnApiError):
    """Too many passkeys failed."""

    status_code = 429
    default_detail = "Too many wrong answers. Try again in a few minutes."
    default_code = "accounts.code_too_soon"


@contextlib.contextmanager
def _read_safely() -> Iterator[None]:
    """What a browser never sends is a malformed request, not a fault of the console."""
    try:
        with rewrite_exceptions():
            yield
    except (ValueError, TypeError, KeyError) as error:
        raise exceptions.MalformedRequest from error


class CeremonyMixin:
    """Answers refusals of ours in the same shape as those of the library."""

    request: Any

    def _parse_request_data(self, request: Any) -> Any:
        try:
            data = super()._parse_request_data(request)  # type: ignore[misc]
        except UnicodeDecodeError as error:
            raise exceptions.MalformedRequest from error
        return data if isinstance(data, dict) else {}

    def handle_exception(self, exc: Exception) -> JsonResponse:
        """Answer domain errors as JSON too."""
        if isinstance(exc, DomainError):
            return JsonResponse({"code": exc.code, "detail": exc.message}, status=exc.status)
        return super().handle_exception(exc)  # type: ignore[misc]


class EnrolMixin(CeremonyMixin):
    """A new passkey wants a session that proved lately who sits there, and room."""

    def check_can_register(self) -> None:
        """Refuse in the words of sudo mode."""
        if not self.request.actor.is_recent:
            raise NotNow
        factor_room(self.request.user)


class PasskeyEnrolBeginView(EnrolMixin, views.BeginCredentialRegistrationView):
    """Say what passkey to make."""


class PasskeyEnrolCompleteView(EnrolMixin, views.CompleteCredentialRegistrationView):
    """Store a passkey that was made; from now on it opens."""

    def post(self, *args: Any, **kwargs: Any) -> JsonResponse:
        """Check, store, and count the session as verified if it was not."""
        state, data = self.get_state(), self.request.data
        with transaction.atomic():
            with _read_safely():
                person = self.get_user()
                made = self.get_helper().register_complete(user=person, state=state, data=data)
            name = f"{data.get('name') or ''}".strip() or "Passkey"
            factor_confirm(self.request.actor, factor=made, name=name)
        if not self.request.user.is_verified():
            session_verify(self.request, made)
        return JsonResponse({"redirect_url": enrolled_url(self.request)})


class ShowMixin(CeremonyMixin):
    """Showing a passkey, signed in (as second factor) or not (instead of a password)."""

    def check_can_authenticate(self) -> None:
        """End guessing; a passkey is not guessed, but a stolen session may be tried out."""
        super().check_can_authenticate()  # type: ignore[misc]
        address = client_address(self.request)
        if guess_wait(getattr(self.request.user, "pk", None) or address, address):
            raise TooMany


class PasskeyShowBeginView(ShowMixin, views.BeginCredentialAuthenticationView):
    """Say which passkeys will do."""


class PasskeyShowCompleteView(ShowMixin, views.CompleteCredentialAuthenticationView):
    """Take the answer of a passkey."""

    def post(self, *args: Any, **kwargs: Any) -> JsonResponse:
        """Check; then the session has shown a second factor, or its person is signed in."""
        state, person = self.get_state(), self.get_user()
        try:
            with _read_safely():
                shown = self.get_helper().authenticate_complete(
                    user=person, state=state, data=self.request.data
                )
            self.check_device_usable(shown)
        except exceptions.OTPWebAuthnApiError:
            self._refused(person)
            raise
        if person is None:
            return self._sign_in(shown)
        guess_passed(person.pk)
        if self.request.user.is_verified():
            session_prove(self.request)
        else:
            session_verify(self.request, shown)
        factor_shown(self.request.actor, factor=shown)
        return JsonResponse({"csrf": get_token(self.request)})

    def _sign_in(self, shown: Any) -> JsonResponse:
        """Sign in without a password: the passkey checked who holds it."""
        person = authenticate(self.request, webauthn_credential=shown)
        if person is None or not has_verified_address(person):
            raise exceptions.UserDisabled
        login(self.request, person, backend="django_otp_webauthn.backends.WebAuthnBackend")
        session_verify(self.request, shown)
        self.request.session.set_expiry(0)
        factor_shown(Actor.from_request(self.request), factor=shown)
        return JsonResponse({"redirect_url": self.get_success_url()})

    def get_success_url(self) -> str:
        """Return where to go: `next` if it is ours."""
        return local_next(self.request) or resolve_url(settings.LOGIN_REDIRECT_URL)

    def _refused(self, person: Any) -> None:
        address = client_address(self.request)
        guess_failed(getattr(person, "pk", None) or address, address)
        if person is None:
            actor, reason = self.request.actor, WRONG["passkey"]
            record(actor, FactorRefused, None, organization=None, factor="Passkey", reason=reason)
        else:
            attempt_refused(self.request.actor, _Unknown(person), WRONG["passkey"])


class _Unknown:
    """A passkey of nobody, as the audit log calls it."""

    kind, name = "passkey", "unknown"

    def __init__(self, user: Any) -> None:
        self.user = user
