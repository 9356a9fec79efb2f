"""Access and refresh tokens: a user in one tenant, by one sign-in.

simplejwt makes and checks them, with the algorithm, issuer, audience and lifetimes of the settings.
What it lacks is here: keys that rotate, and claims that name the tenant and the sign-in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Self
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, Token

from blip0.common.keyrings import parse_keyring
from tenants.models import TokenFamily

TENANT_CLAIM, FAMILY_CLAIM = "tenant", "sid"


class KeyringBackend(TokenBackend):
    """Signs with the first key of the ring; verifies with the one that `kid` names, and no other.

    `kid` is compared with the ring's ids and never looked up anywhere else; `jku`, `jwk` and `x5u`
    are not read. Only the algorithm of the settings is accepted.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        super().__init__(
            api_settings.ALGORITHM, audience=api_settings.AUDIENCE, issuer=api_settings.ISSUER
        )
        self._keys = keys

    def encode(self, payload: dict[str, Any]) -> str:
        key_id, key = next(iter(self._keys.items()))
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": key_id})

    def decode_even_expired(self, encoded: bytes) -> dict[str, Any]:
        """The claims of a genuine token of any age. Raises `TokenError`."""
        try:
            claims: dict[str, Any] = jwt.decode(
                encoded,
                self.get_verifying_key(encoded),
                algorithms=[self.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                options={"verify_exp": False},
            )
        except jwt.InvalidTokenError as error:
            raise TokenError("The token is malformed or forged.") from error
        return claims

    def get_verifying_key(self, token: Any) -> bytes:
        """Raises `jwt.InvalidTokenError`, which `decode` turns into its own."""
        key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise jwt.InvalidTokenError("The token names no key of ours.")
        return key


@lru_cache(maxsize=4)
def _backend(text: str) -> KeyringBackend:
    return KeyringBackend(parse_keyring(text, "BLIP0_JWT_KEYS"))


class _FamilyToken(Token):
    """Claims: `sub`, `tenant`, `sid`, `iss`, `aud`, `iat`, `exp`, `jti` and `token_type`."""

    user_id: UUID
    tenant_id: UUID
    family_id: UUID

    def get_token_backend(self) -> TokenBackend:
        return _backend(settings.JWT_KEYS)

    @classmethod
    def for_family(cls, family: TokenFamily) -> Self:
        token = cls()
        token["sub"] = str(family.user_id)
        token[TENANT_CLAIM] = str(family.tenant_id)
        token[FAMILY_CLAIM] = str(family.pk)
        return token

    def verify(self) -> None:
        super().verify()
        self.read_ids()

    def read_ids(self) -> None:
        """Raises `TokenError` unless the token names a user, a tenant and a sign-in."""
        try:
            self.user_id, self.tenant_id, self.family_id = (
                UUID(self[claim]) for claim in ("sub", TENANT_CLAIM, FAMILY_CLAIM)
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise TokenError("The token doesn't name user, tenant and sign-in.") from error


class TenantAccessToken(_FamilyToken, AccessToken):
    """Half an hour of access."""

    @classmethod
    def even_expired(cls, encoded: bytes) -> Self:
        """A genuine token, whether its time is over or not; to end what it came of."""
        token = cls()
        token.payload = _backend(settings.JWT_KEYS).decode_even_expired(encoded)
        token.verify_token_type()
        token.read_ids()
        return token


class FamilyRefreshToken(_FamilyToken):
    """Good once: its `jti` must be the newest of its family."""

    token_type = "refresh"
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME

    @classmethod
    def for_family(cls, family: TokenFamily) -> Self:
        token = super().for_family(family)
        token["jti"] = family.current_jti
        return token
