"""Filters that several callers share, chainable on any queryset of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from tenants.choices import TenantStatus

if TYPE_CHECKING:
    from tenants.models import Membership, Tenant


class TenantQuerySet(models.QuerySet["Tenant"]):
    def with_schema(self) -> TenantQuerySet:
        """Tenants whose schema exists: everything between provisioning and deletion."""
        return self.exclude(status__in=[TenantStatus.PROVISIONING, TenantStatus.DELETED])

    def usable(self) -> TenantQuerySet:
        """Tenants whose members may sign in and change things."""
        return self.filter(status=TenantStatus.ACTIVE)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def usable(self) -> MembershipQuerySet:
        """Memberships of active users in active tenants."""
        return self.filter(user__is_active=True, tenant__status=TenantStatus.ACTIVE)
