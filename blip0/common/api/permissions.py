"""Permissions by codename: what a view asks for, and what a principal holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from blip0.common.api.principals import Principal, principal_of
from blip0.common.exceptions import NotAllowed

if TYPE_CHECKING:
    from blip0.common.api.views import TenantView


class HasPermission(BasePermission):
    """The principal holds the view's `read_permission` or `write_permission`, by what it does.

    Raises `NotAuthenticated` without a principal, and `NotAllowed` with the codename it lacks.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal = principal_of(request)
        guarded = cast("TenantView", view)
        reads = guarded.reads(request)
        needed = guarded.read_permission if reads else guarded.write_permission
        if needed is not None:
            require_permission(principal, needed)
        return True


def require_permission(principal: Principal, needed: str) -> None:
    """Raises `NotAllowed` with the codename that the principal lacks."""
    if needed not in principal.permissions:
        raise NotAllowed(
            f"Your role doesn't hold the permission `{needed}`; "
            "ask an owner or admin of the tenant.",
            code="permission_denied",
        )
