"""REST of one's own account: what the tabs of the profile do, for the browser session alone."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.avatars import CONTENT_TYPE, MAX_BYTES, squared
from accounts.browsers import browser_in_words
from accounts.models import User
from accounts.selectors.notifications import choices_of
from accounts.selectors.sign_ins import open_sign_ins
from accounts.services.account_delete import account_delete
from accounts.services.account_export import account_export
from accounts.services.notifications import notifications_choose
from accounts.services.profile import avatar_clear, avatar_set, profile_change
from accounts.services.sign_ins import MARK, sign_in_end, sign_ins_end
from accounts.views.account_end import export_response
from core.api.errors import TooLarge
from core.api.permissions import actor_of, require_recent
from core.api.serializers import ScopedSerializer

TAG = ["account"]
PICTURES = ("image/png", "image/jpeg", "image/webp")


class OwnAccountView(APIView):
    """Only the session of the person opens it: a key reaches no further than its organization."""

    def person(self) -> User:
        """Return who is signed in; PermissionDenied for any other credential."""
        actor = actor_of(self.request)
        if actor.credential or actor.impersonator is not None:
            raise PermissionDenied
        return actor.user

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep answers out of every cache."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer


class AccountSerializer(ScopedSerializer):
    """Who you are. `phone` is kept as E.164; a change of the e-mail address needs the console."""

    uid = serializers.UUIDField(read_only=True)
    email = serializers.EmailField(read_only=True)
    username = serializers.CharField(max_length=150)
    first_name = serializers.CharField(max_length=150, allow_blank=True)
    last_name = serializers.CharField(max_length=150, allow_blank=True)
    phone = serializers.CharField(max_length=40, allow_blank=True)
    time_zone = serializers.CharField(max_length=64)
    language = serializers.ChoiceField(settings.LANGUAGES)
    has_picture = serializers.BooleanField(source="avatar", read_only=True)
    second_factor_at = serializers.DateTimeField(read_only=True, allow_null=True)
    date_joined = serializers.DateTimeField(read_only=True)
    last_login = serializers.DateTimeField(read_only=True, allow_null=True)


class ConfirmationSerializer(ScopedSerializer):
    """The address of the account, typed once more, since nothing brings it back."""

    confirm = serializers.EmailField()


class AccountView(OwnAccountView):
    """Your own account."""

    name = "Account"

    @extend_schema(
        responses=AccountSerializer, operation_id="account_retrieve", tags=TAG,
        summary="Show your account",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return it."""
        return Response(AccountSerializer(self.person()).data)

    @extend_schema(
        request=AccountSerializer(partial=True), responses=AccountSerializer,
        operation_id="account_partial_update", tags=TAG, summary="Change your account",
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        """Change the fields given."""
        person = User.objects.get(pk=self.person().pk)
        said = AccountSerializer(person, data=request.data, partial=True)
        said.is_valid(raise_exception=True)
        changed = profile_change(actor_of(request), user=person, **said.validated_data)
        return Response(AccountSerializer(changed).data)

    @extend_schema(
        request=ConfirmationSerializer, responses={202: None},
        operation_id="account_destroy", tags=TAG, summary="Delete your account for good",
    )  # fmt: skip
    def delete(self, request: Request) -> Response:
        """Close it at once; what is yours is then removed. Needs a proof of a moment ago."""
        person = self.person()
        require_recent(actor_of(request))
        said = ConfirmationSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        if said.validated_data["confirm"] != person.email:
            raise serializers.ValidationError({"confirm": [f"Write {person.email}."]})
        account_delete(actor_of(request), user=person)
        return Response(status=202)


class PictureParser(parsers.BaseParser):
    """The bytes of a picture, up to 5 MB."""

    media_type = "image/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the bytes."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge
        return body


class AccountPictureView(OwnAccountView):
    """Your picture: a square of 256 pixels, whatever you send."""

    name = "Picture"
    parser_classes = [PictureParser]

    @extend_schema(
        responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY},
        operation_id="account_picture_retrieve", tags=TAG, summary="Download your picture",
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponseBase:
        """Return the file; 404 when there is none."""
        name = self.person().avatar
        if not name or not default_storage.exists(name):
            raise Http404
        with default_storage.open(name, "rb") as file:
            return HttpResponse(file.read(), content_type=CONTENT_TYPE)

    @extend_schema(
        request=dict.fromkeys(PICTURES, OpenApiTypes.BINARY), responses={204: None},
        operation_id="account_picture_update", tags=TAG, summary="Replace your picture",
    )  # fmt: skip
    def put(self, request: Request) -> Response:
        """Take a PNG, JPEG or WebP of up to 5 MB."""
        person = self.person()
        body = request.data if isinstance(request.data, bytes) else b""
        try:
            picture = squared(BytesIO(body), len(body))
        except ValidationError as error:
            raise serializers.ValidationError({"file": error.messages}) from None
        avatar_set(actor_of(request), user=person, picture=picture)
        return Response(status=204)

    @extend_schema(
        responses={204: None}, operation_id="account_picture_destroy", tags=TAG,
        summary="Remove your picture",
    )  # fmt: skip
    def delete(self, request: Request) -> Response:
        """Go back to initials."""
        avatar_clear(actor_of(request), user=self.person())
        return Response(status=204)


class AccountExportView(OwnAccountView):
    """Everything that is kept about you."""

    name = "Export"

    @extend_schema(
        request=None, responses={(200, "application/zip"): OpenApiTypes.BINARY},
        operation_id="account_export", tags=TAG, summary="Download all your data",
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponseBase:
        """Return a ZIP of JSON files. Needs a proof of a moment ago."""
        person = self.person()
        require_recent(actor_of(request))
        file = account_export(actor_of(request), user=person)
        return export_response(request._request, file)


class AccountNotificationsView(OwnAccountView):
    """What you hear of, by topic and channel. Security notices by mail are always on."""

    name = "Notifications"

    @extend_schema(
        responses=OpenApiTypes.OBJECT, operation_id="account_notifications_retrieve", tags=TAG,
        summary="Show what you hear of",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return `{topic: {channel: true or false}}`."""
        return Response(_by_topic(self.person()))

    @extend_schema(
        request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT,
        operation_id="account_notifications_partial_update", tags=TAG,
        summary="Choose what you hear of",
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        """Change the choices given; a topic that needs consent records it, as worded now."""
        person = self.person()
        notifications_choose(actor_of(request), user=person, wishes=_wishes(request.data))
        return Response(_by_topic(person))


class SignInSerializer(serializers.Serializer):
    """A browser in which you are signed in."""

    uid = serializers.UUIDField(read_only=True)
    browser = serializers.SerializerMethodField()
    address = serializers.CharField(read_only=True)
    method = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True)
    is_this = serializers.SerializerMethodField()

    def get_browser(self, row: Any) -> str:
        """Return it in words."""
        return browser_in_words(row.user_agent)

    def get_is_this(self, row: Any) -> bool:
        """Tell whether this request came from it."""
        return f"{row.uid}" == self.context["request"].session.get(MARK)


class SignInListView(OwnAccountView):
    """Where you are signed in."""

    name = "Sign-ins"

    @extend_schema(
        responses=SignInSerializer(many=True), operation_id="sign_ins_list", tags=["sign-ins"],
        summary="List your open sign-ins",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return them, the one used last first; at most 100."""
        rows = open_sign_ins(self.person())[:100]
        return Response(SignInSerializer(rows, many=True, context={"request": request}).data)


class SignInDetailView(OwnAccountView):
    """One of them."""

    name = "Sign-in"

    @extend_schema(
        request=None, responses={204: None}, operation_id="sign_ins_destroy", tags=["sign-ins"],
        summary="End one of your sign-ins",
    )  # fmt: skip
    def delete(self, request: Request, uid: UUID) -> Response:
        """End it; also this one."""
        found = open_sign_ins(self.person()).filter(uid=uid).first()
        if found is None:
            raise Http404
        sign_in_end(actor_of(request), sign_in=found)
        return Response(status=204)


class SignInEndOthersView(OwnAccountView):
    """All of them but this one."""

    name = "End the others"

    @extend_schema(
        request=None,
        responses=inline_serializer("SignInsEnded", {"ended": serializers.IntegerField()}),
        operation_id="sign_ins_end_others", tags=["sign-ins"],
        summary="End all your other sign-ins",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """End them; return how many there were."""
        keep = request.session.get(MARK)
        count = sign_ins_end(actor_of(request), user=self.person(), keep=keep)
        return Response({"ended": count})


def _by_topic(person: User) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for (topic, channel), is_on in choices_of(person).items():
        found.setdefault(topic, {})[channel] = is_on
    return found


def _wishes(data: Any) -> dict[tuple[str, str], bool]:
    """Return the body as choices; ValidationError for any other shape."""
    wishes: dict[tuple[str, str], bool] = {}
    shape = serializers.DictField(child=serializers.DictField(child=serializers.BooleanField()))
    for topic, channels in shape.run_validation(data).items():
        wishes |= {(topic, channel): is_on for channel, is_on in channels.items()}
    return wishes
