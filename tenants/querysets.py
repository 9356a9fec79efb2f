"""Filters that several callers share, chainable on any queryset of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

from tenants.choices import TenantStatus
from tenants.signals import rows_updated

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.models import Membership, Tenant  # noqa: F401  # in texts below


M = TypeVar("M", bound=models.Model)


class WatchedQuerySet(models.QuerySet[M]):
    """Tells of `update()`, for which Django sends no signal: cached facts rest on these rows."""

    def update(self, **values: Any) -> int:
        changed = super().update(**values)
        rows_updated.send(sender=self.model, fields=frozenset(values))
        return changed

    update.alters_data = True  # type: ignore[attr-defined]  # what templates must not call


class TenantQuerySet(WatchedQuerySet["Tenant"]):
    def with_schema(self) -> TenantQuerySet:
        """Tenants whose schema exists: everything between provisioning and deletion."""
        return self.exclude(status__in=[TenantStatus.PROVISIONING, TenantStatus.DELETED])

    def usable(self) -> TenantQuerySet:
        """Tenants whose members may sign in and change things."""
        return self.filter(status=TenantStatus.ACTIVE)


class MembershipQuerySet(WatchedQuerySet["Membership"]):
    def usable(self) -> MembershipQuerySet:
        """Memberships of active users in active tenants."""
        return self.filter(user__is_active=True, tenant__status=TenantStatus.ACTIVE)

    def of_person(self, user_id: UUID) -> MembershipQuerySet:
        """Theirs in tenants that exist, by slug, each with its tenant."""
        return (
            self.filter(user=user_id)
            .exclude(tenant__status__in=[TenantStatus.PROVISIONING, TenantStatus.DELETED])
            .select_related("tenant")
            .order_by("tenant__slug")
        )
