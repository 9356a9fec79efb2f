"""Signing in, and who one is."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from blip0.common.api.views import TenantView
from tenants.api.principals import tenant_principal
from tenants.api.serializers import (
    LoginRequestSerializer,
    LoginResponseSerializer,
    MeSerializer,
    TenantSerializer,
    UserSerializer,
)
from tenants.api.tokens import TenantAccessToken
from tenants.services.signin import sign_in

NO_STORE = "no-store"


class LoginView(APIView):
    """Exchange email and password for an access token of one tenant.

    Those who belong to several tenants name one; else the answer is 409 `tenant_required`, with
    the slugs in `tenants`.
    """

    authentication_classes = []
    permission_classes = []

    @extend_schema(
        operation_id="login",
        request=LoginRequestSerializer,
        responses={200: LoginResponseSerializer},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        form = LoginRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        membership = sign_in(
            email=given["email"], password=given["password"], tenant_slug=given.get("tenant")
        )
        return Response(
            {
                "access": str(TenantAccessToken.for_membership(membership)),
                "expires_in": int(TenantAccessToken.lifetime.total_seconds()),
                "tenant": TenantSerializer(membership.tenant).data,
            },
            headers={"Cache-Control": NO_STORE},
        )


class MeView(TenantView):
    """Who the credentials stand for, in which tenant, and what they may do there."""

    read_permission: ClassVar[str | None] = None
    write_permission: ClassVar[str | None] = None
    cache_control = NO_STORE

    @extend_schema(operation_id="me", responses={200: MeSerializer})
    def get(self, request: Request) -> Response:
        principal = tenant_principal(request)
        return Response(
            {
                "user": UserSerializer(principal.user).data,
                "tenant": TenantSerializer(principal.tenant).data,
                "role": principal.role,
                "permissions": sorted(principal.permissions),
            }
        )
