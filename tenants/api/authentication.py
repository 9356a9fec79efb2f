"""Who is asking: checked with each request against the database, in one query."""

from __future__ import annotations

from typing import Any

from django.utils.crypto import constant_time_compare
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError

from tenants.api.principals import TenantPrincipal
from tenants.api.tokens import PASSWORD_CLAIM, TenantAccessToken, password_fingerprint
from tenants.models import Membership, User
from tenants.services.signin import require_usable


class TenantJWTAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`; leaves a `TenantPrincipal` in `request.auth`.

    The user must be active, still a member, and have the password that the token was given for
    (else 401); the tenant must be active (else 403). Being staff counts for nothing.
    """

    def authenticate(self, request: Request) -> tuple[User, TenantPrincipal] | None:  # type: ignore[override]  # a principal, not the token
        header = self.get_header(request)
        raw = self.get_raw_token(header) if header is not None else None
        if raw is None:
            return None
        try:
            token = TenantAccessToken(raw)  # type: ignore[arg-type]  # an encoded one
        except TokenError as error:
            raise AuthenticationFailed(
                "The access token is malformed, forged or expired; sign in again.", "token_invalid"
            ) from error
        principal = _principal(token)
        return principal.user, principal


def _principal(token: TenantAccessToken) -> TenantPrincipal:
    membership = (
        Membership.objects.select_related("user", "tenant__plan")
        .filter(user=token.user_id, tenant=token.tenant_id)
        .first()
    )
    if membership is None or not membership.user.is_active:
        raise AuthenticationFailed(
            "The account is disabled, or no longer belongs to the tenant.", "token_revoked"
        )
    given = str(token.get(PASSWORD_CLAIM))
    if not constant_time_compare(given, password_fingerprint(membership.user)):
        raise AuthenticationFailed(
            "The password was changed since; sign in again.", "token_revoked"
        )
    require_usable(membership.tenant)
    return TenantPrincipal.of(membership)


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry
    """How the OpenAPI document names these credentials."""

    target_class = TenantJWTAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
