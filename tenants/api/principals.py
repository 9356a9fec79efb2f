"""The caller of the API: a member of a tenant, or an API key of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from blip0.common.actors import Actor
from blip0.common.api.principals import Principal
from tenants.contracts import role_permissions
from tenants.exceptions import NeedsPerson
from tenants.models import Tenant, User
from tenants.selectors.standing import KeyStanding, Standing


@dataclass(frozen=True, kw_only=True)
class TenantPrincipal(Principal):
    """A principal with the person behind it. `family_id` is set for sign-ins, `key` for keys."""

    person: Standing
    family_id: UUID | None = None
    key: KeyStanding | None = None
    viewer: str = ""
    """The address of staff who see what the person sees."""

    @property
    def calls_per_hour(self) -> int:
        return self.person.api_calls_per_hour

    @classmethod
    def of_family(cls, person: Standing, family_id: UUID) -> TenantPrincipal:
        return cls(
            tenant_id=person.tenant_id,
            permissions=role_permissions(person.role),
            actor=Actor(kind="user", id=str(person.user_id), name=person.email),
            person=person,
            family_id=family_id,
        )

    @classmethod
    def of_viewer(
        cls, person: Standing, family_id: UUID, viewer: tuple[str, str]
    ) -> TenantPrincipal:
        """Staff, who may read what the person may."""
        staff_id, email = viewer
        return cls(
            tenant_id=person.tenant_id,
            permissions=frozenset(p for p in role_permissions(person.role) if p.endswith(".read")),
            actor=Actor(kind="staff", id=staff_id, name=email),
            person=person,
            family_id=family_id,
            viewer=email,
        )

    @classmethod
    def of_key(cls, key: KeyStanding) -> TenantPrincipal:
        """Of its scopes, those that its creator holds now."""
        return cls(
            tenant_id=key.person.tenant_id,
            permissions=key.scopes & role_permissions(key.person.role),
            actor=Actor(kind="api_key", id=str(key.id), name=key.name),
            person=key.person,
            key=key,
        )

    @property
    def sign_in(self) -> UUID:
        """The family of the caller's tokens. Raises `NeedsPerson` (403) for an API key."""
        if self.family_id is None:
            raise NeedsPerson("An API key can't do this; sign in.")
        return self.family_id

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant with its plan, as it is stored. One query, the first time."""
        return Tenant.objects.select_related("plan").get(pk=self.tenant_id)

    @cached_property
    def user(self) -> User:
        """The user, as they are stored. One query, the first time."""
        return User.objects.get(pk=self.person.user_id)


def tenant_principal(request: Request) -> TenantPrincipal:
    """The caller, with their tenant. Raises `NotAuthenticated` (401) where there is none."""
    if not isinstance(request.auth, TenantPrincipal):
        raise NotAuthenticated
    return request.auth
