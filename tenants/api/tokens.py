"""Access tokens: a user in one tenant, for half an hour.

simplejwt signs and checks them, with the algorithm, issuer, audience and lifetime of the settings.
Its own tokens are good in any tenant; here the tenant is a claim that must be there.
"""

from __future__ import annotations

from typing import Self
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from tenants.models import Membership, User

TENANT_CLAIM = "tenant"
PASSWORD_CLAIM = "pwh"
_FINGERPRINT_LENGTH = 16


class TenantAccessToken(AccessToken):
    """Claims: `sub`, `tenant`, `iss`, `aud`, `iat`, `exp`, `jti`, and `pwh`: see below."""

    @classmethod
    def for_membership(cls, membership: Membership) -> Self:
        token = cls()
        token["sub"] = str(membership.user_id)
        token[TENANT_CLAIM] = str(membership.tenant_id)
        token[PASSWORD_CLAIM] = password_fingerprint(membership.user)
        return token

    def verify(self) -> None:
        super().verify()
        try:
            self.user_id, self.tenant_id = UUID(self["sub"]), UUID(self[TENANT_CLAIM])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise TokenError("The token names no user or no tenant.") from error


def password_fingerprint(user: User) -> str:
    """Changes with the password, so that a token ends with the password it was given for.

    A keyed hash: it tells nothing about the password to those who can read tokens.
    """
    return user.get_session_auth_hash()[:_FINGERPRINT_LENGTH]
