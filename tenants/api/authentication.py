"""Who is asking: checked with each request against what the credentials stand on.

One round trip to the cache, or one query where it doesn't know: see `tenants.selectors.standing`.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError

from blip0.common.addresses import client_address
from blip0.common.api.problems import CHALLENGE
from tenants.api.principals import TenantPrincipal
from tenants.api.tokens import TenantAccessToken
from tenants.contracts import API_KEY_HEADER, ApiKeyText
from tenants.exceptions import TenantMismatch, TokenRefused, ViewOnly
from tenants.models import User
from tenants.selectors.standing import KeyStanding, Standing, family_standing, key_standing
from tenants.services.api_keys import api_key_note_use, secret_hash
from tenants.services.signin import require_usable

Authenticated = tuple[User, TenantPrincipal]


class TenantJWTAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`; leaves a `TenantPrincipal` in `request.auth`.

    The sign-in must stand, the user be active, still a member, and have the password that the
    token was given for (else 401); the tenant must be active (else 403). Staff count for nothing.
    """

    def authenticate(self, request: Request) -> Authenticated | None:  # type: ignore[override]  # a principal, not the token
        header = self.get_header(request)
        raw = self.get_raw_token(header) if header is not None else None
        if raw is None or ApiKeyText.is_one(raw.decode(errors="replace")):
            return None
        try:
            token = TenantAccessToken(raw)  # type: ignore[arg-type]  # an encoded one
        except TokenError as error:
            raise token_invalid() from error
        principal = family_principal(
            family_id=token.family_id,
            user_id=token.user_id,
            tenant_id=token.tenant_id,
            request=request,
        )
        return as_user(principal.person), principal


class ApiKeyAuthentication(BaseAuthentication):
    """An API key, as `Authorization: Bearer blp0_…` or in `X-API-Key`.

    It must be neither revoked nor expired, come from an allowed network, and its creator must be
    able to sign in to the tenant (else 401, or 403 where the tenant is suspended).
    """

    def authenticate(self, request: Request) -> Authenticated | None:
        text = _key_in(request)
        if text is None:
            return None
        parsed = ApiKeyText.parse(text)
        key = key_standing(parsed.prefix, host=_host(request)) if parsed else None
        # Compared in any case: unknown keys take as long.
        given = secret_hash(parsed.secret if parsed else text)
        if not constant_time_compare(given, key.secret_hash if key else "") or key is None:
            raise TokenRefused("This API key is unknown or revoked.", code="api_key_invalid")
        now = timezone.now()
        if key.expires_at is not None and key.expires_at <= now:
            raise TokenRefused("This API key has expired.", code="api_key_expired")
        if not _comes_from(key):
            raise TokenRefused(
                "This API key isn't accepted from your network.", code="api_key_network"
            )
        _require_standing(key.person, request)
        api_key_note_use(api_key_id=key.id, now=now)
        return as_user(key.person), TenantPrincipal.of_key(key)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def family_principal(
    *, family_id: UUID, user_id: UUID, tenant_id: UUID, request: Request
) -> TenantPrincipal:
    """Who a sign-in stands for. Raises `TokenRefused`, `TenantNotUsable`, `TenantMismatch`.

    `ViewOnly` where staff who only see would change something.
    """
    family = family_standing(
        family_id=family_id, user_id=user_id, tenant_id=tenant_id, host=_host(request)
    )
    if family is None:
        raise TokenRefused("This sign-in is over; sign in again.")
    if not constant_time_compare(family.fingerprint, family.person.fingerprint):
        raise TokenRefused("The password was changed since; sign in again.")
    _require_standing(family.person, request)
    if family.viewer is None:
        return TenantPrincipal.of_family(family.person, family_id)
    if family.expires_at is not None and family.expires_at <= timezone.now():
        raise TokenRefused("The time for looking is over.")
    if request.method not in SAFE_METHODS:
        raise ViewOnly(f"You see this as {family.person.email} does, and can change nothing.")
    return TenantPrincipal.of_viewer(family.person, family_id, family.viewer)


def token_invalid() -> TokenRefused:
    return TokenRefused(
        "The token is malformed, forged or expired; sign in again.", code="token_invalid"
    )


def as_user(person: Standing) -> User:
    """The person as Django's `request.user`: not loaded, never to be saved, and never staff."""
    return User(pk=person.user_id, email=person.email, name=person.name)


def _require_standing(person: Standing, request: Request) -> None:
    if not person.is_active or not person.role:
        raise TokenRefused("The account is disabled, or no longer belongs to the tenant.")
    require_usable(person.status)
    named = request.headers.get("X-Blip0-Tenant")
    if named is not None and named not in (person.slug, str(person.tenant_id)):
        raise TenantMismatch("`X-Blip0-Tenant` names another tenant than your credentials are for.")
    if person.host_tenant not in ("", str(person.tenant_id)):
        raise TenantMismatch("This host name is another tenant's than your credentials are for.")


def _host(request: Request) -> str:
    return str(request.get_host().partition(":")[0].lower())


def _key_in(request: Request) -> str | None:
    """Raises `TokenRefused` for a request with two credentials: which one counts?"""
    in_header = request.headers.get(API_KEY_HEADER)
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if in_header is not None and scheme:
        raise TokenRefused(
            f"Send `{API_KEY_HEADER}` or `Authorization`, not both.", code="two_credentials"
        )
    if in_header is not None:
        return in_header
    return bearer if scheme.lower() == "bearer" and ApiKeyText.is_one(bearer) else None


def _comes_from(key: KeyStanding) -> bool:
    if not key.allowed_networks:
        return True
    try:
        address = ipaddress.ip_address(client_address())
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(net) for net in key.allowed_networks)


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry
    """How the OpenAPI document names these credentials."""

    target_class = TenantJWTAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry
    """The same for API keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": API_KEY_HEADER}
