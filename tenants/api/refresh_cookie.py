"""The cookie that holds the refresh token: sent to one URL, readable by no script."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.tokens import FamilyRefreshToken
from tenants.exceptions import CrossSite
from tenants.models import TokenFamily

NAME: Final = "blip0_refresh"
HEADER, HEADER_VALUE = "X-Requested-With", "blip0"


def refresh_cookie_set(response: Response, family: TokenFamily) -> None:
    response.set_cookie(
        NAME,
        str(FamilyRefreshToken.for_family(family)),
        max_age=FamilyRefreshToken.lifetime,
        path=reverse("refresh"),
        secure=settings.MODE != "development",
        httponly=True,
        samesite="Strict",
    )


def refresh_cookie_expire(response: Response) -> None:
    response.delete_cookie(NAME, path=reverse("refresh"), samesite="Strict")


def require_same_site(request: Request) -> None:
    """Raises `CrossSite` unless a page of ours sent this, or no page at all.

    A browser lets no other site set the header without asking us first, and tells the origin.
    """
    if request.headers.get(HEADER) != HEADER_VALUE:
        raise CrossSite(f"Send the header `{HEADER}: {HEADER_VALUE}`.")
    origin = request.headers.get("Origin")
    if origin is None or origin in (settings.PUBLIC_URL, *settings.CORS_ALLOWED_ORIGINS):
        return
    if urlsplit(origin).netloc != request.get_host():
        raise CrossSite("This origin may not refresh.")
