"""Signing in, staying so, and signing out."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError

from tenants.api.authentication import TenantJWTAuthentication, token_invalid
from tenants.api.refresh_cookie import (
    HEADER,
    HEADER_VALUE,
    NAME,
    refresh_cookie_expire,
    refresh_cookie_set,
    require_same_site,
)
from tenants.api.serializers import (
    LoginResponseSerializer,
    LoginSerializer,
    TenantSerializer,
    body,
)
from tenants.api.tokens import FamilyRefreshToken, TenantAccessToken
from tenants.api.views.base import PublicView
from tenants.choices import FamilyEnd
from tenants.models import TokenFamily
from tenants.services.families import family_begin, family_end, family_rotate
from tenants.services.signin import sign_in


def tokens_of(family: TokenFamily) -> Response:
    """The answer that carries a family's tokens: access in the body, refresh in the cookie."""
    answer: dict[str, Any] = {
        "access": str(TenantAccessToken.for_family(family)),
        "expires_in": int(TenantAccessToken.lifetime.total_seconds()),
        "tenant": TenantSerializer(family.tenant).data,
    }
    response = Response(answer)
    refresh_cookie_set(response, family)
    return response


class LoginView(PublicView):
    """Exchange email and password for an access token of one tenant, and a refresh cookie.

    Those who belong to several tenants name one; else the answer is 409 `tenant_required`, with
    the slugs in `tenants`. Whoever fails too often waits: 429, with `Retry-After`.
    """

    problem_statuses = ("401", "403", "429")

    @extend_schema(
        operation_id="login",
        request=LoginSerializer,
        responses={200: LoginResponseSerializer},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = body(LoginSerializer, request)
        membership = sign_in(
            email=given["email"], password=given["password"], tenant_slug=given.get("tenant")
        )
        family = family_begin(
            membership=membership, lifetime=FamilyRefreshToken.lifetime, now=timezone.now()
        )
        return tokens_of(family)


class RefreshView(PublicView):
    """Exchange the refresh cookie for a new access token and a new cookie.

    Each cookie is good once. Whoever comes with it again within 10 s gets 409 `refresh_raced`, and
    goes on with the other answer's; later the sign-in ends, since two hold it.
    """

    problem_statuses = ("401", "403")

    @extend_schema(
        operation_id="refresh",
        request=None,
        responses={200: LoginResponseSerializer},
        parameters=[
            OpenApiParameter(
                HEADER, str, OpenApiParameter.HEADER, required=True, enum=[HEADER_VALUE]
            )
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        require_same_site(request)
        try:
            token = FamilyRefreshToken(request.COOKIES.get(NAME, ""))  # type: ignore[arg-type]  # an encoded one
        except TokenError as error:
            raise token_invalid() from error
        family = family_rotate(
            family_id=token.family_id,
            jti=token["jti"],
            lifetime=FamilyRefreshToken.lifetime,
            now=timezone.now(),
        )
        return tokens_of(family)


class LogoutView(PublicView):
    """End the sign-in that the access token came of, with all its tokens; again is no error.

    An access token that has expired will do.
    """

    problem_statuses = ("401",)

    @extend_schema(
        operation_id="logout",
        request=None,
        responses={204: None},
        auth=[{"accessToken": []}],  # type: ignore[list-item]  # goes into the document as it is
    )
    def post(self, request: Request) -> Response:
        reader = TenantJWTAuthentication()
        header = reader.get_header(request)
        raw = reader.get_raw_token(header) if header is not None else None
        try:
            token = TenantAccessToken.even_expired(raw or b"")
        except TokenError as error:
            raise token_invalid() from error
        family_end(family_id=token.family_id, reason=FamilyEnd.SIGNED_OUT, now=timezone.now())
        response = Response(status=status.HTTP_204_NO_CONTENT)
        refresh_cookie_expire(response)
        return response
