"""Documents of identity."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from blip0.common.api.serializers import StrictSerializer
from tenants.choices import Role
from tenants.contracts import PERMISSIONS
from tenants.models import Invitation

SCOPES = {codename.replace(".", ":"): codename for codename in sorted(PERMISSIONS)}
"""Scopes as the API spells them, and the codenames that they are."""


def body(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """What was sent, checked. Raises `ValidationError`."""
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    given: dict[str, Any] = form.validated_data
    return given


def scope_of(codename: str) -> str:
    return codename.replace(".", ":")


_USER = {"id": "5d1a8f6e-3b0c-4b7e-9c53-0d9f6b1f2a11", "email": "ana@example.org", "name": "Ana"}
_TENANT = {"id": "0b6f2a52-7f0e-4d0a-8b53-6f4d1f1f9a10", "slug": "acme", "name": "Acme Ltd"}


def _example(value: dict[str, Any], *, of_request: bool) -> Any:
    shown = OpenApiExample("Example", value, request_only=of_request, response_only=not of_request)
    return extend_schema_serializer(examples=[shown])


class _Password(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=1024, trim_whitespace=False, style={"input_type": "password"}, **options
        )


@_example(
    {"email": "ana@example.org", "password": "correct horse battery", "tenant": "acme"},
    of_request=True,
)
class LoginSerializer(StrictSerializer):
    # Any text: a malformed address is answered like an unknown one.
    email = serializers.CharField(max_length=254)
    password = _Password()
    tenant = serializers.CharField(
        max_length=63,
        required=False,
        allow_null=True,
        help_text="Slug; needed only by those who belong to several tenants.",
    )


@_example({"tenant": "globex"}, of_request=True)
class SwitchTenantSerializer(StrictSerializer):
    tenant = serializers.CharField(max_length=63, help_text="Slug.")


@_example(
    {"current_password": "correct horse battery", "new_password": "another rather long one"},
    of_request=True,
)
class PasswordChangeSerializer(StrictSerializer):
    current_password = _Password()
    new_password = _Password(help_text="At least 12 characters, and not a common one.")


@_example({"email": "ana@example.org"}, of_request=True)
class PasswordResetSerializer(StrictSerializer):
    email = serializers.CharField(max_length=254)


class PasswordResetConfirmSerializer(StrictSerializer):
    token = serializers.CharField(max_length=200, help_text="From the email.")
    password = _Password(help_text="At least 12 characters, and not a common one.")


class UserSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()


class TenantSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.SlugField()
    name = serializers.CharField()


@_example(
    {"access": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.…", "expires_in": 1800, "tenant": _TENANT},
    of_request=False,
)
class LoginResponseSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    tenant = TenantSerializer()


@_example(
    {
        "user": _USER,
        "tenant": _TENANT,
        "role": "viewer",
        "permissions": ["members.read", "monitors.read"],
    },
    of_request=False,
)
class MeSerializer(serializers.Serializer[Any]):
    user = UserSerializer()
    tenant = TenantSerializer()
    role = serializers.ChoiceField(Role.choices)
    permissions = serializers.ListField(child=serializers.CharField())


class MyTenantSerializer(TenantSerializer):
    role = serializers.ChoiceField(Role.choices)
    current = serializers.BooleanField(help_text="Whether these credentials are for it.")


class MyTenantsSerializer(serializers.Serializer[Any]):
    results = MyTenantSerializer(many=True)


class MemberSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user = UserSerializer()
    role = serializers.ChoiceField(Role.choices)
    created_at = serializers.DateTimeField()


@_example({"role": "editor"}, of_request=True)
class MemberChangeSerializer(StrictSerializer):
    never_partial = True

    role = serializers.ChoiceField(Role.choices)


class InvitationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    state = serializers.ChoiceField(Invitation.STATES)
    invited_by = serializers.EmailField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


@_example({"email": "eli@example.org", "role": "editor"}, of_request=True)
class InvitationCreateSerializer(StrictSerializer):
    email = serializers.CharField(max_length=254)
    role = serializers.ChoiceField(Role.choices)


class InvitationAcceptSerializer(StrictSerializer):
    token = serializers.CharField(max_length=100, help_text="From the email.")
    password = _Password(help_text="Of the account, or for the one that is made.")
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)


@_example({"email": "ana@example.org", "name": "Acme Ltd"}, of_request=True)
class SignUpSerializer(StrictSerializer):
    email = serializers.CharField(max_length=254)
    name = serializers.CharField(max_length=200, help_text="The tenant's.")
    slug = serializers.CharField(
        max_length=63,
        required=False,
        help_text="Part of every monitor's emitted name; it never changes. Made of the name "
        "where it isn't given.",
    )


class SignUpConfirmSerializer(StrictSerializer):
    token = serializers.CharField(max_length=2000, help_text="From the email.")
    password = _Password(help_text="Of the account, or for the one that is made.")
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)


class JoinedSerializer(serializers.Serializer[Any]):
    """The person, the tenant, and as what they belong to it."""

    user = UserSerializer()
    tenant = TenantSerializer()
    role = serializers.ChoiceField(Role.choices)


class ApiKeySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The key begins with `blp0_<prefix>_`.")
    scopes = serializers.ListField(child=serializers.ChoiceField(list(SCOPES)))
    allowed_networks = serializers.ListField(child=serializers.CharField())
    created_by = serializers.EmailField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To a minute.")
    revoked_at = serializers.DateTimeField(allow_null=True)


class ApiKeyCreatedSerializer(ApiKeySerializer):
    key = serializers.CharField(
        allow_null=True,
        help_text="The whole key. It is shown this once: null in an answer that is repeated.",
    )


@_example(
    {
        "name": "CI",
        "scopes": ["monitors:read", "monitors:write"],
        "allowed_networks": ["192.0.2.0/24"],
        "expires_at": "2030-01-01T00:00:00Z",
    },
    of_request=True,
)
class ApiKeyCreateSerializer(StrictSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(list(SCOPES)), min_length=1, max_length=len(SCOPES)
    )
    allowed_networks = serializers.ListField(
        child=serializers.CharField(max_length=43),
        required=False,
        max_length=50,
        help_text="Networks that it may come from, as CIDR; none: from anywhere.",
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
