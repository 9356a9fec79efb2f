"""The caller of the API: a member of a tenant."""

from __future__ import annotations

from dataclasses import dataclass

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from blip0.common.actors import Actor
from blip0.common.api.principals import Principal
from tenants.contracts import role_permissions
from tenants.models import Membership, Tenant, User
from tenants.selectors import calls_per_hour


@dataclass(frozen=True, kw_only=True)
class TenantPrincipal(Principal):
    """A principal with its tenant (the plan loaded) and role."""

    tenant: Tenant
    user: User
    role: str

    @property
    def calls_per_hour(self) -> int:
        return calls_per_hour(self.tenant)

    @classmethod
    def of(cls, membership: Membership) -> TenantPrincipal:
        """`membership` has its user and tenant loaded."""
        user = membership.user
        return cls(
            tenant_id=membership.tenant_id,
            permissions=role_permissions(membership.role),
            actor=Actor(kind="user", id=str(user.pk), name=user.email),
            tenant=membership.tenant,
            user=user,
            role=membership.role,
        )


def tenant_principal(request: Request) -> TenantPrincipal:
    """The caller, with their tenant. Raises `NotAuthenticated` (401) where there is none."""
    if not isinstance(request.auth, TenantPrincipal):
        raise NotAuthenticated
    return request.auth
