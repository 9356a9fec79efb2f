"""Documents of identity."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from blip0.common.api.serializers import StrictSerializer
from tenants.choices import Role


class LoginRequestSerializer(StrictSerializer):
    # Any text: a malformed address is answered like an unknown one.
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    tenant = serializers.CharField(
        max_length=63,
        required=False,
        allow_null=True,
        help_text="Slug; needed only by those who belong to several tenants.",
    )


class UserSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()


class TenantSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.SlugField()
    name = serializers.CharField()


class LoginResponseSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    tenant = TenantSerializer()


class MeSerializer(serializers.Serializer[Any]):
    user = UserSerializer()
    tenant = TenantSerializer()
    role = serializers.ChoiceField(Role.choices)
    permissions = serializers.ListField(child=serializers.CharField())
