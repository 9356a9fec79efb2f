"""The browsable API's sign-in: a session that holds a sign-in in a tenant.

It is apart from the back office's: neither of them opens the other, though both may be in one
browser. What holds for tokens holds here, too: the family of the session is checked each time.
"""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from blip0.common.api.problems import CHALLENGE
from tenants.api.authentication import Authenticated, as_user, family_principal
from tenants.exceptions import TokenRefused
from tenants.models import TokenFamily

_KEY: Final = "api_sign_in"


def session_begin(request: HttpRequest, family: TokenFamily) -> None:
    """Under a new session key: one that was planted before opens nothing."""
    request.session.cycle_key()
    request.session[_KEY] = [str(family.pk), str(family.user_id), str(family.tenant_id)]


def session_end(request: HttpRequest) -> UUID | None:
    """Forget the sign-in; returns its family, which is the caller's to end."""
    held = request.session.pop(_KEY, None)
    request.session.cycle_key()
    return UUID(held[0]) if held else None


class TenantSessionAuthentication(SessionAuthentication):
    """The session of `/api-auth/login`. Changes need a CSRF token.

    A sign-in that is over counts as none: the browser is shown where to sign in.
    """

    def authenticate(self, request: Request) -> Authenticated | None:
        inner = cast(Any, request)._request  # noqa: SLF001  # as DRF's own does
        held = inner.session.get(_KEY)
        if held is None:
            return None
        family_id, user_id, tenant_id = map(UUID, held)
        try:
            principal = family_principal(
                family_id=family_id, user_id=user_id, tenant_id=tenant_id, request=request
            )
        except TokenRefused:
            return None
        self.enforce_csrf(request)
        return as_user(principal.person), principal

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry
    """How the OpenAPI document names these credentials."""

    target_class = TenantSessionAuthentication
    name = "browserSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
